/* The norm with all that comes after it, as cases. */
#include <math.h>
#include <stdlib.h>

#include "cases/ops_case.h"

enum { Z, WEIGHT, BIAS, FIRST_OPTION };

typedef struct norm_shape {
    uint32_t c, n, h, w, pad;
    size_t gap;
    bool plain, relu, residual;
    bool scaled;   /* scale is a parameter; else 1 */
    bool only_u;   /* y is not wanted */
    bool in_place; /* u over z, dz over dy */
} norm_shape;

static const norm_shape norm_shapes[] = {
    {5, 2, 3, 4, 0, 0, false, true, true, true, false, false},
    {19, 3, 5, 1, 1, 32, false, false, false, false, true, false},
    {16, 1, 7, 7, 2, 0, false, true, false, false, false, false},
    {33, 2, 1, 1, 1, 0, false, true, true, false, false, true},
    {19, 3, 3, 5, 1, 16, false, true, true, true, false, true},
    {16, 2, 4, 3, 0, 0, true, false, false, false, false, false},
    {5, 3, 1, 9, 1, 0, true, false, true, false, false, true},
    {33, 1, 1, 1, 0, 0, false, true, true, false, false, false},
    {19, 2, 4, 2, 1, 0, false, false, true, true, false, true},
    {5, 1, 5, 5, 0, 0, true, true, true, false, false, false},
    {19, 2, 3, 3, 0, 48, false, true, false, false, false, true},
};

/* Which of the optional inputs come where; 0: not there. */
static uint32_t residual_of(const norm_shape *s)
{
    return s->residual ? FIRST_OPTION : 0;
}

static uint32_t scale_of(const norm_shape *s)
{
    return s->scaled ? FIRST_OPTION + s->residual : 0;
}

static dml_real scale_value(const ops_case *c)
{
    const uint32_t at = scale_of(c->shape);
    return at ? c->input[at].value[0] : 1;
}

static dml_norm_state state_of(const ops_case *c)
{
    const norm_shape *s = c->shape;
    const size_t lanes = (size_t)dml_blocks(s->c) * DML_BLOCK;
    return (dml_norm_state){s->c, s->plain, s->plain ? 1 : (dml_real)0.01, c->input[WEIGHT].value, c->input[BIAS].value,
                            NULL, NULL, c->room, c->room + lanes};
}

static ops_field activations_of(const norm_shape *s, uint32_t pad)
{
    return ops_activations(s->n, s->c, 0, s->h, s->w, pad, s->gap);
}

static void norm_forward(ops_case *c)
{
    const norm_shape *s = c->shape;
    const dml_norm_state state = state_of(c);
    const dml_batch *r = s->residual ? &c->input[residual_of(s)].batch : NULL, *z = &c->input[Z].batch;
    const dml_batch *u = s->plain ? NULL : s->only_u ? &c->output.batch : &c->kept.batch;
    double *scratch = ops_room(dml_norm_scratch(s->c, s->n) * sizeof *scratch);
    if (s->in_place && u) {
        ops_copy(&c->input[Z], &c->kept);
        z = u;
    }
    if (dml_norm_statistics(&state, &c->core, z, 0, NULL, scratch))
        exit(2);
    dml_norm_run(&state, &c->core, z, r, scale_value(c), s->relu && !c->linear_part, u,
                 s->only_u ? NULL : &c->output.batch);
    free(scratch);
}

