#include "ops/ops.h"

#include "ops/conv.h"

typedef struct job {
    const dml_kernels *kernels;
    const dml_tensor *x, *y;
} job;

static void run_row(void *argument, uint32_t row, uint32_t thread)
{
    const job *j = argument;
    (void)thread;
    j->kernels->softmax(dml_tensor_at(j->x, 0, row, 0), j->x->c, dml_tensor_plane(j->x), j->x->w,
                        dml_tensor_at(j->y, 0, row, 0));
}

void dml_softmax_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y)
{
    job j = {kernels, x, y};
    if (y != x && y->data != x->data)
        dml_tensor_clear_border(y, 0, dml_blocks(y->c));
    dml_pool_run(pool, run_row, &j, x->h);
}
