/* Convolution over the tile kernel.
 *
 * The output is cut into tiles of neighbouring pixels of a row. A task computes a run of tiles for a group of output
 * panels; tasks share nothing but inputs. Inside a task the sum over the input channels is cut into slices, so that the
 * weights of a slice and the part of the input that they meet stay in the second cache:
 *
 *     for each slice of input blocks
 *         for each one or two panels of the group     their weights are read once per slice ...
 *             for each tile of the run                ... and used for every tile
 *
 * Sums that are not finished wait in y. Neither slices nor tasks change the order of a sum, so the result does not
 * depend on the number of threads or on the tile a pixel fell into. */
#include "ops/conv.h"

#include <string.h>

#include "ops/split.h"

/* Sizes that were found by measurement on a machine with 48 KiB and 1 MiB of cache per core. They decide about speed
   only. */
#define SLICE_BLOCKS 32      /* most input blocks per slice */
#define RUN_BYTES 524288     /* most bytes of a slice of the input that a run reads */
#define RUN_MAX 64           /* most tiles in a run */
#define RUN_MIN 8            /* fewest tiles in a run that pay for loading the weights */
#define WEIGHTS_MAX 4194304  /* weights of more bytes come from main memory each time: long runs, so few times */
#define TASKS_PER_THREAD 16  /* for balance: cores need not be equally fast */
#define TASK_PRODUCTS 400000 /* smallest task worth handing out: some 10 microseconds */
#define CONVERT_VALUES 32768 /* least values of a task that rounds */

/* ---- shapes ---- */

static uint32_t parts_of(const dml_conv_shape *shape)
{
    return shape->part ? (shape->in + shape->part - 1) / shape->part : 1;
}

uint32_t dml_conv_blocks(const dml_conv_shape *shape)
{
    if (!shape->part)
        return dml_blocks(shape->in);
    uint32_t whole = parts_of(shape) - 1;
    return whole * dml_blocks(shape->part) + dml_blocks(shape->in - whole * shape->part);
}

static size_t panel_size(const dml_conv_shape *shape)
{
    return (size_t)dml_conv_blocks(shape) * shape->kernel * shape->kernel * DML_BLOCK * DML_BLOCK;
}

size_t dml_conv_weight_size(const dml_conv_shape *shape)
{
    return dml_blocks(shape->out) * panel_size(shape);
}

size_t dml_conv_bias_size(const dml_conv_shape *shape)
{
    return (size_t)dml_blocks(shape->out) * DML_BLOCK;
}

dml_conv dml_conv_make(const dml_conv_shape *shape, const void *weight, const dml_real *bias)
{
    const uint32_t last = shape->in - (parts_of(shape) - 1) * shape->part; /* channels of the last part */
    return (dml_conv){.shape = *shape, .weight = weight, .bias = bias, .panel = panel_size(shape),
                      .blocks = dml_conv_blocks(shape), .tail = (last - 1) % DML_BLOCK + 1, .slope = 1, .scale = 1};
}

/* ---- border ---- */

void dml_tensor_clear_border(const dml_tensor *t, uint32_t first, uint32_t end)
{
    if (!t->pad)
        return;
    const size_t row = dml_tensor_row(t), side = (size_t)t->pad * DML_BLOCK;
    for (uint32_t b = first; b < end; b++) {
        dml_real *plane = t->data + b * dml_tensor_plane(t);
        memset(plane, 0, (t->pad * row + side) * sizeof *plane); /* rows above, and the left end of the first */
        for (uint32_t y = 1; y < t->h; y++)                      /* right end of a row and left end of the next */
            memset(plane + (t->pad + y) * row - side, 0, 2 * side * sizeof *plane);
        memset(plane + (t->pad + t->h) * row - side, 0, (t->pad * row + side) * sizeof *plane);
    }
}

/* ---- running ---- */

typedef struct job {
    const dml_conv *conv;
    dml_conv_kernel kernel;
    const dml_tensor *x, *r, *y;
    const char *values;     /* x's, in the format */
    size_t bytes;           /* of one */
    uint32_t panels;        /* of the output */
    uint32_t columns, rows; /* of the output; a plane without borders counts as one row */
    uint32_t row_tiles;     /* tiles per row */
    uint32_t tiles;         /* row_tiles * rows */
    uint32_t slices, runs, groups;
} job;

/* All tiles of a run, with the weights and the slice that are in `tile` already. x is at the slice's first block, y
   and r at the panel; each at row 0, column 0 of the output. */
