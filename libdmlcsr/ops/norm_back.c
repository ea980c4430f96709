/* The way back through residual, ReLU, scale, activation and norm: one pass for the sums, one for the gradient. */
#include "ops/norm.h"
#include <string.h>

enum { SUM_DV, SUM_DV_XH, SUM_D_T, SUMS };

typedef struct job {
    const dml_norm_state *s;
    const dml_core *core;
    const dml_batch *dy, *mask, *kept, *dr, *dz;
    bool add;
    double *image_sums; /* [image][block][sum][16] */
    const double *mean; /* [block][sum][16]: sums over all, divided by their number */
    dml_real scale;
    uint32_t blocks;
} job;

/* How the normalised value is found from what was kept: from the norm's input (plain), or its activated output. Lanes
   past the last channel have none. */
static void normalised(const dml_norm_state *s, uint32_t block, dml_real *gain, dml_real *shift)
{
    for (uint32_t l = 0, c = block * DML_BLOCK; l < DML_BLOCK; l++, c++) {
        const double g = s->plain ? (double)s->inverse[c] : 1 / dml_norm_gamma(s, c);
        gain[l] = c < s->channels ? (dml_real)g : 0;
        shift[l] = c < s->channels ? (dml_real)(-g * (double)(s->plain ? s->mean[c] : s->bias[c])) : 0;
    }
}

static void sums_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    dml_real gain[DML_BLOCK], shift[DML_BLOCK];
    const dml_norm_back b = {gain, shift, j->s->slope, 1 / j->s->slope, NULL, NULL, NULL};
    double *sums = j->image_sums + (size_t)task * SUMS * DML_BLOCK;
    (void)thread;
    normalised(j->s, block, gain, shift);
    memset(sums, 0, SUMS * DML_BLOCK * sizeof *sums);
    if (!j->add)
        dml_batch_clear_border(j->dr, image, block);
    for (uint32_t y = 0; y < j->kept->first.h; y++) {
        dml_real row[SUMS * DML_BLOCK] = {0};
        j->core->back.norm_back_sums(&b, dml_batch_row(j->dy, image, block, y), dml_batch_row(j->mask, image, block, y),
                                     dml_batch_row(j->kept, image, block, y), j->kept->first.w, row,
                                     dml_batch_row(j->dr, image, block, y), j->add);
        for (size_t i = 0; i < SUMS * DML_BLOCK; i++)
            sums[i] += (double)row[i];
    }
}

static void gradient_task(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const uint32_t image = task / j->blocks, block = task % j->blocks;
    dml_real gain[DML_BLOCK], shift[DML_BLOCK], k[3][DML_BLOCK];
    const dml_norm_back b = {gain, shift, j->s->slope, 1 / j->s->slope, k[0], k[1], k[2]};
    const double *mean = j->mean + (size_t)block * SUMS * DML_BLOCK;
    const dml_tensor dz = dml_batch_image(j->dz, image);
    (void)thread;
    normalised(j->s, block, gain, shift);
    for (uint32_t l = 0, c = block * DML_BLOCK; l < DML_BLOCK; l++, c++) {
        const double g = c < j->s->channels ? (double)j->scale * dml_norm_gamma(j->s, c) * (double)j->s->inverse[c] : 0;
        k[0][l] = (dml_real)g;
        k[1][l] = (dml_real)(-g * mean[SUM_DV_XH * DML_BLOCK + l]);
        k[2][l] = (dml_real)(-g * mean[SUM_DV * DML_BLOCK + l]);
    }
    dml_batch_clear_border(j->dz, image, block);
    for (uint32_t y = 0; y < dz.h; y++)
        j->core->back.norm_back(&b, dml_batch_row(j->dy, image, block, y), dml_batch_row(j->mask, image, block, y),
                                dml_batch_row(j->kept, image, block, y), dz.w, dml_tensor_at(&dz, block, y, 0));
}

/* What the sums of this process say about the parameters. */
static void add_parameters(const job *j, const double *sums, const dml_norm_gradients *g)
{
    double dscale = 0;
    for (uint32_t c = 0; c < j->s->channels; c++) {
        const double *s = sums + (size_t)(c / DML_BLOCK) * SUMS * DML_BLOCK + c % DML_BLOCK;
        const double w = (double)j->s->weight[c], sign = j->s->plain ? 1 : (double)((w > 0) - (w < 0));
        g->dweight[c] += (dml_real)(sign * (double)j->scale * s[SUM_DV_XH * DML_BLOCK]);
        g->dbias[c] += (dml_real)((double)j->scale * s[SUM_DV * DML_BLOCK]);
        dscale += s[SUM_D_T * DML_BLOCK];
    }
    if (g->dscale)
        *g->dscale += (dml_real)dscale;
}

int dml_norm_back_run(const dml_norm_state *s, const dml_core *core, const dml_batch *dy, const dml_batch *mask,
                      const dml_batch *kept, dml_real scale, const dml_norm_gradients *g, const dml_batch *dz,
                      const dml_sums *sums, double *scratch)
{
    const uint32_t blocks = dml_blocks(s->channels);
    const size_t size = (size_t)blocks * SUMS * DML_BLOCK;
    double *total = scratch + dy->n * size;
    job j = {s, core, dy, mask, kept, g->dr, dz, g->add, scratch, total, scale, blocks};
    dml_pool_run(core->pool, sums_task, &j, dy->n * blocks);
    memset(total, 0, (size + 1) * sizeof *total);
    for (uint32_t i = 0; i < dy->n; i++)
        for (size_t k = 0; k < size; k++)
            total[k] += scratch[i * size + k];
    total[size] = (double)dy->n * dy->first.h * dy->first.w;
    add_parameters(&j, total, g);
    const int status = sums ? sums->add(sums->opaque, total, size + 1) : 0;
    for (size_t k = 0; k < size; k++)
        total[k] /= total[size];
    if (!status)
        dml_pool_run(core->pool, gradient_task, &j, dy->n * blocks);
    return status;
}
