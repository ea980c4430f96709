/* The gradients of a convolution.
 *
 * That of the input is a convolution itself: of dy, with the weights transposed. With stride 2, dy is spread out with
 * zeros in between first; only two layers of the network have that stride.
 *
 * That of the weights is, for each tap and each pair of an input block and an output panel, a product of two matrices
 * that are as long as the picture: a kernel keeps the 256 sums in registers. Rows are taken in chunks that stay in the first
 * cache while all pairs of a task use them. */
#include "ops/back.h"

#include <string.h>

#define TILE ((size_t)DML_BLOCK * DML_BLOCK)
#define CHUNK 128 /* pixels: 8 KiB of x and 8 KiB of dy */

/* ---- weights ------------------------------------------------------------------------------------------------------- */

typedef struct transpose_job {
    const dml_conv_shape *shape;
    const dml_core *core;
    const dml_real *weight;
    dml_real *transposed;
} transpose_job;

size_t dml_conv_back_weight_size(const dml_conv_shape *shape)
{
    return dml_conv_weight_size(shape);
}

/* One input block: a panel of the way back. */
static void transpose_block(void *argument, uint32_t block, uint32_t thread)
{
    const transpose_job *j = argument;
    const size_t taps = (size_t)j->shape->kernel * j->shape->kernel;
    const uint32_t blocks = dml_conv_blocks(j->shape), panels = dml_blocks(j->shape->out);
    (void)thread;
    for (uint32_t panel = 0; panel < panels; panel++)
        for (size_t tap = 0; tap < taps; tap++) {
            const dml_real *from = j->weight + ((panel * (size_t)blocks + block) * taps + tap) * TILE;
            dml_real *to = j->transposed + ((block * (size_t)panels + panel) * taps + taps - 1 - tap) * TILE;
            j->core->kernels.transpose16(from, DML_BLOCK, to, DML_BLOCK);
        }
}

void dml_conv_back_transpose(const dml_conv_shape *shape, const dml_real *weight, const dml_core *core,
                             dml_real *transposed)
{
    transpose_job j = {shape, core, weight, transposed};
    dml_pool_run(core->pool, transpose_block, &j, dml_conv_blocks(shape));
}

/* ---- input --------------------------------------------------------------------------------------------------------- */

typedef struct input_job {
    const dml_core *core;
    dml_conv conv;
    uint32_t stride;
    const dml_batch *dy, *dx;
    dml_real *spread;
    size_t spread_size;
} input_job;

static dml_tensor spread_tensor(const dml_conv_shape *shape, uint32_t h, uint32_t w, dml_real *room)
{
    return (dml_tensor){room, dml_blocks(shape->out) * DML_BLOCK, h, w, shape->dilation * (shape->kernel / 2)};
}

size_t dml_conv_back_spread_size(const dml_conv_shape *shape, uint32_t h, uint32_t w)
{
    const dml_tensor t = spread_tensor(shape, h, w, NULL);
    return shape->stride == 1 ? 0 : dml_tensor_size(&t);
}

/* Every stride-th pixel of t is one of dy, the others are zero. */
static void spread(const dml_tensor *dy, uint32_t stride, const dml_tensor *t)
{
    memset(t->data, 0, dml_tensor_size(t) * sizeof *t->data);
    for (uint32_t block = 0; block < dml_blocks(dy->c); block++)
        for (uint32_t y = 0; y < dy->h; y++)
            for (uint32_t x = 0; x < dy->w; x++)
                memcpy(dml_tensor_at(t, block, (ptrdiff_t)y * stride, (ptrdiff_t)x * stride),
                       dml_tensor_at(dy, block, y, x), DML_BLOCK * sizeof *t->data);
}

static void input_image(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    const input_job *j = argument;
    dml_tensor dy = dml_batch_image(j->dy, image), dx = dml_batch_image(j->dx, image);
    if (j->stride > 1) {
        const dml_tensor room = spread_tensor(&(dml_conv_shape){.out = dy.c, .kernel = j->conv.shape.kernel,
                                                                .dilation = j->conv.shape.dilation},
                                              dx.h, dx.w, j->spread + thread * j->spread_size);
        spread(&dy, j->stride, &room);
        dy = room;
    }
    dx.c = j->conv.shape.out;
    dml_conv_run(&j->conv, &j->core->kernels, pool, &dy, NULL, &dx);
}

void dml_conv_back_input(const dml_conv_shape *shape, const dml_core *core, const dml_real *transposed,
                         const dml_real *zeros, const dml_batch *dy, const dml_batch *dx, bool add, dml_real *room)
{
    const dml_conv_shape back = {dml_blocks(shape->out) * DML_BLOCK, dml_conv_blocks(shape) * DML_BLOCK, shape->kernel, 1,
                                 shape->dilation, 0};
    input_job j = {core, dml_conv_make(&back, transposed, zeros), shape->stride, dy, dx, room,
                   dml_conv_back_spread_size(shape, dx->first.h, dx->first.w)};
    j.conv.tail = (shape->out - 1) % DML_BLOCK + 1; /* the lanes after it are zero */
    j.conv.add = add;
    dml_batch_run(core->pool, dy->n, input_image, &j);
}

