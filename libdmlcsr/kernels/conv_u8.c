/* One tile of a convolution of bytes: the definition. */
#include "kernels/impl.h"

#include "kernels/conv_finish.h"

/* Four input channels at a time, as they are packed. */
static inline void accumulate(int32_t *sum, const uint8_t *x, const int8_t *w)
{
    for (size_t k = 0; k < DML_BLOCK; k += 4)
        for (size_t l = 0; l < DML_BLOCK; l++)
            for (size_t i = 0; i < 4; i++)
                sum[l] += x[k + i] * w[k * DML_BLOCK + 4 * l + i];
}

void dml_conv_u8_c(const dml_conv_tile *t)
{
    const size_t tap = DML_BLOCK * DML_BLOCK;
    for (size_t o = 0; o < t->panels; o++)
        for (size_t p = 0; p < t->width; p++) {
            int32_t sum[DML_BLOCK] = {0};
            float value[DML_BLOCK];
            const int8_t *w = (const int8_t *)t->w + o * t->w_panel;
            for (size_t b = 0; b < t->blocks; b++) {
                const uint8_t *x = (const uint8_t *)t->x + b * t->x_plane + p * t->step * DML_BLOCK;
                for (size_t i = 0; i < t->kernel_h; i++)
                    for (size_t j = 0; j < t->kernel_w; j++, w += tap)
                        accumulate(sum, x + i * t->x_row + j * t->x_column, w);
            }
            for (size_t l = 0; l < DML_BLOCK; l++)
                value[l] = t->unit[o * DML_BLOCK + l] * (float)sum[l] + t->bias[o * DML_BLOCK + l];
            dml_conv_finish(t, value, o, p);
        }
}
