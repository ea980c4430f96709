#include "ops/back.h"

#include <string.h>

#include "ops/winograd.h"

typedef struct job {
    dml_image_task task;
    void *argument;
} job;

static void run_image(void *argument, uint32_t image, uint32_t thread)
{
    const job *j = argument;
    j->task(j->argument, image, thread, NULL);
}

void dml_batch_run(dml_pool *pool, uint32_t images, dml_image_task task, void *argument)
{
    const uint32_t threads = dml_pool_threads(pool);
    job j = {task, argument};
    if (images % threads == 0 || images >= 4 * threads) { /* few threads would wait at the end */
        dml_pool_run(pool, run_image, &j, images);
        return;
    }
    for (uint32_t i = 0; i < images; i++)
        task(argument, i, 0, pool);
}

typedef struct conv_job {
    const dml_conv *conv;
    const dml_core *core;
    const dml_batch *x, *y;
} conv_job;

static void conv_image(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    const conv_job *j = argument;
    const dml_tensor x = dml_batch_image(j->x, image), y = dml_batch_image(j->y, image);
    (void)thread;
    dml_conv_run(j->conv, &j->core->kernels, pool, &x, NULL, &y);
}

void dml_conv_batch_run(const dml_conv *conv, const dml_core *core, const dml_batch *x, const dml_batch *y,
                        dml_real *room)
{
    conv_job j = {conv, core, x, y};
    if (dml_winograd_pays(&conv->shape, y->n, y->first.h, y->first.w))
        dml_winograd_run(conv, &core->kernels, core->pool, x, y, room);
    else
        dml_batch_run(core->pool, y->n, conv_image, &j);
}

dml_real *dml_batch_row(const dml_batch *b, uint32_t image, uint32_t block, uint32_t y)
{
    if (!b)
        return NULL;
    const dml_tensor t = dml_batch_image(b, image);
    return dml_tensor_at(&t, block, y, 0);
}

void dml_batch_clear_border(const dml_batch *b, uint32_t image, uint32_t block)
{
    if (!b)
        return;
    const dml_tensor t = dml_batch_image(b, image);
    dml_tensor_clear_border(&t, block, block + 1);
}

void dml_tensor_clear_block(const dml_tensor *t, uint32_t block)
{
    memset(t->data + block * dml_tensor_plane(t), 0, dml_tensor_plane(t) * sizeof *t->data);
}
