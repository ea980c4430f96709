/* Who teaches a step beside the labels: the self-ensemble, or another network of which the caller has the logits. One of
 * them at a time: they share the room for their logits. */
#include <math.h>
#include <string.h>

#include "base/take.h"
#include "ops/ops.h"
#include "train/trainer.h"

/* ---- the self-ensemble --------------------------------------------------------------------------------------------- */

/* A copy of an output's shape, without a border, in *room. */
static dml_batch like(const dml_batch *b, dml_real **room)
{
    dml_batch copy = *b;
    copy.first.pad = 0;
    copy.first.data = *room;
    copy.stride = dml_tensor_size(&copy.first);
    if (*room)
        *room += copy.n * copy.stride;
    return copy;
}

static size_t size_of(const dml_batch *b)
{
    dml_tensor t = b->first;
    t.pad = 0;
    return b->n * dml_tensor_size(&t);
}

int dml_trainer_take_teacher(dmlcsr_trainer *t)
{
    const dml_logits o = dml_plan_outputs(t->plan);
    const size_t size = size_of(&o.parsing) + size_of(&o.binary_edge) + size_of(&o.category_edge);
    dml_taking taking = {&t->memory, &t->error, "what a teacher says", DMLCSR_OK, 0};
    if (t->teacher)
        return DMLCSR_OK;
    dml_real *room = t->teacher = dml_take(&taking, size, sizeof *room);
    if (!room)
        return taking.status;
    t->teacher_logits.parsing = like(&o.parsing, &room);
    t->teacher_logits.binary_edge = like(&o.binary_edge, &room);
    t->teacher_logits.category_edge = like(&o.category_edge, &room);
    return DMLCSR_OK;
}

int dmlcsr_trainer_teach(dmlcsr_trainer *t, int on)
{
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (on && !t->cycle)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "there is no self-ensemble yet that could teach");
    if (on && t->distil > 0)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT,
                        "the self-ensemble cannot teach a step for which logits of another network wait");
    const int status = on ? dml_trainer_take_teacher(t) : DMLCSR_OK;
    if (status == DMLCSR_OK)
        t->teaching = on != 0;
    return status;
}

static void copy_rows(const dml_batch *from, const dml_batch *to)
{
    for (uint32_t i = 0; i < from->n; i++) {
        const dml_tensor a = dml_batch_image(from, i), b = dml_batch_image(to, i);
        for (uint32_t block = 0; block < dml_blocks(a.c); block++)
            for (uint32_t y = 0; y < a.h; y++)
                memcpy(dml_tensor_at(&b, block, y, 0), dml_tensor_at(&a, block, y, 0),
                       (size_t)a.w * DML_BLOCK * sizeof *a.data);
    }
}

/* The ensemble computes in the same arena, before the step itself needs it. */
int dml_trainer_ask_teacher(dmlcsr_trainer *t, const float *input)
{
    const dml_forward how = {true, 0, NULL};
    const int status = dml_plan_forward(t->plan, &t->state[DMLCSR_ENSEMBLE], input, &how);
    const dml_logits o = dml_plan_outputs(t->plan);
    copy_rows(&o.parsing, &t->teacher_logits.parsing);
    copy_rows(&o.binary_edge, &t->teacher_logits.binary_edge);
    copy_rows(&o.category_edge, &t->teacher_logits.category_edge);
    return status;
}

/* ---- another network ----------------------------------------------------------------------------------------------- */

static int check_logits(dmlcsr_trainer *t, const dml_batch *shape, const float *logits)
{
    const size_t plane = (size_t)shape->first.h * shape->first.w, picture = shape->first.c * plane;
    for (size_t i = 0; i < shape->n * picture; i++) {
        if (isfinite(logits[i]))
            continue;
        const size_t at = i % plane;
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT,
                        "the teacher's logit of picture %zu, class %zu at (%zu, %zu) is %g, no finite number",
                        i / picture, i % picture / plane, at % shape->first.w, at / shape->first.w, (double)logits[i]);
    }
    return DMLCSR_OK;
}

int dmlcsr_trainer_distil(dmlcsr_trainer *t, const float *logits, double share)
{
    int status;
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!(share >= 0 && share <= 1))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "share is %g, must be from 0 to 1", share);
    if (!logits || share == 0) {
        t->distil = 0;
        return DMLCSR_OK;
    }
    if (t->teaching)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT,
                        "another network cannot teach while the self-ensemble does (dmlcsr_trainer_teach())");
    DML_TRY(dml_trainer_take_teacher(t));
    const dml_batch *to = &t->teacher_logits.parsing;
    DML_TRY(check_logits(t, to, logits));
    for (uint32_t i = 0; i < to->n; i++) {
        const dml_tensor picture = dml_batch_image(to, i);
        dml_tensor_import(&picture, logits + (size_t)i * to->first.c * to->first.h * to->first.w);
    }
    t->distil = share;
fail:
    return status;
}

bool dml_trainer_teaching(const dmlcsr_trainer *t, dml_teaching *out)
{
    if (t->teaching)
        *out = dml_teaching_ensemble(&t->teacher_logits, t->cycle);
    else if (t->distil > 0)
        *out = dml_teaching_network(&t->teacher_logits.parsing, t->distil);
    return t->teaching || t->distil > 0;
}
