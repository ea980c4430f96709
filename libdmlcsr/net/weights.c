#include "net/load.h"

#include <stdio.h>
#include <string.h>

/* A file says all widths itself. */
static int load_all(dml_loader *l, dml_weights *w)
{
    static const dml_family from_file;
    l->at = l->used = 0;
    return dml_family_visit(&l->visitor, &from_file, w);
}

/* True for a key that belongs to the network, and that load_all therefore must have taken. */
static bool belongs(const char *name, bool edges)
{
    static const char prefix[][9] = {"conv1.", "conv2.", "conv3.", "bn1.",    "bn2.",    "bn3.",
                                     "layer1.", "layer2.", "layer3.", "layer4.", "layer6.", "context."};
    const char *end = strrchr(name, '.');
    if (end && (strcmp(end, ".num_batches_tracked") == 0 || strcmp(end, DML_RANGE) == 0
                || strcmp(end, ".weight" DML_SCALE) == 0))
        return false;
    for (size_t i = 0; i < sizeof prefix / sizeof *prefix; i++)
        if (strncmp(name, prefix[i], strlen(prefix[i])) == 0)
            return true;
    return edges && strncmp(name, "edge_layer.", 11) == 0;
}

/* A key of the network that no layer took, such as a block after a gap, means that the file is not what it seems. */
static int check_all_used(const dml_loader *l, const dml_weights *w)
{
    size_t count = 0;
    for (size_t i = 0; i < dml_model_count(l->model); i++)
        count += belongs(dml_model_entry(l->model, i)->name, w->edges);
    if (count == l->used)
        return DMLCSR_OK;
    return dml_fail(l->visitor.error, DMLCSR_ERROR_MODEL,
                    "%zu tensors with names of the network's layers, but the layers found have %zu (stages of %u, %u, %u "
                    "and %u blocks): one is superfluous, or a block is missing",
                    count, l->used, (unsigned)w->encoder.layer[0].blocks, (unsigned)w->encoder.layer[1].blocks,
                    (unsigned)w->encoder.layer[2].blocks, (unsigned)w->encoder.layer[3].blocks);
}

/* Counts the blocks of each stage and makes room for them. */
static int count_blocks(const dml_loader *l, dml_weights *w, dml_memory *memory)
{
    uint32_t total = 0;
    for (int s = 0; s < 4; s++) {
        char prefix[32];
        uint32_t *blocks = &w->encoder.layer[s].blocks;
        for (*blocks = 0;; (*blocks)++) {
            snprintf(prefix, sizeof prefix, "layer%d.%u.", s + 1, (unsigned)*blocks);
            if (*blocks > DML_STAGE_BLOCKS || !dml_load_has(l, prefix, "conv1.weight"))
                break;
        }
        if (*blocks > DML_STAGE_BLOCKS)
            return dml_fail(l->visitor.error, DMLCSR_ERROR_UNSUPPORTED, "layer%d has more than %d blocks", s + 1,
                            DML_STAGE_BLOCKS);
        if (!*blocks)
            return dml_fail(l->visitor.error, DMLCSR_ERROR_MODEL, "tensor layer%d.0.conv1.weight is missing", s + 1);
        total += *blocks;
    }
    size_t bytes = total * sizeof(dml_bottleneck);
    w->bottlenecks = dml_alloc_zero(memory, bytes);
    if (!w->bottlenecks)
        return dml_fail(l->visitor.error, dml_memory_status(memory, bytes), "no memory for %zu bytes", bytes);
    dml_bottleneck *next = w->bottlenecks;
    for (int s = 0; s < 4; s++) {
        w->encoder.layer[s].block = next;
        next += w->encoder.layer[s].blocks;
    }
    return DMLCSR_OK;
}

int dml_weights_precision(const dml_model *model, int precision)
{
    if (precision != DMLCSR_PRECISION_AUTO)
        return precision;
    return dml_model_find(model, "layer1.0.conv1" DML_RANGE) ? DMLCSR_PRECISION_INT8 : DMLCSR_PRECISION_FP32;
}

int dml_weights_create(dml_weights **out, const dml_model *model, const dml_kernels *kernels, const dml_keep *keep,
                       dml_pool *pool, dml_memory *memory, dml_error *error)
{
    int status;
    size_t bytes;
    dml_loader l;
    dml_loader_init(&l, model, kernels, keep, pool, error);
    dml_weights *w = dml_alloc_zero(memory, sizeof *w);
    if (!w)
        return dml_fail(error, dml_memory_status(memory, sizeof *w), "no memory for the weights");
    w->edges = keep->edges && dml_load_has(&l, "edge_layer.", "conv4.weight");
    DML_TRY(count_blocks(&l, w, memory));
    DML_TRY(load_all(&l, w));
    DML_TRY(check_all_used(&l, w));

    w->zero_count = dml_blocks(l.widest) * DML_BLOCK;
    const uint64_t floats = l.at + w->zero_count + l.scratch_size;
    if (floats > SIZE_MAX / sizeof(float))
        DML_TRY(dml_fail(error, DMLCSR_ERROR_MEMORY, "no memory for %llu weights", (unsigned long long)floats));
    bytes = (size_t)floats * sizeof(float);
    w->size = (size_t)(floats - l.scratch_size);
    w->packed = dml_alloc(memory, w->size * sizeof(float));
    l.scratch = w->packed ? dml_alloc(memory, l.scratch_size * sizeof(float)) : NULL;
    if (!l.scratch) {
        status = dml_fail(error, dml_memory_status(memory, bytes), "no memory for %zu bytes of weights", bytes);
        goto fail;
    }
    l.packed = w->packed;
    DML_TRY(load_all(&l, w));
    float *zeros = w->packed + l.at;
    memset(zeros, 0, w->zero_count * sizeof *zeros);
    w->zeros = zeros;
    dml_release(memory, l.scratch);
    *out = w;
    return DMLCSR_OK;
fail:
    dml_release(memory, l.scratch);
    dml_weights_free(w, memory);
    return status;
}

void dml_weights_free(dml_weights *weights, dml_memory *memory)
{
    if (!weights)
        return;
    dml_release(memory, weights->packed);
    dml_release(memory, weights->bottlenecks);
    dml_release(memory, weights);
}

uint32_t dml_weights_classes(const dml_weights *weights)
{
    return weights->classes;
}

bool dml_weights_edges(const dml_weights *weights)
{
    return weights->edges;
}

size_t dml_weights_bytes(const dml_weights *weights)
{
    return weights->size * sizeof(float);
}
