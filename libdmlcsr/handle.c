#include "faces.h"

/* Cleared but for its memory, which comes first. */
static void *alloc_holder(const dmlcsr_options *options, size_t limit, size_t size, int *status, dml_error *error)
{
    dml_memory hooks;
    dml_memory_init(&hooks, options->allocate, options->release, options->opaque, limit);
    void *holder = dml_alloc_holder(&hooks, size);
    if (!holder)
        *status = dml_fail(error, dml_memory_status(&hooks, size), "no memory for a handle");
    return holder;
}

static void shared_release(dml_shared *shared)
{
    if (!shared || atomic_fetch_sub(&shared->references, 1) != 1)
        return;
    dml_weights_free(shared->weights, &shared->memory);
    dml_info_free(&shared->info, &shared->memory);
    dml_release_holder(&shared->memory);
}

/* The weights, with one reference for the caller. The pool is only borrowed, for packing. */
static int shared_create(dml_shared **out, const dml_model *model, const dml_metadata *metadata,
                         const dmlcsr_options *options, dml_error *error)
{
    int status;
    dml_pool *pool = NULL;
    dml_metadata own = {0};
    dml_shared *shared = alloc_holder(options, options->memory_limit, sizeof *shared, &status, error);
    if (!shared)
        return status;
    atomic_init(&shared->references, 1);
    DML_TRY(dml_kernels_create(&shared->kernels, options->isa, error));
    DML_TRY(dml_pool_create(&pool, &shared->memory, options->threads, error));
    shared->precision = dml_weights_precision(model, options->precision);
    const dml_keep keep = {shared->precision, options->pack != 0, options->keep_edges != 0};
    DML_TRY(dml_weights_create(&shared->weights, model, &shared->kernels, &keep, pool, &shared->memory, error));
    if (!metadata)
        DML_TRY(dml_metadata_create(&own, model, NULL, 0, &shared->memory, error));
    DML_TRY(dml_info_create(&shared->info, metadata ? metadata : &own, dml_weights_classes(shared->weights), &shared->memory,
                            error));
    dml_metadata_free(&own, &shared->memory);
    dml_pool_free(pool);
    *out = shared;
    return DMLCSR_OK;
fail:
    dml_metadata_free(&own, &shared->memory);
    dml_pool_free(pool);
    shared_release(shared);
    return status;
}

int dml_handle_create(dmlcsr **out, dml_shared *shared, const dmlcsr_options *options, dml_error *error)
{
    int status;
    const size_t limit = dml_limit_rest(options->memory_limit, atomic_load(&shared->memory.used));
    dmlcsr *h = alloc_holder(options, limit, sizeof *h, &status, error);
    if (!h)
        return status;
    h->options = *options;
    h->progress = options->progress;
    h->options.error = NULL; /* the caller's buffer is for the create call only */
    h->size = options->input_size ? options->input_size : shared->info.size;
    DML_TRY(dml_pool_create(&h->pool, &h->memory, options->threads, error));
    DML_TRY(dml_net_create(&h->net, shared->weights, &shared->kernels, h->size, h->size, dml_pool_threads(h->pool),
                           &h->memory, error));
    size_t scratch = dml_image_scratch(h->size);
    h->scratch = dml_alloc(&h->memory, scratch);
    if (!h->scratch) {
        status = dml_fail(error, dml_memory_status(&h->memory, scratch), "no memory for %zu bytes of scratch", scratch);
        goto fail;
    }
    atomic_fetch_add(&shared->references, 1);
    h->shared = shared;
    *out = h;
    return DMLCSR_OK;
fail:
    dml_handle_free(h);
    return status;
}

int dml_handle_from_model(dmlcsr **out, const dml_model *model, const dml_metadata *metadata, const dmlcsr_options *options,
                          dml_error *error)
{
    dml_shared *shared = NULL;
    int status = shared_create(&shared, model, metadata, options, error);
    if (status != DMLCSR_OK)
        return status;
    status = dml_handle_create(out, shared, options, error);
    shared_release(shared);
    return status;
}

void dml_handle_free(dmlcsr *handle)
{
    if (!handle)
        return;
    for (uint32_t i = 0; i < handle->workers; i++)
        dml_handle_free(handle->worker[i]);
    dml_release(&handle->memory, handle->worker);
    dml_finder_free(handle->finder, &handle->memory);
    dml_net_free(handle->net, &handle->memory);
    dml_net_free(handle->other, &handle->memory);
    dml_pool_free(handle->pool);
    dml_release(&handle->memory, handle->scratch);
    shared_release(handle->shared);
    dml_release_holder(&handle->memory);
}

size_t dml_handle_scratch(const dmlcsr *handle)
{
    size_t bytes = atomic_load(&handle->memory.used);
    for (uint32_t i = 0; i < handle->workers; i++)
        bytes += atomic_load(&handle->worker[i]->memory.used); /* it has no workers of its own */
    return bytes;
}

static bool fits(const dml_net *net, uint32_t h, uint32_t w)
{
    return net && dml_net_input(net)->h == h && dml_net_input(net)->w == w;
}

int dml_handle_net(dmlcsr *handle, uint32_t h, uint32_t w, dml_net **out)
{
    int status = DMLCSR_OK;
    if (fits(handle->net, h, w)) {
        *out = handle->net;
        return DMLCSR_OK;
    }
    if (!fits(handle->other, h, w)) {
        dml_net_free(handle->other, &handle->memory);
        handle->other = NULL;
        status = dml_net_create(&handle->other, handle->shared->weights, &handle->shared->kernels, h, w,
                                dml_pool_threads(handle->pool), &handle->memory, &handle->error);
    }
    *out = handle->other;
    return status;
}
