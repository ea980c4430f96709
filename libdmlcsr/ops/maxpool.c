#include "ops/ops.h"

#include "ops/conv.h"

typedef struct job {
    const dml_kernels *kernels;
    const dml_tensor *x, *y;
} job;

/* One channel block. Rows and columns outside the picture do not take part: the border of zeros must not win over
   negative values. */
static void run_block(void *argument, uint32_t block, uint32_t thread)
{
    const job *j = argument;
    (void)thread;
    dml_tensor_clear_border(j->y, block, block + 1);
    for (uint32_t row = 0; row < j->y->h; row++) {
        const dml_real *rows[3];
        uint32_t count = 0;
        for (int64_t i = (int64_t)row * 2 - 1; i <= (int64_t)row * 2 + 1; i++)
            if (i >= 0 && i < j->x->h)
                rows[count++] = dml_tensor_at(j->x, block, (ptrdiff_t)i, 0);
        j->kernels->maxpool3x3(rows, count, j->x->w, j->y->w, dml_tensor_at(j->y, block, row, 0));
    }
}

void dml_maxpool_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y)
{
    job j = {kernels, x, y};
    dml_pool_run(pool, run_block, &j, dml_blocks(x->c));
}
