/* What the files of the ONNX writer share: the graph that is translated, and the one that comes of it. */
#ifndef DML_ONNX_EXPORT_H
#define DML_ONNX_EXPORT_H

#include "net/graph.h"
#include "onnx/message.h"

#define DML_ONNX_NAME 112

typedef struct dml_onnx_name {
    char text[DML_ONNX_NAME]; /* "" : none yet */
} dml_onnx_name;

/* A layer with the key that a state dict has for it. */
typedef struct dml_onnx_layer {
    const void *at;      /* the dml_conv or dml_depthwise */
    dml_onnx_name name;  /* "context.conva.0" */
    dml_onnx_name scale; /* "context.dualgcn.gamma1", or "" */
    uint32_t uses;       /* steps so far */
} dml_onnx_layer;

/* Weights on their way to the file: they are copied when it is written, since they are most of it. */
typedef struct dml_onnx_values {
    const float *data;
    size_t count;
    const dml_conv_shape *conv; /* packed as for this convolution, or NULL */
    bool depthwise;             /* packed as for a depthwise convolution */
    size_t head_end;            /* in `heads`, behind what comes before the values */
} dml_onnx_values;

typedef struct dml_onnx {
    dml_weights *weights;
    dml_memory *memory;
    dml_error *error;
    dml_graph graph;
    dml_node end[4];
    dml_onnx_layer *layer;
    size_t layers, last;     /* last: found by dml_onnx_find() */
    dml_onnx_name *value;    /* of each node of the graph */
    dml_onnx_values *values; /* two or three a layer */
    size_t value_count;
    uint64_t value_bytes;
    uint32_t counter[DML_STEP_TRANSPOSE + 2]; /* of nodes that no key names */
    dml_message body, heads; /* of the GraphProto: all but weights; what comes before each of the weights */
    dml_message node, attribute, list;
} dml_onnx;

/* layers.c: names all layers; there is room for 4 a block and 100 more. */
int dml_onnx_name_layers(dml_onnx *o);
dml_onnx_layer *dml_onnx_find(dml_onnx *o, const void *at);

/* nodes.c: a node is begun, gets inputs and attributes, and is ended. */
void dml_onnx_begin(dml_onnx *o, const char *op, const char *name, const char *output);
void dml_onnx_input(dml_onnx *o, const char *name); /* "" leaves an optional one out */
void dml_onnx_integer(dml_onnx *o, const char *name, int64_t value);
void dml_onnx_integers(dml_onnx *o, const char *name, const int64_t *values, size_t count);
void dml_onnx_real(dml_onnx *o, const char *name, float value);
void dml_onnx_word(dml_onnx *o, const char *name, const char *value);
void dml_onnx_end(dml_onnx *o);
/* An initialiser of integers. */
void dml_onnx_shape(dml_onnx *o, const char *name, const int64_t *values, size_t count);
/* An initialiser of `v.count` floats; v.head_end is filled in. */
void dml_onnx_weights(dml_onnx *o, const char *name, const int64_t *shape, size_t rank, dml_onnx_values v);
/* An input or output of the graph, 1 x c x h x w; field: 11 or 12 of a GraphProto. */
void dml_onnx_port(dml_onnx *o, uint32_t field, const char *name, dml_node node);

/* steps.c: translates all steps. */
void dml_onnx_translate(dml_onnx *o);

#endif
