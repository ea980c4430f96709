/* The gradients of a convolution.
 *
 * That of the input is a convolution itself: of dy, with the weights transposed. With stride 2, dy is spread out with
 * zeros in between first; only two layers of the network have that stride.
 *
 * That of the weights is, for each tap and each pair of an input block and an output panel, a product of two matrices
 * that are as long as the picture: a kernel keeps the 256 sums in registers. Rows are taken in chunks that stay in the
 * caches while all pairs and taps of a task use them. */
#include "ops/back.h"

#include <string.h>

#include "ops/split.h"
#include "ops/winograd.h"

#define TILE ((size_t)DML_BLOCK * DML_BLOCK)
#define CHUNK 128           /* pixels: 8 KiB of x and 8 KiB of dy */
#define TASK_BLOCKS 16      /* most input blocks of a task */
#define TASKS_PER_THREAD 8
#define STREAM_MAX 16777216 /* bytes of x and dy that may be in the last cache */

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
    const dml_conv_shape *shape;
    const dml_core *core;
    dml_conv conv;
    const dml_batch *dy;
    dml_batch dx; /* whole blocks */
    dml_real *spread;
    size_t spread_size;
} input_job;

static dml_tensor spread_tensor(const dml_conv_shape *shape, uint32_t h, uint32_t w, dml_real *room)
{
    return (dml_tensor){room, dml_blocks(shape->out) * DML_BLOCK, h, w, shape->dilation * (shape->kernel / 2)};
}

static size_t spread_size(const dml_conv_shape *shape, uint32_t h, uint32_t w)
{
    const dml_tensor t = spread_tensor(shape, h, w, NULL);
    return dml_tensor_size(&t);
}

/* The convolution from dy to dx. */
static dml_conv_shape shape_back(const dml_conv_shape *shape)
{
    return (dml_conv_shape){dml_blocks(shape->out) * DML_BLOCK, dml_conv_blocks(shape) * DML_BLOCK, shape->kernel, 1,
                            shape->dilation, 0, DML_FORMAT_F32, DML_WINOGRAD_4X4};
}

