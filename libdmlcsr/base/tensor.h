/* The one activation layout: channels in blocks of 16, pixels inside a block, the 16 channels of a pixel together.
 *
 *     data[block][row][column][16]      blocks = ceil(c / 16), rows = h + 2 pad, columns = w + 2 pad
 *
 * `pad` is a border of zeros that 3 x 3 convolutions read, so that no kernel ever tests for an edge. Channels past `c`
 * in the last block are zero. The block is 16 on every instruction set: a layout is not a property of a kernel. */
#ifndef DML_BASE_TENSOR_H
#define DML_BASE_TENSOR_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

#define DML_BLOCK 16

typedef struct dml_tensor {
    dml_real *data;      /* aligned to DML_ALIGNMENT */
    uint32_t c, h, w; /* without padding */
    uint32_t pad;
} dml_tensor;

static inline uint32_t dml_blocks(uint32_t channels)
{
    return (channels + DML_BLOCK - 1) / DML_BLOCK;
}

/* Elements from one row to the next, and from one channel block to the next. */
static inline size_t dml_tensor_row(const dml_tensor *t)
{
    return (size_t)(t->w + 2 * t->pad) * DML_BLOCK;
}

static inline size_t dml_tensor_plane(const dml_tensor *t)
{
    return (size_t)(t->h + 2 * t->pad) * dml_tensor_row(t);
}

/* Elements of the whole tensor, padding included. */
static inline size_t dml_tensor_size(const dml_tensor *t)
{
    return dml_blocks(t->c) * dml_tensor_plane(t);
}

/* The 16 channels of one pixel; y and x may reach `pad` outside the picture. */
static inline dml_real *dml_tensor_at(const dml_tensor *t, uint32_t block, ptrdiff_t y, ptrdiff_t x)
{
    return t->data + block * dml_tensor_plane(t) + (size_t)(y + t->pad) * dml_tensor_row(t)
           + (size_t)(x + t->pad) * DML_BLOCK;
}

/* n tensors of one shape, `stride` elements apart: what training computes with at once. */
typedef struct dml_batch {
    dml_tensor first;
    uint32_t n;
    size_t stride;
} dml_batch;

static inline dml_tensor dml_batch_image(const dml_batch *b, uint32_t image)
{
    dml_tensor t = b->first;
    t.data += image * b->stride;
    return t;
}

#endif
