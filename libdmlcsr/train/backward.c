/* The way back from the gradients of the outputs to those of the parameters. */
#include "train/plan.h"

typedef struct way_back {
    dml_plan *plan;
    const dml_state *state;
    dml_real *gradient; /* of the parameters */
    const dml_sums *sums;
    const dml_ready *ready;
} way_back;

/* The place of a parameter's gradient, or NULL. */
static dml_real *place_of(const way_back *w, size_t at)
{
    return at == DML_ABSENT ? NULL : w->gradient + at;
}

/* Through residual, ReLU, scale, activation and norm: the gradient of y becomes that of what the convolution gave, in
   its place. */
static int back_norm(const way_back *w, const dml_plan_step *s, const dml_batch *dy)
{
    const dml_plan *p = w->plan;
    const dml_train_layer *l = s->layer;
    const dml_norm_state norm = dml_plan_norm(p, l, w->state);
    const dml_batch kept = dml_plan_kept(p, s, DML_BACK), y = dml_plan_value(p, s->step->y, DML_BACK);
    const dml_batch *mask = l->relu ? &kept : l->conv && l->conv->relu ? &y : NULL;
    dml_batch dr;
    dml_norm_gradients g = {place_of(w, l->gain), place_of(w, l->shift), place_of(w, l->scale), NULL, s->add_second};
    if (s->step->second != DML_NONE) {
        dr = dml_plan_gradient(p, s->step->second);
        g.dr = &dr;
    }
    return dml_norm_back_run(&norm, p->core, dy, mask, &kept, dml_plan_scale(l, w->state), &g, dy, w->sums, p->scratch);
}

static void back_conv(const way_back *w, const dml_plan_step *s, const dml_batch *dy)
{
    dml_plan *p = w->plan;
    const dml_train_layer *l = s->layer;
    const dml_batch x = dml_plan_value(p, s->step->x, DML_BACK);
    dml_conv_back_weight(&l->shape, p->core, &x, dy, place_of(w, l->weight), p->room);
    if (l->bias != DML_ABSENT)
        dml_conv_back_bias(p->core, dy, place_of(w, l->bias));
    if (!s->wants_dx)
        return;
    const dml_batch dx = dml_plan_gradient(p, s->step->x);
    dml_conv_back_transpose(&l->shape, w->state->parameters + l->weight, p->core, p->transposed);
    dml_conv_back_input(&l->shape, p->core, p->transposed, p->zeros, dy, &dx, s->add_x, p->room);
}

static void back_depthwise(const way_back *w, const dml_plan_step *s, const dml_batch *dy)
{
    const dml_plan *p = w->plan;
    const dml_train_layer *l = s->layer;
    const dml_batch x = dml_plan_value(p, s->step->x, DML_BACK), dx = dml_plan_gradient(p, s->step->x);
    const dml_depthwise op = {w->state->parameters + l->weight, p->zeros, l->channels, l->depthwise->stride, 1};
    dml_depthwise_back(&op, p->core, &x, dy, &dx, s->add_x, place_of(w, l->weight));
}

static int back_layer(const way_back *w, const dml_plan_step *s, const dml_batch *dy)
{
    int status = DMLCSR_OK;
    if (s->layer->norm != DML_NORM_NONE)
        status = back_norm(w, s, dy);
    if (status != DMLCSR_OK)
        return status;
    if (s->layer->conv)
        back_conv(w, s, dy);
    else
        back_depthwise(w, s, dy);
    return status;
}

