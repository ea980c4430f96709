/* The layers of the DML-CSR family, with the keys of a published state dict. Who walks through them decides what a layer
 * becomes: packed weights read from a model file (load.c), or parameters that are trained (train/draft.c). */
#ifndef DML_NET_FAMILY_H
#define DML_NET_FAMILY_H

#include "net/weights.h"

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
    uint32_t out;        /* output channels, 0: free within the family */
    uint32_t width;      /* output channels of a network that is made, not read, where `out` is free */
    uint32_t kernel, stride, dilation;
    uint32_t part;       /* as in dml_conv_shape */
} dml_layer;

/* The free widths of a network that is made. A file says them itself: then all are 0. */
typedef struct dml_family {
    uint32_t classes;
    uint32_t stem[3], planes[4];
    uint32_t context, phi, theta, node; /* dual graph */
    uint32_t head, skip;                /* parsing head */
    uint32_t edge;                      /* edge heads */
} dml_family;

typedef struct dml_visitor dml_visitor;
struct dml_visitor {
    /* relu: a ReLU follows the norm directly (ReLU after leaky ReLU is ReLU). The shape of `conv` is set afterwards. */
    int (*conv)(dml_visitor *visitor, const dml_layer *layer, bool relu, dml_conv *conv);
    int (*depthwise)(dml_visitor *visitor, const dml_layer *layer, dml_depthwise *op);
    /* A tensor of one value, gamma or gamma1. */
    int (*scalar)(dml_visitor *visitor, const char *name, dml_real *value);
    /* Whether the shortcut of the bottleneck `prefix` ("layer1.0.") is a convolution. */
    bool (*projected)(dml_visitor *visitor, const char *prefix, uint32_t in, uint32_t out, uint32_t stride);
    dml_error *error;
};

/* Visits every layer. Room for the bottlenecks of w->encoder, their numbers, and w->edges are there already. */
int dml_family_visit(dml_visitor *visitor, const dml_family *family, dml_weights *weights);

#endif
