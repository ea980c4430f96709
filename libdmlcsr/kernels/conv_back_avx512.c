/* Gradient of a convolution's weights in AVX-512: 16 input channels by 16 output channels, the 256 sums in 16 registers
 * over all pixels of the call. A pixel of dy is loaded once, each channel of x is broadcast from memory. */
#ifndef __AVX512F__
#error "conv_back_avx512.c needs -mavx512f"
#endif

#include "kernels/back_impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

void dml_conv_back_weight_avx512(const float *x, size_t x_row, uint32_t step, const float *dy, size_t dy_row,
                                 uint32_t rows, uint32_t width, float *dw)
{
    const size_t stride = (size_t)step * DML_BLOCK;
    __m512 sum[DML_BLOCK];
    DML_UNROLL(16)
    for (size_t k = 0; k < DML_BLOCK; k++)
        sum[k] = _mm512_load_ps(dw + k * DML_BLOCK);
    for (size_t i = 0; i < rows; i++) {
        const float *value = x + i * x_row, *d = dy + i * dy_row;
        DML_LOOP
        for (size_t p = 0; p < width; p++, value += stride, d += DML_BLOCK) {
            const __m512 gradient = _mm512_load_ps(d);
            DML_UNROLL(16)
            for (size_t k = 0; k < DML_BLOCK; k++)
                sum[k] = _mm512_fmadd_ps(_mm512_set1_ps(value[k]), gradient, sum[k]);
        }
    }
    DML_UNROLL(16)
    for (size_t k = 0; k < DML_BLOCK; k++)
        _mm512_store_ps(dw + k * DML_BLOCK, sum[k]);
}
