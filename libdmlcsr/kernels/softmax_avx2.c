/* Softmax in AVX2: a block of a pixel is two registers. Same bits as C. */
#ifndef __AVX2__
#error "softmax_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>
#include <math.h>

#include "base/tensor.h"
#include "kernels/exp.h"

#define LANES 8

/* Ones for the lanes in use: read at DML_BLOCK - n for n of them. */
static const uint32_t in_use[2 * DML_BLOCK] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                               ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

static inline __m256 mask_of(size_t n, size_t lane)
{
    return _mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)(in_use + DML_BLOCK - n + lane)));
}

/* Half a block; -infinity past the last channel. */
static inline __m256 load(const float *x, size_t n, size_t lane)
{
    const __m256 v = _mm256_loadu_ps(x + lane);
    return n == DML_BLOCK ? v : _mm256_blendv_ps(_mm256_set1_ps(-INFINITY), v, mask_of(n, lane));
}

/* e^(x - m) for x <= m */
static inline __m256 exp_difference(__m256 x, __m256 m)
{
    const __m256 z = _mm256_sub_ps(x, m), back = _mm256_sub_ps(z, x);
    const __m256 error = _mm256_sub_ps(_mm256_sub_ps(x, _mm256_sub_ps(z, back)), _mm256_add_ps(m, back));
    const __m256 shifted = _mm256_add_ps(_mm256_mul_ps(z, _mm256_set1_ps(EXP_LOG2E)), _mm256_set1_ps(EXP_ROUND));
    const __m256 n = _mm256_sub_ps(shifted, _mm256_set1_ps(EXP_ROUND));
    __m256 r = _mm256_add_ps(_mm256_sub_ps(z, _mm256_mul_ps(n, _mm256_set1_ps(EXP_LN2_HIGH))), error);
    r = _mm256_sub_ps(r, _mm256_mul_ps(n, _mm256_set1_ps(EXP_LN2_LOW)));
    __m256 q = _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(EXP_C6), r), _mm256_set1_ps(EXP_C5));
    q = _mm256_add_ps(_mm256_mul_ps(q, r), _mm256_set1_ps(EXP_C4));
    q = _mm256_add_ps(_mm256_mul_ps(q, r), _mm256_set1_ps(EXP_C3));
    q = _mm256_add_ps(_mm256_mul_ps(q, r), _mm256_set1_ps(EXP_C2));
    const __m256 e = _mm256_add_ps(_mm256_add_ps(_mm256_mul_ps(q, _mm256_mul_ps(r, r)), r), _mm256_set1_ps(1.0f));
    const __m256i power =
        _mm256_add_epi32(_mm256_slli_epi32(_mm256_castps_si256(shifted), 23), _mm256_set1_epi32(0x3f800000));
    const __m256 lost = _mm256_cmp_ps(z, _mm256_set1_ps(EXP_LOWEST), _CMP_LT_OQ);
    return _mm256_andnot_ps(lost, _mm256_mul_ps(e, _mm256_castsi256_ps(power)));
}

/* All lanes: the largest of them. */
static inline __m256 broadcast_max(__m256 v)
{
    v = _mm256_max_ps(v, _mm256_permute2f128_ps(v, v, 1));
    v = _mm256_max_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm256_max_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

/* All lanes: the sum of the 16, added in halves. */
static inline __m256 broadcast_sum(__m256 low, __m256 high)
{
    __m256 v = _mm256_add_ps(low, high);
    v = _mm256_add_ps(v, _mm256_permute2f128_ps(v, v, 1));
    v = _mm256_add_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm256_add_ps(v, _mm256_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

static inline void softmax_pixel(const float *x, size_t blocks, size_t tail, size_t plane, float *y)
{
    __m256 m = _mm256_set1_ps(-INFINITY);
    for (size_t b = 0; b < blocks; b++) {
        const size_t n = b + 1 < blocks ? DML_BLOCK : tail;
        m = _mm256_max_ps(load(x + b * plane, n, 0), m);
        m = _mm256_max_ps(load(x + b * plane, n, LANES), m);
    }
    m = broadcast_max(m);
    __m256 low = _mm256_setzero_ps(), high = _mm256_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        const size_t n = b + 1 < blocks ? DML_BLOCK : tail;
        const __m256 first = exp_difference(load(x + b * plane, n, 0), m);
        const __m256 second = exp_difference(load(x + b * plane, n, LANES), m);
        _mm256_storeu_ps(y + b * plane, first);
        _mm256_storeu_ps(y + b * plane + LANES, second);
        low = _mm256_add_ps(low, first);
        high = _mm256_add_ps(high, second);
    }
    const __m256 all = broadcast_sum(low, high);
    for (size_t b = 0; b < blocks; b++) {
        const size_t n = b + 1 < blocks ? DML_BLOCK : tail;
        for (size_t l = 0; l < DML_BLOCK; l += LANES) {
            const __m256 v = _mm256_div_ps(_mm256_loadu_ps(y + b * plane + l), all);
            _mm256_storeu_ps(y + b * plane + l, _mm256_and_ps(v, mask_of(n, l)));
        }
    }
}

void dml_softmax_avx2(const float *x, uint32_t channels, size_t plane, uint32_t pixels, float *y)
{
    const size_t blocks = dml_blocks(channels), tail = channels - (blocks - 1) * DML_BLOCK;
    for (size_t p = 0; p < pixels; p++)
        softmax_pixel(x + p * DML_BLOCK, blocks, tail, plane, y + p * DML_BLOCK);
}
