/* Inputs and outputs of the loss, for its tests in single and in double precision: a header, because dml_real is not the
 * same in the two suites. */
#ifndef TEST_LOSS_CASE_H
#define TEST_LOSS_CASE_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/core.h"
#include "support/family.h"
#include "support/golden_json.h"
#include "train/loss.h"
#include "train/loss_private.h"

#define GOLDEN_SIZE 65
#define GOLDEN_PIXELS ((size_t)2 * GOLDEN_SIZE * GOLDEN_SIZE)

typedef struct loss_shape {
    uint32_t classes, n, oh, ow, h, w;
} loss_shape;

/* scale * u(name) as n c oh ow; without a name full of what must not stay. */
static inline dml_batch case_batch(const loss_shape *s, uint32_t c, uint32_t pad, const char *name, float scale)
{
    dml_batch b = {{NULL, c, s->oh, s->ow, pad}, s->n, 0};
    const size_t size = (size_t)c * s->oh * s->ow;
    b.stride = dml_tensor_size(&b.first);
    b.first.data = aligned_alloc(64, s->n * b.stride * sizeof(dml_real));
    float *noise = malloc(s->n * size * sizeof *noise);
    dml_real *planar = malloc(size * sizeof *planar);
    if (!b.first.data || !noise || !planar)
        exit(2);
    for (size_t i = 0; i < s->n * b.stride; i++)
        b.first.data[i] = 77;
    if (name)
        family_noise(name, s->n * size, 2022, noise);
    for (uint32_t i = 0; name && i < s->n; i++) {
        const dml_tensor t = dml_batch_image(&b, i);
        for (size_t k = 0; k < size; k++)
            planar[k] = (dml_real)scale * (dml_real)noise[i * size + k];
        dml_tensor_import(&t, planar);
    }
    free(noise);
    free(planar);
    return b;
}

/* u(prefix0), u(prefix1), u(prefix2) */
static inline dml_logits case_logits(const loss_shape *s, uint32_t pad, const char *prefix, float scale)
{
    char name[3][32];
    for (int i = 0; i < 3; i++)
        snprintf(name[i], sizeof name[i], "%s%d", prefix ? prefix : "", i);
    return (dml_logits){case_batch(s, s->classes, pad, prefix ? name[0] : NULL, scale),
                        case_batch(s, 2, pad, prefix ? name[1] : NULL, scale),
                        case_batch(s, s->classes, pad, prefix ? name[2] : NULL, scale)};
}

static inline const dml_batch *case_output(const dml_logits *l, int output)
{
    return output == 0 ? &l->parsing : output == 1 ? &l->binary_edge : &l->category_edge;
}

static inline void case_free(dml_logits *l)
{
    for (int i = 0; i < 3; i++)
        free(case_output(l, i)->first.data);
}

/* Elements in memory, borders and unused lanes included. */
static inline size_t case_elements(const dml_batch *b)
{
    return b->n * b->stride;
}

/* One value of n c h w in its flat order. */
static inline dml_real *case_at(const dml_batch *b, size_t flat)
{
    const size_t plane = (size_t)b->first.h * b->first.w, size = b->first.c * plane;
    const dml_tensor t = dml_batch_image(b, (uint32_t)(flat / size));
    const size_t c = flat % size / plane, y = flat % plane / t.w, x = flat % t.w;
    return dml_tensor_at(&t, (uint32_t)(c / DML_BLOCK), (ptrdiff_t)y, (ptrdiff_t)x) + c % DML_BLOCK;
}

static inline void case_core(dml_core *core, dml_memory *memory, int isa, uint32_t threads)
{
    if (!core_make(core, memory, isa, threads))
        exit(2);
}

/* A small case with odd sides: */
static const loss_shape ragged = {5, 2, 4, 3, 9, 7};

/* A region without labels, a class that is absent (3), a second picture without edges. */
static inline void ragged_labels(uint8_t *map)
{
    for (uint32_t i = 0; i < 63; i++) {
        map[i] = i % 7 < 3 ? (i / 7 < 5 ? 0 : 1) : i / 7 < 4 ? 2 : 4;
        if (i / 7 > 6 && i % 7 > 2)
            map[i] = DML_IGNORE;
        map[63 + i] = 2;
    }
}

/* ---- the golden losses ---- */

