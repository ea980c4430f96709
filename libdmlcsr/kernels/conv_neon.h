/* What the convolutions of NEON have in common around their sums (conv_body.h): those of up to 5 pixels are in 20
 * of the 32 registers. */
#ifndef DML_KERNELS_CONV_NEON_H
#define DML_KERNELS_CONV_NEON_H

#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "conv_neon.h needs AArch64 with NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/tensor.h"
#include "kernels/unroll.h"

#define WIDTH 5
#define PARTS 4 /* registers per block */
#define LANES 4
#define INLINE static inline __attribute__((always_inline, unused))

/* ADD(sum, weight, value, lane) for all parts of all pixels: lane `lane` of a pixel's register with a row of weights.
   The empty asm keeps the compiler from loading the next rows ahead of time, for which there are no registers left. */
#define EACH_SUM(ADD, lane)                                             \
    __asm__ volatile("" ::: "memory");                                  \
    UNROLL(5) \
    for (size_t p = 0; p < width; p++) {                                \
        UNROLL(4) \
        for (size_t q = 0; q < PARTS; q++)                              \
            sum[p][q] = ADD(sum[p][q], weight[q], value[p], lane);      \
    }

/* Sums of single precision begin with the bias, or where they were left in y. */
INLINE void begin_single(const dml_conv_tile *t, float32x4_t (*sum)[PARTS], const size_t width)
{
    UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = vld1q_f32((t->first ? t->bias : t->y + p * DML_BLOCK) + q * LANES);
    }
}

INLINE void end_single(const dml_conv_tile *t, float32x4_t (*sum)[PARTS], const size_t width, float *out)
{
    (void)t;
    UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            vst1q_f32(out + p * DML_BLOCK + q * LANES, sum[p][q]);
    }
}

/* Sums of whole numbers. Factors are multiplied as signed bytes, x less 128, so what 128 contributes is where a sum
   begins: 128 times the sum of all weights, of which `more` are added for each tap of each block. */
INLINE void begin_whole(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width, int32_t more)
{
    const size_t taps = (size_t)t->blocks * t->kernel_h * t->kernel_w;
    const int8_t *w = t->w;
    int32x4_t total[PARTS];
    UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        total[q] = vdupq_n_s32((int32_t)taps * more);
    for (size_t i = 0; i < taps * 4; i++, w += 4 * DML_BLOCK)
        UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            total[q] = vpadalq_s16(total[q], vpaddlq_s8(vld1q_s8(w + q * 4 * LANES)));
    UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = vshlq_n_s32(total[q], 7);
    }
}

/* They get their unit and the bias at the end. */
INLINE void end_whole(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width, float *out)
{
    UNROLL(4)
    for (size_t q = 0; q < PARTS; q++) {
        const float32x4_t unit = vld1q_f32(t->unit + q * LANES), bias = vld1q_f32(t->bias + q * LANES);
        UNROLL(5)
        for (size_t p = 0; p < width; p++)
            vst1q_f32(out + p * DML_BLOCK + q * LANES, vaddq_f32(vmulq_f32(vcvtq_f32_s32(sum[p][q]), unit), bias));
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
INLINE void finish(const dml_conv_tile *t, const float *sum)
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
