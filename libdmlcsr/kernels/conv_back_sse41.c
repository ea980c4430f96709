/* Gradient of a convolution's weights in SSE4.1: 2 input channels at a time by 16 output channels, the sums in
 * registers over all pixels of the call; eight passes make up a block. */
#ifndef __SSE4_1__
#error "conv_back_sse41.c needs -msse4.1"
#endif

#include "kernels/back_impl.h"

#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define CHANNELS 2 /* input channels of a pass */
#define PARTS 4 /* registers of a pixel of dy */
#define LANES (DML_BLOCK / PARTS)

/* Input channels k .. k + CHANNELS - 1. */
static inline void pass(const float *x, size_t x_row, size_t stride, const float *dy, size_t dy_row, uint32_t rows,
                        uint32_t width, float *dw)
{
    __m128 sum[CHANNELS][PARTS];
    DML_UNROLL(16)
    for (size_t k = 0; k < CHANNELS; k++)
        DML_UNROLL(4)
        for (size_t h = 0; h < PARTS; h++)
            sum[k][h] = _mm_load_ps(dw + k * DML_BLOCK + h * LANES);
    for (size_t i = 0; i < rows; i++) {
        const float *value = x + i * x_row, *d = dy + i * dy_row;
        DML_LOOP
        for (size_t p = 0; p < width; p++, value += stride, d += DML_BLOCK) {
            __m128 gradient[PARTS];
            DML_UNROLL(4)
            for (size_t h = 0; h < PARTS; h++)
                gradient[h] = _mm_load_ps(d + h * LANES);
            DML_UNROLL(16)
            for (size_t k = 0; k < CHANNELS; k++) {
                const __m128 v = _mm_set1_ps(value[k]);
                DML_UNROLL(4)
                for (size_t h = 0; h < PARTS; h++)
                    sum[k][h] = _mm_add_ps(sum[k][h], _mm_mul_ps(v, gradient[h]));
            }
        }
    }
    DML_UNROLL(16)
    for (size_t k = 0; k < CHANNELS; k++)
        DML_UNROLL(4)
        for (size_t h = 0; h < PARTS; h++)
            _mm_store_ps(dw + k * DML_BLOCK + h * LANES, sum[k][h]);
}

void dml_conv_back_weight_sse41(const float *x, size_t x_row, uint32_t step, const float *dy, size_t dy_row,
                                uint32_t rows, uint32_t width, float *dw)
{
    for (size_t k = 0; k < DML_BLOCK; k += CHANNELS)
        pass(x + k, x_row, (size_t)step * DML_BLOCK, dy, dy_row, rows, width, dw + k * DML_BLOCK);
}
