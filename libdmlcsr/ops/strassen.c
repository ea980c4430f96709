#include "ops/strassen.h"

#include "base/compiler.h"
#include "ops/split.h"

/* Sizes that were found by measurement on a machine with 1 MiB of cache per core; they decide about speed only. */
#define SUMS_BYTES 2097152 /* most bytes of the sums of a run's pixels: the fewer runs, the fewer times weights are read */
#define MAX_RUN 512        /* most pixels of a run */
#define MIN_RUN 16         /* a tile at least, on any instruction set */
#define MIN_TILE 3         /* fewest pixels of a whole tile, on any instruction set */
#define MAX_PANELS 2
#define TASKS_PER_THREAD 2

enum { BLOCK_SIZE = DML_BLOCK * DML_BLOCK };

typedef struct layout {
    uint32_t panels, blocks; /* of a half */
    uint32_t run;            /* most pixels of a run */
    /* elements from one sum of the weights, of the pixels, and from one product to the next; a line more than the data, or
       all would share the same few sets of a cache */
    size_t a, b, m;
} layout;

static layout layout_of(const dml_conv_shape *s)
{
    layout l = {.panels = dml_blocks(s->out) / 2, .blocks = dml_conv_blocks(s) / 2};
    const size_t pixel_bytes = DML_STRASSEN_SUMS * (size_t)l.blocks * DML_BLOCK * sizeof(dml_real);
    const size_t fit = SUMS_BYTES / pixel_bytes;
    l.run = fit < MIN_RUN ? MIN_RUN : fit < MAX_RUN ? (uint32_t)fit : MAX_RUN;
    l.a = (size_t)l.panels * l.blocks * BLOCK_SIZE;
    l.b = (size_t)l.blocks * l.run * DML_BLOCK + DML_BLOCK;
    l.m = (size_t)MAX_PANELS * l.run * DML_BLOCK + DML_BLOCK;
    return l;
}

bool dml_strassen_fits(const dml_conv_shape *s, uint32_t h, uint32_t w)
{
    return s->kernel == 1 && s->stride == 1 && s->format == DML_FORMAT_F32 && s->out % (2 * DML_BLOCK) == 0
           && s->in % (2 * DML_BLOCK) == 0 && s->part % DML_BLOCK == 0 && (h > 1 || w > 1);
}

/* In multiply-adds of a vector of 16. A sum costs about 4, waiting for memory included: five for each quarter of the
   input and of the weights. A product costs 16 more, for each quarter of the output: it starts and ends, and is read again.
   What then saves less than a sixteenth is not worth it. */
bool dml_strassen_pays(const dml_conv_shape *s, uint32_t h, uint32_t w)
{
    const uint64_t panels = s->out / DML_BLOCK, blocks = s->in / DML_BLOCK, pixels = (uint64_t)h * w;
    const uint64_t saved = panels * blocks * DML_BLOCK * pixels / 8;
    const uint64_t sums = 4 * DML_STRASSEN_SUMS * (blocks * pixels + panels * blocks * DML_BLOCK) / 4;
    const uint64_t outputs = 16 * DML_STRASSEN_PRODUCTS * panels * pixels / 4;
    return dml_strassen_fits(s, h, w) && sums + outputs < saved / 2;
}

static size_t own_of(const layout *l)
{
    return DML_STRASSEN_SUMS * l->b + DML_STRASSEN_PRODUCTS * l->m;
}

size_t dml_strassen_room(const dml_conv_shape *shape, uint32_t threads)
{
    const layout l = layout_of(shape);
    return DML_STRASSEN_SUMS * l.a + threads * own_of(&l);
}

/* The left half of a tensor: elements between rows and blocks, and to the right half. */
typedef struct side {
    size_t row, plane, right;
} side;

typedef struct job {
    const dml_conv *conv;
    const dml_kernels *kernels;
    const dml_tensor *x, *r, *y;
    layout l;
    dml_real *a, *own;      /* sums of weights; what follows them, a part for each thread */
    uint32_t rows, columns; /* of a half of the picture */
    uint32_t row_tiles, tiles, runs;
    uint32_t rest;          /* pixels of a row that the halves leave, or 0 */
    side at_x, at_r, at_y;
} job;

