/* From a model file's tensors to packed layers: looks up, checks, folds, packs. */
#ifndef DML_NET_LOAD_H
#define DML_NET_LOAD_H

#include "net/family.h"

/* One pass over the family's layers. The same calls are made twice: first with packed == NULL, to check every shape and
   add up the sizes; then to fill. */
typedef struct dml_loader {
    dml_visitor visitor; /* first: it is handed to the walk through the family */
    const dml_model *model;
    const dml_kernels *kernels;
    dml_pool *pool;
    const dml_keep *keep;
    float *packed;       /* NULL in the first pass */
    uint64_t at;         /* floats placed so far; after the first pass it may be more than memory has addresses */
    float *scratch;      /* one tensor unpacked, and its norm */
    size_t scratch_size; /* floats; the largest need after the first pass */
    uint32_t widest;     /* output channels of the widest layer */
    size_t used;         /* tensors taken from the file in this pass */
} dml_loader;

void dml_loader_init(dml_loader *loader, const dml_model *model, const dml_kernels *kernels,
                     const dml_keep *keep, dml_pool *pool, dml_error *error);

/* The name's end of the tensor beside a convolution's weight that has the smallest and the largest value which its input
   had in pictures that calibrated the model; what comes before is the layer's name. */
#define DML_RANGE ".input_range"

/* True when the file has "<prefix><suffix>". */
bool dml_load_has(const dml_loader *loader, const char *prefix, const char *suffix);

#endif