static void run_tiles(const job *j, dml_conv_tile *tile, uint32_t first, uint32_t end, const char *x,
                      const dml_real *r, dml_real *y)
{
    const uint32_t stride = j->conv->shape.stride;
    const size_t x_row = stride * dml_tensor_row(j->x), y_row = dml_tensor_row(j->y);
    const size_t r_row = r ? dml_tensor_row(j->r) : 0;
    uint32_t row = first / j->row_tiles, t = first % j->row_tiles;
    for (uint32_t i = first; i < end; i++) {
        const uint32_t column = dml_split(j->columns, j->row_tiles, t);
        tile->width = dml_split(j->columns, j->row_tiles, t + 1) - column;
        tile->x = x + (row * x_row + (size_t)column * stride * DML_BLOCK) * j->bytes;
        tile->y = y + row * y_row + (size_t)column * DML_BLOCK;
        tile->r = r ? r + row * r_row + (size_t)column * DML_BLOCK : NULL;
        j->kernel.run(tile);
        if (++t == j->row_tiles) {
            t = 0;
            row++;
        }
    }
}

static dml_conv_tile tile_of(const job *j)
{
    const dml_conv *c = j->conv;
    return (dml_conv_tile){
        .x_plane = dml_tensor_plane(j->x),
        .x_row = c->shape.dilation * dml_tensor_row(j->x),
        .x_column = (size_t)c->shape.dilation * DML_BLOCK,
        .w_panel = c->panel,
        .y_plane = dml_tensor_plane(j->y),
        .r_plane = j->r ? dml_tensor_plane(j->r) : 0,
        .slope = c->slope,
        .scale = c->scale,
        .kernel_h = c->shape.kernel,
        .kernel_w = c->shape.kernel,
        .step = c->shape.stride,
        .relu = c->relu,
    };
}

/* One slice of the sum, for the panels of a group and the tiles of a run. */
static void run_slice(const job *j, dml_conv_tile *tile, uint32_t slice, const uint32_t *panel, const uint32_t *run)
{
    const dml_conv *c = j->conv;
    const uint32_t block = dml_split(c->blocks, j->slices, slice), end = dml_split(c->blocks, j->slices, slice + 1);
    const ptrdiff_t padding = (ptrdiff_t)c->shape.dilation * (c->shape.kernel / 2);
    const char *x = j->values + (size_t)(dml_tensor_at(j->x, block, -padding, -padding) - j->x->data) * j->bytes;
    tile->first = slice == 0 && !c->add;
    tile->last = end == c->blocks;
    tile->blocks = end - block;
    tile->tail = tile->last ? c->tail : DML_BLOCK;
    for (uint32_t p = panel[0]; p < panel[1]; p += tile->panels) {
        tile->panels = j->kernel.panels < panel[1] - p ? j->kernel.panels : panel[1] - p;
        tile->w = (const char *)c->weight
                  + (p * c->panel + (size_t)block * c->shape.kernel * c->shape.kernel * DML_BLOCK * DML_BLOCK) * j->bytes;
        tile->bias = c->bias + (size_t)p * DML_BLOCK;
        tile->unit = c->unit ? c->unit + (size_t)p * DML_BLOCK : NULL;
        const dml_real *r = j->r && tile->last ? dml_tensor_at(j->r, p, 0, 0) : NULL;
        run_tiles(j, tile, run[0], run[1], x, r, dml_tensor_at(j->y, p, 0, 0));
    }
}

static void run_task(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    const job *j = argument;
    const uint32_t group = task / j->runs, index = task % j->runs;
    const uint32_t run[2] = {dml_split(j->tiles, j->runs, index), dml_split(j->tiles, j->runs, index + 1)};
    const uint32_t step = j->kernel.panels, steps = dml_ceil_div(j->panels, step);
    uint32_t panel[2] = {dml_split(steps, j->groups, group) * step, dml_split(steps, j->groups, group + 1) * step};
    if (panel[1] > j->panels)
        panel[1] = j->panels;
    if (index == 0)
        dml_tensor_clear_border(j->y, panel[0], panel[1]);
    dml_conv_tile tile = tile_of(j);
    for (uint32_t slice = 0; slice < j->slices; slice++)
        run_slice(j, &tile, slice, panel, run);
}

uint32_t dml_conv_slice(const dml_conv_kernel *kernel, uint32_t taps, uint32_t fewer)
{
    const uint32_t blocks = fewer * kernel->slice / (taps * DML_BLOCK), most = fewer * SLICE_BLOCKS;
    return blocks < most ? blocks : most;
}

