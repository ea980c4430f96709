/* Everything that a norm has beside its activations, for tests. */
#ifndef TEST_NORM_VALUES_H
#define TEST_NORM_VALUES_H

#include <string.h>

#include "ops/back.h"

#define NORM_CHANNELS 19
#define NORM_LANES 32

typedef struct norm_values {
    dml_real weight[NORM_LANES], bias[NORM_LANES], running_mean[NORM_LANES], running_var[NORM_LANES];
    dml_real mean[NORM_LANES], inverse[NORM_LANES];
    dml_real dweight[NORM_LANES], dbias[NORM_LANES], dscale[1];
} norm_values;

static inline dml_norm_state norm_state_of(norm_values *v)
{
    return (dml_norm_state){NORM_CHANNELS, false, (dml_real)0.01, v->weight, v->bias, v->running_mean, v->running_var,
                            v->mean, v->inverse};
}

/* Weights of both signs; running mean c and variance 2 + c of channel c; the rest is zero. */
static inline void norm_values_fill(norm_values *v)
{
    memset(v, 0, sizeof *v);
    for (int c = 0; c < NORM_CHANNELS; c++) {
        v->weight[c] = (dml_real)(c % 3 ? 1 - c / 40.0 : -0.5);
        v->bias[c] = (dml_real)(c / 19.0 - 0.4);
        v->running_mean[c] = (dml_real)c;
        v->running_var[c] = (dml_real)(2 + c);
    }
}

#endif
