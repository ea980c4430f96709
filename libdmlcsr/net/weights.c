#include "net/load.h"

#include <stdio.h>
#include <string.h>

/* Every key of the family is written in this file, in the order of the paper's figure. */

#define NAME_SIZE 96

typedef struct unit {
    const char *conv, *norm;
    uint32_t in, out, kernel;
} unit;

/* conv + activated norm, as `unit` in the published code: stride 1, dilation 1, no bias, leaky */
static int load_unit(dml_loader *l, unit u, dml_conv *conv)
{
    dml_layer layer = {u.conv, u.norm, DML_NORM_ABN, false, u.in, u.out, u.kernel, 1, 1, 0};
    return dml_load_conv(l, &layer, false, conv);
}

/* ---- encoder ------------------------------------------------------------------------------------------------------ */

static int load_bottleneck(dml_loader *l, const char *prefix, uint32_t in, uint32_t stride, uint32_t dilation,
                           dml_bottleneck *b)
{
    char conv[NAME_SIZE], norm[NAME_SIZE];
    int status;
#define NAMES(c, n) (snprintf(conv, sizeof conv, "%s" c, prefix), snprintf(norm, sizeof norm, "%s" n, prefix))
    NAMES("conv1", "bn1");
    dml_layer first = {conv, norm, DML_NORM_ABN, false, in, 0, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &first, true, &b->conv1));
    NAMES("conv2", "bn2");
    dml_layer second = {conv, norm, DML_NORM_ABN, false, b->conv1.shape.out, 0, 3, stride, dilation, 0};
    DML_TRY(dml_load_conv(l, &second, true, &b->conv2));
    b->projected = dml_load_has(l, prefix, "downsample.0.weight");
    uint32_t out = b->projected || stride != 1 ? 0 : in; /* without a projection, the shortcut is the input itself */
    NAMES("conv3", "bn3");
    dml_layer third = {conv, norm, DML_NORM_ABN, false, b->conv2.shape.out, out, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &third, false, &b->conv3));
    b->conv3.relu = true; /* after the sum with the shortcut */
    if (b->projected || stride != 1) {
        NAMES("downsample.0", "downsample.1");
        dml_layer shortcut = {conv, norm, DML_NORM_ABN, false, in, b->conv3.shape.out, 1, stride, 1, 0};
        DML_TRY(dml_load_conv(l, &shortcut, false, &b->downsample));
        b->projected = true;
    }
#undef NAMES
fail:
    return status;
}

static const uint32_t stage_stride[4] = {1, 2, 1, 1}, stage_dilation[4] = {1, 1, 1, 2};

static int load_encoder(dml_loader *l, dml_encoder *e)
{
    static const char *const conv[3] = {"conv1", "conv2", "conv3"}, *const norm[3] = {"bn1", "bn2", "bn3"};
    uint32_t in = 3;
    int status;
    for (int i = 0; i < 3; i++) {
        dml_layer layer = {conv[i], norm[i], DML_NORM_ABN, false, in, 0, 3, i ? 1 : 2, 1, 0};
        DML_TRY(dml_load_conv(l, &layer, true, &e->stem[i]));
        in = e->stem[i].shape.out;
    }
    for (int s = 0; s < 4; s++)
        for (uint32_t k = 0; k < e->layer[s].blocks; k++) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "layer%d.%u.", s + 1, (unsigned)k);
            dml_bottleneck *b = &e->layer[s].block[k];
            DML_TRY(load_bottleneck(l, prefix, in, k ? 1 : stage_stride[s], stage_dilation[s], b));
            in = b->conv3.shape.out;
        }
fail:
    return status;
}

static uint32_t stage_out(const dml_encoder *e, int stage)
{
    return e->layer[stage].block[e->layer[stage].blocks - 1].conv3.shape.out;
}

/* ---- context head ------------------------------------------------------------------------------------------------- */

#define G "context.dualgcn."
#define A G "gcn_local_attention."

