/* A network written down as steps, before any memory exists: tensors get their place in one arena afterwards, from when
 * they are first written and last read. The functions below append a step each and cannot fail; the files resnet.c,
 * ddgcn.c and heads.c use them to say what the paper's figure says. */
#ifndef DML_NET_GRAPH_H
#define DML_NET_GRAPH_H

#include "net/weights.h"

typedef uint32_t dml_node; /* a tensor, or a range of channel blocks of one */
#define DML_NONE UINT32_MAX

/* Memory of one tensor, or of several that were concatenated. */
typedef struct dml_storage {
    uint32_t blocks, h, w, pad; /* pad: the widest border that any reader needs */
    uint32_t first, last;       /* steps between which its content must stay */
    uint64_t offset;            /* floats into the arena */
} dml_storage;

typedef struct dml_view {
    uint32_t storage, block, c;
} dml_view;

typedef enum dml_step_kind {
    DML_STEP_CONV, DML_STEP_PRODUCT, DML_STEP_DEPTHWISE, DML_STEP_MAXPOOL, DML_STEP_RESIZE, DML_STEP_SOFTMAX,
    DML_STEP_TRANSPOSE
} dml_step_kind;

typedef struct dml_step {
    dml_step_kind kind;
    bool edges;                   /* belongs to the edge heads */
    const char *name;             /* of a tap, or NULL */
    const dml_conv *conv;
    const dml_depthwise *depthwise;
    dml_node x, second, y;        /* second: residual, gate or right factor, or DML_NONE */
    uint32_t room;                /* storage that the step needs for itself, or DML_NONE */
} dml_step;

typedef struct dml_graph {
    dml_storage *storage;
    dml_view *view;
    dml_step *step;
    uint32_t storages, views, steps;
    uint32_t capacity; /* steps and views that there is memory for, and half of the storages */
    bool edges;        /* steps appended now belong to the edge heads */
    bool separate;     /* no step writes over what another has written: training reads everything again */
} dml_graph;

/* ---- tensors ---- */
dml_node dml_graph_tensor(dml_graph *g, uint32_t c, uint32_t h, uint32_t w);
/* Room for two tensors side by side, which a convolution reads as one; part[0 .. parts-1] receive them. */
dml_node dml_graph_concat(dml_graph *g, const uint32_t *channels, uint32_t parts, uint32_t h, uint32_t w,
                          dml_node *part);
uint32_t dml_graph_channels(const dml_graph *g, dml_node node);
uint32_t dml_graph_height(const dml_graph *g, dml_node node);
uint32_t dml_graph_width(const dml_graph *g, dml_node node);
/* Keeps the content of a node to the end. */
void dml_graph_keep(dml_graph *g, dml_node node);

/* ---- steps: y is where the result goes, or DML_NONE for a new tensor; each returns y ---- */
dml_node dml_graph_conv(dml_graph *g, const dml_conv *conv, dml_node x, dml_node residual, dml_node y);
dml_node dml_graph_depthwise(dml_graph *g, const dml_depthwise *op, dml_node x);
dml_node dml_graph_maxpool(dml_graph *g, dml_node x);
dml_node dml_graph_resize(dml_graph *g, dml_node x, uint32_t h, uint32_t w, dml_node y);
/* y = f * up(x) + f */
dml_node dml_graph_gate(dml_graph *g, dml_node x, dml_node f, dml_node y);
dml_node dml_graph_softmax(dml_graph *g, dml_node x); /* in place, unless steps are separate */
/* Seen as a matrix of pixels x channels: its transpose, as channels of one row of pixels. */
dml_node dml_graph_transpose(dml_graph *g, dml_node x);
/* x * b, both as matrices of pixels x channels: the pixels of b are the channels of x. */
dml_node dml_graph_product(dml_graph *g, dml_node x, dml_node b);

/* Gives the last step a name, under which a test can look at its result. */
void dml_graph_tap(dml_graph *g, const char *name);

/* Room of so many floats for a step alone. */
void dml_graph_room(dml_graph *g, uint32_t step, uint64_t floats);

/* Places `count` storages, each beside those that live at the same time; returns the floats that they take. */
uint64_t dml_storage_place(dml_storage *storage, uint32_t count);

static inline uint64_t dml_storage_floats(const dml_storage *s)
{
    return (uint64_t)s->blocks * (s->h + 2 * s->pad) * (s->w + 2 * s->pad) * DML_BLOCK;
}

/* Floats of a node's tensor, border included, after placing. */
uint64_t dml_graph_floats(const dml_graph *g, dml_node node);

/* Places all storages; returns the floats that the arena needs (which may be more than a size_t can count). */
uint64_t dml_graph_place(dml_graph *g);

/* The tensor of a node, after placing. */
dml_tensor dml_graph_resolve(const dml_graph *g, dml_node node, dml_real *arena);

/* ---- the figure ---- */
typedef struct dml_features {
    dml_node x2, x3, x4, x5; /* outputs of layer1 .. layer4 */
    dml_node both, b;        /* x5 and the place beside it for convb's result, as one */
} dml_features;

/* All of it. end[0] is the input, end[1] the parsing, and with edge heads end[2] the binary and end[3] the category edge.
   The graph was reserved for these weights before; release frees what that took. */
int dml_graph_reserve(dml_graph *g, const dml_weights *w, dml_memory *memory, dml_error *error);
void dml_graph_release(dml_graph *g, dml_memory *memory);
void dml_graph_draw(dml_graph *g, const dml_weights *w, uint32_t height, uint32_t width,
                    dml_node end[4]); /* figure.c */

dml_node dml_graph_layer1(dml_graph *g, const dml_encoder *e, dml_node image);                    /* resnet.c */
dml_features dml_graph_encoder(dml_graph *g, const dml_weights *w, dml_node x2);                  /* resnet.c */
dml_node dml_graph_context(dml_graph *g, const dml_context *context, const dml_features *f);      /* ddgcn.c */
dml_node dml_graph_fine(dml_graph *g, const dml_parsing_head *head, dml_node x2);                 /* heads.c */
dml_node dml_graph_parsing(dml_graph *g, const dml_parsing_head *head, dml_node context, dml_node fine); /* heads.c */
void dml_graph_edges(dml_graph *g, const dml_edge_heads *head, const dml_features *f, dml_node *binary,
                     dml_node *category);                                                         /* heads.c */

#endif