static const dml_real *weights_at(const job *j, uint32_t panel, uint32_t block)
{
    return (const dml_real *)j->conv->weight + panel * j->conv->panel + (size_t)block * BLOCK_SIZE;
}

/* The sums of the weights of a panel of the upper half and its partner. */
static void weight_task(void *argument, uint32_t panel, uint32_t thread)
{
    const job *j = argument;
    const size_t row = (size_t)j->l.blocks * BLOCK_SIZE;
    (void)thread;
    dml_tensor_clear_border(j->y, panel, panel + 1);
    dml_tensor_clear_border(j->y, panel + j->l.panels, panel + j->l.panels + 1);
    j->kernels->strassen_sums(weights_at(j, panel, 0), row, j->l.panels * j->conv->panel, row, j->a + panel * row, j->l.a);
}

/* ---- a run of tiles ---- */

/* A tile of the left half: where it is there, and the pixels of the run before it. */
typedef struct spot {
    uint32_t row, column, width, before;
} spot;

typedef struct run {
    const job *j;
    dml_real *b, *m; /* sums of pixels, products */
    uint32_t tiles;
    spot tile[MAX_RUN / MIN_TILE];
} run;

static run run_of(const job *j, uint32_t index, dml_real *own)
{
    const uint32_t first = dml_split(j->tiles, j->runs, index), end = dml_split(j->tiles, j->runs, index + 1);
    run r = {.j = j, .b = own, .m = own + DML_STRASSEN_SUMS * j->l.b, .tiles = end - first};
    uint32_t before = 0;
    for (uint32_t i = 0; i < r.tiles; i++) {
        const uint32_t t = (first + i) % j->row_tiles, column = dml_split(j->columns, j->row_tiles, t);
        r.tile[i] = (spot){(first + i) / j->row_tiles, column, dml_split(j->columns, j->row_tiles, t + 1) - column, before};
        before += r.tile[i].width;
    }
    return r;
}

static size_t offset_of(const side *s, const spot *t)
{
    return t->row * s->row + (size_t)t->column * DML_BLOCK;
}

static void sum_pixels(const run *r)
{
    const job *j = r->j;
    const size_t down = j->l.blocks * j->at_x.plane;
    for (uint32_t block = 0; block < j->l.blocks; block++)
        for (const spot *t = r->tile; t < r->tile + r->tiles; t++)
            j->kernels->strassen_sums(dml_tensor_at(j->x, block, 0, 0) + offset_of(&j->at_x, t), j->at_x.right, down,
                                      (size_t)t->width * DML_BLOCK,
                                      r->b + ((size_t)block * j->l.run + t->before) * DML_BLOCK, j->l.b);
}

/* Tiles and panels of the upper half, with their partners, on the way out. */
static dml_strassen_tile tile_of(const run *r, const spot *t, uint32_t panel)
{
    const job *j = r->j;
    return (dml_strassen_tile){
        .m = r->m + (size_t)t->before * DML_BLOCK,
        .step = j->l.m,
        .bias = j->conv->bias + (size_t)panel * DML_BLOCK,
        .r = j->r ? dml_tensor_at(j->r, panel, 0, 0) + offset_of(&j->at_r, t) : NULL,
        .y = dml_tensor_at(j->y, panel, 0, 0) + offset_of(&j->at_y, t),
        .bias_down = (size_t)j->l.panels * DML_BLOCK,
        .right = j->at_y.right,
        .down = j->l.panels * j->at_y.plane,
        .r_right = j->at_r.right,
        .r_down = j->l.panels * j->at_r.plane,
        .slope = j->conv->slope,
        .scale = j->conv->scale,
        .width = t->width,
        .relu = j->conv->relu,
    };
}

static void put(const run *r, uint32_t panel, uint32_t panels)
{
    const job *j = r->j;
    for (const spot *t = r->tile; t < r->tile + r->tiles; t++)
        for (uint32_t o = 0; o < panels; o++) {
            dml_strassen_tile tile = tile_of(r, t, panel + o);
            tile.m += (size_t)o * j->l.run * DML_BLOCK;
            j->kernels->strassen_output(&tile);
        }
}

