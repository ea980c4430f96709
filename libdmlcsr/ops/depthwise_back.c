#include "ops/back.h"

typedef struct job {
    const dml_depthwise *op;
    const dml_core *core;
    const dml_batch *x, *dy, *dx;
    bool add;
    dml_real *dweight;
} job;

/* One channel block of all images: nobody else adds to these weights. */
static void run_block(void *argument, uint32_t block, uint32_t thread)
{
    const job *j = argument;
    const uint32_t step = j->op->stride;
    const size_t taps = (size_t)block * 9 * DML_BLOCK;
    (void)thread;
    for (uint32_t i = 0; i < j->x->n; i++) {
        const dml_tensor x = dml_batch_image(j->x, i), dx = dml_batch_image(j->dx, i), dy = dml_batch_image(j->dy, i);
        if (!j->add)
            dml_tensor_clear_block(&dx, block);
        for (uint32_t row = 0; row < dy.h; row++) {
            const ptrdiff_t top = (ptrdiff_t)row * step - 1;
            const dml_real *d = dml_tensor_at(&dy, block, row, 0);
            j->core->back.depthwise3x3_back_input(d, j->op->weight + taps, dml_tensor_row(&dx), step, dy.w,
                                                  dml_tensor_at(&dx, block, top, -1));
            j->core->back.depthwise3x3_back_weight(dml_tensor_at(&x, block, top, -1), dml_tensor_row(&x), d, step, dy.w,
                                                   j->dweight + taps);
        }
        dml_tensor_clear_border(&dx, block, block + 1); /* what fell outside of the picture */
    }
}

void dml_depthwise_back(const dml_depthwise *op, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                        const dml_batch *dx, bool add, dml_real *dweight)
{
    job j = {op, core, x, dy, dx, add, dweight};
    dml_pool_run(core->pool, run_block, &j, dml_blocks(op->channels));
}
