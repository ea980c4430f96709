/* Transposition of 16 x 16 in NEON: 4 x 4 values at a time. */
#ifndef __ARM_NEON
#error "transpose_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

static inline void transpose4(const float *in, size_t in_row, float *out, size_t out_row)
{
    const float32x4x2_t a = vtrnq_f32(vld1q_f32(in), vld1q_f32(in + in_row));
    const float32x4x2_t b = vtrnq_f32(vld1q_f32(in + 2 * in_row), vld1q_f32(in + 3 * in_row));
    vst1q_f32(out, vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0])));
    vst1q_f32(out + out_row, vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1])));
    vst1q_f32(out + 2 * out_row, vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0])));
    vst1q_f32(out + 3 * out_row, vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1])));
}

void dml_transpose16_neon(const float *in, size_t in_row, float *out, size_t out_row)
{
    for (size_t r = 0; r < 16; r += 4)
        for (size_t c = 0; c < 16; c += 4)
            transpose4(in + r * in_row + c, in_row, out + c * out_row + r, out_row);
}
