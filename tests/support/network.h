/* A network in training, for tests: draft, plan and values in one. A header, because dml_real is not the same in the suites
 * that use it. */
#ifndef TEST_NETWORK_H
#define TEST_NETWORK_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/core.h"
#include "support/family.h"
#include "train/plan.h"

typedef struct network {
    dml_memory memory;
    dml_error error;
    dml_core core;
    dml_draft draft;
    dml_plan *plan;
    dml_state state;
    dml_real *gradient, *input;
} network;

static inline void *need(void *p, const network *n)
{
    if (!p) {
        fprintf(stderr, "no memory, or %s\n", n ? n->error.text : "");
        exit(2);
    }
    return p;
}

/* scale * u(name), n values */
static inline void network_noise(const char *name, size_t n, double scale, uint64_t seed, dml_real *out)
{
    float *u = need(malloc((n + 1) * sizeof *u), NULL);
    family_noise(name, n, seed, u);
    for (size_t i = 0; i < n; i++)
        out[i] = (dml_real)(scale * (double)u[i]);
    free(u);
}

static inline int ends_in(const char *name, const char *end)
{
    const size_t n = strlen(name), m = strlen(end);
    return n >= m && strcmp(name + n - m, end) == 0;
}

static inline double gain_of(const char *name)
{
    if (ends_in(name, "dualgcn.phi.weight") || ends_in(name, "dualgcn.theta.weight"))
        return 0.125;
    if (ends_in(name, "dualgcn.conv_wg.weight"))
        return 0.0625;
    return strstr(name, "attention.node_") && ends_in(name, ".weight") ? 8 : 1;
}

/* In single precision, one operation at a time, as the golden numbers were made. */
static inline float value_of(const dml_parameter *p, float u)
{
    if (ends_in(p->name, "gamma") || ends_in(p->name, "gamma1"))
        return 0.5f + 0.25f * u;
    if (ends_in(p->name, "running_mean") || ends_in(p->name, ".bias"))
        return 0.1f * u;
    if (ends_in(p->name, "running_var"))
        return 1.0f + 0.5f * u;
    if (p->rank == 1)
        return u > 0.9f ? -(0.75f + 0.5f * u) : 0.75f + 0.5f * u;
    return u * (float)((double)(float)sqrt(3.0 * p->shape[0] / (double)p->count * 1.0) * gain_of(p->name));
}

/* Fills the parameters and statistics `s` as fill() of the golden numbers does. */
static inline void network_fill(const dml_draft *draft, uint64_t seed, const dml_state *s)
{
    const size_t largest = dml_draft_largest(draft);
    float *u = need(malloc((largest + 1) * sizeof *u), NULL);
    dml_real *v = need(malloc((largest + 1) * sizeof *v), NULL);
    for (uint32_t k = 0; k < draft->parameters; k++) {
        const dml_parameter *p = &draft->parameter[k];
        family_noise(p->name, p->count, seed, u);
        for (size_t i = 0; i < p->count; i++)
            v[i] = value_of(p, u[i]);
        dml_parameter_pack(p, v, (p->statistic ? s->statistics : s->parameters) + p->at);
    }
    free(u);
    free(v);
}

/* Values as tests/golden/README.md says (family_noise), input 2 * u("input"). Exits when something fails. */
static inline network *network_make(const dml_family *member, const uint32_t blocks[4], uint32_t n, uint32_t h, uint32_t w,
                      bool recompute, uint32_t threads, uint64_t seed)
{
    network *net = need(calloc(1, sizeof *net), NULL);
    if (!core_make(&net->core, &net->memory, DMLCSR_ISA_AUTO, threads)
        || dml_draft_create(&net->draft, member, NULL, blocks, &net->memory, &net->error)
        || dml_plan_create(&net->plan, &net->draft, &net->core, n, h, w, recompute, &net->memory, &net->error))
        need(NULL, net);
    net->state.parameters = need(dml_alloc_zero(&net->memory, net->draft.size * sizeof(dml_real)), net);
    net->state.statistics = need(dml_alloc_zero(&net->memory, net->draft.statistics * sizeof(dml_real)), net);
    net->gradient = need(dml_alloc_zero(&net->memory, net->draft.size * sizeof(dml_real)), net);
    net->input = need(malloc((size_t)n * 3 * h * w * sizeof(dml_real)), net);
    network_fill(&net->draft, seed, &net->state);
    network_noise("input", (size_t)n * 3 * h * w, 2, seed, net->input);
    return net;
}

static inline void network_free(network *net)
{
    dml_release(&net->memory, net->state.parameters);
    dml_release(&net->memory, net->state.statistics);
    dml_release(&net->memory, net->gradient);
    free(net->input);
    dml_plan_free(net->plan);
    dml_draft_free(&net->draft);
    dml_pool_free(net->core.pool);
    free(net);
}

#endif
