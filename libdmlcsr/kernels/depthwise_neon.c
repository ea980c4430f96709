/* Depthwise 3 x 3 in NEON: four channels at a time, their nine weights in registers. Same bits as AVX2. */
#ifndef __ARM_NEON
#error "depthwise_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4

static inline float32x4_t leaky(float32x4_t v, float32x4_t slope)
{
    return vbslq_f32(vcgtq_f32(v, vdupq_n_f32(0.0f)), v, vmulq_f32(slope, v));
}

void dml_depthwise3x3_neon(const float *x, size_t x_row, const float *w, const float *bias, float slope,
                           uint32_t step, uint32_t width, float *y)
{
    const float32x4_t s = vdupq_n_f32(slope);
    for (size_t l = 0; l < DML_BLOCK; l += LANES) {
        float32x4_t tap[9];
        DML_UNROLL(9)
        for (size_t t = 0; t < 9; t++)
            tap[t] = vld1q_f32(w + t * DML_BLOCK + l);
        const float32x4_t start = vld1q_f32(bias + l);
        const float *in = x + l;
        for (size_t p = 0; p < width; p++, in += step * DML_BLOCK) {
            float32x4_t sum = start;
            DML_UNROLL(3)
            for (size_t i = 0; i < 3; i++)
                DML_UNROLL(3)
                for (size_t j = 0; j < 3; j++)
                    sum = vfmaq_f32(sum, vld1q_f32(in + i * x_row + j * DML_BLOCK), tap[3 * i + j]);
            vst1q_f32(y + p * DML_BLOCK + l, leaky(sum, s));
        }
    }
}
