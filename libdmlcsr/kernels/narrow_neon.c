/* From single precision to fewer bits in NEON, eight or sixteen values at a time; C does the rest, with the same
 * bits. */
#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "narrow_neon.c needs AArch64 with NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

static inline uint16x4_t round_bf16(const float *x)
{
    const float32x4_t v = vld1q_f32(x);
    const uint32x4_t bits = vreinterpretq_u32_f32(v), even = vandq_u32(vshrq_n_u32(bits, 16), vdupq_n_u32(1));
    const uint32x4_t rounded = vaddq_u32(bits, vaddq_u32(even, vdupq_n_u32(0x7fff)));
    const uint32x4_t quiet = vorrq_u32(bits, vdupq_n_u32(0x400000));
    return vshrn_n_u32(vbslq_u32(vceqq_f32(v, v), rounded, quiet), 16); /* a NaN is not equal to itself */
}

void dml_to_bf16_neon(const float *x, size_t n, uint16_t *y)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        vst1q_u16(y + i, vcombine_u16(round_bf16(x + i), round_bf16(x + i + 4)));
    dml_to_bf16_c(x + i, n - i, y + i);
}

/* Cut to 16 bits; the conversion cuts to 32 and makes 0 of NaN. */
static inline int16x4_t level(const float *x, float gain, int32x4_t zero)
{
    return vqmovn_s32(vqaddq_s32(vcvtnq_s32_f32(vmulq_n_f32(vld1q_f32(x), gain)), zero));
}

void dml_to_u8_neon(const float *x, size_t n, float gain, int32_t zero, uint8_t *y)
{
    const int32x4_t shift = vdupq_n_s32(zero);
    for (size_t i = 0; i < n; i += 16) {
        const int16x8_t first = vcombine_s16(level(x + i, gain, shift), level(x + i + 4, gain, shift));
        const int16x8_t second = vcombine_s16(level(x + i + 8, gain, shift), level(x + i + 12, gain, shift));
        vst1q_u8(y + i, vcombine_u8(vqmovun_s16(first), vqmovun_s16(second)));
    }
}
