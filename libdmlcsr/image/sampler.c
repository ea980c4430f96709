#include "image/sampler.h"

/* Splits a position along one axis into the pixel before it, which has a neighbour, and the rest. */
static inline uint32_t split(double position, double scale, uint32_t length, float *fraction)
{
    double last = length - 1.0, at = position * scale;
    at = at > 0.0 ? (at < last ? at : last) : 0.0; /* also turns NaN into 0 */
    uint32_t index = (uint32_t)at;
    if (index > length - 2)
        index = length - 2;
    *fraction = (float)(at - index);
    return index;
}

void dml_logits_sample(const dml_tensor *logits, uint32_t size, const dml_kernels *kernels, const double *u,
                       const double *v, uint32_t count, float *values)
{
    uint32_t offset[DML_CHUNK];
    float fx[DML_CHUNK], fy[DML_CHUNK];
    double scale_x = (logits->w - 1.0) / (size - 1.0), scale_y = (logits->h - 1.0) / (size - 1.0);
    size_t row = dml_tensor_row(logits), plane = dml_tensor_plane(logits);
    for (uint32_t p = 0; p < count; p++) {
        uint32_t x = split(u[p], scale_x, logits->w, &fx[p]), y = split(v[p], scale_y, logits->h, &fy[p]);
        offset[p] = (uint32_t)((y + logits->pad) * row + (x + logits->pad) * (size_t)DML_BLOCK);
    }
    for (uint32_t k = 0; k < dml_blocks(logits->c); k++)
        kernels->sample(logits->data + k * plane, row, offset, fx, fy, count, values + k * (size_t)DML_CHUNK_PLANE);
}

typedef struct coarse_job {
    const dml_tensor *logits;
    const dml_kernels *kernels;
    uint8_t *coarse;
} coarse_job;

static void coarse_row(void *argument, uint32_t task, uint32_t thread)
{
    const coarse_job *j = argument;
    const dml_tensor *t = j->logits;
    (void)thread;
    j->kernels->argmax(dml_tensor_at(t, 0, task, 0), t->c, dml_tensor_plane(t), t->w, j->coarse + (size_t)task * t->w);
}

void dml_labels_coarse(const dml_tensor *logits, const dml_kernels *kernels, dml_pool *pool, uint8_t *coarse)
{
    coarse_job j = { logits, kernels, coarse };
    dml_pool_run(pool, coarse_row, &j, logits->h);
}

void dml_labels_sample(const dml_tensor *logits, const uint8_t *coarse, uint32_t size, const dml_kernels *kernels,
                       const double *u, const double *v, uint32_t count, float *values, uint8_t *label)
{
    double rest_u[DML_CHUNK], rest_v[DML_CHUNK];
    uint32_t index[DML_CHUNK], rest = 0;
    uint8_t found[DML_CHUNK];
    float fraction;
    size_t w = logits->w;
    double scale_x = (logits->w - 1.0) / (size - 1.0), scale_y = (logits->h - 1.0) / (size - 1.0);
    for (uint32_t p = 0; p < count; p++) {
        uint32_t x = split(u[p], scale_x, logits->w, &fraction), y = split(v[p], scale_y, logits->h, &fraction);
        const uint8_t *at = coarse + y * w + x;
        label[p] = at[0];
        if (at[0] == at[1] && at[0] == at[w] && at[0] == at[w + 1])
            continue;
        rest_u[rest] = u[p];
        rest_v[rest] = v[p];
        index[rest++] = p;
    }
    if (!rest)
        return;
    dml_logits_sample(logits, size, kernels, rest_u, rest_v, rest, values);
    kernels->argmax(values, logits->c, DML_CHUNK_PLANE, rest, found);
    for (uint32_t p = 0; p < rest; p++)
        label[index[p]] = found[p];
}
