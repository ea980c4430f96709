#include "ops/back.h"

typedef struct job {
    const dml_core *core;
    const dml_batch *x, *y, *dy, *dx;
    bool add;
    uint32_t blocks;
} job;

/* Windows overlap: one channel block of one image is one task. */
static void run_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    const dml_tensor x = dml_batch_image(j->x, image), dx = dml_batch_image(j->dx, image);
    (void)thread;
    if (!j->add)
        dml_tensor_clear_block(&dx, block);
    for (uint32_t row = 0; row < j->y->first.h; row++) {
        const dml_real *rows[3];
        dml_real *drows[3];
        uint32_t count = 0;
        for (int64_t i = (int64_t)row * 2 - 1; i <= (int64_t)row * 2 + 1; i++)
            if (i >= 0 && i < x.h) {
                rows[count] = dml_tensor_at(&x, block, (ptrdiff_t)i, 0);
                drows[count++] = dml_tensor_at(&dx, block, (ptrdiff_t)i, 0);
            }
        j->core->back.maxpool3x3_back(rows, count, x.w, j->y->first.w, dml_batch_row(j->y, image, block, row),
                                      dml_batch_row(j->dy, image, block, row), drows);
    }
}

void dml_maxpool_back(const dml_core *core, const dml_batch *x, const dml_batch *y, const dml_batch *dy,
                      const dml_batch *dx, bool add)
{
    job j = {core, x, y, dy, dx, add, dml_blocks(x->first.c)};
    dml_pool_run(core->pool, run_task, &j, x->n * j.blocks);
}
