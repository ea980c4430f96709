/* The gradient of the weights of a 3 x 3 convolution in the Winograd domain: dg = G^T (sum over tiles of
 * (B^T d B) . (A dy A^T)) G. A band's tiles of dy are transformed once, those of x slice by slice; then each task
 * multiplies some panels and blocks, position by position, as gradients of pointwise convolutions. */
#include "ops/back.h"
#include "ops/winograd.h"

#include <string.h>

#include "ops/split.h"

#define SIDE_BYTES 8388608 /* most bytes of transformed dy, and of transformed x */
#define BAND_TILES 448
#define TASK_PANELS 4
#define TASK_BLOCKS 8
#define TILE ((size_t)DML_BLOCK * DML_BLOCK)

typedef struct layout {
    dml_winograd_tiles tiles;
    uint32_t blocks, panels, slices, slice_blocks;
    size_t v, m, u; /* elements between positions of transformed x, of dy, of the weights' gradient */
} layout;

/* How many of `unit`, each for all positions, fit. */
static uint32_t fitting(uint32_t unit)
{
    const size_t fit = SIDE_BYTES / (DML_WINOGRAD_POSITIONS * (size_t)unit * DML_BLOCK * sizeof(dml_real));
    return fit < 1 ? 1 : (uint32_t)fit;
}

static layout layout_of(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w)
{
    layout l = {.blocks = dml_conv_blocks(shape), .panels = dml_blocks(shape->out)};
    const uint32_t most = fitting(l.panels);
    l.tiles = dml_winograd_cut(shape, n, h, w, most < BAND_TILES ? most : BAND_TILES);
    const uint32_t tiles = l.tiles.band_rows * l.tiles.columns;
    l.slices = dml_ceil_div(l.blocks, fitting(tiles));
    l.slice_blocks = dml_ceil_div(l.blocks, l.slices);
    l.v = ((size_t)l.slice_blocks * tiles + 1) * DML_BLOCK;
    l.m = ((size_t)l.panels * tiles + 1) * DML_BLOCK;
    l.u = TASK_PANELS * TASK_BLOCKS * TILE + DML_BLOCK;
    return l;
}

size_t dml_winograd_back_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads)
{
    if (!dml_winograd_pays(shape, n, h, w))
        return 0;
    const layout l = layout_of(shape, n, h, w);
    return DML_WINOGRAD_POSITIONS * (l.v + l.m + threads * l.u);
}

typedef struct job {
    const dml_conv_shape *shape;
    const dml_core *core;
    const dml_batch *x, *dy;
    dml_real *dweight, *v, *m, *own;
    layout l;
    uint32_t first, end;    /* rows of tiles of the band */
    uint32_t block, blocks; /* of the slice */
    uint32_t block_tasks;
} job;

static size_t band_tiles(const job *j)
{
    return (size_t)(j->end - j->first) * j->l.tiles.columns;
}

static void panel_task(void *argument, uint32_t panel, uint32_t thread)
{
    const job *j = argument;
    const dml_winograd_patches patches = {j->core->back.winograd_output_back, sizeof(dml_real), 0};
    (void)thread;
    dml_winograd_transform(&j->l.tiles, &patches, j->dy, panel, j->first, j->end, j->m + panel * band_tiles(j) * DML_BLOCK,
                           j->l.m);
}

static void block_task(void *argument, uint32_t block, uint32_t thread)
{
    const job *j = argument;
    const dml_winograd_patches patches = {j->core->kernels.winograd[DML_WINOGRAD_4X4].input, sizeof(dml_real), 1};
    (void)thread;
    dml_winograd_transform(&j->l.tiles, &patches, j->x, j->block + block, j->first, j->end,
                           j->v + block * band_tiles(j) * DML_BLOCK, j->l.v);
}

static void product_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const size_t tiles = band_tiles(j), pitch = tiles * DML_BLOCK;
    const uint32_t block = task % j->block_tasks * TASK_BLOCKS, panel = task / j->block_tasks * TASK_PANELS;
    const uint32_t blocks = TASK_BLOCKS < j->blocks - block ? TASK_BLOCKS : j->blocks - block;
    const uint32_t panels = TASK_PANELS < j->l.panels - panel ? TASK_PANELS : j->l.panels - panel;
    dml_real *u = j->own + thread * DML_WINOGRAD_POSITIONS * j->l.u;
    for (uint32_t position = 0; position < DML_WINOGRAD_POSITIONS; position++) {
        dml_real *du = u + position * j->l.u;
        memset(du, 0, (size_t)blocks * panels * TILE * sizeof *du);
        for (uint32_t p = 0; p < panels; p++)
            for (uint32_t b = 0; b < blocks; b++, du += TILE)
                j->core->back.conv_back_weight(j->v + position * j->l.v + (block + b) * pitch, 0, 1,
                                               j->m + position * j->l.m + (panel + p) * pitch, 0, 1, (uint32_t)tiles, du);
    }
    for (uint32_t p = 0; p < panels; p++)
        for (uint32_t b = 0; b < blocks; b++, u += TILE) {
            const size_t pair = (size_t)(panel + p) * j->l.blocks + j->block + block + b;
            j->core->back.winograd_weight_back(u, j->l.u, j->dweight + pair * 9 * TILE);
        }
}

void dml_winograd_back_weight(const dml_conv_shape *shape, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                              dml_real *dweight, dml_real *room)
{
    job j = {.shape = shape, .core = core, .x = x, .dy = dy, .dweight = dweight,
             .l = layout_of(shape, dy->n, dy->first.h, dy->first.w)};
    j.v = room;
    j.m = j.v + DML_WINOGRAD_POSITIONS * j.l.v;
    j.own = j.m + DML_WINOGRAD_POSITIONS * j.l.m;
    for (uint32_t band = 0; band < j.l.tiles.bands; band++) {
        j.first = dml_split(j.l.tiles.rows, j.l.tiles.bands, band);
        j.end = dml_split(j.l.tiles.rows, j.l.tiles.bands, band + 1);
        dml_pool_run(core->pool, panel_task, &j, j.l.panels);
        for (uint32_t slice = 0; slice < j.l.slices; slice++) {
            j.block = dml_split(j.l.blocks, j.l.slices, slice);
            j.blocks = dml_split(j.l.blocks, j.l.slices, slice + 1) - j.block;
            j.block_tasks = dml_ceil_div(j.blocks, TASK_BLOCKS);
            dml_pool_run(core->pool, block_task, &j, j.blocks);
            dml_pool_run(core->pool, product_task, &j, j.block_tasks * dml_ceil_div(j.l.panels, TASK_PANELS));
        }
    }
}
