/* One tile of a convolution of bfloat16 with the instructions that some processors with NEON have for it: two input
 * channels at once. */
#if !defined(__ARM_FEATURE_BF16_VECTOR_ARITHMETIC)
#error "conv_bf16_neonbf16.c needs -march=armv8.2-a+bf16"
#endif

#include "kernels/conv_neon.h"

DML_INLINE bfloat16x8_t load_pairs(const uint16_t *p)
{
    return vreinterpretq_bf16_u16(vld1q_u16(p));
}

DML_INLINE void load_weights(bfloat16x8_t *weight, const uint16_t *w)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = load_pairs(w + q * 2 * LANES);
}

DML_INLINE void accumulate(float32x4_t (*sum)[PARTS], const uint16_t *x, const uint16_t *w, size_t count,
                           const size_t width, const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    bfloat16x8_t value[WIDTH], weight[PARTS];
    for (size_t k = 0; k < DML_BLOCK; k += 2 * LANES) {
        DML_UNROLL(5)
        for (size_t p = 0; p < width; p++)
            value[p] = load_pairs(x + p * step * DML_BLOCK + k);
        load_weights(weight, w + k * DML_BLOCK);
        EACH_SUM(vbfdotq_laneq_f32, 0)
        load_weights(weight, w + (k + 2) * DML_BLOCK);
        EACH_SUM(vbfdotq_laneq_f32, 1)
        load_weights(weight, w + (k + 4) * DML_BLOCK);
        EACH_SUM(vbfdotq_laneq_f32, 2)
        load_weights(weight, w + (k + 6) * DML_BLOCK);
        EACH_SUM(vbfdotq_laneq_f32, 3)
    }
}

#define element uint16_t
#define sums float32x4_t
#define begin begin_single
#define end end_single
#define NAME dml_conv_bf16_neonbf16
#include "kernels/conv_body.h"