/* A term by its names in the file, and the weights that leave it alone in the total. */
typedef struct golden_term {
    const char *hard, *soft;
    size_t value; /* offset into dml_loss_terms */
    dml_loss_weights weights;
} golden_term;

static const golden_term golden_terms[] = {
    {"lovasz", "lovasz", offsetof(dml_loss_terms, lovasz), {1, 0, 0, 0, 0, 1}},
    {"parse_ce", "parse_kl", offsetof(dml_loss_terms, parse_ce), {1, 0, 0, 0, 0, 0}},
    {"binary_edge", "binary_edge_kl", offsetof(dml_loss_terms, binary_edge), {0, 1, 0, 0, 0, 0}},
    {"category_edge", "category_edge_kl", offsetof(dml_loss_terms, category_edge), {0, 0, 1, 0, 0, 0}},
    {"attention_binary", "attention_binary", offsetof(dml_loss_terms, attention_binary), {0, 0, 0, 1, 0, 0}},
    {"attention_category", "attention_category", offsetof(dml_loss_terms, attention_category), {0, 0, 0, 0, 1, 0}},
    {"total", "total", offsetof(dml_loss_terms, total), {1, 1, .1, 4, 1, .5}},
};

/* Worst error of a gradient: of its norm, and of samples as a share of their size or the gradient's. */
static inline double golden_gradient_error(const char *golden, const char *path, const dml_batch *b)
{
    char name[160];
    size_t count, n = (size_t)b->n * b->first.c * b->first.h * b->first.w;
    double norm = 0;
    snprintf(name, sizeof name, "%s/index", path);
    double *index = golden_numbers(golden, name, &count);
    snprintf(name, sizeof name, "%s/value", path);
    double *want = golden_numbers(golden, name, &count);
    snprintf(name, sizeof name, "%s/norm", path);
    const double want_norm = golden_number(golden, name), scale = want_norm / sqrt((double)n);
    for (size_t i = 0; i < n; i++)
        norm += (double)*case_at(b, i) * (double)*case_at(b, i);
    double worst = fabs(sqrt(norm) - want_norm) / want_norm;
    for (size_t i = 0; i < count; i++)
        worst = fmax(worst, fabs((double)*case_at(b, (size_t)index[i]) - want[i]) / fmax(fabs(want[i]), scale));
    free(index);
    free(want);
    return worst;
}

/* Every term and gradient of a group ("losses_hard" ...); worst[0] of the terms, worst[1] of the gradients. The maps of
   edges are those of the labels before rows were struck out. */
static inline void golden_losses(const char *golden, const char *group, const dml_core *core, dml_memory *memory,
                                 const uint8_t *label, const uint8_t *edge, const uint8_t *category,
                                 const dml_teaching *teaching, double worst[2])
{
    const loss_shape s = {19, 2, 17, 17, GOLDEN_SIZE, GOLDEN_SIZE};
    dml_logits pred = case_logits(&s, 0, "pred", 3), gradient = case_logits(&s, 1, NULL, 0);
    dml_loss *loss;
    if (dml_loss_create(&loss, s.classes, s.n, s.oh, s.ow, s.h, s.w, core, NULL, memory, NULL))
        exit(2);
    loss->categories = category;
    worst[0] = worst[1] = 0;
    for (size_t k = 0; k < sizeof golden_terms / sizeof *golden_terms; k++) {
        const golden_term *t = &golden_terms[k];
        const char *name = teaching ? t->soft : t->hard;
        char path[128];
        dml_loss_terms got;
        double value;
        if (dml_loss_run(loss, &t->weights, &pred, label, edge, 1, teaching, &got, &gradient))
            exit(2);
        memcpy(&value, (const char *)&got + t->value, sizeof value);
        snprintf(path, sizeof path, "%s/%s/loss", group, name);
        const double want = golden_number(golden, path);
        worst[0] = fmax(worst[0], fabs(value - want) / want);
        for (int i = 0; i < 3; i++) {
            snprintf(path, sizeof path, "%s/%s/grad/%d", group, name, i);
            const char *where = golden_find(golden, path);
            if (where && *where == '{')
                worst[1] = fmax(worst[1], golden_gradient_error(golden, path, case_output(&gradient, i)));
        }
    }
    case_free(&pred);
    case_free(&gradient);
    dml_loss_free(loss);
}

#endif
