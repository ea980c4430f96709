/* The way back through a resize, and through the gate of the graph module that a resize feeds. */
#include "ops/back.h"

typedef struct job {
    const dml_core *core;
    const dml_batch *x, *f, *dy, *dx, *df;
    bool add_x, add_f;
    dml_real row_scale, column_scale;
    uint32_t blocks;
    dml_real *room;
    size_t room_size;
} job;

/* One row of dy, for one block: to the rows of dx that it was made from. */
static void spread_row(const job *j, const dml_tensor *dx, uint32_t block, uint32_t row, uint32_t w, const dml_real *dy)
{
    const dml_resize_rows r = dml_resize_between(row, j->row_scale, dx->h);
    dml_resize_part part;
    part.start = part.width = 0;
    while (dml_resize_next(&part, j->column_scale, dx->w, w))
        j->core->back.resize_back(dy + (size_t)part.start * DML_BLOCK, r.below, part.column, part.fraction, part.width,
                                  dml_tensor_at(dx, block, r.top, 0), dml_tensor_at(dx, block, r.low, 0));
}

static void resize_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    const dml_tensor dx = dml_batch_image(j->dx, image);
    (void)thread;
    if (!j->add_x)
        dml_tensor_clear_block(&dx, block);
    for (uint32_t row = 0; row < j->dy->first.h; row++)
        spread_row(j, &dx, block, row, j->dy->first.w, dml_batch_row(j->dy, image, block, row));
}

static job make_job(const dml_core *core, const dml_batch *dy, const dml_batch *dx, bool add)
{
    return (job){.core = core, .dy = dy, .dx = dx, .add_x = add, .blocks = dml_blocks(dy->first.c),
                 .row_scale = dml_resize_scale(dx->first.h, dy->first.h),
                 .column_scale = dml_resize_scale(dx->first.w, dy->first.w)};
}

void dml_resize_back(const dml_core *core, const dml_batch *dy, const dml_batch *dx, bool add)
{
    job j = make_job(core, dy, dx, add);
    dml_pool_run(core->pool, resize_task, &j, dy->n * j.blocks);
}

/* ---- gate ---------------------------------------------------------------------------------------------------------- */

/* Two rows: of the resized x, and of its gradient. */
size_t dml_gate_back_room(const dml_tensor *y)
{
    return (size_t)2 * y->w * DML_BLOCK;
}

/* A row of x resized, as the way forward made it. */
static void resize_row(const job *j, const dml_tensor *x, uint32_t block, uint32_t row, uint32_t w, dml_real *up)
{
    const dml_resize_rows r = dml_resize_between(row, j->row_scale, x->h);
    dml_resize_part part;
    part.start = part.width = 0;
    while (dml_resize_next(&part, j->column_scale, x->w, w))
        j->core->kernels.resize(dml_tensor_at(x, block, r.top, 0), dml_tensor_at(x, block, r.low, 0), r.below,
                                part.column, part.fraction, NULL, part.width, up + (size_t)part.start * DML_BLOCK);
}

static void gate_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks, w = j->dy->first.w;
    const dml_tensor x = dml_batch_image(j->x, image), dx = dml_batch_image(j->dx, image);
    dml_real *up = j->room + thread * j->room_size, *dup = up + (size_t)w * DML_BLOCK;
    if (!j->add_x)
        dml_tensor_clear_block(&dx, block);
    if (!j->add_f)
        dml_batch_clear_border(j->df, image, block);
    for (uint32_t row = 0; row < j->dy->first.h; row++) {
        resize_row(j, &x, block, row, w, up);
        j->core->back.gate_back(dml_batch_row(j->dy, image, block, row), dml_batch_row(j->f, image, block, row), up,
                                (size_t)w * DML_BLOCK, dup, dml_batch_row(j->df, image, block, row), j->add_f);
        spread_row(j, &dx, block, row, w, dup);
    }
}

void dml_gate_back(const dml_core *core, const dml_batch *x, const dml_batch *f, const dml_batch *dy,
                   const dml_batch *dx, bool add_x, const dml_batch *df, bool add_f, dml_real *room)
{
    job j = make_job(core, dy, dx, add_x);
    j.x = x;
    j.f = f;
    j.df = df;
    j.add_f = add_f;
    j.room = room;
    j.room_size = dml_gate_back_room(&dy->first);
    dml_pool_run(core->pool, gate_task, &j, dy->n * j.blocks);
}
