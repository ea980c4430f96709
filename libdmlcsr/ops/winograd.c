#include "ops/winograd.h"

#include "base/compiler.h"
#include "ops/split.h"

/* Sizes that were found by measurement on a machine with 1 MiB of cache per core; they decide about speed only. */
#define BAND_TILES 448      /* most tiles whose transformed input is kept at once */
#define SLICE_BYTES 8388608 /* most bytes of it */
#define SLICE_BLOCKS 32
#define RUN_TILES 56        /* most tiles between two transforms of a task */
#define MAX_PANELS 2        /* of a tile of the convolution */
#define TASKS_PER_THREAD 4

typedef struct layout {
    dml_winograd_tiles tiles;
    uint32_t positions, blocks, slices, slice_blocks, run;
    size_t bytes; /* of an element of the transformed input and weights */
    /* elements between positions, of the transformed input, a task's weights and the output; a line more than the data, or
       all positions would share the same few sets of a cache */
    size_t v, u, m;
} layout;

static layout layout_of(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w)
{
    layout l = {.tiles = dml_winograd_cut(shape, n, h, w, BAND_TILES), .positions = dml_winograd_positions(shape->form),
                .blocks = dml_conv_blocks(shape), .bytes = dml_format_bytes(shape->format)};
    const uint32_t tiles = l.tiles.band_rows * l.tiles.columns;
    const size_t fit = SLICE_BYTES / (l.positions * (size_t)tiles * DML_BLOCK * l.bytes);
    l.slice_blocks = fit < 1 ? 1 : fit < SLICE_BLOCKS ? (uint32_t)fit : SLICE_BLOCKS;
    l.slices = dml_ceil_div(l.blocks, l.slice_blocks);
    l.slice_blocks = dml_ceil_div(l.blocks, l.slices);
    l.run = tiles < RUN_TILES ? tiles : RUN_TILES;
    const uint32_t line = 64 / (uint32_t)l.bytes;
    l.v = (size_t)l.slice_blocks * tiles * DML_BLOCK + line;
    l.u = (size_t)MAX_PANELS * l.slice_blocks * DML_BLOCK * DML_BLOCK + line;
    l.m = ((size_t)MAX_PANELS * l.run + 1) * DML_BLOCK;
    return l;
}

/* Of single precision, that hold `count` elements of the format for each position; whole cache lines. */
static size_t elements_of(const layout *l, size_t count)
{
    const size_t line = 64 / sizeof(dml_real);
    return (l->positions * count * l->bytes / sizeof(dml_real) + line - 1) / line * line;
}

/* F(4 x 6) errs twice as much as F(4 x 4), F(6 x 6) four times, at any number of channels; direct sums err more the more
   channels there are (doc/numerics.md). */
dml_winograd_form dml_winograd_form_of(const dml_conv_shape *s)
{
    if (s->format != DML_FORMAT_F32 || s->in < 256)
        return DML_WINOGRAD_4X4;
    return s->in < 2048 ? DML_WINOGRAD_4X6 : DML_WINOGRAD_6X6;
}

/* In multiply-adds of a vector of 16, for each pair of an input block and an output panel. A transform costs about 300
   with 36 positions, once per tile and block and once per tile and panel; that of the weights 200 for each input channel.
   What is then counted as less than .6 takes less than two thirds of the time; for less than that, direct sums stay. */
bool dml_winograd_pays(const dml_conv_shape *s, uint32_t n, uint32_t h, uint32_t w)
{
    if (s->kernel != 3 || s->stride != 1 || s->format == DML_FORMAT_U8)
        return false;
    const dml_winograd_tiles t = dml_winograd_cut(s, n, h, w, BAND_TILES);
    const uint64_t tiles = (uint64_t)t.rows * t.columns, positions = dml_winograd_positions(s->form);
    const uint64_t blocks = dml_conv_blocks(s), panels = dml_blocks(s->out);
    const uint64_t at_once = s->format == DML_FORMAT_BF16 ? 2 : 1;
    const uint64_t direct = (uint64_t)9 * DML_BLOCK * n * h * w / at_once;
    const uint64_t products = positions * DML_BLOCK * tiles / at_once;
    const uint64_t transforms = 200 * DML_BLOCK * t.bands + 300 * tiles / panels + 300 * tiles / blocks;
    return products + transforms * positions / DML_WINOGRAD_POSITIONS < direct / 10 * 6;
}