static int load_attention(dml_loader *l, uint32_t c, dml_local_attention *a)
{
    int status;
    dml_layer k = {A "node_k", NULL, DML_NORM_NONE, true, c, 0, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &k, false, &a->node_k));
    uint32_t half = a->node_k.shape.out;
    dml_layer v = {A "node_v", NULL, DML_NORM_NONE, true, c, half, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &v, false, &a->node_v));
    dml_layer q = {A "node_q", NULL, DML_NORM_NONE, true, c, half, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &q, false, &a->node_q));
    dml_layer wg = {A "conv_wg", A "bn_wg", DML_NORM_PLAIN, false, half, half, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &wg, false, &a->wg));
    dml_layer out = {A "out.0", A "out.1", DML_NORM_ABN, true, half, c, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &out, false, &a->out));
    DML_TRY(dml_load_scalar(l, A "gamma", &a->out.scale));
fail:
    return status;
}

static int load_dualgcn(dml_loader *l, uint32_t c, dml_dualgcn *g)
{
    static const char *const conv[3] = {G "local.0", G "local.2", G "local.4"};
    static const char *const norm[3] = {G "local.1", G "local.3", G "local.5"};
    int status;
    for (int i = 0; i < 3; i++) {
        dml_layer layer = {conv[i], norm[i], DML_NORM_ABN, false, c, c, 3, 2, 1, 0};
        DML_TRY(dml_load_depthwise(l, &layer, &g->local[i]));
    }
    DML_TRY(load_attention(l, c, &g->attention));
    DML_TRY(load_unit(l, (unit){G "phi", G "bn_phi", c, 0, 1}, &g->phi));
    DML_TRY(load_unit(l, (unit){G "theta", G "bn_theta", c, 0, 1}, &g->theta));
    uint32_t p = g->phi.shape.out, t = g->theta.shape.out;
    dml_layer adj = {G "conv_adj", G "bn_adj", DML_NORM_PLAIN, false, t, t, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &adj, false, &g->adj));
    dml_layer wg = {G "conv_wg", G "bn_wg", DML_NORM_PLAIN, false, p, p, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &wg, false, &g->wg));
    DML_TRY(load_unit(l, (unit){G "conv3", G "bn3", p, c, 1}, &g->conv3));
    DML_TRY(dml_load_scalar(l, G "gamma1", &g->conv3.scale));
    dml_layer final = {G "final.0", G "final.1", DML_NORM_ABN, false, 2 * c, 0, 1, 1, 1, c};
    DML_TRY(dml_load_conv(l, &final, false, &g->final));
fail:
    return status;
}

static int load_context(dml_loader *l, uint32_t in, dml_context *x)
{
    int status;
    DML_TRY(load_unit(l, (unit){"context.conva.0", "context.conva.1", in, 0, 3}, &x->conva));
    DML_TRY(load_dualgcn(l, x->conva.shape.out, &x->dualgcn));
    DML_TRY(load_unit(l, (unit){"context.convb.0", "context.convb.1", x->dualgcn.final.shape.out, 0, 3}, &x->convb));
    dml_layer both = {"context.bottleneck.0", "context.bottleneck.1", DML_NORM_ABN, false, in + x->convb.shape.out, 0,
                      3, 1, 1, in};
    DML_TRY(dml_load_conv(l, &both, false, &x->bottleneck));
fail:
    return status;
}

/* ---- heads -------------------------------------------------------------------------------------------------------- */

static int load_parsing(dml_loader *l, uint32_t context, uint32_t low, dml_parsing_head *h)
{
    int status;
    DML_TRY(load_unit(l, (unit){"layer6.conv1.0", "layer6.conv1.1", context, 0, 1}, &h->conv1));
    DML_TRY(load_unit(l, (unit){"layer6.conv2.0", "layer6.conv2.1", low, 0, 1}, &h->conv2));
    uint32_t top = h->conv1.shape.out;
    dml_layer both = {"layer6.conv3.0", "layer6.conv3.1", DML_NORM_ABN, false, top + h->conv2.shape.out, 0, 1, 1, 1,
                      top};
    DML_TRY(dml_load_conv(l, &both, false, &h->conv3[0]));
    DML_TRY(load_unit(l, (unit){"layer6.conv3.2", "layer6.conv3.3", h->conv3[0].shape.out, 0, 1}, &h->conv3[1]));
    dml_layer last = {"layer6.conv4", NULL, DML_NORM_NONE, true, h->conv3[1].shape.out, 0, 1, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &last, false, &h->conv4));
    if (h->conv4.shape.out < 2 || h->conv4.shape.out > DML_CLASSES)
        status = dml_fail(l->error, DMLCSR_ERROR_MODEL, "tensor layer6.conv4.weight: %u classes, must be 2 to %d",
                          (unsigned)h->conv4.shape.out, DML_CLASSES);
