/* One tile of a convolution of bytes with the dot products that most processors with NEON have: four input channels at
 * once. Both factors are signed there: x less 128. */
#if !defined(__ARM_FEATURE_DOTPROD)
#error "conv_u8_neondot.c needs -march=armv8.2-a+dotprod"
#endif

#include "kernels/conv_neon.h"

DML_INLINE void load_weights(int8x16_t *weight, const int8_t *w)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = vld1q_s8(w + q * 4 * LANES);
}

DML_INLINE void accumulate(int32x4_t (*sum)[PARTS], const uint8_t *x, const uint8_t *w, size_t count,
                           const size_t width, const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    const int8_t *four = (const int8_t *)w;
    int8x16_t value[WIDTH], weight[PARTS];
    DML_UNROLL(5)
    for (size_t p = 0; p < width; p++)
        value[p] = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(x + p * step * DML_BLOCK), vdupq_n_u8(128)));
    load_weights(weight, four);
    EACH_SUM(vdotq_laneq_s32, 0)
    load_weights(weight, four + 4 * DML_BLOCK);
    EACH_SUM(vdotq_laneq_s32, 1)
    load_weights(weight, four + 8 * DML_BLOCK);
    EACH_SUM(vdotq_laneq_s32, 2)
    load_weights(weight, four + 12 * DML_BLOCK);
    EACH_SUM(vdotq_laneq_s32, 3)
}

DML_INLINE void begin(const dml_conv_tile *t, int32x4_t (*sum)[PARTS], const size_t width)
{
    begin_whole(t, sum, width, 0);
}

#define element uint8_t
#define sums int32x4_t
#define end end_whole
#define NAME dml_conv_u8_neondot
#include "kernels/conv_body.h"
