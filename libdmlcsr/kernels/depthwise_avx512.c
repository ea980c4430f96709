/* Depthwise 3 x 3 in AVX-512: a pixel of the block is one register, each of the nine taps is another. Bits as AVX2. */
#ifndef __AVX512F__
#error "depthwise_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

void dml_depthwise3x3_avx512(const float *x, size_t x_row, const float *w, const float *bias, float slope,
                             uint32_t step, uint32_t width, float *y)
{
    const __m512 s = _mm512_set1_ps(slope), start = _mm512_loadu_ps(bias);
    __m512 tap[9];
    DML_UNROLL(9)
    for (size_t t = 0; t < 9; t++)
        tap[t] = _mm512_loadu_ps(w + t * DML_BLOCK);
    for (size_t p = 0; p < width; p++, x += step * DML_BLOCK) {
        __m512 sum = start;
        DML_UNROLL(3)
        for (size_t i = 0; i < 3; i++)
            DML_UNROLL(3)
            for (size_t j = 0; j < 3; j++)
                sum = _mm512_fmadd_ps(_mm512_loadu_ps(x + i * x_row + j * DML_BLOCK), tap[3 * i + j], sum);
        __mmask16 positive = _mm512_cmp_ps_mask(sum, _mm512_setzero_ps(), _CMP_GT_OQ);
        _mm512_storeu_ps(y + p * DML_BLOCK, _mm512_mask_mov_ps(_mm512_mul_ps(s, sum), positive, sum));
    }
}
