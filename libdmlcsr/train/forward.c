/* The way from the input to the outputs, in training and (frozen) as at inference. */
#include "train/plan.h"

typedef struct image_job {
    const dml_plan *plan;
    const dml_step *step;
    const dml_depthwise *depthwise;
    const dml_batch *x, *second, *y;
} image_job;

/* An operation that knows single pictures. */
static void run_image(void *argument, uint32_t image, uint32_t slot, dml_pool *pool)
{
    const image_job *j = argument;
    const dml_kernels *k = &j->plan->core->kernels;
    const dml_tensor x = dml_batch_image(j->x, image), y = dml_batch_image(j->y, image);
    dml_tensor second;
    (void)slot;
    if (j->second)
        second = dml_batch_image(j->second, image);
    switch (j->step->kind) {
    case DML_STEP_DEPTHWISE: dml_depthwise_run(j->depthwise, k, pool, &x, &y); break;
    case DML_STEP_MAXPOOL: dml_maxpool_run(k, pool, &x, &y); break;
    case DML_STEP_RESIZE: dml_resize_run(k, pool, &x, j->second ? &second : NULL, &y); break;
    case DML_STEP_SOFTMAX: dml_softmax_run(k, pool, &x, &y); break;
    case DML_STEP_TRANSPOSE: dml_transpose_run(k, pool, &x, &y); break;
    case DML_STEP_CONV:
    case DML_STEP_PRODUCT: break; /* know batches */
    }
}

dml_norm_state dml_plan_norm(const dml_plan *p, const dml_train_layer *l, const dml_state *state)
{
    return (dml_norm_state){
        .channels = l->channels,
        .plain = l->norm == DML_NORM_PLAIN,
        .slope = l->norm == DML_NORM_PLAIN ? 1 : (dml_real)DML_LEAKY,
        .weight = state->parameters + l->gain,
        .bias = state->parameters + l->shift,
        .running_mean = state->statistics + l->mean,
        .running_var = state->statistics + l->variance,
        .mean = p->moments + l->mean,
        .inverse = p->moments + l->variance,
    };
}

dml_real dml_plan_scale(const dml_train_layer *l, const dml_state *state)
{
    return l->scale == DML_ABSENT ? 1 : state->parameters[l->scale];
}

/* The convolution alone, linear, into z. */
static void run_linear(const dml_plan *p, const dml_plan_step *s, const dml_state *state, const dml_batch *x,
                       const dml_batch *z)
{
    const dml_train_layer *l = s->layer;
    const dml_real *weight = state->parameters + l->weight;
    const dml_real *bias = l->bias == DML_ABSENT ? p->zeros : state->parameters + l->bias;
    if (!l->depthwise) {
        const dml_conv conv = dml_conv_make(&l->shape, weight, bias);
        dml_conv_batch_run(&conv, p->core, x, z, p->room);
        return;
    }
    const dml_depthwise depthwise = {weight, bias, l->channels, l->depthwise->stride, 1};
    image_job j = {p, s->step, &depthwise, x, NULL, z};
    dml_batch_run(p->core->pool, p->n, run_image, &j);
}

/* A convolution with its norm, activation, scale and residual. */
static int run_layer(const dml_plan *p, const dml_plan_step *s, int phase, const dml_state *state,
                     const dml_forward *how)
{
    const dml_train_layer *l = s->layer;
    const dml_batch x = dml_plan_value(p, s->step->x, phase), y = dml_plan_value(p, s->step->y, phase);
    const dml_batch kept = dml_plan_kept(p, s, phase);
    dml_batch second;
    int status = DMLCSR_OK;
    run_linear(p, s, state, &x, &kept);
    if (l->norm == DML_NORM_NONE)
        return status;
    const dml_norm_state norm = dml_plan_norm(p, l, state);
    if (how->frozen)
        dml_norm_frozen(&norm);
    else
        status = dml_norm_statistics(&norm, p->core, &kept, how->momentum, how->sums, p->scratch);
    if (status != DMLCSR_OK)
        return status;
    if (s->step->second != DML_NONE)
        second = dml_plan_value(p, s->step->second, phase);
    const bool beside = s->kept[phase] != DML_NONE;
    const bool relu = l->relu || (l->conv && l->conv->relu);
    dml_norm_run(&norm, p->core, &kept, s->step->second != DML_NONE ? &second : NULL, dml_plan_scale(l, state), relu,
                 norm.plain ? NULL : &kept, beside ? &y : NULL);
    return status;
}

int dml_plan_step_forward(dml_plan *p, const dml_state *state, uint32_t step, int phase, const dml_forward *how)
{
    const dml_plan_step *s = &p->step[step];
    if (s->layer)
        return run_layer(p, s, phase, state, how);
    const dml_batch x = dml_plan_value(p, s->step->x, phase), y = dml_plan_value(p, s->step->y, phase);
    dml_batch second;
    if (s->step->second != DML_NONE)
        second = dml_plan_value(p, s->step->second, phase);
    if (s->step->kind == DML_STEP_PRODUCT) {
        dml_product_run(p->core, p->zeros, &x, &second, &y);
        return DMLCSR_OK;
    }
    image_job j = {p, s->step, NULL, &x, s->step->second != DML_NONE ? &second : NULL, &y};
    dml_batch_run(p->core->pool, p->n, run_image, &j);
    return DMLCSR_OK;
}

static void import(const dml_plan *p, const dml_real *input)
{
    const dml_batch x = dml_plan_value(p, p->end[0], DML_FORWARD);
    const size_t size = (size_t)3 * p->h * p->w;
    for (uint32_t i = 0; i < p->n; i++) {
        const dml_tensor t = dml_batch_image(&x, i);
        dml_tensor_import(&t, input + i * size);
    }
}

int dml_plan_forward(dml_plan *p, const dml_state *state, const dml_real *input, const dml_forward *how)
{
    int status = DMLCSR_OK;
    import(p, input);
    dml_pool_wake(p->core->pool);
    for (uint32_t i = 0; i < p->graph.steps && status == DMLCSR_OK; i++)
        status = dml_plan_step_forward(p, state, i, DML_FORWARD, how);
    dml_pool_rest(p->core->pool);
    return status;
}

dml_logits dml_plan_outputs(const dml_plan *p)
{
    return (dml_logits){dml_plan_value(p, p->end[1], DML_FORWARD), dml_plan_value(p, p->end[2], DML_FORWARD),
                        dml_plan_value(p, p->end[3], DML_FORWARD)};
}

dml_logits dml_plan_output_gradients(const dml_plan *p)
{
    return (dml_logits){dml_plan_gradient(p, p->end[1]), dml_plan_gradient(p, p->end[2]),
                        dml_plan_gradient(p, p->end[3])};
}
