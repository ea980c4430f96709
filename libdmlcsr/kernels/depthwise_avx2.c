/* Depthwise 3 x 3 in AVX2 with FMA: eight channels at a time, their nine weights in registers. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "depthwise_avx2.c needs -mavx2 -mfma"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 8

static inline __m256 leaky(__m256 v, __m256 slope)
{
    return _mm256_blendv_ps(_mm256_mul_ps(slope, v), v, _mm256_cmp_ps(v, _mm256_setzero_ps(), _CMP_GT_OQ));
}

void dml_depthwise3x3_avx2(const float *x, size_t x_row, const float *w, const float *bias, float slope,
                           uint32_t step, uint32_t width, float *y)
{
    const __m256 s = _mm256_set1_ps(slope);
    for (size_t l = 0; l < DML_BLOCK; l += LANES) {
        __m256 tap[9];
        DML_UNROLL(9)
        for (size_t t = 0; t < 9; t++)
            tap[t] = _mm256_loadu_ps(w + t * DML_BLOCK + l);
        const __m256 start = _mm256_loadu_ps(bias + l);
        const float *in = x + l;
        for (size_t p = 0; p < width; p++, in += step * DML_BLOCK) {
            __m256 sum = start;
            DML_UNROLL(3)
            for (size_t i = 0; i < 3; i++)
                DML_UNROLL(3)
                for (size_t j = 0; j < 3; j++)
                    sum = _mm256_fmadd_ps(_mm256_loadu_ps(in + i * x_row + j * DML_BLOCK), tap[3 * i + j], sum);
            _mm256_storeu_ps(y + p * DML_BLOCK + l, leaky(sum, s));
        }
    }
}