static void norm_back(ops_case *c, bool add)
{
    const norm_shape *s = c->shape;
    const dml_norm_state state = state_of(c);
    const uint32_t residual = residual_of(s), scale = scale_of(s);
    const dml_batch *kept = s->plain ? &c->input[Z].batch : s->only_u ? &c->output.batch : &c->kept.batch;
    const dml_batch *mask = !s->relu ? NULL : s->residual || s->plain ? &c->output.batch : kept;
    const dml_batch *dz = &c->gradient[Z].batch, *dy = s->in_place ? dz : &c->doutput.batch;
    const dml_norm_gradients g = {c->gradient[WEIGHT].value, c->gradient[BIAS].value,
                                  scale ? c->gradient[scale].value : NULL,
                                  residual ? &c->gradient[residual].batch : NULL, add};
    double *scratch = ops_room(dml_norm_scratch(s->c, s->n) * sizeof *scratch);
    if (s->in_place)
        ops_copy(&c->doutput, &c->gradient[Z]);
    if (dml_norm_back_run(&state, &c->core, dy, mask, kept, scale_value(c), &g, dz, NULL, scratch))
        exit(2);
    free(scratch);
}

/* How near a ReLU, leaky or not, came to its kink; where nothing is added in between, both have the same. */
static double nearest_kink(ops_case *c)
{
    const norm_shape *s = c->shape;
    const ops_field *u = s->only_u ? &c->output : &c->kept;
    double least = INFINITY;
    c->linear_part = true;
    norm_forward(c);
    c->linear_part = false;
    for (size_t k = 0; !s->plain && k < u->used; k++) {
        const double v = (double)u->value[u->at[k]];
        least = fmin(least, v > 0 ? v : v / -0.01);
    }
    for (size_t k = 0; s->relu && (s->residual || s->plain) && k < c->output.used; k++)
        least = fmin(least, fabs((double)c->output.value[c->output.at[k]]));
    return least;
}

/* Moves neighbouring pixels, and images, apart: a channel of two values that are nearly the same is hardly smooth. */
static void part_neighbours(ops_field *z)
{
    const dml_tensor *t = &z->batch.first;
    for (size_t k = 0; k < z->used; k++) {
        const size_t i = z->at[k], at = i % z->batch.stride % dml_tensor_plane(t);
        const size_t parity = i / z->batch.stride + at / dml_tensor_row(t) + at % dml_tensor_row(t) / DML_BLOCK;
        z->value[i] = (dml_real)0.7 * z->value[i] + (parity % 2 ? 1 : -1);
    }
}

/* Gammas of both signs, away from zero, where the absolute value has its kink. */
static void fill(ops_case *c, uint64_t seed)
{
    static const char *const names[OPS_INPUTS] = {"z", "weight", "bias", "option", "other option"};
    for (uint32_t i = 0; i < c->inputs; i++)
        ops_fill(&c->input[i], names[i], seed, 1);
    part_neighbours(&c->input[Z]);
    for (size_t k = 0; k < c->input[WEIGHT].used; k++) {
        dml_real *w = &c->input[WEIGHT].value[k];
        *w += *w < 0 ? -(dml_real)0.25 : (dml_real)0.25;
    }
}

static void norm_make(ops_case *c, uint32_t shape)
{
    const norm_shape *s = c->shape = &norm_shapes[shape];
    ops_add_input(c, activations_of(s, s->pad), activations_of(s, s->pad), OPS_WRITTEN);
    for (uint32_t i = WEIGHT; i <= BIAS; i++)
        ops_add_input(c, ops_vector(s->c), ops_vector(s->c), OPS_SUMMED);
    if (s->residual)
        ops_add_input(c, activations_of(s, 0), activations_of(s, 2), OPS_EITHER);
    if (s->scaled)
        ops_add_input(c, ops_vector(1), ops_vector(1), OPS_SUMMED);
    c->output = activations_of(s, 1);
    c->kept = activations_of(s, s->pad);
    c->doutput = activations_of(s, s->pad);
    c->room = ops_room((size_t)2 * dml_blocks(s->c) * DML_BLOCK * sizeof(dml_real));
    c->terms = (size_t)4 * s->n * s->h * s->w;
    uint64_t seed = 1;
    do
        fill(c, seed);
    while (nearest_kink(c) < 5e-4 && ++seed < 1000);
    if (seed == 1000)
        exit(2);
}

const ops_operation ops_norm = {"norm", sizeof norm_shapes / sizeof *norm_shapes, false, true, true,
                                norm_make, norm_forward, norm_back};
