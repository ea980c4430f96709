/* Convolution: packing, loop nest and threads over the tile kernel. */
#ifndef DML_OPS_CONV_H
#define DML_OPS_CONV_H

#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/kernels.h"

/* Shape of a convolution; padding is always dilation * (kernel - 1) / 2. */
typedef struct dml_conv_shape {
    uint32_t in, out;       /* channels */
    uint32_t kernel;        /* 1 or 3 */
    uint32_t stride;        /* 1 or 2 */
    uint32_t dilation;
    /* The input may be a concatenation whose parts each start at a channel block of their own: the first has `part`
       channels, and so has each further one but the last, which has the rest of `in`. 0: the input is not divided. */
    uint32_t part;
} dml_conv_shape;

/* A convolution ready to run: y = relu?(scale * leaky(W * x + bias) + residual). */
typedef struct dml_conv {
    dml_conv_shape shape;
    const dml_real *weight;    /* packed as dml_conv_tile says: [panel][block][ky][kx][16][16] */
    const dml_real *bias;      /* panels * 16 */
    size_t panel;           /* elements between panels of weight */
    uint32_t blocks, tail;  /* input blocks, channels used of the last */
    dml_real slope, scale;     /* 1, 1: linear */
    bool relu;
    bool add;               /* the sum starts from what y holds, not from the bias */
} dml_conv;

/* Blocks of the input tensor a shape expects, and elements of its packed weights and bias. */
uint32_t dml_conv_blocks(const dml_conv_shape *shape);
size_t dml_conv_weight_size(const dml_conv_shape *shape);
size_t dml_conv_bias_size(const dml_conv_shape *shape);

/* A linear convolution of that shape over packed weights and bias. */
dml_conv dml_conv_make(const dml_conv_shape *shape, const dml_real *weight, const dml_real *bias);

/* Packs weight (out, in, kernel, kernel), each output channel times gain[out] (NULL: 1), into `packed`. */
void dml_conv_pack(const dml_conv_shape *shape, const dml_real *weight, const dml_real *gain, dml_real *packed,
                   dml_pool *pool);

/* Where packed weights have value `i` of the published order (out, in, kernel, kernel). */
size_t dml_conv_packed_at(const dml_conv_shape *shape, size_t i);

/* x: blocks and border as the shape needs (x.pad >= padding; a 1 x 1 reads no border). r: same c, h, w as y, or NULL.
   Writes y whole: its border is set to zero, its channels past `out` too. x and y must not overlap; r may be y. */
void dml_conv_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                  const dml_tensor *r, const dml_tensor *y);

/* Sets the border of blocks [first, end) of t to zero. */
void dml_tensor_clear_border(const dml_tensor *t, uint32_t first, uint32_t end);

/* Height or width after the convolution. */
static inline uint32_t dml_conv_side(uint32_t side, uint32_t stride)
{
    return (side - 1) / stride + 1;
}

#endif
