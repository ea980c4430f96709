/* Gradient of a convolution's weights in NEON: 4 input channels at a time by 16 output channels, the sums in
 * registers over all pixels of the call; four passes make up a block. */
#ifndef __ARM_NEON
#error "conv_back_neon.c needs NEON"
#endif

#include "kernels/back_impl.h"

#include <arm_neon.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define CHANNELS 4 /* input channels of a pass */
#define PARTS 4 /* registers of a pixel of dy */
#define LANES (DML_BLOCK / PARTS)

/* Input channels k .. k + CHANNELS - 1. */
static inline void pass(const float *x, size_t x_row, size_t stride, const float *dy, size_t dy_row, uint32_t rows,
                        uint32_t width, float *dw)
{
    float32x4_t sum[CHANNELS][PARTS];
    DML_UNROLL(16)
    for (size_t k = 0; k < CHANNELS; k++)
        DML_UNROLL(4)
        for (size_t h = 0; h < PARTS; h++)
            sum[k][h] = vld1q_f32(dw + k * DML_BLOCK + h * LANES);
    for (size_t i = 0; i < rows; i++) {
        const float *value = x + i * x_row, *d = dy + i * dy_row;
        DML_LOOP
        for (size_t p = 0; p < width; p++, value += stride, d += DML_BLOCK) {
            float32x4_t gradient[PARTS];
            DML_UNROLL(4)
            for (size_t h = 0; h < PARTS; h++)
                gradient[h] = vld1q_f32(d + h * LANES);
            DML_UNROLL(16)
            for (size_t k = 0; k < CHANNELS; k++) {
                const float32x4_t v = vdupq_n_f32(value[k]);
                DML_UNROLL(4)
                for (size_t h = 0; h < PARTS; h++)
                    sum[k][h] = vfmaq_f32(sum[k][h], v, gradient[h]);
            }
        }
    }
    DML_UNROLL(16)
    for (size_t k = 0; k < CHANNELS; k++)
        DML_UNROLL(4)
        for (size_t h = 0; h < PARTS; h++)
            vst1q_f32(dw + k * DML_BLOCK + h * LANES, sum[k][h]);
}

void dml_conv_back_weight_neon(const float *x, size_t x_row, uint32_t step, const float *dy, size_t dy_row,
                               uint32_t rows, uint32_t width, float *dw)
{
    for (size_t k = 0; k < DML_BLOCK; k += CHANNELS)
        pass(x + k, x_row, (size_t)step * DML_BLOCK, dy, dy_row, rows, width, dw + k * DML_BLOCK);
}
