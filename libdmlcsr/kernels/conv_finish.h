/* What every convolution does with the sums of a pixel, in C. */
#ifndef DML_KERNELS_CONV_FINISH_H
#define DML_KERNELS_CONV_FINISH_H

#include "base/tensor.h"
#include "kernels/kernels.h"

/* Activation, scale and residual of the sums of pixel p and panel o, in the order of the network's formulas, to y. */
static inline void dml_conv_finish(const dml_conv_tile *t, const dml_real *sum, size_t o, size_t p)
{
    const dml_real *r = t->r ? t->r + o * t->r_plane + p * DML_BLOCK : NULL;
    dml_real *y = t->y + o * t->y_plane + p * DML_BLOCK;
    for (size_t l = 0; l < DML_BLOCK; l++) {
        dml_real v = sum[l];
        if (t->last) {
            v = t->scale * (v > 0.0f ? v : t->slope * v);
            if (r)
                v += r[l];
            if (t->relu)
                v = v > 0.0f ? v : 0.0f;
        }
        y[l] = v;
    }
}

#endif
