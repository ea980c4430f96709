/* One tile of a convolution: the definition. The vector versions keep the order of the sum; SSE4.1 rounds every product
 * like this one, AVX2, AVX-512 and NEON fuse product and addition. */
#include "kernels/impl.h"

#include "base/compiler.h"
#include "kernels/conv_finish.h"

/* sum[l] += x[k] * w[k][l] over `count` input channels. */
static inline void accumulate(dml_real *sum, const dml_real *x, const dml_real *w, size_t count)
{
    dml_real lane[DML_BLOCK]; /* nothing else points there, and a loop of 16 is what compilers turn into vectors */
    for (size_t l = 0; l < DML_BLOCK; l++)
        lane[l] = sum[l];
    for (size_t k = 0; k < count; k++)
        DML_LOOP
        for (size_t l = 0; l < DML_BLOCK; l++)
            lane[l] += x[k] * w[k * DML_BLOCK + l];
    for (size_t l = 0; l < DML_BLOCK; l++)
        sum[l] = lane[l];
}

void dml_conv_c(const dml_conv_tile *t)
{
    const size_t tap = DML_BLOCK * DML_BLOCK;
    for (size_t o = 0; o < t->panels; o++) {
        for (size_t p = 0; p < t->width; p++) {
            const dml_real *start = t->first ? t->bias + o * DML_BLOCK : t->y + o * t->y_plane + p * DML_BLOCK;
            const dml_real *w = (const dml_real *)t->w + o * t->w_panel;
            dml_real sum[DML_BLOCK];
            for (size_t l = 0; l < DML_BLOCK; l++)
                sum[l] = start[l];
            for (size_t b = 0; b < t->blocks; b++) {
                const dml_real *x = (const dml_real *)t->x + b * t->x_plane + p * t->step * DML_BLOCK;
                size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
                for (size_t i = 0; i < t->kernel_h; i++)
                    for (size_t j = 0; j < t->kernel_w; j++, w += tap)
                        accumulate(sum, x + i * t->x_row + j * t->x_column, w, count);
            }
            dml_conv_finish(t, sum, o, p);
        }
    }
}
