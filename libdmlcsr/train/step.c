/* One step of training: forward, loss, back, update. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/trainer.h"

#define BUCKET 1048576 /* values of the gradient that travel together */

static int check_arguments(dmlcsr_trainer *t, const float *input, const uint8_t *labels, double rate,
                           const dmlcsr_loss_terms *out)
{
    if (!input || !labels)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", input ? "labels" : "input");
    if (!(rate >= 0) || !isfinite(rate))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "rate is %g, must be 0 or above", rate);
    if (out && out->struct_size != sizeof *out)
        return dml_fail(&t->error, DMLCSR_ERROR_STRUCT, "terms.struct_size is %zu, must be %zu", out->struct_size,
                        sizeof *out);
    return DMLCSR_OK;
}

static int check_labels(dmlcsr_trainer *t, const uint8_t *labels)
{
    const size_t plane = (size_t)t->options.height * t->options.width;
    for (size_t i = 0; i < t->options.batch * plane; i++) {
        if (labels[i] < t->options.classes || labels[i] == DML_IGNORE)
            continue;
        const size_t at = i % plane;
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT,
                        "step %llu: label %u of picture %zu at (%zu, %zu) is none of the %u classes",
                        (unsigned long long)t->steps + 1, labels[i], i / plane, at % t->options.width,
                        at / t->options.width, (unsigned)t->options.classes);
    }
    return DMLCSR_OK;
}

/* ---- gradients of several processes -------------------------------------------------------------------------------- */

/* Each byte of a sum over the parameters, added up as it is and squared: the squares give away that one differs. */
static int check_alike(dmlcsr_trainer *t)
{
    const dml_sums *all = dml_trainer_sums(t);
    const dml_real *values = t->state[DMLCSR_CURRENT].parameters;
    double sums[16];
    uint64_t hash = 14695981039346656037u;
    bool alike = true;
    if (!all || t->alike)
        return DMLCSR_OK;
    for (size_t i = 0; i < t->draft.size; i++) {
        uint32_t bits = 0;
        memcpy(&bits, &values[i], sizeof bits);
        hash = (hash ^ bits) * 1099511628211u;
    }
    for (int i = 0; i < 8; i++) {
        const double byte = (double)(hash >> (8 * i) & 255);
        sums[i] = byte;
        sums[8 + i] = byte * byte;
    }
    if (all->add(all->opaque, sums, 16))
        return dml_fail(&t->error, DMLCSR_ERROR_COMM, "another process does not answer");
    for (int i = 0; i < 8; i++)
        alike = alike && sums[8 + i] * all->processes == sums[i] * sums[i];
    if (!alike)
        return dml_fail(&t->error, DMLCSR_ERROR_COMM, "the processes do not begin with the same parameters");
    t->alike = true;
    return DMLCSR_OK;
}

static int send_pending(dmlcsr_trainer *t)
{
    const dmlcsr_communicator *c = &t->communicator;
    int failed = t->pending ? c->reduce_begin(c->opaque, t->gradient + t->pending_at, t->pending) : 0;
    t->pending = 0;
    return failed ? DMLCSR_ERROR_COMM : DMLCSR_OK;
}

/* Ranges come from the end to the beginning, nearly always neighbours: they are sent when enough have gathered. */
static int gradient_ready(void *opaque, size_t at, size_t size)
{
    dmlcsr_trainer *t = opaque;
    int status = DMLCSR_OK;
    if (t->pending && at + size != t->pending_at)
        status = send_pending(t);
    t->pending_at = at;
    t->pending += size;
    if (status == DMLCSR_OK && t->pending >= BUCKET)
        status = send_pending(t);
    return status;
}

static int finish_gradients(dmlcsr_trainer *t)
{
    const dmlcsr_communicator *c = &t->communicator;
    const int status = send_pending(t);
    return c->reduce_end(c->opaque) ? DMLCSR_ERROR_COMM : status;
}

