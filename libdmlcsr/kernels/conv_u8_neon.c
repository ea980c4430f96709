/* One tile of a convolution of bytes in NEON. With x less 128 both factors are signed bytes. A sum of two of their
 * products lies in -32512 .. 32768, one too many for 16 bits: so it begins with -128. */
#include "kernels/conv_neon.h"

#define LESS 128

/* 8 bytes: the pair twice for each of two outputs, four times. */
DML_INLINE int8x8_t load_pair(const int8_t *pair)
{
    return vreinterpret_s8_s16(vld1_dup_s16((const int16_t *)(const void *)pair));
}

/* Two even and two odd channels of 8 outputs, in parts q and q + 1 of a pixel. */
DML_INLINE void add_four(int32x4_t *sum, int8x16_t even, int8x16_t odd, int8x8_t x_even, int8x8_t x_odd)
{
    const int16x8_t start = vdupq_n_s16(-LESS);
    const int16x8_t low = vmlal_s8(vmlal_s8(start, vget_low_s8(even), x_even), vget_low_s8(odd), x_odd);
    const int16x8_t high = vmlal_s8(vmlal_s8(start, vget_high_s8(even), x_even), vget_high_s8(odd), x_odd);
    sum[0] = vpadalq_s16(sum[0], low);
    sum[1] = vpadalq_s16(sum[1], high);
}

DML_INLINE void accumulate(int32x4_t (*sum)[PARTS], const uint8_t *x, const uint8_t *w, size_t count,
                           const size_t width, const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    _Alignas(16) int8_t pairs[WIDTH * DML_BLOCK]; /* per pixel: 8 even channels, 8 odd ones */
    DML_UNROLL(5)
    for (size_t p = 0; p < width; p++) {
        const uint8x16_t shifted = veorq_u8(vld1q_u8(x + p * step * DML_BLOCK), vdupq_n_u8(128));
        vst1q_u8((uint8_t *)pairs + p * DML_BLOCK, vcombine_u8(vmovn_u16(vreinterpretq_u16_u8(shifted)),
                                                               vshrn_n_u16(vreinterpretq_u16_u8(shifted), 8)));
    }
    DML_LOOP
    for (size_t k = 0; k < DML_BLOCK; k += 4) {
        DML_UNROLL(2)
        for (size_t q = 0; q < PARTS; q += 2) {
            const int8_t *four = (const int8_t *)w + k * DML_BLOCK + q * 4 * LANES;
            const int8x16_t first = vld1q_s8(four), second = vld1q_s8(four + 4 * LANES);
            const int8x16_t even = vuzp1q_s8(first, second), odd = vuzp2q_s8(first, second);
            DML_UNROLL(5)
            for (size_t p = 0; p < width; p++) {
                const int8_t *pixel = pairs + p * DML_BLOCK + k / 2;
                add_four(sum[p] + q, even, odd, load_pair(pixel), load_pair(pixel + 8));
            }
        }
    }
}

/* A four is two such sums of each output, and a tap of a block four fours. */
DML_INLINE void begin(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width)
{
    begin_whole(t, sum, width, 4 * 2 * LESS / 128);
}

#define element uint8_t
#define sums int32x4_t
#define end end_whole
#define NAME dml_conv_u8_neon
#include "kernels/conv_body.h"
