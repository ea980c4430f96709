/* Depthwise 3 x 3 in SSE4.1: four channels at a time, their nine weights in registers. Same bits as C. */
#ifndef __SSE4_1__
#error "depthwise_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4

static inline __m128 leaky(__m128 v, __m128 slope)
{
    return _mm_blendv_ps(_mm_mul_ps(slope, v), v, _mm_cmpgt_ps(v, _mm_setzero_ps()));
}

void dml_depthwise3x3_sse41(const float *x, size_t x_row, const float *w, const float *bias, float slope,
                            uint32_t step, uint32_t width, float *y)
{
    const __m128 s = _mm_set1_ps(slope);
    for (size_t l = 0; l < DML_BLOCK; l += LANES) {
        __m128 tap[9];
        DML_UNROLL(9)
        for (size_t t = 0; t < 9; t++)
            tap[t] = _mm_loadu_ps(w + t * DML_BLOCK + l);
        const __m128 start = _mm_loadu_ps(bias + l);
        const float *in = x + l;
        for (size_t p = 0; p < width; p++, in += step * DML_BLOCK) {
            __m128 sum = start;
            DML_UNROLL(3)
            for (size_t i = 0; i < 3; i++)
                DML_UNROLL(3)
                for (size_t j = 0; j < 3; j++)
                    sum = _mm_add_ps(sum, _mm_mul_ps(_mm_loadu_ps(in + i * x_row + j * DML_BLOCK), tap[3 * i + j]));
            _mm_storeu_ps(y + p * DML_BLOCK + l, leaky(sum, s));
        }
    }
}
