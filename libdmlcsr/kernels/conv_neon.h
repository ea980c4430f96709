/* What the convolutions of NEON have in common around their sums (conv_body.h): those of up to 5 pixels are in 20
 * of the 32 registers. */
#ifndef DML_KERNELS_CONV_NEON_H
#define DML_KERNELS_CONV_NEON_H

#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "conv_neon.h needs AArch64 with NEON"
#endif

#include "kernels/conv_tile.h"
#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define WIDTH 5
#define PARTS 4 /* registers per block */
#define LANES 4

/* ADD(sum, weight, value, lane) for all parts of all pixels: lane `lane` of a pixel's register with a row of weights.
   Else the compiler would load the next rows ahead of time, for which there are no registers left. */
#define EACH_SUM(ADD, lane)                                             \
    DML_RELOAD();                                                       \
    DML_UNROLL(5)                                                       \
    for (size_t p = 0; p < width; p++) {                                \
        DML_UNROLL(4)                                                   \
        for (size_t q = 0; q < PARTS; q++)                              \
            sum[p][q] = ADD(sum[p][q], weight[q], value[p], lane);      \
    }

/* Sums of single precision begin with the bias, or where they were left in y. */
DML_INLINE void begin_single(const dml_conv_tile *t, float32x4_t (*sum)[PARTS], const size_t width)
{
    DML_UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = vld1q_f32((t->first ? t->bias : t->y + p * DML_BLOCK) + q * LANES);
    }
}

DML_INLINE void end_single(const dml_conv_tile *t, float32x4_t (*sum)[PARTS], const size_t width, float *out)
{
    (void)t;
    DML_UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            vst1q_f32(out + p * DML_BLOCK + q * LANES, sum[p][q]);
    }
}

/* Sums of whole numbers. Factors are multiplied as signed bytes, x less 128, so what 128 contributes is where a sum
   begins: 128 times the sum of all weights, of which `more` are added for each tap of each block. */
DML_INLINE void begin_whole(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width, int32_t more)
{
    const size_t taps = (size_t)t->blocks * t->kernel_h * t->kernel_w;
    const int8_t *w = t->w;
    int32x4_t total[PARTS];
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        total[q] = vdupq_n_s32((int32_t)taps * more);
    for (size_t i = 0; i < taps * 4; i++, w += 4 * DML_BLOCK)
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            total[q] = vpadalq_s16(total[q], vpaddlq_s8(vld1q_s8(w + q * 4 * LANES)));
    DML_UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = vshlq_n_s32(total[q], 7);
    }
}

/* They get their unit and the bias at the end. */
DML_INLINE void end_whole(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width, float *out)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++) {
        const float32x4_t unit = vld1q_f32(t->unit + q * LANES), bias = vld1q_f32(t->bias + q * LANES);
        DML_UNROLL(5)
        for (size_t p = 0; p < width; p++)
            vst1q_f32(out + p * DML_BLOCK + q * LANES, vaddq_f32(vmulq_f32(vcvtq_f32_s32(sum[p][q]), unit), bias));
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
DML_INLINE void finish(const dml_conv_tile *t, const float *sum)
{
    const float32x4_t slope = vdupq_n_f32(t->slope), scale = vdupq_n_f32(t->scale), zero = vdupq_n_f32(0.0f);
    for (size_t p = 0; p < t->width * DML_BLOCK; p += LANES) {
        float32x4_t v = vld1q_f32(sum + p);
        v = vbslq_f32(vcgtq_f32(v, zero), v, vmulq_f32(v, slope));
        v = t->r ? vfmaq_f32(vld1q_f32(t->r + p), v, scale) : vmulq_f32(v, scale);
        if (t->relu) /* not vmaxq: a NaN becomes 0, as in C */
            v = vbslq_f32(vcgtq_f32(v, zero), v, zero);
        vst1q_f32(t->y + p, v);
    }
}

#endif
