/* All convolutions of a network, run and timed kind by kind. */
#ifndef LANES_H
#define LANES_H

#include "layers.h"
#include "peak.h"

#define RUNS_MAX 1000
#define FORMATS 3 /* of dml_format */

typedef struct settings {
    uint32_t threads, size, divide, runs;
    int isa, precision; /* DMLCSR_ISA_..., DMLCSR_PRECISION_... but AUTO */
    const char *json;
} settings;

/* One kind of layer with the weights of all layers of that kind, and its times. */
typedef struct lane {
    layer layer;
    dml_conv conv;
    dml_conv_way way;
    size_t weight_bytes;   /* of one layer */
    char *weight;
    float *bias, *unit;
    double time[RUNS_MAX]; /* seconds for all `count` layers */
    peak_sample peak;      /* after each of them */
} lane;

typedef struct bench {
    settings set;
    dml_kernels kernels;
    dml_memory memory;
    dml_pool *pool;
    lane lanes[LAYERS_MAX];
    size_t lane_count;
    float *x, *r, *y, *room; /* for the largest */
    double stage[STAGES][RUNS_MAX], total[RUNS_MAX];
    peak_sample peak[FORMATS];
} bench;

/* Makes the layers of b->set for b->kernels, b->memory and b->pool; the program ends where there is no memory. */
void lanes_prepare(bench *b);
void lanes_run(bench *b);
void lanes_release(bench *b);

/* Products and bytes of all layers of a lane: as a direct sum has them; as they are really done; and what at least goes
   through memory, once for each layer: input, weights, output and what is added, as they lie there. */
double lane_products(const lane *l);
double lane_done(const lane *l);
double lane_bytes(const lane *l);

#endif
