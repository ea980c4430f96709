/* What the way through a norm and the way back have in common. */
#ifndef DML_OPS_NORM_H
#define DML_OPS_NORM_H

#include <math.h>

#include "ops/back.h"

/* The factor of the normalised value: |weight| + eps in an activated norm. */
static inline double dml_norm_gamma(const dml_norm_state *s, uint32_t channel)
{
    const double w = (double)s->weight[channel];
    return s->plain ? w : fabs(w) + DML_NORM_EPSILON;
}

#endif
