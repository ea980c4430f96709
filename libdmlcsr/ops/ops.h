/* The operations beside convolution: shapes, loop nests and threads over the kernels. All write their output whole,
   border included; outputs never overlap inputs unless a comment allows it. */
#ifndef DML_OPS_H
#define DML_OPS_H

#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/kernels.h"

/* Depthwise 3 x 3, padding 1: y = leaky(w * x + bias), channel by channel. */
typedef struct dml_depthwise {
    const dml_real *weight; /* packed: blocks x 9 x 16 */
    const dml_real *bias;   /* blocks x 16 */
    uint32_t channels, stride;
    dml_real slope;
} dml_depthwise;

size_t dml_depthwise_weight_size(uint32_t channels);
/* weight (channels, 1, 3, 3), each channel times gain[channel] */
void dml_depthwise_pack(uint32_t channels, const dml_real *weight, const dml_real *gain, dml_real *packed);
/* Where packed weights have value `i` of the published order (channels, 1, 3, 3). */
size_t dml_depthwise_packed_at(size_t i);
/* x.pad >= 1 */
void dml_depthwise_run(const dml_depthwise *op, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                       const dml_tensor *y);

/* Maximum over 3 x 3, stride 2, padding 1 (of minus infinity). */
void dml_maxpool_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y);

/* Bilinear resize of x to y's size, align_corners: output i samples input i (in - 1) / (out - 1). With a gate of y's
   shape: y = gate * resized + gate. */
void dml_resize_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *gate,
                    const dml_tensor *y);

/* Of a side resized from `in` to `out`: input pixels per output pixel, and the position of output i as a whole part and
   a fraction; the last sample has fraction 0, so that nothing past it is read. */
dml_real dml_resize_scale(uint32_t in, uint32_t out);
uint32_t dml_resize_split(uint32_t i, dml_real scale, uint32_t in, dml_real *fraction);

/* The two input rows that an output row lies between, one and the same where it lies on it. */
typedef struct dml_resize_rows {
    uint32_t top, low;
    dml_real below; /* share of the lower one */
} dml_resize_rows;
dml_resize_rows dml_resize_between(uint32_t row, dml_real scale, uint32_t in);

/* Splits of the columns start .. start + count - 1. */
void dml_resize_columns(uint32_t start, uint32_t count, dml_real scale, uint32_t in, uint32_t *column,
                        dml_real *fraction);

/* The columns of a row, some at a time. start and width are 0 at first; false when there are no more. */
#define DML_RESIZE_CHUNK 128
typedef struct dml_resize_part {
    uint32_t start, width;
    uint32_t column[DML_RESIZE_CHUNK];
    dml_real fraction[DML_RESIZE_CHUNK];
} dml_resize_part;
bool dml_resize_next(dml_resize_part *part, dml_real scale, uint32_t in, uint32_t out);

/* Softmax over the channels of each pixel. x and y have the same border (the kernel knows one distance between blocks);
   y may be x. */
void dml_softmax_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y);

/* Channels become pixels: y (c = h w of x, 1, w = c of x). Neither has a border. Tails are padded on the
   stack, so that the lanes past h w are zero. */
void dml_transpose_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y);

/* Between planar c h w values and the block layout; the import clears the border and the lanes past c. */
void dml_tensor_import(const dml_tensor *t, const dml_real *planar);
void dml_tensor_export(const dml_tensor *t, dml_real *planar);

#endif
