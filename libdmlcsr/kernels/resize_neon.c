/* Bilinear interpolation in NEON, four channels at a time. Product and sum are rounded one by one: same bits as C. */
#ifndef __ARM_NEON
#error "resize_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4

static inline float32x4_t lerp(float32x4_t a, float32x4_t b, float32x4_t f)
{
    return vaddq_f32(a, vmulq_f32(f, vsubq_f32(b, a)));
}

/* Between the pixels at `left` and `right` of two rows. */
static inline float32x4_t bilinear(const float *a, const float *b, size_t left, size_t right, float32x4_t f,
                                  float32x4_t g)
{
    const float32x4_t top = lerp(vld1q_f32(a + left), vld1q_f32(a + right), f);
    const float32x4_t low = lerp(vld1q_f32(b + left), vld1q_f32(b + right), f);
    return lerp(top, low, g);
}

void dml_resize_neon(const float *a, const float *b, float row_fraction, const uint32_t *column,
                     const float *fraction, const float *gate, uint32_t width, float *y)
{
    const float32x4_t g = vdupq_n_f32(row_fraction);
    if (row_fraction == 0.0f)
        b = a; /* the row below the last one need not exist */
    for (size_t p = 0; p < width; p++) {
        const size_t left = (size_t)column[p] * DML_BLOCK;
        const size_t right = fraction[p] != 0.0f ? left + DML_BLOCK : left;
        const float32x4_t f = vdupq_n_f32(fraction[p]);
        DML_UNROLL(4)
        for (size_t l = 0; l < DML_BLOCK; l += LANES) {
            float32x4_t v = bilinear(a, b, left + l, right + l, f, g);
            if (gate) {
                const float32x4_t own = vld1q_f32(gate + p * DML_BLOCK + l);
                v = vaddq_f32(vmulq_f32(own, v), own);
            }
            vst1q_f32(y + p * DML_BLOCK + l, v);
        }
    }
}

void dml_sample_neon(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                     uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++) {
        const float *a = x + offset[p];
        const float32x4_t f = vdupq_n_f32(fx[p]), g = vdupq_n_f32(fy[p]);
        DML_UNROLL(4)
        for (size_t l = 0; l < DML_BLOCK; l += LANES)
            vst1q_f32(y + p * DML_BLOCK + l, bilinear(a, a + x_row, l, DML_BLOCK + l, f, g));
    }
}