fail:
    return status;
}

static int load_edges(dml_loader *l, const dml_encoder *e, uint32_t classes, dml_edge_heads *h)
{
    static const char *const conv[3] = {"edge_layer.conv1.0", "edge_layer.conv2.0", "edge_layer.conv3.0"};
    static const char *const norm[3] = {"edge_layer.conv1.1", "edge_layer.conv2.1", "edge_layer.conv3.1"};
    int status;
    for (int i = 0; i < 3; i++) {
        uint32_t out = i ? h->level[0].shape.out : 0;
        DML_TRY(load_unit(l, (unit){conv[i], norm[i], stage_out(e, i), out, 1}, &h->level[i]));
    }
    dml_layer each = {"edge_layer.conv4", NULL, DML_NORM_NONE, true, h->level[0].shape.out, classes, 3, 1, 1, 0};
    DML_TRY(dml_load_conv(l, &each, false, &h->conv4));
    dml_layer binary = {"edge_layer.conv5_b", NULL, DML_NORM_NONE, true, 3 * classes, 2, 1, 1, 1, classes};
    DML_TRY(dml_load_conv(l, &binary, false, &h->binary));
    dml_layer category = {"edge_layer.conv5", NULL, DML_NORM_NONE, true, 3 * classes, classes, 1, 1, 1, classes};
    DML_TRY(dml_load_conv(l, &category, false, &h->category));
fail:
    return status;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

static int load_all(dml_loader *l, dml_weights *w)
{
    int status;
    l->at = l->used = 0;
    DML_TRY(load_encoder(l, &w->encoder));
    DML_TRY(load_context(l, stage_out(&w->encoder, 3), &w->context));
    DML_TRY(load_parsing(l, w->context.bottleneck.shape.out, stage_out(&w->encoder, 0), &w->parsing));
    w->classes = w->parsing.conv4.shape.out;
    if (w->edges)
        DML_TRY(load_edges(l, &w->encoder, w->classes, &w->edge));
fail:
    return status;
}

/* True for a key that belongs to the network, and that load_all therefore must have taken. */
static bool belongs(const char *name, bool edges)
{
    static const char *const prefix[] = {"conv1.", "conv2.", "conv3.", "bn1.",    "bn2.",    "bn3.",
                                         "layer1.", "layer2.", "layer3.", "layer4.", "layer6.", "context."};
    const char *end = strrchr(name, '.');
    if (end && strcmp(end, ".num_batches_tracked") == 0)
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
    return dml_fail(l->error, DMLCSR_ERROR_MODEL,
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
            if (!dml_load_has(l, prefix, "conv1.weight"))
                break;
        }
        if (!*blocks)
            return dml_fail(l->error, DMLCSR_ERROR_MODEL, "tensor layer%d.0.conv1.weight is missing", s + 1);
        total += *blocks;
    }
    size_t bytes = total * sizeof(dml_bottleneck);
    w->bottlenecks = dml_alloc_zero(memory, bytes);
    if (!w->bottlenecks)
        return dml_fail(l->error, dml_memory_status(memory, bytes), "no memory for %zu bytes", bytes);
    dml_bottleneck *next = w->bottlenecks;
    for (int s = 0; s < 4; s++) {
        w->encoder.layer[s].block = next;
        next += w->encoder.layer[s].blocks;
    }
    return DMLCSR_OK;
}

int dml_weights_create(dml_weights **out, const dml_model *model, const dml_kernels *kernels, dml_pool *pool,
                       bool keep_edges, dml_memory *memory, dml_error *error)
{
    int status;
    size_t bytes;
    dml_loader l = {.model = model, .kernels = kernels, .pool = pool, .error = error};
    dml_weights *w = dml_alloc_zero(memory, sizeof *w);
    if (!w)
        return dml_fail(error, dml_memory_status(memory, sizeof *w), "no memory for the weights");
    w->edges = keep_edges && dml_load_has(&l, "edge_layer.", "conv4.weight");
    DML_TRY(count_blocks(&l, w, memory));
    DML_TRY(load_all(&l, w));
    DML_TRY(check_all_used(&l, w));

    w->zero_count = dml_blocks(l.widest) * DML_BLOCK;
    w->size = l.at + w->zero_count;
    bytes = (w->size + l.scratch_size) * sizeof(float);
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
