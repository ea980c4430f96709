/* Convolution: packing, loop nest and threads over the tile kernel. */
#ifndef DML_OPS_CONV_H
#define DML_OPS_CONV_H

#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/kernels.h"

/* What a convolution multiplies: sums of products of bfloat16 are of single precision, those of bytes are exact. Input and
   output are single precision in memory; the input is rounded on its way in (narrow.h). */
typedef enum dml_format { DML_FORMAT_F32, DML_FORMAT_BF16, DML_FORMAT_U8 } dml_format;

static inline size_t dml_format_bytes(dml_format format)
{
    return format == DML_FORMAT_F32 ? sizeof(dml_real) : format == DML_FORMAT_BF16 ? 2 : 1;
}

/* Shape of a convolution; padding is always dilation * (kernel - 1) / 2. */
typedef struct dml_conv_shape {
    uint32_t in, out;       /* channels */
    uint32_t kernel;        /* 1 or 3 */
    uint32_t stride;        /* 1 or 2 */
    uint32_t dilation;
    /* The input may be a concatenation whose parts each start at a channel block of their own: the first has `part`
       channels, and so has each further one but the last, which has the rest of `in`. 0: the input is not divided. */
    uint32_t part;
    dml_format format;
    dml_winograd_form form; /* of tiles, where it goes by Winograd's transforms (dml_winograd_form_of()) */
} dml_conv_shape;

/* A convolution ready to run: y = relu?(scale * leaky(W * x + bias) + residual). */
typedef struct dml_conv {
    dml_conv_shape shape;
    const void *weight;        /* packed as dml_conv_tile says for the format: [panel][block][ky][kx][16][16] */
    const void *transformed;   /* the weights as Winograd's way needs them, or NULL: made whenever it goes (winograd.h) */
    const dml_real *bias;      /* panels * 16 */
    size_t panel;           /* elements between panels of weight */
    uint32_t blocks, tail;  /* input blocks, channels used of the last */
    dml_real slope, scale;     /* 1, 1: linear */
    bool relu;
    bool add;               /* the sum starts from what y holds, not from the bias */
    /* bytes only: an input x becomes round(x x_gain) + x_zero, and a unit of the sum of output o is worth unit[o] */
    const dml_real *unit;
    float x_gain;
    int32_t x_zero;
} dml_conv;

/* Blocks of the input tensor a shape expects, and elements (of its format) of its packed weights and bias. */
uint32_t dml_conv_blocks(const dml_conv_shape *shape);
size_t dml_conv_weight_size(const dml_conv_shape *shape);
size_t dml_conv_bias_size(const dml_conv_shape *shape);

/* A linear convolution of that shape over packed weights and bias. */
dml_conv dml_conv_make(const dml_conv_shape *shape, const void *weight, const dml_real *bias);

/* Packs weight (out, in, kernel, kernel), each output channel times gain[out] (NULL: 1), into `packed`: as it is, or
   rounded to bfloat16 or to -127 .. 127. kernels: for bfloat16, else NULL. */
void dml_conv_pack(const dml_conv_shape *shape, const dml_real *weight, const dml_real *gain, void *packed,
                   const dml_kernels *kernels, dml_pool *pool);

/* Packs bytes for a conv whose shape, x_gain and x_zero are there: the largest weight of each output channel becomes
   127. unit (dml_conv_bias_size() values) receives what a unit of a sum is worth, gain included, and bias (out values) is
   changed by what an x_zero that is not 0 adds. spare: out values. */
void dml_conv_pack_bytes(const dml_conv *conv, const float *weight, const float *gain, float *spare, void *packed,
                         float *bias, float *unit, dml_pool *pool);

/* Where packed weights have value `i` of the published order (out, in, kernel, kernel). */
size_t dml_conv_packed_at(const dml_conv_shape *shape, size_t i);

/* Single precision. x: blocks and border as the shape needs (x.pad >= padding; a 1 x 1 reads no border). r: same c, h,
   w as y, or NULL.
   Writes y whole: its border is set to zero, its channels past `out` too. x and y must not overlap; r may be y. */
void dml_conv_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                  const dml_tensor *r, const dml_tensor *y);

/* Room, in elements of single precision, for the rounded copy of an input of x_size elements; 0 for DML_FORMAT_F32. */
size_t dml_conv_narrow_room(dml_format format, size_t x_size);

/* The same for bfloat16 and bytes, by way of a rounded copy of x in `room`. */
void dml_conv_narrow_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                         const dml_tensor *r, const dml_tensor *y, dml_real *room);

/* As the network runs it, in any format, whichever way is the fastest for a result of h x w: by Winograd's transforms
   (winograd.h) where nothing is added to it, by Strassen's product (strassen.h), or as a direct sum. The shape alone
   decides. room: dml_conv_any_room() elements for an input of x_size. */
typedef enum dml_conv_way { DML_CONV_DIRECT, DML_CONV_WINOGRAD, DML_CONV_STRASSEN } dml_conv_way;

dml_conv_way dml_conv_way_of(const dml_conv_shape *shape, bool residual, uint32_t h, uint32_t w);
size_t dml_conv_any_room(const dml_conv_shape *shape, bool residual, size_t x_size, uint32_t h, uint32_t w,
                         uint32_t threads);
void dml_conv_any_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                      const dml_tensor *r, const dml_tensor *y, dml_real *room);

/* Kernel of a format. */
dml_conv_kernel dml_conv_kernel_of(const dml_kernels *kernels, dml_format format);

/* Most input blocks of a slice, for so many taps and factors that are `fewer` times as narrow as single precision. */
uint32_t dml_conv_slice(const dml_conv_kernel *kernel, uint32_t taps, uint32_t fewer);

/* Sets the border of blocks [first, end) of t to zero. */
void dml_tensor_clear_border(const dml_tensor *t, uint32_t first, uint32_t end);

/* Height or width after the convolution. */
static inline uint32_t dml_conv_side(uint32_t side, uint32_t stride)
{
    return (side - 1) / stride + 1;
}

#endif
