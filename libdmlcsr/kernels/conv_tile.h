/* What the vector convolutions have in common, whatever their instruction set and factors (conv_body.h,
 * conv_avx512_body.h). */
#ifndef DML_KERNELS_CONV_TILE_H
#define DML_KERNELS_CONV_TILE_H

#include "base/compiler.h"
#include "base/tensor.h"
#include "kernels/kernels.h"

/* A tap of the window in an input block, and where its pixels begin, in elements from the tile's x. */
typedef struct dml_tap {
    size_t at;
    uint32_t row, column;
} dml_tap;

/* The tap to the right, the first of the row below, or the first in the next block: one loop goes over all of them, since
   what lies between two taps is then a short chain of additions, and loops within loops would be most of the code. */
DML_INLINE void dml_next_tap(const dml_conv_tile *t, dml_tap *tap)
{
    tap->at += t->x_column;
    if (++tap->column < t->kernel_w)
        return;
    tap->column = 0;
    tap->at += t->x_row - t->kernel_w * t->x_column;
    if (++tap->row < t->kernel_h)
        return;
    tap->row = 0;
    tap->at += t->x_plane - t->kernel_h * t->x_row;
}

/* Whether a whole tile only adds its residual, as a piece of a sum does (ops/winograd.c): the same bits for less. */
static inline bool dml_adds_alone(const dml_conv_tile *t)
{
    return t->r && t->slope == 1 && t->scale == 1 && !t->relu;
}

/* Asks for what the end of the tile will touch, while there is time. */
static inline void dml_prefetch_outputs(const dml_conv_tile *t)
{
    for (size_t o = 0; o < t->panels; o++)
        for (size_t p = 0; p < t->width * DML_BLOCK; p += DML_BLOCK) {
            DML_PREFETCH_WRITE(t->y + o * t->y_plane + p);
            if (t->r && t->r != t->y)
                DML_PREFETCH(t->r + o * t->r_plane + p);
        }
}

#endif
