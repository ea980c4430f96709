/* Norms in training: statistics over the batch, and their application. */
#include "ops/norm.h"

/* ---- statistics ---------------------------------------------------------------------------------------------------- */

typedef struct moments_job {
    const dml_core *core;
    const dml_batch *z;
    double *mean, *m2; /* [image][channel] */
    uint32_t blocks;
} moments_job;

size_t dml_norm_scratch(uint32_t channels, uint32_t images)
{
    /* per image 3 sums (on the way back), and for all images 3 vectors and a count */
    return (size_t)dml_blocks(channels) * DML_BLOCK * 3 * (images + 1) + 1;
}

/* Mean and squared distances of `count` values join those of `seen` others (Chan, Golub and LeVeque). */
static void join(double *mean, double *m2, double seen, double other_mean, double other_m2, double count)
{
    const double all = seen + count, d = other_mean - *mean;
    *mean += d * (count / all);
    *m2 += other_m2 + d * d * (seen * count / all);
}

/* One channel block of one image, row by row. */
static void moments_task(void *argument, uint32_t task, uint32_t thread)
{
    const moments_job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    const dml_tensor t = dml_batch_image(j->z, image);
    double *mean = j->mean + (size_t)task * DML_BLOCK, *m2 = j->m2 + (size_t)task * DML_BLOCK;
    (void)thread;
    for (size_t l = 0; l < DML_BLOCK; l++)
        mean[l] = m2[l] = 0;
    for (uint32_t y = 0; y < t.h; y++) {
        dml_real row_mean[DML_BLOCK], row_m2[DML_BLOCK];
        j->core->back.moments(dml_tensor_at(&t, block, y, 0), t.w, row_mean, row_m2);
        for (size_t l = 0; l < DML_BLOCK; l++)
            join(&mean[l], &m2[l], (double)y * t.w, (double)row_mean[l], (double)row_m2[l], t.w);
    }
}

/* Images join in their order; the result is that of image 0. */
static void join_images(const moments_job *j, uint32_t channels)
{
    const double plane = (double)j->z->first.h * j->z->first.w;
    for (uint32_t i = 1; i < j->z->n; i++)
        for (uint32_t c = 0; c < channels; c++)
            join(&j->mean[c], &j->m2[c], i * plane, j->mean[(size_t)i * channels + c],
                 j->m2[(size_t)i * channels + c], plane);
}

/* Over all processes: first the common mean, then the squared distances from it. */
static int join_processes(const dml_sums *sums, uint32_t channels, double *mean, double *m2, double *room,
                          double *count)
{
    const double mine = *count;
    double *total = room, *own = room + channels + 1;
    for (uint32_t c = 0; c < channels; c++) {
        own[c] = mean[c];
        total[c] = mean[c] * mine;
    }
    total[channels] = mine;
    int status = sums->add(sums->opaque, total, channels + 1);
    if (status)
        return status;
    *count = total[channels];
    for (uint32_t c = 0; c < channels; c++) {
        mean[c] = total[c] / *count;
        m2[c] += mine * (own[c] - mean[c]) * (own[c] - mean[c]);
    }
    return sums->add(sums->opaque, m2, channels);
}

int dml_norm_statistics(const dml_norm_state *s, const dml_core *core, const dml_batch *z, double momentum,
                        const dml_sums *sums, double *scratch)
{
    const uint32_t blocks = dml_blocks(s->channels), channels = blocks * DML_BLOCK;
    const size_t all = (size_t)z->n * channels;
    moments_job j = {core, z, scratch, scratch + all, blocks};
    double count = (double)z->n * z->first.h * z->first.w;
    dml_pool_run(core->pool, moments_task, &j, z->n * blocks);
    join_images(&j, channels);
    const int status = sums ? join_processes(sums, channels, j.mean, j.m2, scratch + 2 * all, &count) : 0;
    for (uint32_t c = 0; c < channels && !status; c++) {
        const double unbiased = j.m2[c] / (count > 1 ? count - 1 : 1);
        s->mean[c] = (dml_real)j.mean[c];
        s->inverse[c] = (dml_real)(1 / sqrt(j.m2[c] / count + DML_NORM_EPSILON));
        if (momentum == 0 || c >= s->channels)
            continue;
        s->running_mean[c] = (dml_real)((1 - momentum) * (double)s->running_mean[c] + momentum * j.mean[c]);
        s->running_var[c] = (dml_real)((1 - momentum) * (double)s->running_var[c] + momentum * unbiased);
    }
    return status;
}

void dml_norm_frozen(const dml_norm_state *s)
{
    for (uint32_t c = 0; c < dml_blocks(s->channels) * DML_BLOCK; c++) {
        s->mean[c] = s->running_mean[c];
        s->inverse[c] = (dml_real)(1 / sqrt((double)s->running_var[c] + DML_NORM_EPSILON));
    }
}

/* ---- application --------------------------------------------------------------------------------------------------- */

typedef struct norm_job {
    const dml_norm_state *s;
    const dml_core *core;
    const dml_batch *z, *r, *u, *y;
    dml_real scale;
    bool relu;
    uint32_t blocks;
} norm_job;

static void norm_task(void *argument, uint32_t task, uint32_t thread)
{
    const norm_job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    dml_real gain[DML_BLOCK], shift[DML_BLOCK];
    const dml_norm_forward f = {gain, shift, j->s->slope, j->scale, j->relu};
    (void)thread;
    for (uint32_t l = 0, c = block * DML_BLOCK; l < DML_BLOCK; l++, c++) {
        const double g = dml_norm_gamma(j->s, c) * (double)j->s->inverse[c];
        gain[l] = c < j->s->channels ? (dml_real)g : 0;
        shift[l] = c < j->s->channels ? (dml_real)((double)j->s->bias[c] - (double)j->s->mean[c] * g) : 0;
    }
    dml_batch_clear_border(j->y, image, block);
    if (j->u && j->u->first.data != j->z->first.data)
        dml_batch_clear_border(j->u, image, block);
    for (uint32_t y = 0; y < j->z->first.h; y++)
        j->core->back.norm(&f, dml_batch_row(j->z, image, block, y), dml_batch_row(j->r, image, block, y),
                           j->z->first.w, dml_batch_row(j->u, image, block, y), dml_batch_row(j->y, image, block, y));
}

void dml_norm_run(const dml_norm_state *s, const dml_core *core, const dml_batch *z, const dml_batch *r, dml_real scale,
                  bool relu, const dml_batch *u, const dml_batch *y)
{
    norm_job j = {s, core, z, r, u, y, scale, relu, dml_blocks(s->channels)};
    dml_pool_run(core->pool, norm_task, &j, z->n * j.blocks);
}
