/* Cyclical self-regulation: the self-ensemble, its statistics, and what it teaches. */
#include <math.h>
#include <string.h>

#include "base/take.h"
#include "train/trainer.h"

static void reset_statistics(dmlcsr_trainer *t, int which)
{
    for (uint32_t i = 0; i < t->draft.parameters; i++) {
        const dml_parameter *p = &t->draft.parameter[i];
        if (!p->statistic)
            continue;
        const bool variance = strstr(p->name, ".running_var") != NULL;
        dml_real *values = t->state[which].statistics + p->at;
        for (size_t k = 0; k < p->count; k++)
            values[k] = variance ? 1 : 0;
    }
    t->seen[which] = 0;
}

int dmlcsr_trainer_ensemble(dmlcsr_trainer *t)
{
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    const int status = dml_trainer_take_state(t, DMLCSR_ENSEMBLE);
    if (status != DMLCSR_OK)
        return status;
    const double n = t->cycle;
    dml_average_run(&t->core, n / (n + 1), t->state[DMLCSR_CURRENT].parameters, t->draft.size,
                    t->state[DMLCSR_ENSEMBLE].parameters);
    reset_statistics(t, DMLCSR_ENSEMBLE);
    t->cycle++;
    return DMLCSR_OK;
}

static int check_statistics(dmlcsr_trainer *t, int which)
{
    for (size_t i = 0; i < t->draft.statistics; i++)
        if (!isfinite(t->state[which].statistics[i]))
            return dml_fail(&t->error, DMLCSR_ERROR_DIVERGED,
                            "the statistics of network %d over this batch are no finite numbers; those before it stay",
                            which);
    return DMLCSR_OK;
}

/* With momentum b / (seen + b) the running values are the mean over all batches seen. */
int dmlcsr_trainer_estimate(dmlcsr_trainer *t, int which, const float *input)
{
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!input)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "input is NULL");
    if (which == DMLCSR_CURRENT || !dml_trainer_has(t, which))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "there is no network %d whose statistics could be estimated",
                        which);
    if (which == DMLCSR_AVERAGE && t->average_stale) {
        reset_statistics(t, which);
        t->average_stale = false;
    }
    const double b = (double)t->options.batch * t->communicator.processes;
    const dml_forward how = {false, b / ((double)t->seen[which] + b), dml_trainer_sums(t)};
    dml_trainer_keep_statistics(t, which);
    int status = dml_plan_forward(t->plan, &t->state[which], input, &how);
    if (status == DMLCSR_ERROR_COMM)
        dml_fail(&t->error, status, "another process does not answer");
    if (status == DMLCSR_OK)
        status = check_statistics(t, which);
    if (status == DMLCSR_OK)
        t->seen[which] += (uint64_t)b;
    else
        dml_trainer_return_statistics(t, which);
    return status;
}

/* ---- teaching ------------------------------------------------------------------------------------------------------ */

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
    dml_taking taking = {&t->memory, &t->error, "what the self-ensemble teaches", DMLCSR_OK, 0};
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
