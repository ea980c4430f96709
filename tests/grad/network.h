/* A small network in training, for tests: draft, plan and values in one. */
#ifndef TEST_NETWORK_H
#define TEST_NETWORK_H

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

/* Values as tests/golden/README.md says (family_noise), input 2 * u("input"). Exits when something fails. */
network *network_make(const dml_family *member, const uint32_t blocks[4], uint32_t n, uint32_t h, uint32_t w,
                      bool recompute, uint32_t threads, uint64_t seed);
void network_free(network *net);

/* Fills the parameters and statistics `s` as fill() of the golden numbers does. */
void network_fill(const dml_draft *draft, uint64_t seed, const dml_state *s);

/* scale * u(name), n values */
void network_noise(const char *name, size_t n, double scale, uint64_t seed, dml_real *out);

#endif