size_t dml_conv_back_input_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads)
{
    const dml_conv_shape back = shape_back(shape);
    return shape->stride > 1 ? threads * spread_size(shape, h, w) : dml_winograd_room(&back, n, h, w, threads);
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

/* With a stride. */
static void input_image(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    const input_job *j = argument;
    const dml_tensor dy = dml_batch_image(j->dy, image), dx = dml_batch_image(&j->dx, image);
    const dml_tensor room = spread_tensor(j->shape, dx.h, dx.w, j->spread + thread * j->spread_size);
    spread(&dy, j->shape->stride, &room);
    dml_conv_run(&j->conv, &j->core->kernels, pool, &room, NULL, &dx);
}

void dml_conv_back_input(const dml_conv_shape *shape, const dml_core *core, const dml_real *transposed,
                         const dml_real *zeros, const dml_batch *dy, const dml_batch *dx, bool add, dml_real *room)
{
    const dml_conv_shape back = shape_back(shape);
    input_job j = {shape, core, dml_conv_make(&back, transposed, zeros), dy, *dx, room,
                   spread_size(shape, dx->first.h, dx->first.w)};
    j.conv.tail = (shape->out - 1) % DML_BLOCK + 1; /* the lanes after it are zero */
    j.conv.add = add;
    j.dx.first.c = back.out;
    if (shape->stride == 1)
        dml_conv_batch_run(&j.conv, core, dy, &j.dx, room);
    else
        dml_batch_run(core->pool, dy->n, input_image, &j);
}

/* ---- weights' gradient --------------------------------------------------------------------------------------------- */

typedef struct range {
    uint32_t first, end;
} range;

typedef struct weight_job {
    const dml_conv_shape *shape;
    const dml_core *core;
    const dml_batch *x, *dy;
    dml_real *dweight;
    uint32_t blocks, panels, taps;
    uint32_t block_parts, panel_parts, tap_parts; /* a task: one of each */
} weight_job;

/* What a task adds up, and the pixels of dy that it is at. */
typedef struct weight_chunk {
    range panel, block, tap;
    uint32_t row, rows, column, width;
} weight_chunk;

/* All pairs of blocks and all taps of a task, over one chunk of one image. */
static void add_chunk(const weight_job *j, const dml_tensor *x, const dml_tensor *dy, const weight_chunk *c)
{
    const dml_conv_shape *s = j->shape;
    const ptrdiff_t padding = (ptrdiff_t)s->dilation * (s->kernel / 2);
    for (uint32_t panel = c->panel.first; panel < c->panel.end; panel++)
        for (uint32_t tap = c->tap.first; tap < c->tap.end; tap++) {
            const ptrdiff_t y = (ptrdiff_t)c->row * s->stride + (ptrdiff_t)(tap / s->kernel) * s->dilation - padding;
            const ptrdiff_t p = (ptrdiff_t)c->column * s->stride + (ptrdiff_t)(tap % s->kernel) * s->dilation - padding;
            const dml_real *d = dml_tensor_at(dy, panel, c->row, c->column);
            dml_real *dw = j->dweight + (panel * (size_t)j->blocks * j->taps + tap) * TILE;
            for (uint32_t b = c->block.first; b < c->block.end; b++)
                j->core->back.conv_back_weight(dml_tensor_at(x, b, y, p), s->stride * dml_tensor_row(x), s->stride, d,
                                               dml_tensor_row(dy), c->rows, c->width, dw + (size_t)b * j->taps * TILE);
        }
}

/* A plane without borders is one long row; else rows are taken together until a chunk is full. */
static void add_image(const weight_job *j, dml_tensor x, dml_tensor dy, weight_chunk *c)
{
    if (j->shape->kernel == 1 && j->shape->stride == 1 && !x.pad && !dy.pad) {
        x.w *= x.h;
        dy.w *= dy.h;
        x.h = dy.h = 1;
    }
    const uint32_t together = dy.w < CHUNK ? CHUNK / dy.w : 1;
    for (c->row = 0; c->row < dy.h; c->row += together) {
        c->rows = together < dy.h - c->row ? together : dy.h - c->row;
        for (c->column = 0; c->column < dy.w; c->column += CHUNK) {
            c->width = CHUNK < dy.w - c->column ? CHUNK : dy.w - c->column;
            add_chunk(j, &x, &dy, c);
        }
    }
}

static range part_of(uint32_t whole, uint32_t parts, uint32_t index)
{
    return (range){dml_split(whole, parts, index), dml_split(whole, parts, index + 1)};
}

static void weight_task(void *argument, uint32_t task, uint32_t thread)
{
    const weight_job *j = argument;
    weight_chunk c = {.tap = part_of(j->taps, j->tap_parts, task % j->tap_parts),
                      .block = part_of(j->blocks, j->block_parts, task / j->tap_parts % j->block_parts),
                      .panel = part_of(j->panels, j->panel_parts, task / j->tap_parts / j->block_parts)};
    (void)thread;
    for (uint32_t i = 0; i < j->x->n; i++)
        add_image(j, dml_batch_image(j->x, i), dml_batch_image(j->dy, i), &c);
}

/* `wanted` over what the other parts give, but between `least` and `most`. */
static uint32_t parts_for(uint32_t wanted, uint32_t others, uint32_t least, uint32_t most)
{
    const uint32_t parts = (wanted + others - 1) / others;
    return parts < least ? least : parts > most ? most : parts;
}

/* How to cut: which decides about speed only, and was measured. A task with several panels and all taps reads a chunk of
   x once for all of them; its part of dweight and the chunk stay in the second cache. With one tap a long stream of x is
   faster, as long as it comes out of a cache. Where that leaves too few tasks for the threads, taps are split last: they
   use the same chunks. */
static void divide(weight_job *j, uint32_t threads)
{
    const size_t bytes = (j->x->n * j->x->stride + j->dy->n * j->dy->stride) * sizeof(dml_real);
    const uint32_t panels = j->taps > 1 ? 2 : bytes > STREAM_MAX ? 4 : 1, wanted = TASKS_PER_THREAD * threads;
    j->block_parts = (j->blocks + TASK_BLOCKS - 1) / TASK_BLOCKS;
    j->panel_parts = parts_for(wanted, j->block_parts, (j->panels + panels - 1) / panels, j->panels);
    j->block_parts = parts_for(wanted, j->panel_parts, j->block_parts, j->blocks);
    j->tap_parts = parts_for(wanted, j->panel_parts * j->block_parts, 1, j->taps);
}

/* Which chunk comes after which does not depend on the tasks, so neither does a sum. */
void dml_conv_back_weight(const dml_conv_shape *shape, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                          dml_real *dweight, dml_real *room)
{
    if (dml_winograd_pays(shape, dy->n, dy->first.h, dy->first.w)) {
        dml_winograd_back_weight(shape, core, x, dy, dweight, room);
        return;
    }
    weight_job j = {shape, core, x, dy, dweight, dml_conv_blocks(shape), dml_blocks(shape->out),
                    shape->kernel * shape->kernel, 1, 1, 1};
    divide(&j, dml_pool_threads(core->pool));
    dml_pool_run(core->pool, weight_task, &j, j.panel_parts * j.block_parts * j.tap_parts);
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
