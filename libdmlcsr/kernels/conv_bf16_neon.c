/* One tile of a convolution of bfloat16 in NEON: factors become single precision on the way in, which is a shift for
 * the even channel of a pair and a mask for the odd one. Products are exact, so FMA gives the bits of C. */
#include "kernels/conv_neon.h"

DML_INLINE void load_even(float32x4_t *weight, const uint16_t *w)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = vreinterpretq_f32_u32(vshlq_n_u32(vreinterpretq_u32_u16(vld1q_u16(w + q * 2 * LANES)), 16));
}

DML_INLINE void load_odd(float32x4_t *weight, const uint16_t *w)
{
    const uint32x4_t upper = vdupq_n_u32(0xffff0000);
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = vreinterpretq_f32_u32(vandq_u32(vreinterpretq_u32_u16(vld1q_u16(w + q * 2 * LANES)), upper));
}

DML_INLINE void accumulate(float32x4_t (*sum)[PARTS], const uint16_t *x, const uint16_t *w, size_t count,
                           const size_t width, const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    float32x4_t value[WIDTH], weight[PARTS];
    for (size_t k = 0; k < DML_BLOCK; k += LANES) {
        DML_UNROLL(5)
        for (size_t p = 0; p < width; p++)
            value[p] = vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(x + p * step * DML_BLOCK + k), 16));
        load_odd(weight, w + k * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 1)
        load_even(weight, w + k * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 0)
        load_odd(weight, w + (k + 2) * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 3)
        load_even(weight, w + (k + 2) * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 2)
    }
}

#define element uint16_t
#define sums float32x4_t
#define begin begin_single
#define end end_single
#define NAME dml_conv_bf16_neon
#include "kernels/conv_body.h"
