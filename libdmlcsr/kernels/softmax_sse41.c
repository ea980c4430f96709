/* Softmax in SSE4.1: a block of a pixel is four registers. Same bits as C. */
#ifndef __SSE4_1__
#error "softmax_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <math.h>
#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"
#include "kernels/exp.h"

#define LANES 4
#define PARTS (DML_BLOCK / LANES)

/* Ones for the lanes in use: read at DML_BLOCK - n for n of them. */
static const uint32_t in_use[2 * DML_BLOCK] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                               ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

static inline __m128 mask_of(size_t n, size_t part)
{
    return _mm_castsi128_ps(_mm_loadu_si128((const __m128i *)(in_use + DML_BLOCK - n + part * LANES)));
}

/* The values of a part; -infinity past the last channel. */
static inline __m128 load(const float *x, size_t n, size_t part)
{
    const __m128 v = _mm_loadu_ps(x + part * LANES);
    return n == DML_BLOCK ? v : _mm_blendv_ps(_mm_set1_ps(-INFINITY), v, mask_of(n, part));
}

/* e^(x - m) for x <= m */
static inline __m128 exp_difference(__m128 x, __m128 m)
{
    const __m128 z = _mm_sub_ps(x, m), back = _mm_sub_ps(z, x);
    const __m128 error = _mm_sub_ps(_mm_sub_ps(x, _mm_sub_ps(z, back)), _mm_add_ps(m, back));
    const __m128 shifted = _mm_add_ps(_mm_mul_ps(z, _mm_set1_ps(EXP_LOG2E)), _mm_set1_ps(EXP_ROUND));
    const __m128 n = _mm_sub_ps(shifted, _mm_set1_ps(EXP_ROUND));
    __m128 r = _mm_add_ps(_mm_sub_ps(z, _mm_mul_ps(n, _mm_set1_ps(EXP_LN2_HIGH))), error);
    r = _mm_sub_ps(r, _mm_mul_ps(n, _mm_set1_ps(EXP_LN2_LOW)));
    __m128 q = _mm_add_ps(_mm_mul_ps(_mm_set1_ps(EXP_C6), r), _mm_set1_ps(EXP_C5));
    q = _mm_add_ps(_mm_mul_ps(q, r), _mm_set1_ps(EXP_C4));
    q = _mm_add_ps(_mm_mul_ps(q, r), _mm_set1_ps(EXP_C3));
    q = _mm_add_ps(_mm_mul_ps(q, r), _mm_set1_ps(EXP_C2));
    const __m128 e = _mm_add_ps(_mm_add_ps(_mm_mul_ps(q, _mm_mul_ps(r, r)), r), _mm_set1_ps(1.0f));
    const __m128i power = _mm_add_epi32(_mm_slli_epi32(_mm_castps_si128(shifted), 23), _mm_set1_epi32(0x3f800000));
    return _mm_andnot_ps(_mm_cmplt_ps(z, _mm_set1_ps(EXP_LOWEST)), _mm_mul_ps(e, _mm_castsi128_ps(power)));
}

/* All lanes: the largest of them. */
static inline __m128 broadcast_max(__m128 v)
{
    v = _mm_max_ps(v, _mm_movehl_ps(v, v));
    v = _mm_max_ps(v, _mm_shuffle_ps(v, v, 1));
    return _mm_shuffle_ps(v, v, 0);
}

/* All lanes: the sum of the 16, added in halves. */
static inline __m128 broadcast_sum(const __m128 *part)
{
    __m128 v = _mm_add_ps(_mm_add_ps(part[0], part[2]), _mm_add_ps(part[1], part[3]));
    v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    v = _mm_add_ss(v, _mm_shuffle_ps(v, v, 1));
    return _mm_shuffle_ps(v, v, 0);
}

static inline void softmax_pixel(const float *x, size_t blocks, size_t tail, size_t plane, float *y)
{
    __m128 m = _mm_set1_ps(-INFINITY);
    for (size_t b = 0; b < blocks; b++)
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++)
            m = _mm_max_ps(load(x + b * plane, b + 1 < blocks ? DML_BLOCK : tail, i), m);
    m = broadcast_max(m);
    __m128 sum[PARTS] = {_mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps(), _mm_setzero_ps()};
    for (size_t b = 0; b < blocks; b++) {
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++) {
            const __m128 e = exp_difference(load(x + b * plane, b + 1 < blocks ? DML_BLOCK : tail, i), m);
            _mm_storeu_ps(y + b * plane + i * LANES, e);
            sum[i] = _mm_add_ps(sum[i], e);
        }
    }
    const __m128 all = broadcast_sum(sum);
    for (size_t b = 0; b < blocks; b++) {
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++) {
            const __m128 v = _mm_div_ps(_mm_loadu_ps(y + b * plane + i * LANES), all);
            _mm_storeu_ps(y + b * plane + i * LANES, _mm_and_ps(v, mask_of(b + 1 < blocks ? DML_BLOCK : tail, i)));
        }
    }
}

void dml_softmax_sse41(const float *x, uint32_t channels, size_t plane, uint32_t pixels, float *y)
{
    const size_t blocks = dml_blocks(channels), tail = channels - (blocks - 1) * DML_BLOCK;
    for (size_t p = 0; p < pixels; p++)
        softmax_pixel(x + p * DML_BLOCK, blocks, tail, plane, y + p * DML_BLOCK);
}