size_t dml_winograd_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads)
{
    if (!dml_winograd_pays(shape, n, h, w))
        return 0;
    const layout l = layout_of(shape, n, h, w);
    return elements_of(&l, l.v) + threads * (elements_of(&l, l.u) + l.positions * l.m);
}

typedef struct job {
    const dml_conv *conv;
    const dml_kernels *kernels;
    dml_conv_kernel kernel;
    const dml_batch *x, *y;
    layout l;
    char *v;                    /* transformed input */
    dml_real *own;              /* what follows it, a part for each thread */
    uint32_t first, end;        /* rows of tiles of the band */
    uint32_t block, blocks;     /* of the slice */
    uint32_t groups, row_parts; /* of the panels, of the rows */
    bool first_slice, last_slice;
} job;

/* ---- input ---- */

static void input_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const bool narrow = j->conv->shape.format == DML_FORMAT_BF16;
    const dml_winograd_patches patches = {
        narrow ? j->kernels->winograd_input_bf16 : j->kernels->winograd[j->conv->shape.form].input, j->l.bytes, 1};
    const uint32_t rows = j->end - j->first, b = task / j->row_parts, part = task % j->row_parts;
    const uint32_t from = dml_split(rows, j->row_parts, part), to = dml_split(rows, j->row_parts, part + 1);
    const size_t tiles = (size_t)rows * j->l.tiles.columns;
    (void)thread;
    dml_winograd_transform(&j->l.tiles, &patches, j->x, j->block + b, j->first + from, j->first + to,
                           j->v + (b * tiles + (size_t)from * j->l.tiles.columns) * DML_BLOCK * j->l.bytes, j->l.v);
}

/* ---- products and output ---- */

/* Transformed weights: 16 x 16 of a block of a panel follow those of the block before. */
typedef struct weights {
    const char *u;
    size_t panel, position; /* elements between panels, between positions */
} weights;

/* The weights of a task: those that are there, or else made at u. */
static weights weights_of(const job *j, uint32_t panel, uint32_t panels, char *u)
{
    const size_t block_size = (size_t)DML_BLOCK * DML_BLOCK;
    if (j->conv->transformed) {
        const size_t position = j->l.blocks * block_size, whole = j->l.positions * position;
        return (weights){(const char *)j->conv->transformed + (panel * whole + j->block * block_size) * j->l.bytes, whole,
                         position};
    }
    for (uint32_t o = 0; o < panels; o++)
        dml_winograd_transform_panel(j->conv, j->kernels, panel + o, j->block, j->blocks,
                                     u + o * j->blocks * block_size * j->l.bytes, j->l.u);
    return (weights){u, j->blocks * block_size, j->l.u};
}

/* A sum over many channels is made of sums over pieces, each of so many blocks: its rounding grows with the root of the
   longest, so that these convolutions are as exact as direct ones in spite of what the transforms add (doc/numerics.md).
   Shorter pieces would cost more time. With bfloat16 other roundings are larger by far. */
static uint32_t piece_of(const layout *l)
{
    const uint32_t few = l->positions > DML_WINOGRAD_POSITIONS ? 32 : 16;
    return l->bytes < sizeof(dml_real) ? l->blocks : l->blocks <= 4 ? 2 : l->blocks < few ? 4 : 8;
}

/* Tiles [first, end) of the band, all positions: a pointwise convolution each, piece by piece, so that the weights of a
   piece stay in the first cache while the tiles go by. */
