/* What treats every value alike: ReLU and sums. */
#include "ops/back.h"

typedef struct job {
    const dml_core *core;
    const dml_batch *x, *y;
    uint32_t blocks;
} job;

static void relu_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    (void)thread;
    dml_batch_clear_border(j->y, image, block);
    for (uint32_t y = 0; y < j->x->first.h; y++)
        j->core->back.relu(dml_batch_row(j->x, image, block, y), j->x->first.w, dml_batch_row(j->y, image, block, y));
}

void dml_relu_run(const dml_core *core, const dml_batch *x, const dml_batch *y)
{
    job j = {core, x, y, dml_blocks(x->first.c)};
    dml_pool_run(core->pool, relu_task, &j, x->n * j.blocks);
}
