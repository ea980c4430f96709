/* One tile of a convolution of bfloat16: the definition. A product of two is exact in single precision, so that a fused
 * addition gives the same bits: the order alone matters. */
#include "kernels/impl.h"

#include <string.h>

#include "base/compiler.h"
#include "kernels/conv_finish.h"

static inline float wide(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Of each pair the odd channel first. */
static inline void accumulate(float *sum, const uint16_t *x, const uint16_t *w)
{
    for (size_t k = 0; k < DML_BLOCK; k += 2) {
        const float even = wide(x[k]), odd = wide(x[k + 1]);
        DML_LOOP /* else GCC 12 makes vectors along k at -O3, and wrong sums */
        for (size_t l = 0; l < DML_BLOCK; l++) {
            const uint16_t *pair = w + k * DML_BLOCK + 2 * l;
            sum[l] = sum[l] + odd * wide(pair[1]) + even * wide(pair[0]);
        }
    }
}

void dml_conv_bf16_c(const dml_conv_tile *t)
{
    const size_t tap = DML_BLOCK * DML_BLOCK;
    for (size_t o = 0; o < t->panels; o++)
        for (size_t p = 0; p < t->width; p++) {
            float sum[DML_BLOCK];
            memcpy(sum, t->first ? t->bias + o * DML_BLOCK : t->y + o * t->y_plane + p * DML_BLOCK, sizeof sum);
            const uint16_t *w = (const uint16_t *)t->w + o * t->w_panel;
            for (size_t b = 0; b < t->blocks; b++) {
                const uint16_t *x = (const uint16_t *)t->x + b * t->x_plane + p * t->step * DML_BLOCK;
                for (size_t i = 0; i < t->kernel_h; i++)
                    for (size_t j = 0; j < t->kernel_w; j++, w += tap)
                        accumulate(sum, x + i * t->x_row + j * t->x_column, w);
            }
            dml_conv_finish(t, sum, o, p);
        }
}
