/* Cyclical self-regulation: the self-ensemble and its statistics. What it teaches is in teacher.c. */
#include <math.h>
#include <string.h>

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
    const double b = (double)t->options.batch * t->communicator.processes;
    const uint64_t seen = t->seen[which];
    const bool anew = which == DMLCSR_AVERAGE && t->average_stale;
    dml_trainer_keep_statistics(t, which);
    if (anew)
        reset_statistics(t, which);
    const dml_forward how = {false, b / ((double)t->seen[which] + b), dml_trainer_sums(t)};
    int status = dml_plan_forward(t->plan, &t->state[which], input, &how);
    if (status == DMLCSR_ERROR_COMM)
        dml_fail(&t->error, status, "another process does not answer");
    if (status == DMLCSR_OK)
        status = check_statistics(t, which);
    if (status == DMLCSR_OK) {
        t->seen[which] += (uint64_t)b;
        t->average_stale = t->average_stale && !anew;
    } else {
        dml_trainer_return_statistics(t, which);
        t->seen[which] = seen;
    }
    return status;
}
