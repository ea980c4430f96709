#include "ops/back.h"

typedef struct job {
    const dml_batch *y, *dy, *dx;
    bool add;
} job;

/* dx = y (dy - sum over the channels of dy y), for one pixel. The network has a few hundred of them. */
static void run_pixel(const dml_tensor *y, const dml_tensor *dy, const dml_tensor *dx, uint32_t row, uint32_t column,
                      bool add)
{
    dml_real lane[DML_BLOCK] = {0}, sum = 0;
    for (uint32_t b = 0; b < dml_blocks(y->c); b++)
        for (size_t l = 0; l < DML_BLOCK; l++)
            lane[l] += dml_tensor_at(y, b, row, column)[l] * dml_tensor_at(dy, b, row, column)[l];
    for (size_t l = 0; l < DML_BLOCK; l++)
        sum += lane[l];
    for (uint32_t b = 0; b < dml_blocks(y->c); b++) {
        const dml_real *p = dml_tensor_at(y, b, row, column), *d = dml_tensor_at(dy, b, row, column);
        dml_real *to = dml_tensor_at(dx, b, row, column);
        for (size_t l = 0; l < DML_BLOCK; l++)
            to[l] = (add ? to[l] : 0) + p[l] * (d[l] - sum);
    }
}

static void run_image(void *argument, uint32_t image, uint32_t thread)
{
    const job *j = argument;
    const dml_tensor y = dml_batch_image(j->y, image), dy = dml_batch_image(j->dy, image);
    const dml_tensor dx = dml_batch_image(j->dx, image);
    (void)thread;
    if (!j->add)
        dml_tensor_clear_border(&dx, 0, dml_blocks(dx.c));
    for (uint32_t row = 0; row < y.h; row++)
        for (uint32_t column = 0; column < y.w; column++)
            run_pixel(&y, &dy, &dx, row, column, j->add);
}

void dml_softmax_back(const dml_core *core, const dml_batch *y, const dml_batch *dy, const dml_batch *dx, bool add)
{
    job j = {y, dy, dx, add};
    dml_pool_run(core->pool, run_image, &j, y->n);
}
