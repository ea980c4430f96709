/* Max pooling in NEON, four channels at a time. The maximum of a column serves two pixels. Same bits as C:
 * a comparison and a selection, because the maximum instruction treats NaN and zeros in another way. */
#ifndef __ARM_NEON
#error "maxpool_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>

#include "base/tensor.h"

#define LANES 4

static inline float32x4_t later(float32x4_t v, float32x4_t m)
{
    return vbslq_f32(vcgtq_f32(v, m), v, m);
}

static inline float32x4_t column_max(const float *a, const float *b, const float *c, size_t at)
{
    float32x4_t m = later(vld1q_f32(b + at), vld1q_f32(a + at));
    return later(vld1q_f32(c + at), m);
}

void dml_maxpool3x3_neon(const float *const *row, uint32_t rows, uint32_t in_width, uint32_t width, float *y)
{
    const float *a = row[0]; /* a row that is missing is another one again */
    const float *b = rows > 1 ? row[1] : a;
    const float *c = rows > 2 ? row[2] : b;
    for (size_t l = 0; l < DML_BLOCK; l += LANES) {
        float32x4_t left = column_max(a, b, c, l); /* nothing is left of it: column 0 twice is as good as once */
        for (size_t p = 0; p < width; p++) {
            float32x4_t m = later(column_max(a, b, c, 2 * p * DML_BLOCK + l), left);
            if (2 * p + 1 < in_width) {
                left = column_max(a, b, c, (2 * p + 1) * DML_BLOCK + l);
                m = later(left, m);
            }
            vst1q_f32(y + p * DML_BLOCK + l, m);
        }
    }
}
