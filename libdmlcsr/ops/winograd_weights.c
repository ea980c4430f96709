/* The weights of a convolution as Winograd's way needs them. */
#include "ops/winograd.h"

void dml_winograd_transform_panel(const dml_conv *conv, const dml_kernels *kernels, uint32_t panel, uint32_t block,
                                  uint32_t blocks, void *u, size_t position)
{
    const size_t block_size = (size_t)DML_BLOCK * DML_BLOCK, bytes = dml_format_bytes(conv->shape.format);
    for (uint32_t b = 0; b < blocks; b++) {
        const size_t from = panel * conv->panel + (size_t)(block + b) * 9 * block_size;
        char *to = (char *)u + b * block_size * bytes;
        if (conv->shape.format == DML_FORMAT_BF16)
            kernels->winograd_weight_bf16((const uint16_t *)conv->weight + from, (uint16_t *)to, position);
        else
            kernels->winograd[conv->shape.form].weight((const dml_real *)conv->weight + from, (dml_real *)to, position);
    }
}

typedef struct transform_job {
    const dml_conv *conv;
    const dml_kernels *kernels;
    char *to;
} transform_job;

static void transform_task(void *argument, uint32_t panel, uint32_t thread)
{
    const transform_job *j = argument;
    const size_t position = (size_t)j->conv->blocks * DML_BLOCK * DML_BLOCK;
    const dml_conv_shape *s = &j->conv->shape;
    const size_t whole = dml_winograd_positions(s->form) * position * dml_format_bytes(s->format);
    (void)thread;
    dml_winograd_transform_panel(j->conv, j->kernels, panel, 0, j->conv->blocks, j->to + panel * whole, position);
}

size_t dml_winograd_weight_size(const dml_conv_shape *shape)
{
    const uint32_t large = 1024;
    if (!dml_winograd_pays(shape, 1, large, large))
        return 0;
    const size_t pairs = (size_t)dml_blocks(shape->out) * dml_conv_blocks(shape);
    return pairs * dml_winograd_positions(shape->form) * DML_BLOCK * DML_BLOCK;
}

void dml_winograd_transform_weights(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, void *transformed)
{
    transform_job j = {conv, kernels, transformed};
    dml_pool_run(pool, transform_task, &j, dml_blocks(conv->shape.out));
}