/* Asks for what put() will touch of a tile in one quarter of the output, while there is time. */
static void ask_for_quarter(const run *r, const spot *t, uint32_t quarter, uint32_t panel, uint32_t panels)
{
    const dml_strassen_tile tile = tile_of(r, t, panel);
    const dml_real *y = tile.y + quarter / 2 * tile.down + quarter % 2 * tile.right;
    for (uint32_t o = 0; o < panels; o++)
        for (size_t p = 0; p < t->width * DML_BLOCK; p += DML_BLOCK)
            DML_PREFETCH_WRITE(y + o * r->j->at_y.plane + p);
}

/* One of the seven products: weights of some panels, and pixels of half the blocks, of the picture or of sums. */
typedef struct product {
    const dml_real *a, *b;
    size_t a_panel, b_plane;
    bool picture;
} product;

static void multiply(const run *r, const product *p, uint32_t index, uint32_t panel, uint32_t panels)
{
    static const _Alignas(DML_ALIGNMENT) dml_real zeros[MAX_PANELS * DML_BLOCK] = {0};
    const job *j = r->j;
    const dml_conv_kernel *kernel = &j->kernels->conv;
    const uint32_t slices = dml_ceil_div(j->l.blocks, dml_conv_slice(kernel, 1, 1));
    const uint32_t quarter = DML_STRASSEN_PRODUCTS - 1 - index;
    dml_conv_tile tile = {.x_plane = p->b_plane, .w_panel = p->a_panel, .bias = zeros, .y_plane = j->l.run * DML_BLOCK,
                          .tail = DML_BLOCK, .kernel_h = 1, .kernel_w = 1, .step = 1, .panels = panels};
    for (uint32_t s = 0; s < slices; s++) {
        const uint32_t block = dml_split(j->l.blocks, slices, s);
        tile.blocks = dml_split(j->l.blocks, slices, s + 1) - block;
        tile.w = p->a + (size_t)block * BLOCK_SIZE;
        tile.first = s == 0;
        for (const spot *t = r->tile; t < r->tile + r->tiles; t++) {
            tile.x = p->b + block * p->b_plane + (p->picture ? offset_of(&j->at_x, t) : (size_t)t->before * DML_BLOCK);
            tile.y = r->m + index * j->l.m + (size_t)t->before * DML_BLOCK;
            tile.width = t->width;
            if (s == 0 && quarter < 4)
                ask_for_quarter(r, t, quarter, panel, panels);
            kernel->run(&tile);
        }
    }
}

/* All seven, of panels of the upper half and their partners. */
static void multiply_all(const run *r, uint32_t panel, uint32_t panels)
{
    const job *j = r->j;
    const layout *l = &j->l;
    const size_t row = (size_t)l->blocks * BLOCK_SIZE, plane = (size_t)l->run * DML_BLOCK, x_plane = j->at_x.plane;
    const dml_real *a = j->a + panel * row, *b = r->b, *x11 = dml_tensor_at(j->x, 0, 0, 0);
    const dml_real *a11 = weights_at(j, panel, 0), *a22 = weights_at(j, panel + l->panels, l->blocks);
    const product products[DML_STRASSEN_PRODUCTS] = {
        {a, b, row, plane, false},
        {a + l->a, x11, row, x_plane, true},
        {a11, b + 4 * l->b, j->conv->panel, plane, false},
        {a22, b + 3 * l->b, j->conv->panel, plane, false},
        {a + 2 * l->a, x11 + l->blocks * x_plane + j->at_x.right, row, x_plane, true},
        {a + 3 * l->a, b + 2 * l->b, row, plane, false},
        {a + 4 * l->a, b + l->b, row, plane, false},
    };
    for (uint32_t i = 0; i < DML_STRASSEN_PRODUCTS; i++)
        multiply(r, &products[i], i, panel, panels);
}

/* ---- what the halves leave ---- */

