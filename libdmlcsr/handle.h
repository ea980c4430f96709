/* What is behind the opaque pointer. */
#ifndef DML_HANDLE_H
#define DML_HANDLE_H

#include "image/image.h"
#include "info.h"
#include "net/net.h"

/* What clones have in common; read-only after create but for the count. */
typedef struct dml_shared {
    dml_memory memory; /* first */
    atomic_uint references;
    dml_kernels kernels;
    int precision; /* DMLCSR_PRECISION_..., not AUTO */
    dml_weights *weights;
    dml_info info;
} dml_shared;

struct dmlcsr {
    dml_memory memory; /* first; the limit less what is shared */
    dml_shared *shared;
    dmlcsr_options options;
    uint32_t size;     /* side of the network's input */
    dml_pool *pool;
    dml_net *net;      /* for size x size */
    dml_net *other;    /* for the last other size of dmlcsr_forward, or NULL */
    uint8_t *scratch;  /* for image results */
    struct dmlcsr **worker; /* handles of one thread for dmlcsr_parse_many(), as many as threads, or NULL */
    uint32_t workers;  /* made so far */
    /* That of the options, which may be cloned at any time and stay as they are; NULL while dmlcsr_parse_many() counts jobs. */
    int (*progress)(void *opaque, uint32_t done, uint32_t total);
    struct dml_finder *finder; /* for dmlcsr_find_faces(), or NULL */
    dml_error error;
};

/* The last step of create and all of clone: a handle on `shared`, whose reference it takes only when it succeeds. */
int dml_handle_create(dmlcsr **out, dml_shared *shared, const dmlcsr_options *options, dml_error *error);

/* A handle from an open model, which is not needed afterwards. metadata: NULL for the model's own. */
int dml_handle_from_model(dmlcsr **out, const dml_model *model, const dml_metadata *metadata, const dmlcsr_options *options,
                          dml_error *error);
void dml_handle_free(dmlcsr *handle);

/* Bytes that the handle and its workers hold, without the shared weights. */
size_t dml_handle_scratch(const dmlcsr *handle);

/* The plan for an input of h x w; makes it when it is not there. */
int dml_handle_net(dmlcsr *handle, uint32_t h, uint32_t w, dml_net **out);

#endif