/* How many slices, runs of tiles and groups of panels to split the work into. Anything is correct. */
static void divide(job *j, uint32_t threads)
{
    const dml_conv *c = j->conv;
    const uint32_t taps = c->shape.kernel * c->shape.kernel, pitch = j->kernel.width * c->shape.stride;
    const uint32_t fewer = (uint32_t)(sizeof(dml_real) / j->bytes); /* times the products that fit */
    const bool over_r = j->r && j->r->data == j->y->data; /* y has no room for unfinished sums */
    const bool whole = over_r || c->shape.format == DML_FORMAT_U8;
    j->slices = whole ? 1 : dml_ceil_div(c->blocks, dml_conv_slice(&j->kernel, taps, fewer));

    const size_t tile_bytes = dml_ceil_div(c->blocks, j->slices) * (size_t)pitch * DML_BLOCK * j->bytes;
    uint32_t longest = (uint32_t)(RUN_BYTES / tile_bytes);
    longest = longest < RUN_MIN ? RUN_MIN : longest > RUN_MAX ? RUN_MAX : longest;
    const uint32_t fewest = dml_ceil_div(j->tiles, longest), most = dml_ceil_div(j->tiles, RUN_MIN);

    const uint64_t products = (uint64_t)j->columns * j->rows * c->blocks * taps * j->panels * DML_BLOCK * DML_BLOCK;
    const uint64_t worth = products / TASK_PRODUCTS + 1, limit = (uint64_t)threads * TASKS_PER_THREAD;
    const uint32_t wanted = (uint32_t)(worth < limit ? worth : limit);
    const bool heavy = c->panel * j->panels * j->bytes > WEIGHTS_MAX;
    j->runs = heavy || wanted < fewest ? fewest : wanted < most ? wanted : most;
    j->groups = dml_ceil_div(wanted, j->runs);
    const uint32_t steps = dml_ceil_div(j->panels, j->kernel.panels);
    if (j->groups > steps)
        j->groups = steps;
}

dml_conv_kernel dml_conv_kernel_of(const dml_kernels *kernels, dml_format format)
{
    switch (format) {
    case DML_FORMAT_BF16: return kernels->conv_bf16;
    case DML_FORMAT_U8: return kernels->conv_u8;
    default: return kernels->conv;
    }
}

/* values: those of x in the convolution's format. */
static void run_all(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                    const void *values, const dml_tensor *r, const dml_tensor *y)
{
    job j = {.conv = conv, .kernel = dml_conv_kernel_of(kernels, conv->shape.format), .x = x, .r = r, .y = y,
             .values = values, .bytes = dml_format_bytes(conv->shape.format), .panels = dml_blocks(y->c)};
    const bool plain = conv->shape.kernel == 1 && conv->shape.stride == 1 && !x->pad && !y->pad && !(r && r->pad);
    j.columns = plain ? y->h * y->w : y->w;
    j.rows = plain ? 1 : y->h;
    j.row_tiles = dml_ceil_div(j.columns, j.kernel.width);
    j.tiles = j.row_tiles * j.rows;
    divide(&j, dml_pool_threads(pool));
    dml_pool_run(pool, run_task, &j, j.runs * j.groups);
}

void dml_conv_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                  const dml_tensor *r, const dml_tensor *y)
{
    run_all(conv, kernels, pool, x, x->data, r, y);
}

/* ---- bfloat16 and bytes ---- */

typedef struct narrow_job {
    const dml_conv *conv;
    const dml_kernels *kernels;
    const dml_real *x;
    void *values;
    size_t size;
    uint32_t parts;
} narrow_job;

size_t dml_conv_narrow_room(dml_format format, size_t x_size)
{
    return format == DML_FORMAT_F32 ? 0 : (x_size * dml_format_bytes(format) + sizeof(dml_real) - 1) / sizeof(dml_real);
}

#ifndef DML_DOUBLE
/* Pixels [first, end) of the tensor as one long row, border included. */
static void narrow_task(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    const narrow_job *j = argument;
    const size_t pixels = j->size / DML_BLOCK;
    const size_t first = pixels * task / j->parts * DML_BLOCK, end = pixels * (task + 1) / j->parts * DML_BLOCK;
    if (j->conv->shape.format == DML_FORMAT_BF16)
        j->kernels->to_bf16(j->x + first, end - first, (uint16_t *)j->values + first);
    else
        j->kernels->to_u8(j->x + first, end - first, j->conv->x_gain, j->conv->x_zero, (uint8_t *)j->values + first);
}

void dml_conv_narrow_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                         const dml_tensor *r, const dml_tensor *y, dml_real *room)
{
    narrow_job j = {conv, kernels, x->data, room, dml_tensor_size(x), 1};
    const size_t parts = j.size / CONVERT_VALUES, most = (size_t)dml_pool_threads(pool) * TASKS_PER_THREAD;
    j.parts = parts < 1 ? 1 : (uint32_t)(parts < most ? parts : most);
    dml_pool_run(pool, narrow_task, &j, j.parts);
    run_all(conv, kernels, pool, x, room, r, y);
}
#endif
