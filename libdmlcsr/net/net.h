/* The network: weights (packed once, shared by clones) and a plan with scratch memory (one per handle). */
#ifndef DML_NET_H
#define DML_NET_H

#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/kernels.h"
#include "model/model.h"

#define DML_CLASSES 256 /* most classes: a label is a byte */

/* The smallest and largest side of an input the plan accepts. */
#define DML_SIDE_MIN 17
#define DML_SIDE_MAX 4097

typedef struct dml_weights dml_weights;
typedef struct dml_net dml_net;

/* What DMLCSR_PRECISION_AUTO means for this model; any other is returned as it is. */
int dml_weights_precision(const dml_model *model, int precision);

/* What is kept of a model, as dmlcsr_options has it. */
typedef struct dml_keep {
    int precision; /* not AUTO */
    bool pack, edges;
} dml_keep;

/* Derives the family member from names and shapes, folds the norms, packs. Every tensor that does not fit is named. */
int dml_weights_create(dml_weights **out, const dml_model *model, const dml_kernels *kernels, const dml_keep *keep,
                       dml_pool *pool, dml_memory *memory, dml_error *error);
void dml_weights_free(dml_weights *weights, dml_memory *memory);
uint32_t dml_weights_classes(const dml_weights *weights);
bool dml_weights_edges(const dml_weights *weights);
size_t dml_weights_bytes(const dml_weights *weights);

/* A plan for inputs of h x w and pools of up to `threads` threads, with its arena. The weights must outlive it. */
int dml_net_create(dml_net **out, const dml_weights *weights, const dml_kernels *kernels, uint32_t h, uint32_t w,
                   uint32_t threads, dml_memory *memory, dml_error *error);
void dml_net_free(dml_net *net, dml_memory *memory);
size_t dml_net_bytes(const dml_net *net);
void dml_net_size(uint32_t h, uint32_t w, uint32_t *out_h, uint32_t *out_w);

/* Where the caller writes the input (3 x h x w; its border is kept zero) and finds the logits. */
const dml_tensor *dml_net_input(const dml_net *net);
const dml_tensor *dml_net_parsing(const dml_net *net);
const dml_tensor *dml_net_binary_edge(const dml_net *net);   /* NULL without heads */
const dml_tensor *dml_net_category_edge(const dml_net *net); /* NULL without heads */

struct dml_conv;

/* What may look in while the network runs; each may be NULL. */
typedef struct dml_watch {
    int (*progress)(void *opaque, uint32_t done, uint32_t total); /* nonzero cancels */
    void (*tap)(void *opaque, const char *name, const dml_tensor *value); /* after each named stage, for tests */
    void (*conv)(void *opaque, const struct dml_conv *conv, const dml_tensor *x); /* before each convolution */
    void *opaque;
} dml_watch;

/* Runs it on the input already in place. edges: also the edge heads. DMLCSR_OK or DMLCSR_ERROR_CANCELLED. */
int dml_net_run(dml_net *net, dml_pool *pool, bool edges, const dml_watch *watch);

#endif