static void multiply(const job *j, uint32_t panels, uint32_t first, uint32_t end, const weights *w, dml_real *m)
{
    static const _Alignas(DML_ALIGNMENT) dml_real zeros[MAX_PANELS * DML_BLOCK] = {0};
    const uint32_t count = end - first, parts = dml_ceil_div(count, j->kernel.width);
    const uint32_t pieces = dml_ceil_div(j->blocks, piece_of(&j->l));
    dml_conv_tile tile = {
        .x_plane = (size_t)(j->end - j->first) * j->l.tiles.columns * DML_BLOCK,
        .w_panel = w->panel,
        .bias = zeros,
        .y_plane = (size_t)j->l.run * DML_BLOCK,
        .r_plane = (size_t)j->l.run * DML_BLOCK,
        .slope = 1, .scale = 1,
        .kernel_h = 1, .kernel_w = 1, .step = 1,
        .panels = panels,
        .first = true,
    };
    for (uint32_t i = 0; i < j->l.positions * pieces; i++) {
        const uint32_t position = i / pieces, b = i % pieces * piece_of(&j->l);
        const bool end_piece = i % pieces + 1 == pieces;
        tile.blocks = end_piece ? j->blocks - b : piece_of(&j->l);
        tile.tail = end_piece && j->last_slice ? j->conv->tail : DML_BLOCK;
        tile.w = w->u + (position * w->position + (size_t)b * DML_BLOCK * DML_BLOCK) * j->l.bytes;
        for (uint32_t part = 0; part < parts; part++) {
            const uint32_t at = dml_split(count, parts, part);
            tile.width = dml_split(count, parts, part + 1) - at;
            tile.x = j->v + (position * j->l.v + b * tile.x_plane + (size_t)(first + at) * DML_BLOCK) * j->l.bytes;
            tile.y = m + position * j->l.m + (size_t)at * DML_BLOCK;
            tile.last = b > 0;
            tile.r = b > 0 ? tile.y : NULL; /* the sum of the pieces before */
            j->kernel.run(&tile);
        }
    }
}

/* Asks for the pixels of the next tile of the row, while this one is computed. */
static void ask_for_next(const dml_winograd_tile *t, uint32_t wide)
{
    for (uint32_t i = 0; i < t->rows; i++)
        for (uint32_t k = 0; k < wide; k++)
            DML_PREFETCH_WRITE(t->y + i * t->y_row + (wide + k) * t->y_column);
}

static void put(const job *j, uint32_t panel, uint32_t panels, uint32_t first, uint32_t end, const dml_real *m)
{
    const dml_winograd_tiles *t = &j->l.tiles;
    const dml_conv *c = j->conv;
    dml_winograd_tile tile = {.position = j->l.m, .y_column = (size_t)t->dilation * DML_BLOCK, .slope = c->slope,
                              .scale = c->scale, .first = j->first_slice && !c->add, .last = j->last_slice,
                              .relu = c->relu};
    dml_winograd_row at = dml_winograd_row_at(t, j->first + first / t->columns);
    for (uint32_t i = first; i < end; i++) {
        if (i % t->columns == 0)
            at = dml_winograd_row_at(t, j->first + i / t->columns);
        const uint32_t x = at.x + i % t->columns * t->wide * t->dilation;
        const dml_tensor y = dml_batch_image(j->y, at.image);
        tile.rows = dml_winograd_inside(t->high, at.y, t->dilation, t->h);
        tile.columns = dml_winograd_inside(t->wide, x, t->dilation, t->w);
        tile.y_row = t->dilation * dml_tensor_row(&y);
        for (uint32_t o = 0; o < panels && tile.rows && tile.columns; o++) {
            tile.m = m + ((size_t)o * j->l.run + i - first) * DML_BLOCK;
            tile.bias = c->bias + (size_t)(panel + o) * DML_BLOCK;
            tile.y = dml_tensor_at(&y, panel + o, at.y, x);
            ask_for_next(&tile, t->wide);
            j->kernels->winograd[c->shape.form].output(&tile);
        }
    }
}

