/* Strassen's product for large 1 x 1 convolutions of single precision: an eighth of the products less.
 *
 * The weights are cut into upper and lower halves (output panels) and halves of input blocks, the input into the same
 * halves of blocks and a left and a right half: of the picture's rows, or of its pixels where no border is in the way. What
 * is left of an odd number goes the direct way. All seven products are made for a run of tiles and a pair of panels, and
 * their sums leave at once. One level, since a second one would double the rounding again (doc/numerics.md). */
#ifndef DML_OPS_STRASSEN_H
#define DML_OPS_STRASSEN_H

#include "ops/conv.h"

/* Whether it can go this way at all: a 1 x 1 of stride 1 and single precision whose halves are whole blocks. */
bool dml_strassen_fits(const dml_conv_shape *shape, uint32_t h, uint32_t w);

/* Whether it is the faster one then, for an output of h x w. */
bool dml_strassen_pays(const dml_conv_shape *shape, uint32_t h, uint32_t w);

/* Elements of room for a shape that fits. */
size_t dml_strassen_room(const dml_conv_shape *shape, uint32_t threads);

/* As dml_conv_run(). */
void dml_strassen_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                      const dml_tensor *r, const dml_tensor *y, dml_real *room);

#endif
