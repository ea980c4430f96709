#include "train/draft.h"

#include <stdio.h>
#include <string.h>

typedef struct builder {
    dml_visitor visitor; /* first */
    dml_draft *draft;
    const dml_model *like;
} builder;

dml_family dml_family_published(uint32_t classes, uint32_t divide)
{
    return (dml_family){
        .classes = classes,
        .stem = {64 / divide, 64 / divide, 128 / divide},
        .planes = {64 / divide, 128 / divide, 256 / divide, 512 / divide},
        .context = 512 / divide,
        .phi = 256 / divide,
        .theta = 128 / divide,
        .node = 256 / divide,
        .head = 256 / divide,
        .skip = 48 / divide,
        .edge = 256 / divide,
    };
}

/* Appends a tensor and returns its place. Room was made for all of them before. */
static size_t add(dml_draft *d, const char *prefix, const char *suffix, dml_parameter p)
{
    size_t *total = p.statistic ? &d->statistics : &d->size;
    snprintf(p.name, sizeof p.name, "%s%s", prefix, suffix);
    p.count = 1;
    for (uint32_t i = 0; i < p.rank; i++)
        p.count *= p.shape[i];
    p.at = *total;
    *total += p.size;
    if (!p.statistic)
        d->count += p.count;
    d->parameter[d->parameters++] = p;
    return p.at;
}

static size_t add_vector(dml_draft *d, const char *prefix, const char *suffix, uint32_t n, bool statistic)
{
    return add(d, prefix, suffix, (dml_parameter){.rank = 1, .shape = {n}, .kind = DML_PARAMETER_VECTOR,
                                                  .statistic = statistic, .size = (size_t)dml_blocks(n) * DML_BLOCK});
}

/* What both kinds of layers have behind their weights. */
static void add_affine(dml_draft *d, const dml_layer *layer, dml_train_layer *l)
{
    l->bias = layer->bias ? add_vector(d, layer->conv, ".bias", l->channels, false) : DML_ABSENT;
    l->gain = l->shift = l->scale = l->mean = l->variance = DML_ABSENT;
    l->norm = layer->kind;
    if (dml_blocks(l->channels) * DML_BLOCK > d->widest)
        d->widest = dml_blocks(l->channels) * DML_BLOCK;
    if (layer->kind == DML_NORM_NONE)
        return;
    l->gain = add_vector(d, layer->norm, ".weight", l->channels, false);
    l->shift = add_vector(d, layer->norm, ".bias", l->channels, false);
    l->mean = add_vector(d, layer->norm, ".running_mean", l->channels, true);
    l->variance = add_vector(d, layer->norm, ".running_var", l->channels, true);
}

static const dml_entry *find(const dml_model *model, const char *prefix, const char *suffix)
{
    char name[DML_PARAMETER_NAME];
    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    return dml_model_find(model, name);
}

/* The output channels of a layer that may have any. */
static uint32_t free_width(const dml_model *like, const dml_layer *layer)
{
    const dml_entry *e = like ? find(like, layer->conv, ".weight") : NULL;
    return e && e->rank && e->shape[0] <= DML_CHANNELS_MAX ? (uint32_t)e->shape[0] : layer->width;
}

static int draft_conv(dml_visitor *visitor, const dml_layer *layer, bool relu, dml_conv *conv)
{
    dml_draft *d = ((builder *)visitor)->draft;
    const uint32_t out = layer->out ? layer->out : free_width(((builder *)visitor)->like, layer);
    if (!out || !layer->in)
        return dml_fail(visitor->error, DMLCSR_ERROR_ARGUMENT, "%s: a width of the network is 0", layer->conv);
    dml_train_layer *l = &d->layer[d->layers++];
    *l = (dml_train_layer){.conv = conv, .relu = relu, .channels = out};
    l->shape = (dml_conv_shape){layer->in, out, layer->kernel, layer->stride, layer->dilation, layer->part,
                                 DML_FORMAT_F32, DML_WINOGRAD_4X4};
    /* conv_adj and conv_wg are one-dimensional convolutions, by which a plain norm is told */
    dml_parameter p = {.rank = layer->kind == DML_NORM_PLAIN ? 3 : 4,
                       .shape = {out, layer->in, layer->kernel, layer->kernel},
                       .kind = DML_PARAMETER_CONV,
                       .conv = l->shape,
                       .size = dml_conv_weight_size(&l->shape)};
    l->weight = add(d, layer->conv, ".weight", p);
    add_affine(d, layer, l);
    *conv = dml_conv_make(&l->shape, NULL, NULL);
    return DMLCSR_OK;
}