static void run_rest(const job *j)
{
    const dml_conv *c = j->conv;
    const dml_conv_kernel *kernel = &j->kernels->conv;
    const uint32_t panels = 2 * j->l.panels, parts = dml_ceil_div(j->rest, kernel->width);
    dml_conv_tile tile = {.x_plane = j->at_x.plane, .w_panel = c->panel, .y_plane = j->at_y.plane,
                          .r_plane = j->at_r.plane, .slope = c->slope, .scale = c->scale, .blocks = c->blocks,
                          .tail = DML_BLOCK, .kernel_h = 1, .kernel_w = 1, .step = 1, .first = true, .last = true,
                          .relu = c->relu};
    for (uint32_t panel = 0; panel < panels; panel += kernel->panels)
        for (uint32_t i = 0; i < parts; i++) {
            const size_t at = (size_t)dml_split(j->rest, parts, i) * DML_BLOCK;
            tile.width = dml_split(j->rest, parts, i + 1) - dml_split(j->rest, parts, i);
            tile.panels = kernel->panels;
            tile.w = weights_at(j, panel, 0);
            tile.bias = c->bias + (size_t)panel * DML_BLOCK;
            tile.x = dml_tensor_at(j->x, 0, 0, 0) + 2 * j->at_x.right + at;
            tile.y = dml_tensor_at(j->y, panel, 0, 0) + 2 * j->at_y.right + at;
            tile.r = j->r ? dml_tensor_at(j->r, panel, 0, 0) + 2 * j->at_r.right + at : NULL;
            kernel->run(&tile);
        }
}

/* ---- all ---- */

static void output_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    if (task == j->runs) {
        run_rest(j);
        return;
    }
    const run r = run_of(j, task, j->own + thread * own_of(&j->l));
    const uint32_t step = j->kernels->conv.panels;
    sum_pixels(&r);
    for (uint32_t panel = 0; panel < j->l.panels; panel += step) {
        const uint32_t panels = step < j->l.panels - panel ? step : j->l.panels - panel;
        multiply_all(&r, panel, panels);
        put(&r, panel, panels);
    }
}

/* As few as fit, but as many for each thread. */
static uint32_t runs_of(const job *j, uint32_t threads)
{
    const uint32_t fewest = dml_ceil_div(j->tiles, j->l.run / j->kernels->conv.width);
    const uint32_t share = dml_ceil_div(fewest, threads), each = share < TASKS_PER_THREAD ? TASKS_PER_THREAD : share;
    return each * threads < j->tiles ? each * threads : j->tiles;
}

static side side_of(const dml_tensor *t, bool plain, uint32_t rows, uint32_t columns)
{
    const size_t row = dml_tensor_row(t);
    return (side){row, dml_tensor_plane(t), plain ? (size_t)columns * DML_BLOCK : rows * row};
}

void dml_strassen_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                      const dml_tensor *r, const dml_tensor *y, dml_real *room)
{
    /* a plane without borders is one row, of which the halves are pixels; else they are rows */
    const bool plain = (!x->pad && !y->pad && !(r && r->pad)) || y->h == 1;
    job j = {.conv = conv, .kernels = kernels, .x = x, .r = r, .y = y, .l = layout_of(&conv->shape), .a = room};
    j.own = room + DML_STRASSEN_SUMS * j.l.a;
    j.rows = plain ? 1 : y->h / 2;
    j.columns = plain ? y->h * y->w / 2 : y->w;
    j.rest = plain ? y->h * y->w % 2 : y->h % 2 * y->w;
    j.at_x = side_of(x, plain, j.rows, j.columns);
    j.at_y = side_of(y, plain, j.rows, j.columns);
    if (r)
        j.at_r = side_of(r, plain, j.rows, j.columns);
    j.row_tiles = dml_ceil_div(j.columns, kernels->conv.width);
    j.tiles = j.row_tiles * j.rows;
    j.runs = runs_of(&j, dml_pool_threads(pool));
    dml_pool_run(pool, weight_task, &j, j.l.panels);
    dml_pool_run(pool, output_task, &j, j.runs + (j.rest > 0));
}
