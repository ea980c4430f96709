/* Ranges for 8 bits: what the inputs of the convolutions hold when the network parses a few pictures. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "convert.h"
#include "handle.h"
#include "net/load.h"

/* A share of 1e-4 of the values, on either side, may lie outside: an outlier would take levels from all the others. */
#define OUTSIDE 1e-4
/* Magnitudes are counted by their exponent and the next 3 bits: 8 bins for a factor of two. */
#define BIN_BITS 20
#define BINS (1u << (31 - BIN_BITS))

typedef struct counts {
    const dml_conv *conv;
    char name[96];
    uint64_t values;
    uint64_t below[BINS], above[BINS]; /* of zero, by magnitude */
    float low, high;
} counts;

typedef struct calibrator {
    dml_visitor visitor; /* first: it is handed to the walk through the family */
    const dml_model *model;
    counts *layer;
    size_t layers;
} calibrator;

/* ---- the layers ---- */

/* Those that any precision may round. */
static int add_conv(dml_visitor *visitor, const dml_layer *layer, bool relu, dml_conv *conv)
{
    calibrator *c = (calibrator *)visitor;
    (void)relu;
    if (layer->kind != DML_NORM_ABN || layer->in < DML_BLOCK)
        return DMLCSR_OK;
    if (c->layer) {
        counts *l = &c->layer[c->layers];
        l->conv = conv;
        snprintf(l->name, sizeof l->name, "%s", layer->conv);
    }
    c->layers++;
    return DMLCSR_OK;
}

static int pass_depthwise(dml_visitor *visitor, const dml_layer *layer, dml_depthwise *op)
{
    (void)visitor, (void)layer, (void)op;
    return DMLCSR_OK;
}

static int pass_scalar(dml_visitor *visitor, const char *name, dml_real *value)
{
    (void)visitor, (void)name, (void)value;
    return DMLCSR_OK;
}

static bool is_projected(dml_visitor *visitor, const char *prefix, uint32_t in, uint32_t out, uint32_t stride)
{
    char name[128];
    (void)in, (void)out, (void)stride;
    snprintf(name, sizeof name, "%sdownsample.0.weight", prefix);
    return dml_model_find(((calibrator *)visitor)->model, name) != NULL;
}

/* The weights are there: the walk finds all widths in them, and changes nothing. */
static int find_layers(calibrator *c, dml_weights *weights, dml_memory *memory, dml_error *error)
{
    static const dml_family from_weights;
    int status;
    c->visitor = (dml_visitor){ add_conv, pass_depthwise, pass_scalar, is_projected, error };
    DML_TRY(dml_family_visit(&c->visitor, &from_weights, weights));
    const size_t bytes = c->layers * sizeof *c->layer;
    c->layer = dml_alloc_zero(memory, bytes);
    if (!c->layer)
        return dml_fail(error, dml_memory_status(memory, bytes), "no memory to calibrate: %zu bytes", bytes);
    c->layers = 0;
    DML_TRY(dml_family_visit(&c->visitor, &from_weights, weights));
fail:
    return status;
}

/* ---- counting ---- */

static void count_value(counts *l, float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    (v < 0 ? l->below : l->above)[(bits & 0x7fffffff) >> BIN_BITS]++;
    l->low = fminf(l->low, v);
    l->high = fmaxf(l->high, v);
}

/* Called before each convolution. */
static void see(void *opaque, const dml_conv *conv, const dml_tensor *x)
{
    calibrator *c = opaque;
    size_t i = 0;
    while (i < c->layers && c->layer[i].conv != conv)
        i++;
    if (i == c->layers)
        return;
    counts *l = &c->layer[i];
    l->values += (uint64_t)x->c * x->h * x->w;
    for (uint32_t channel = 0; channel < x->c; channel++)
        for (uint32_t row = 0; row < x->h; row++) {
            const float *v = dml_tensor_at(x, channel / DML_BLOCK, row, 0) + channel % DML_BLOCK;
            for (uint32_t column = 0; column < x->w; column++)
                count_value(l, v[(size_t)column * DML_BLOCK]);
        }
}

/* The magnitude that few enough values pass: the upper end of a bin, or the largest there was. */
static float limit(const uint64_t *bins, uint64_t values, float largest)
{
    const double most = OUTSIDE * (double)values;
    uint64_t outside = 0;
    for (uint32_t bin = BINS - 1; bin > 0; bin--) {
        outside += bins[bin];
        if ((double)outside > most) {
            const uint32_t bits = (bin + 1) << BIN_BITS;
            float end;
            memcpy(&end, &bits, sizeof end);
            return fminf(end, largest);
        }
    }
    return 0.0f;
}

static void take_range(const counts *l, dml_calibration *to)
{
    snprintf(to->name, sizeof to->name, "%s" DML_RANGE, l->name);
    to->range[0] = -limit(l->below, l->values, -l->low);
    to->range[1] = limit(l->above, l->values, l->high);
    if (to->range[1] - to->range[0] <= 0.0f) /* nothing but zeros */
        to->range[1] = 1.0f;
}

/* ---- running ---- */

static int run_picture(dmlcsr *handle, const dmlcsr_image *picture, size_t index, const dml_watch *watch, dml_error *error)
{
    dml_error why;
    int status = dml_image_check(picture, &why);
    if (status != DMLCSR_OK)
        return dml_fail(error, status, "calibration picture %zu: %.200s", index, why.text);
    const dml_similarity place = dml_similarity_whole(picture->width, picture->height, handle->size);
    dml_image_to_input(picture, &place, &handle->shared->info.preprocess, true, handle->pool, dml_net_input(handle->net));
    return dml_net_run(handle->net, handle->pool, dml_weights_edges(handle->shared->weights), watch);
}

int dml_calibrate(dml_calibration **out, size_t *found, const dml_model *model, const dml_metadata *metadata,
                  const dmlcsr_image *pictures, size_t count, dml_memory *memory, dml_error *error)
{
    int status;
    dmlcsr *handle = NULL;
    dml_calibration *ranges = NULL;
    calibrator c = { .model = model };
    dml_watch watch = { .conv = see, .opaque = &c };
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.precision = DMLCSR_PRECISION_FP32;
    options.keep_edges = 1;
    DML_TRY(dml_handle_from_model(&handle, model, metadata, &options, error));
    DML_TRY(find_layers(&c, handle->shared->weights, memory, error));
    for (size_t i = 0; i < count; i++)
        DML_TRY(run_picture(handle, &pictures[i], i, &watch, error));
    ranges = dml_alloc(memory, c.layers * sizeof *ranges);
    if (!ranges) {
        status = dml_fail(error, dml_memory_status(memory, c.layers * sizeof *ranges), "no memory to calibrate");
        goto fail;
    }
    for (size_t i = 0; i < c.layers; i++)
        take_range(&c.layer[i], &ranges[i]);
    *out = ranges;
    *found = c.layers;
fail:
    dml_release(memory, c.layer);
    dml_handle_free(handle);
    return status;
}