static int draft_depthwise(dml_visitor *visitor, const dml_layer *layer, dml_depthwise *op)
{
    dml_draft *d = ((builder *)visitor)->draft;
    dml_train_layer *l = &d->layer[d->layers++];
    *l = (dml_train_layer){.depthwise = op, .channels = layer->in};
    dml_parameter p = {.rank = 4, .shape = {layer->in, 1, 3, 3}, .kind = DML_PARAMETER_DEPTHWISE,
                       .size = dml_depthwise_weight_size(layer->in)};
    l->weight = add(d, layer->conv, ".weight", p);
    add_affine(d, layer, l);
    *op = (dml_depthwise){NULL, NULL, layer->in, layer->stride, 1};
    return DMLCSR_OK;
}

/* It belongs to the layer that was visited before it. */
static int draft_scalar(dml_visitor *visitor, const char *name, dml_real *value)
{
    dml_draft *d = ((builder *)visitor)->draft;
    d->layer[d->layers - 1].scale = add_vector(d, name, "", 1, false);
    *value = 1;
    return DMLCSR_OK;
}

static bool draft_projected(dml_visitor *visitor, const char *prefix, uint32_t in, uint32_t out, uint32_t stride)
{
    const dml_model *like = ((builder *)visitor)->like;
    if (like)
        return find(like, prefix, "downsample.0.weight") != NULL;
    return in != out || stride != 1;
}

/* Four layers a bottleneck, and less than forty for the rest of the figure. */
static int reserve(dml_draft *d, const uint32_t blocks[4], dml_error *error)
{
    uint32_t total = 0;
    for (int i = 0; i < 4; i++) {
        if (blocks[i] < 1 || blocks[i] > DML_STAGE_BLOCKS)
            return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "stage %d has %u blocks, must have 1 to 1000", i + 1,
                            (unsigned)blocks[i]);
        total += blocks[i];
    }
    d->layer_capacity = 4 * total + 40;
    d->parameter_capacity = 7 * d->layer_capacity;
    d->layer = dml_alloc_zero(d->memory, d->layer_capacity * sizeof *d->layer);
    d->parameter = dml_alloc_zero(d->memory, d->parameter_capacity * sizeof *d->parameter);
    dml_bottleneck *next = d->weights.bottlenecks = dml_alloc_zero(d->memory, total * sizeof(dml_bottleneck));
    if (!d->layer || !d->parameter || !next)
        return dml_fail(error, DMLCSR_ERROR_MEMORY, "no memory for a network of %u bottlenecks", (unsigned)total);
    for (int i = 0; i < 4; i++) {
        d->weights.encoder.layer[i] = (dml_stage){next, blocks[i]};
        next += blocks[i];
    }
    return DMLCSR_OK;
}

void dml_draft_count_blocks(const dml_model *model, uint32_t blocks[4])
{
    for (int s = 0; s < 4; s++)
        for (blocks[s] = 0; blocks[s] <= DML_STAGE_BLOCKS; blocks[s]++) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "layer%d.%u.", s + 1, (unsigned)blocks[s]);
            if (!find(model, prefix, "conv1.weight"))
                break;
        }
}

int dml_draft_create(dml_draft *draft, const dml_family *family, const dml_model *like, const uint32_t blocks[4],
                     dml_memory *memory, dml_error *error)
{
    builder b = {{draft_conv, draft_depthwise, draft_scalar, draft_projected, error}, draft, like};
    int status;
    memset(draft, 0, sizeof *draft);
    draft->memory = memory;
    draft->weights.edges = true;
    DML_TRY(reserve(draft, blocks, error));
    DML_TRY(dml_family_visit(&b.visitor, family, &draft->weights));
    return DMLCSR_OK;
fail:
    dml_draft_free(draft);
    return status;
}

void dml_draft_free(dml_draft *draft)
{
    if (!draft->memory)
        return;
    dml_release(draft->memory, draft->layer);
    dml_release(draft->memory, draft->parameter);
    dml_release(draft->memory, draft->weights.bottlenecks);
    memset(draft, 0, sizeof *draft);
}

const dml_train_layer *dml_draft_find(const dml_draft *draft, const dml_step *step)
{
    for (uint32_t i = 0; i < draft->layers; i++) {
        const dml_train_layer *l = &draft->layer[i];
        if ((step->conv && l->conv == step->conv) || (step->depthwise && l->depthwise == step->depthwise))
            return l;
    }
    return NULL;
}

size_t dml_draft_largest(const dml_draft *draft)
{
    size_t largest = 0;
    for (uint32_t i = 0; i < draft->parameters; i++)
        if (draft->parameter[i].count > largest)
            largest = draft->parameter[i].count;
    return largest;
}
