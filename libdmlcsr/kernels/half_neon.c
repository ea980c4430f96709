/* Half precision to single in NEON, eight values at a time; C does the rest, with the same bits. */
#ifndef __ARM_NEON
#error "half_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

/* Loads bytes, because the address may be odd. */
static inline uint16x8_t load8(const unsigned char *p)
{
    return vreinterpretq_u16_u8(vld1q_u8(p));
}

void dml_from_f16_neon(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const float16x8_t v = vreinterpretq_f16_u16(load8(bytes + 2 * i));
        vst1q_f32(out + i, vcvt_f32_f16(vget_low_f16(v)));
        vst1q_f32(out + i + 4, vcvt_high_f32_f16(v));
    }
    dml_from_f16_c(bytes + 2 * i, n - i, out + i);
}

void dml_from_bf16_neon(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const uint16x8_t v = load8(bytes + 2 * i);
        vst1q_f32(out + i, vreinterpretq_f32_u32(vshll_n_u16(vget_low_u16(v), 16)));
        vst1q_f32(out + i + 4, vreinterpretq_f32_u32(vshll_n_u16(vget_high_u16(v), 16)));
    }
    dml_from_bf16_c(bytes + 2 * i, n - i, out + i);
}
