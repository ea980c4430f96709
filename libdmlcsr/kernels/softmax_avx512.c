/* Softmax in AVX-512: a block of a pixel is one register, a mask selects the channels of the last. Same bits as C. */
#ifndef __AVX512F__
#error "softmax_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>
#include <math.h>

#include "base/tensor.h"
#include "kernels/exp.h"

/* e^(x - m) for x <= m */
static inline __m512 exp_difference(__m512 x, __m512 m)
{
    const __m512 z = _mm512_sub_ps(x, m), back = _mm512_sub_ps(z, x);
    const __m512 error = _mm512_sub_ps(_mm512_sub_ps(x, _mm512_sub_ps(z, back)), _mm512_add_ps(m, back));
    const __m512 shifted = _mm512_add_ps(_mm512_mul_ps(z, _mm512_set1_ps(EXP_LOG2E)), _mm512_set1_ps(EXP_ROUND));
    const __m512 n = _mm512_sub_ps(shifted, _mm512_set1_ps(EXP_ROUND));
    __m512 r = _mm512_add_ps(_mm512_sub_ps(z, _mm512_mul_ps(n, _mm512_set1_ps(EXP_LN2_HIGH))), error);
    r = _mm512_sub_ps(r, _mm512_mul_ps(n, _mm512_set1_ps(EXP_LN2_LOW)));
    __m512 q = _mm512_add_ps(_mm512_mul_ps(_mm512_set1_ps(EXP_C6), r), _mm512_set1_ps(EXP_C5));
    q = _mm512_add_ps(_mm512_mul_ps(q, r), _mm512_set1_ps(EXP_C4));
    q = _mm512_add_ps(_mm512_mul_ps(q, r), _mm512_set1_ps(EXP_C3));
    q = _mm512_add_ps(_mm512_mul_ps(q, r), _mm512_set1_ps(EXP_C2));
    const __m512 e = _mm512_add_ps(_mm512_add_ps(_mm512_mul_ps(q, _mm512_mul_ps(r, r)), r), _mm512_set1_ps(1.0f));
    const __m512i power =
        _mm512_add_epi32(_mm512_slli_epi32(_mm512_castps_si512(shifted), 23), _mm512_set1_epi32(0x3f800000));
    const __mmask16 kept = _mm512_cmp_ps_mask(z, _mm512_set1_ps(EXP_LOWEST), _CMP_NLT_UQ);
    return _mm512_maskz_mul_ps(kept, e, _mm512_castsi512_ps(power));
}

/* All lanes: the largest of them. */
static inline __m512 broadcast_max(__m512 v)
{
    v = _mm512_max_ps(v, _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(1, 0, 3, 2)));
    v = _mm512_max_ps(v, _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(2, 3, 0, 1)));
    v = _mm512_max_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm512_max_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

/* All lanes: the sum of the 16, added in halves. */
static inline __m512 broadcast_sum(__m512 v)
{
    v = _mm512_add_ps(v, _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(1, 0, 3, 2)));
    v = _mm512_add_ps(v, _mm512_shuffle_f32x4(v, v, _MM_SHUFFLE(2, 3, 0, 1)));
    v = _mm512_add_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm512_add_ps(v, _mm512_permute_ps(v, _MM_SHUFFLE(2, 3, 0, 1)));
}

static inline void softmax_pixel(const float *x, size_t blocks, __mmask16 tail, size_t plane, float *y)
{
    const __m512 lowest = _mm512_set1_ps(-INFINITY);
    __m512 m = lowest;
    for (size_t b = 0; b < blocks; b++) {
        const __mmask16 use = b + 1 < blocks ? 0xffff : tail;
        m = _mm512_max_ps(_mm512_mask_loadu_ps(lowest, use, x + b * plane), m);
    }
    m = broadcast_max(m);
    __m512 sum = _mm512_setzero_ps();
    for (size_t b = 0; b < blocks; b++) {
        const __mmask16 use = b + 1 < blocks ? 0xffff : tail;
        const __m512 e = exp_difference(_mm512_mask_loadu_ps(lowest, use, x + b * plane), m);
        _mm512_storeu_ps(y + b * plane, e);
        sum = _mm512_add_ps(sum, e);
    }
    sum = broadcast_sum(sum);
    for (size_t b = 0; b < blocks; b++) {
        const __mmask16 use = b + 1 < blocks ? 0xffff : tail;
        _mm512_storeu_ps(y + b * plane, _mm512_maskz_div_ps(use, _mm512_loadu_ps(y + b * plane), sum));
    }
}

void dml_softmax_avx512(const float *x, uint32_t channels, size_t plane, uint32_t pixels, float *y)
{
    const size_t blocks = dml_blocks(channels);
    const __mmask16 tail = (__mmask16)(0xffffu >> (blocks * DML_BLOCK - channels));
    for (size_t p = 0; p < pixels; p++)
        softmax_pixel(x + p * DML_BLOCK, blocks, tail, plane, y + p * DML_BLOCK);
}
