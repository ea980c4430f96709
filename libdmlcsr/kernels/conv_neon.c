/* One tile of a convolution in NEON: up to 5 pixels x 1 panel. The 20 sums stay in registers, with one register per
 * pixel that holds 4 input channels and four for the weights. */
#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "conv_neon.c needs AArch64 with NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/tensor.h"

#define WIDTH 5
#define PARTS 4 /* registers per block */
#define LANES 4

/* One input channel: lane `lane` of each pixel's register with a row of weights. The empty asm keeps the compiler from
   loading the next rows ahead of time, for which there are no registers left. */
#define CHANNEL(lane)                                                                               \
    __asm__ volatile("" ::: "memory");                                                              \
    _Pragma("GCC unroll 5")                                                                         \
    for (size_t p = 0; p < width; p++) {                                                            \
        _Pragma("GCC unroll 4")                                                                     \
        for (size_t q = 0; q < PARTS; q++)                                                          \
            sum[p][q] = vfmaq_laneq_f32(sum[p][q], weight[q], value[p], lane);                      \
    }

static inline __attribute__((always_inline)) void load_weights(float32x4_t *weight, const float *w)
{
#pragma GCC unroll 4
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = vld1q_f32(w + q * LANES);
}

/* sum += x * w over the channels of one tap of one block. */
static inline __attribute__((always_inline)) void accumulate(float32x4_t (*sum)[PARTS], const float *x, const float *w,
                                                             size_t count, const size_t width, const size_t step)
{
    float32x4_t value[WIDTH], weight[PARTS];
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
#pragma GCC unroll 5
        for (size_t p = 0; p < width; p++)
            value[p] = vld1q_f32(x + p * step * DML_BLOCK + k);
        load_weights(weight, w + k * DML_BLOCK);
        CHANNEL(0)
        load_weights(weight, w + (k + 1) * DML_BLOCK);
        CHANNEL(1)
        load_weights(weight, w + (k + 2) * DML_BLOCK);
        CHANNEL(2)
        load_weights(weight, w + (k + 3) * DML_BLOCK);
        CHANNEL(3)
    }
#pragma GCC unroll 1
    for (; k < count; k++) {
#pragma GCC unroll 5
        for (size_t p = 0; p < width; p++)
            value[p] = vld1q_dup_f32(x + p * step * DML_BLOCK + k);
        load_weights(weight, w + k * DML_BLOCK);
        CHANNEL(0)
    }
}

/* The sums of the tile, stored to `out`. width and step are constants where this is inlined, so that each loop over pixels
   unrolls and `sum` lives in registers. */
static inline __attribute__((always_inline)) void sums(const dml_conv_tile *t, float *out, const size_t width,
                                                       const size_t step)
{
    const float *w = t->w;
    float32x4_t sum[WIDTH][PARTS];
#pragma GCC unroll 5
    for (size_t p = 0; p < width; p++) {
#pragma GCC unroll 4
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = vld1q_f32((t->first ? t->bias : t->y + p * DML_BLOCK) + q * LANES);
    }
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const float *x = (const float *)t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
                accumulate(sum, x, w, count, width, step);
                w += DML_BLOCK * DML_BLOCK;
            }
        }
    }
#pragma GCC unroll 5
    for (size_t p = 0; p < width; p++) {
#pragma GCC unroll 4
        for (size_t q = 0; q < PARTS; q++)
            vst1q_f32(out + p * DML_BLOCK + q * LANES, sum[p][q]);
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
static void finish(const dml_conv_tile *t, const float *sum)
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

#define CASES(width)            \
    case (width) * 2:           \
        sums(t, out, width, 1); \
        break;                  \
    case (width) * 2 + 1:       \
        sums(t, out, width, 2); \
        break;

void dml_conv_neon(const dml_conv_tile *t)
{
    float buffer[WIDTH * DML_BLOCK] __attribute__((aligned(64)));
    float *out = t->last ? buffer : t->y; /* not y: the residual may be there */
    switch (t->width * 2 + t->step - 1) {
        CASES(1)
        CASES(2)
        CASES(3)
        CASES(4)
        CASES(5)
    }
    if (t->last)
        finish(t, buffer);
}