/* What has no parameters. */
static void back_plain(const way_back *w, const dml_plan_step *s, const dml_batch *dy)
{
    const dml_plan *p = w->plan;
    const dml_core *core = p->core;
    const dml_batch x = dml_plan_value(p, s->step->x, DML_BACK), y = dml_plan_value(p, s->step->y, DML_BACK);
    const dml_batch dx = dml_plan_gradient(p, s->step->x);
    dml_batch second, dsecond;
    const bool two = s->step->second != DML_NONE;
    if (two) {
        second = dml_plan_value(p, s->step->second, DML_BACK);
        dsecond = dml_plan_gradient(p, s->step->second);
    }
    switch (s->step->kind) {
    case DML_STEP_MAXPOOL: dml_maxpool_back(core, &x, &y, dy, &dx, s->add_x); break;
    case DML_STEP_SOFTMAX: dml_softmax_back(core, &y, dy, &dx, s->add_x); break;
    case DML_STEP_TRANSPOSE: dml_transpose_back(core, dy, &dx, s->add_x); break;
    case DML_STEP_PRODUCT:
        dml_product_back(core, p->zeros, &x, &second, dy, &dx, s->add_x, &dsecond, s->add_second, p->room);
        break;
    case DML_STEP_RESIZE:
        if (two)
            dml_gate_back(core, &x, &second, dy, &dx, s->add_x, &dsecond, s->add_second, p->room);
        else
            dml_resize_back(core, dy, &dx, s->add_x);
        break;
    case DML_STEP_CONV:
    case DML_STEP_DEPTHWISE: break; /* have parameters */
    }
}

/* Values that were not kept: a whole bottleneck runs again, a ReLU is applied again to what its norm kept. */
static int make_again(const way_back *w, uint32_t step)
{
    dml_plan *p = w->plan;
    const dml_forward how = {.momentum = 0, .sums = w->sums};
    const dml_plan_step *s = &p->step[step];
    int status = DMLCSR_OK;
    for (uint32_t k = 0; s->segment == step && k <= step && status == DMLCSR_OK; k++)
        if (p->step[k].segment == step)
            status = dml_plan_step_forward(p, w->state, k, DML_BACK, &how);
    const uint32_t writer = p->writer[p->graph.view[s->step->x].storage];
    dml_plan_step *source = writer == DML_NONE ? NULL : &p->step[writer];
    if (status == DMLCSR_OK && source && source->again && source->segment == DML_NONE && !source->made) {
        const dml_batch kept = dml_plan_kept(p, source, DML_BACK), x = dml_plan_value(p, s->step->x, DML_BACK);
        dml_relu_run(p->core, &kept, &x);
        source->made = true;
    }
    return status;
}

/* Whether an earlier step uses the same layer (conv4 of the edge heads): its gradient is not complete before. */
static bool used_earlier(const dml_plan *p, uint32_t step)
{
    for (uint32_t i = 0; i < step; i++)
        if (p->step[i].layer == p->step[step].layer)
            return true;
    return false;
}

/* Parameters of a layer lie together, from its weight on. */
static int tell_ready(const way_back *w, uint32_t step)
{
    const dml_plan *p = w->plan;
    const dml_train_layer *l = p->step[step].layer;
    if (!w->ready || !l || used_earlier(p, step))
        return DMLCSR_OK;
    const size_t next = l + 1 < p->draft->layer + p->draft->layers ? l[1].weight : p->draft->size;
    return w->ready->ready(w->ready->opaque, l->weight, next - l->weight);
}

int dml_plan_backward(dml_plan *p, const dml_state *state, dml_real *gradient, const dml_sums *sums,
                      const dml_ready *ready)
{
    const way_back w = {p, state, gradient, sums, ready};
    int status = DMLCSR_OK;
    for (uint32_t i = 0; i < p->graph.steps; i++)
        p->step[i].made = false;
    dml_pool_wake(p->core->pool);
    for (uint32_t i = p->graph.steps; i-- > 0 && status == DMLCSR_OK;) {
        const dml_plan_step *s = &p->step[i];
        const dml_batch dy = dml_plan_gradient(p, s->step->y);
        status = make_again(&w, i);
        if (status == DMLCSR_OK && s->layer)
            status = back_layer(&w, s, &dy);
        else if (status == DMLCSR_OK)
            back_plain(&w, s, &dy);
        if (status == DMLCSR_OK)
            status = tell_ready(&w, i);
    }
    dml_pool_rest(p->core->pool);
    return status;
}
