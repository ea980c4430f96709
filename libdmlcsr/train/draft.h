/* A member of the family as training sees it: its layers with parameters of their own, not folded and not read-only.
 *
 * All parameters are one flat vector, and so are the running statistics of the norms: the optimiser, the self-ensemble
 * and a checkpoint need not know what is in them. Convolutions lie in them as dml_conv_pack() packs them, vectors are
 * filled up to whole blocks; the places that no parameter uses are zero, and stay zero because their gradients are. */
#ifndef DML_TRAIN_DRAFT_H
#define DML_TRAIN_DRAFT_H

#include "model/model.h"
#include "net/family.h"
#include "net/graph.h"

#define DML_ABSENT SIZE_MAX
#define DML_PARAMETER_NAME 96

typedef enum dml_parameter_kind {
    DML_PARAMETER_CONV,
    DML_PARAMETER_DEPTHWISE,
    DML_PARAMETER_VECTOR
} dml_parameter_kind;

/* A tensor of the state dict. */
typedef struct dml_parameter {
    char name[DML_PARAMETER_NAME];
    uint32_t rank, shape[4];  /* as published */
    size_t count;             /* product of shape */
    dml_parameter_kind kind;
    dml_conv_shape conv;      /* of a DML_PARAMETER_CONV */
    bool statistic;           /* in the vector of running statistics, not in that of the parameters */
    size_t at, size;          /* its place in there, and how much it takes, packed */
} dml_parameter;

/* A convolution with its norm. Places are in the vector of parameters (mean, variance: of statistics), or DML_ABSENT. */
typedef struct dml_train_layer {
    const dml_conv *conv;           /* one of the two: by which a step of the graph is recognised */
    const dml_depthwise *depthwise;
    dml_conv_shape shape;
    dml_norm norm;
    bool relu;                      /* a ReLU follows the norm directly */
    uint32_t channels;              /* of the output */
    size_t weight, bias;            /* of the convolution */
    size_t gain, shift;             /* of the norm: weight and bias */
    size_t scale;                   /* gamma */
    size_t mean, variance;
} dml_train_layer;

typedef struct dml_draft {
    dml_weights weights;            /* the figure; holds shapes only */
    dml_train_layer *layer;
    dml_parameter *parameter;       /* parameters and statistics, in the order of the figure */
    uint32_t layers, parameters;
    uint32_t layer_capacity, parameter_capacity;
    size_t size, statistics;        /* of the two vectors */
    size_t count;                   /* trained values, without what fills up blocks */
    uint32_t widest;                /* most channels of a layer, whole blocks */
    dml_memory *memory;
} dml_draft;

/* blocks: of the four stages. like: NULL, or a model whose widths and projections are taken instead of the family's, layer
   by layer; the classes, and layers that it lacks, stay the family's. */
int dml_draft_create(dml_draft *draft, const dml_family *family, const dml_model *like, const uint32_t blocks[4],
                     dml_memory *memory, dml_error *error);
void dml_draft_free(dml_draft *draft);

/* The published widths divided by `divide`. */
dml_family dml_family_published(uint32_t classes, uint32_t divide);

/* How many bottlenecks a model has in each stage. */
void dml_draft_count_blocks(const dml_model *model, uint32_t blocks[4]);

const dml_train_layer *dml_draft_find(const dml_draft *draft, const dml_step *step);

/* Between the published order and the packed one. The places that no value uses are set to zero. */
void dml_parameter_pack(const dml_parameter *p, const dml_real *values /* count */, dml_real *packed /* size */);
void dml_parameter_unpack(const dml_parameter *p, const dml_real *packed, dml_real *values);

/* Starting values: convolutions He-normal (variance 2 / fan in), each tensor from the seed and its own name; norms 1 and
   0, statistics 0 and 1, the two gammas 0 as published. */
void dml_draft_initialise(const dml_draft *draft, uint64_t seed, dml_real *parameters, dml_real *statistics,
                          dml_real *room /* as many values as the largest tensor has */);
size_t dml_draft_largest(const dml_draft *draft);

#endif