/* One or two panels, and a part of the rows. */
static void output_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t whole = dml_blocks(j->y->first.c), step = j->kernel.panels;
    const uint32_t panel = task / j->row_parts * step, panels = step < whole - panel ? step : whole - panel;
    const uint32_t tiles = (j->end - j->first) * j->l.tiles.columns, part = task % j->row_parts;
    const uint32_t from = dml_split(tiles, j->row_parts, part), to = dml_split(tiles, j->row_parts, part + 1);
    /* whole tiles of the convolution, since narrow ones take as many calls */
    const uint32_t parts = dml_ceil_div(to - from, j->kernel.width), most = j->l.run / j->kernel.width;
    const uint32_t runs = to - from <= j->l.run ? 1 : dml_ceil_div(parts, most);
    const size_t made = elements_of(&j->l, j->l.u);
    dml_real *own = j->own + thread * (made + j->l.positions * j->l.m), *m = own + made;
    if (j->first == 0 && j->first_slice && part == 0)
        for (uint32_t i = 0; i < j->y->n; i++) {
            const dml_tensor y = dml_batch_image(j->y, i);
            dml_tensor_clear_border(&y, panel, panel + panels);
        }
    const weights w = weights_of(j, panel, panels, (char *)own);
    for (uint32_t run = 0; run < runs; run++) {
        const uint32_t first = from + dml_split(to - from, parts, dml_split(parts, runs, run));
        const uint32_t end = from + dml_split(to - from, parts, dml_split(parts, runs, run + 1));
        multiply(j, panels, first, end, &w, m);
        put(j, panel, panels, first, end, m);
    }
}

/* Enough parts for the threads to end at about the same time, none of them shorter than a run. */
static uint32_t parts_for(uint32_t tasks, uint32_t threads, uint32_t most)
{
    const uint32_t parts = threads > 1 ? dml_ceil_div(threads * TASKS_PER_THREAD, tasks) : 1;
    return parts < most ? parts : most < 1 ? 1 : most;
}

static void run_slice(job *j, dml_pool *pool)
{
    const uint32_t threads = dml_pool_threads(pool), rows = j->end - j->first;
    j->row_parts = parts_for(j->blocks, threads, rows);
    dml_pool_run(pool, input_task, j, j->blocks * j->row_parts);
    j->row_parts = parts_for(j->groups, threads, rows * j->l.tiles.columns / j->l.run);
    dml_pool_run(pool, output_task, j, j->groups * j->row_parts);
}

void dml_winograd_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_batch *x,
                      const dml_batch *y, dml_real *room)
{
    const dml_tensor *first = &y->first;
    job j = {.conv = conv, .kernels = kernels, .kernel = dml_conv_kernel_of(kernels, conv->shape.format), .x = x, .y = y,
             .l = layout_of(&conv->shape, y->n, first->h, first->w), .v = (char *)room};
    j.groups = dml_ceil_div(dml_blocks(first->c), j.kernel.panels);
    j.own = room + elements_of(&j.l, j.l.v);
    for (uint32_t band = 0; band < j.l.tiles.bands; band++) {
        j.first = dml_split(j.l.tiles.rows, j.l.tiles.bands, band);
        j.end = dml_split(j.l.tiles.rows, j.l.tiles.bands, band + 1);
        for (uint32_t slice = 0; slice < j.l.slices; slice++) {
            j.block = dml_split(j.l.blocks, j.l.slices, slice);
            j.blocks = dml_split(j.l.blocks, j.l.slices, slice + 1) - j.block;
            j.first_slice = slice == 0;
            j.last_slice = slice + 1 == j.l.slices;
            run_slice(&j, pool);
        }
    }
}
