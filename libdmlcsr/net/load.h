/* From a model file's tensors to packed layers: looks up, checks, folds, packs. */
#ifndef DML_NET_LOAD_H
#define DML_NET_LOAD_H

#include "net/weights.h"

/* One pass over the family's layers. The same calls are made twice: first with packed == NULL, to check every shape and
   add up the sizes; then to fill. */
typedef struct dml_loader {
    const dml_model *model;
    const dml_kernels *kernels;
    dml_pool *pool;
    dml_error *error;
    float *packed;       /* NULL in the first pass */
    size_t at;           /* floats placed so far */
    float *scratch;      /* one tensor unpacked, and its norm */
    size_t scratch_size; /* floats; the largest need after the first pass */
    uint32_t widest;     /* output channels of the widest layer */
    size_t used;         /* tensors taken from the file in this pass */
} dml_loader;

typedef enum dml_norm {
    DML_NORM_NONE,
    DML_NORM_ABN,   /* scale |weight| + eps, then leaky ReLU */
    DML_NORM_PLAIN  /* scale weight, no activation */
} dml_norm;

/* What a layer must look like; the names are keys without ".weight". */
typedef struct dml_layer {
    const char *conv;    /* "context.conva.0" */
    const char *norm;    /* "context.conva.1", or NULL with DML_NORM_NONE */
    dml_norm kind;
    bool bias;           /* the convolution has a bias */
    uint32_t in;         /* input channels */
    uint32_t out;        /* output channels, 0: whatever the file says */
    uint32_t kernel, stride, dilation;
    uint32_t part;       /* as in dml_conv_shape */
} dml_layer;

/* Checks a layer, and in the second pass packs it. relu: a ReLU follows the norm directly (ReLU after leaky ReLU is
   ReLU). */
int dml_load_conv(dml_loader *loader, const dml_layer *layer, bool relu, dml_conv *conv);
int dml_load_depthwise(dml_loader *loader, const dml_layer *layer, dml_depthwise *op);

/* A tensor of one value, such as gamma. In the first pass the value is 1. */
int dml_load_scalar(dml_loader *loader, const char *name, float *value);

/* True when the file has "<prefix><suffix>". */
bool dml_load_has(const dml_loader *loader, const char *prefix, const char *suffix);

#endif