/* ---- weights' gradient --------------------------------------------------------------------------------------------- */

typedef struct weight_job {
    const dml_conv_shape *shape;
    const dml_core *core;
    const dml_batch *x, *dy;
    dml_real *dweight;
    uint32_t blocks, panels, groups; /* a task: a panel, a tap, a group of input blocks */
} weight_job;

/* The pixels of rows [row, row + rows) and columns [column, column + width) of one image, for all blocks of the task. */
static void add_chunk(const weight_job *j, const dml_tensor *x, const dml_tensor *dy, uint32_t panel, uint32_t tap,
                      const uint32_t block[2], uint32_t row, uint32_t rows, uint32_t column, uint32_t width)
{
    const dml_conv_shape *s = j->shape;
    const size_t taps = (size_t)s->kernel * s->kernel;
    const ptrdiff_t padding = (ptrdiff_t)s->dilation * (s->kernel / 2);
    const ptrdiff_t x_y = (ptrdiff_t)row * s->stride + (ptrdiff_t)(tap / s->kernel) * s->dilation - padding;
    const ptrdiff_t x_x = (ptrdiff_t)column * s->stride + (ptrdiff_t)(tap % s->kernel) * s->dilation - padding;
    const dml_real *d = dml_tensor_at(dy, panel, row, column);
    for (uint32_t b = block[0]; b < block[1]; b++)
        j->core->back.conv_back_weight(dml_tensor_at(x, b, x_y, x_x), s->stride * dml_tensor_row(x), s->stride, d,
                                       dml_tensor_row(dy), rows, width,
                                       j->dweight + ((panel * (size_t)j->blocks + b) * taps + tap) * TILE);
}

/* A plane without borders is one long row; else rows are taken together until a chunk is full. */
static void add_image(const weight_job *j, dml_tensor x, dml_tensor dy, uint32_t panel, uint32_t tap,
                      const uint32_t block[2])
{
    if (j->shape->kernel == 1 && j->shape->stride == 1 && !x.pad && !dy.pad) {
        x.w *= x.h;
        dy.w *= dy.h;
        x.h = dy.h = 1;
    }
    const uint32_t together = dy.w < CHUNK ? CHUNK / dy.w : 1;
    for (uint32_t row = 0; row < dy.h; row += together)
        for (uint32_t column = 0; column < dy.w; column += CHUNK)
            add_chunk(j, &x, &dy, panel, tap, block, row, together < dy.h - row ? together : dy.h - row, column,
                      CHUNK < dy.w - column ? CHUNK : dy.w - column);
}

static void weight_task(void *argument, uint32_t task, uint32_t thread)
{
    const weight_job *j = argument;
    const uint32_t taps = j->shape->kernel * j->shape->kernel;
    const uint32_t tap = task % taps, group = task / taps % j->groups, panel = task / taps / j->groups;
    const uint32_t block[2] = {(uint32_t)((uint64_t)j->blocks * group / j->groups),
                               (uint32_t)((uint64_t)j->blocks * (group + 1) / j->groups)};
    (void)thread;
    for (uint32_t i = 0; i < j->x->n; i++)
        add_image(j, dml_batch_image(j->x, i), dml_batch_image(j->dy, i), panel, tap, block);
}

/* Which chunk comes after which does not depend on the tasks, so neither does a sum. */
void dml_conv_back_weight(const dml_conv_shape *shape, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                          dml_real *dweight)
{
    weight_job j = {shape, core, x, dy, dweight, dml_conv_blocks(shape), dml_blocks(shape->out), 1};
    const uint32_t wanted = 8 * dml_pool_threads(core->pool), tasks = j.panels * shape->kernel * shape->kernel;
    if (tasks < wanted)
        j.groups = (wanted + tasks - 1) / tasks;
    if (j.groups > j.blocks)
        j.groups = j.blocks;
    dml_pool_run(core->pool, weight_task, &j, tasks * j.groups);
}

/* ---- bias ---------------------------------------------------------------------------------------------------------- */

typedef struct bias_job {
    const dml_batch *dy;
    dml_real *dbias;
} bias_job;

static void bias_block(void *argument, uint32_t block, uint32_t thread)
{
    const bias_job *j = argument;
    double sum[DML_BLOCK] = {0};
    (void)thread;
    for (uint32_t i = 0; i < j->dy->n; i++) {
        const dml_tensor t = dml_batch_image(j->dy, i);
        for (uint32_t y = 0; y < t.h; y++)
            for (uint32_t x = 0; x < t.w; x++)
                for (size_t l = 0; l < DML_BLOCK; l++)
                    sum[l] += (double)dml_tensor_at(&t, block, y, x)[l];
    }
    for (size_t l = 0; l < DML_BLOCK; l++)
        j->dbias[block * DML_BLOCK + l] += (dml_real)sum[l];
}

void dml_conv_back_bias(const dml_core *core, const dml_batch *dy, dml_real *dbias)
{
    bias_job j = {dy, dbias};
    dml_pool_run(core->pool, bias_block, &j, dml_blocks(dy->first.c));
}