static int backward(dmlcsr_trainer *t)
{
    const dml_ready ready = {gradient_ready, t};
    const bool alone = t->communicator.processes == 1;
    dml_clear_run(&t->core, t->draft.size, t->gradient);
    t->pending = 0;
    int status = dml_plan_backward(t->plan, &t->state[DMLCSR_CURRENT], t->gradient, dml_trainer_sums(t),
                                   alone ? NULL : &ready);
    if (alone)
        return status;
    const int finished = finish_gradients(t); /* also after an error: what was begun is under way */
    return status != DMLCSR_OK ? status : finished;
}

/* ---- the step ------------------------------------------------------------------------------------------------------ */

static int diverged(dmlcsr_trainer *t, const char *what, double value)
{
    return dml_fail(&t->error, DMLCSR_ERROR_DIVERGED, "step %llu: %s is %g; the parameters are those before the step",
                    (unsigned long long)t->steps + 1, what, value);
}

static int run_loss(dmlcsr_trainer *t, const uint8_t *labels, dml_loss_terms *terms)
{
    const dmlcsr_trainer_options *o = &t->options;
    const dml_loss_weights weights = {o->weight_parse, o->weight_binary, o->weight_category, o->weight_attention_binary,
                                      o->weight_attention_category, o->lovasz};
    const dml_logits outputs = dml_plan_outputs(t->plan), gradients = dml_plan_output_gradients(t->plan);
    dml_teaching teaching;
    const bool taught = dml_trainer_teaching(t, &teaching);
    int status = dml_loss_run(t->loss, &weights, &outputs, labels, NULL, o->edge_width, taught ? &teaching : NULL, terms,
                              &gradients);
    if (status == DMLCSR_OK && !isfinite(terms->total))
        status = diverged(t, "the loss", terms->total);
    return status;
}

static int update(dmlcsr_trainer *t, double rate, double *norm)
{
    const dmlcsr_trainer_options *o = &t->options;
    *norm = sqrt(dml_gradient_square(&t->core, t->gradient, t->draft.size, t->room));
    if (!isfinite(*norm))
        return diverged(t, "the norm of the gradient", *norm);
    const double clip = o->clip > 0 && *norm > o->clip ? o->clip / *norm : 1;
    const dml_sgd how = {rate, o->momentum, o->weight_decay, clip};
    const dml_state *s = &t->state[DMLCSR_CURRENT], *average = &t->state[DMLCSR_AVERAGE];
    dml_sgd_run(&t->core, &how, t->gradient, t->draft.size, t->momentum, s->parameters);
    t->steps++;
    if (average->parameters) {
        const double keep = t->steps == 1 ? 0 : o->average; /* it begins as a copy */
        dml_average_run(&t->core, keep, s->parameters, t->draft.size, average->parameters);
        t->average_stale = true;
    }
    return DMLCSR_OK;
}

int dmlcsr_trainer_step(dmlcsr_trainer *t, const float *input, const uint8_t *labels, double rate,
                        dmlcsr_loss_terms *out)
{
    const dml_forward how = {false, .1, t ? dml_trainer_sums(t) : NULL};
    dml_loss_terms terms = {0};
    double norm = 0;
    int status;
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if ((status = check_arguments(t, input, labels, rate, out)) != DMLCSR_OK || (status = check_alike(t)) != DMLCSR_OK)
        return status;
    dml_trainer_keep_statistics(t, DMLCSR_CURRENT);
    DML_TRY(check_labels(t, labels));
    if (t->teaching)
        DML_TRY(dml_trainer_ask_teacher(t, input));
    DML_TRY(dml_plan_forward(t->plan, &t->state[DMLCSR_CURRENT], input, &how));
    DML_TRY(run_loss(t, labels, &terms));
    DML_TRY(backward(t));
    DML_TRY(update(t, rate, &norm));
    t->distil = 0;
    if (out)
        *out = (dmlcsr_loss_terms){sizeof *out, terms.lovasz, terms.parse_ce, terms.binary_edge, terms.category_edge,
                                   terms.attention_binary, terms.attention_category, terms.total, norm};
    return DMLCSR_OK;
fail:
    dml_trainer_return_statistics(t, DMLCSR_CURRENT);
    if (status == DMLCSR_ERROR_COMM)
        dml_fail(&t->error, status, "step %llu: another process does not answer", (unsigned long long)t->steps + 1);
    return status;
}
