/* One tile of a convolution in NEON: one register per pixel holds 4 input channels, four hold the weights. */
#include "kernels/conv_neon.h"

DML_INLINE void load_weights(float32x4_t *weight, const float *w)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++)
        weight[q] = vld1q_f32(w + q * LANES);
}

DML_INLINE void accumulate(float32x4_t (*sum)[PARTS], const float *x, const float *w, size_t count, const size_t width,
                           const size_t step)
{
    float32x4_t value[WIDTH], weight[PARTS];
    size_t k = 0;
    for (; k + LANES <= count; k += LANES) {
        DML_UNROLL(5)
        for (size_t p = 0; p < width; p++)
            value[p] = vld1q_f32(x + p * step * DML_BLOCK + k);
        load_weights(weight, w + k * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 0)
        load_weights(weight, w + (k + 1) * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 1)
        load_weights(weight, w + (k + 2) * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 2)
        load_weights(weight, w + (k + 3) * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 3)
    }
    DML_LOOP
    for (; k < count; k++) {
        DML_UNROLL(5)
        for (size_t p = 0; p < width; p++)
            value[p] = vld1q_dup_f32(x + p * step * DML_BLOCK + k);
        load_weights(weight, w + k * DML_BLOCK);
        EACH_SUM(vfmaq_laneq_f32, 0)
    }
}

#define element float
#define sums float32x4_t
#define begin begin_single
#define end end_single
#define NAME dml_conv_neon
#include "kernels/conv_body.h"
