/* Packing of a convolution's weights: block by block as the tile kernels read them, in the convolution's format. */
#include <math.h>
#include <string.h>

#include "ops/conv.h"

#define BLOCK_MAX (9 * DML_BLOCK * DML_BLOCK)

typedef struct pack_job {
    const dml_conv_shape *shape;
    const dml_real *weight, *gain;
    char *packed;
    const dml_kernels *kernels;
} pack_job;

/* `count` input channels from `channel` on become one block: [tap][input channel][output channel]. */
static void pack_block(const pack_job *job, uint32_t panel, uint32_t channel, uint32_t count, dml_real *block)
{
    const dml_conv_shape *s = job->shape;
    const size_t taps = (size_t)s->kernel * s->kernel;
    uint32_t lanes = s->out - panel * DML_BLOCK;
    if (lanes > DML_BLOCK)
        lanes = DML_BLOCK;
    if (count < DML_BLOCK || lanes < DML_BLOCK)
        memset(block, 0, taps * DML_BLOCK * DML_BLOCK * sizeof *block);
    for (uint32_t l = 0; l < lanes; l++) {
        const size_t o = (size_t)panel * DML_BLOCK + l;
        const dml_real *w = job->weight + (o * s->in + channel) * taps;
        const dml_real gain = job->gain ? job->gain[o] : 1.0f;
        for (size_t k = 0; k < count; k++)
            for (size_t tap = 0; tap < taps; tap++)
                block[(tap * DML_BLOCK + k) * DML_BLOCK + l] = gain * *w++;
    }
}

/* `size` values of a block to its format, where groups of 2 or 4 input channels lie together. */
static void narrow_block(const pack_job *job, const dml_real *block, size_t size, void *packed)
{
#ifndef DML_DOUBLE
    const size_t group = job->shape->format == DML_FORMAT_BF16 ? 2 : 4;
    float turned[BLOCK_MAX];
    for (size_t i = 0; i < size; i++) {
        const size_t k = i / DML_BLOCK, l = i % DML_BLOCK; /* taps have 16 channels: groups never cross them */
        turned[(k / group * DML_BLOCK + l) * group + k % group] = block[i];
    }
    if (job->shape->format == DML_FORMAT_BF16) {
        job->kernels->to_bf16(turned, size, packed);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        const float v = rintf(turned[i]);
        ((int8_t *)packed)[i] = (int8_t)(v > 127.0f ? 127.0f : v > -127.0f ? v : -127.0f);
    }
#else
    (void)job, (void)block, (void)size, (void)packed;
#endif
}

static void pack_panel(void *argument, uint32_t panel, uint32_t thread)
{
    (void)thread;
    const pack_job *job = argument;
    const dml_conv_shape *s = job->shape;
    const size_t size = (size_t)s->kernel * s->kernel * DML_BLOCK * DML_BLOCK, bytes = size * dml_format_bytes(s->format);
    char *packed = job->packed + panel * dml_conv_blocks(s) * bytes;
    const uint32_t part = s->part ? s->part : s->in;
    dml_real block[BLOCK_MAX];
    for (uint32_t first = 0; first < s->in; first += part) {
        const uint32_t end = part < s->in - first ? first + part : s->in;
        for (uint32_t channel = first; channel < end; channel += DML_BLOCK, packed += bytes) {
            const uint32_t count = end - channel < DML_BLOCK ? end - channel : DML_BLOCK;
            if (s->format == DML_FORMAT_F32) {
                pack_block(job, panel, channel, count, (dml_real *)packed);
                continue;
            }
            pack_block(job, panel, channel, count, block);
            narrow_block(job, block, size, packed);
        }
    }
}

void dml_conv_pack(const dml_conv_shape *shape, const dml_real *weight, const dml_real *gain, void *packed,
                   const dml_kernels *kernels, dml_pool *pool)
{
    pack_job job = {shape, weight, gain, packed, kernels};
    dml_pool_run(pool, pack_panel, &job, dml_blocks(shape->out));
}

size_t dml_conv_packed_at(const dml_conv_shape *s, size_t i)
{
    const size_t taps = (size_t)s->kernel * s->kernel, tap = i % taps;
    const size_t channel = i / taps % s->in, out = i / taps / s->in;
    const size_t part = s->part ? channel / s->part : 0, within = s->part ? channel % s->part : channel;
    const size_t block = part * dml_blocks(s->part) + within / DML_BLOCK;
    return (((out / DML_BLOCK * dml_conv_blocks(s) + block) * taps + tap) * DML_BLOCK + within % DML_BLOCK) * DML_BLOCK
           + out % DML_BLOCK;
}

#ifndef DML_DOUBLE
/* Of packed bytes: the sum of those of one output channel. */
static int32_t sum_weights(const dml_conv_shape *shape, const void *packed, uint32_t output)
{
    const size_t panel = dml_conv_weight_size(shape) / dml_blocks(shape->out);
    const int8_t *w = (const int8_t *)packed + output / DML_BLOCK * panel + output % DML_BLOCK * 4;
    int32_t sum = 0;
    for (size_t i = 0; i < panel; i += 4 * DML_BLOCK)
        sum += w[i] + w[i + 1] + w[i + 2] + w[i + 3];
    return sum;
}

void dml_conv_pack_bytes(const dml_conv *conv, const float *weight, const float *gain, float *spare, void *packed,
                         float *bias, float *unit, dml_pool *pool)
{
    const dml_conv_shape *s = &conv->shape;
    const size_t row = (size_t)s->in * s->kernel * s->kernel;
    memset(unit, 0, dml_conv_bias_size(s) * sizeof *unit);
    for (uint32_t o = 0; o < s->out; o++) {
        float largest = 0.0f;
        for (size_t i = 0; i < row; i++)
            largest = fmaxf(largest, fabsf(weight[o * row + i]));
        spare[o] = largest > 0.0f ? 127.0f / largest : 0.0f;
        unit[o] = largest / 127.0f * gain[o] / conv->x_gain;
    }
    dml_conv_pack(s, weight, spare, packed, NULL, pool);
    for (uint32_t o = 0; o < s->out; o++)
        bias[o] -= unit[o] * (float)conv->x_zero * (float)sum_weights(s, packed, o);
}
#endif
