#include "ops/ops.h"

#include "ops/conv.h"

typedef struct job {
    const dml_depthwise *op;
    const dml_kernels *kernels;
    const dml_tensor *x, *y;
} job;

size_t dml_depthwise_weight_size(uint32_t channels)
{
    return (size_t)dml_blocks(channels) * 9 * DML_BLOCK;
}

void dml_depthwise_pack(uint32_t channels, const dml_real *weight, const dml_real *gain, dml_real *packed)
{
    for (size_t i = 0; i < dml_depthwise_weight_size(channels); i++) {
        size_t lane = i % DML_BLOCK, tap = i / DML_BLOCK % 9, channel = i / (9 * DML_BLOCK) * DML_BLOCK + lane;
        packed[i] = channel < channels ? weight[channel * 9 + tap] * gain[channel] : 0.0f;
    }
}

size_t dml_depthwise_packed_at(size_t i)
{
    const size_t channel = i / 9;
    return (channel / DML_BLOCK * 9 + i % 9) * DML_BLOCK + channel % DML_BLOCK;
}

/* One channel block. */
static void run_block(void *argument, uint32_t block, uint32_t thread)
{
    const job *j = argument;
    const dml_depthwise *op = j->op;
    (void)thread;
    dml_tensor_clear_border(j->y, block, block + 1);
    for (uint32_t row = 0; row < j->y->h; row++) {
        const dml_real *x = dml_tensor_at(j->x, block, (ptrdiff_t)(row * op->stride) - 1, -1);
        j->kernels->depthwise3x3(x, dml_tensor_row(j->x), op->weight + (size_t)block * 9 * DML_BLOCK,
                                 op->bias + (size_t)block * DML_BLOCK, op->slope, op->stride, j->y->w,
                                 dml_tensor_at(j->y, block, row, 0));
    }
}

void dml_depthwise_run(const dml_depthwise *op, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                       const dml_tensor *y)
{
    job j = {op, kernels, x, y};
    dml_pool_run(pool, run_block, &j, dml_blocks(op->channels));
}
