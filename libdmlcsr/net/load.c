#include "net/load.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/winograd.h"

#define NAME_SIZE 160
#define EPSILON 1e-5

/* "512 x 2048 x 3 x 3", with "any" for 0 */
static void format_shape(const uint64_t *shape, uint32_t rank, char *out, size_t size)
{
    size_t at = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < rank && at < size; i++) {
        const char *gap = i ? " x " : "";
        int n = shape[i] ? snprintf(out + at, size - at, "%s%llu", gap, (unsigned long long)shape[i])
                         : snprintf(out + at, size - at, "%sany", gap);
        at += n > 0 ? (size_t)n : 0;
    }
}

static int find(dml_loader *loader, const char *prefix, const char *suffix, const dml_entry **out)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    *out = dml_model_find(loader->model, name);
    if (!*out)
        return dml_fail(loader->visitor.error, DMLCSR_ERROR_MODEL, "tensor %s is missing", name);
    loader->used++;
    return DMLCSR_OK;
}

/* Finds a tensor of a given shape; a 0 in the shape accepts what the file says, and receives it. Trailing sizes of 1 in
   the file are accepted or not as `rank` says: a one-dimensional convolution has rank 3, a pointwise one 4. */
static int find_shaped(dml_loader *loader, const char *prefix, const char *suffix, uint64_t *shape, uint32_t rank,
                       const dml_entry **out)
{
    char is[96], must[96];
    int status = find(loader, prefix, suffix, out);
    if (status != DMLCSR_OK)
        return status;
    const dml_entry *e = *out;
    bool fits = e->rank == rank || (rank == 4 && e->rank == 3 && shape[3] == 1);
    for (uint32_t i = 0; fits && i < e->rank; i++)
        fits = shape[i] ? e->shape[i] == shape[i] : e->shape[i] >= 1 && e->shape[i] <= DML_CHANNELS_MAX;
    if (!fits) {
        format_shape(e->shape, e->rank, is, sizeof is);
        format_shape(shape, rank, must, sizeof must);
        return dml_fail(loader->visitor.error, DMLCSR_ERROR_MODEL, "tensor %s is %s, must be %s", e->name,
                        e->rank ? is : "a scalar", must);
    }
    for (uint32_t i = 0; i < e->rank; i++)
        shape[i] = e->shape[i];
    return DMLCSR_OK;
}

bool dml_load_has(const dml_loader *loader, const char *prefix, const char *suffix)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    return dml_model_find(loader->model, name) != NULL;
}

/* A vector of `count` values; read into `out` in the second pass. */
static int load_vector(dml_loader *loader, const char *prefix, const char *suffix, uint32_t count, float *out)
{
    const dml_entry *entry;
    uint64_t shape[1] = {count};
    int status = find_shaped(loader, prefix, suffix, shape, 1, &entry);
    if (status == DMLCSR_OK && loader->packed) {
        status = dml_entry_read(entry, loader->kernels, out, loader->visitor.error);
        dml_model_forget(loader->model, entry);
    }
    return status;
}

/* In the first pass the value is 1. */
static int load_scalar(dml_visitor *visitor, const char *name, dml_real *value)
{
    *value = 1.0f;
    return load_vector((dml_loader *)visitor, name, "", 1, value);
}

static bool is_projected(dml_visitor *visitor, const char *prefix, uint32_t in, uint32_t out, uint32_t stride)
{
    (void)in, (void)out, (void)stride;
    return dml_load_has((dml_loader *)visitor, prefix, "downsample.0.weight");
}

/* v + n, or NULL in the first pass, when nothing is read. */
static float *offset(float *v, size_t n)
{
    return v ? v + n : NULL;
}

/* Reads the norm and turns it into a gain per channel and an addition to the bias. v: room for 4 vectors. */
static int fold(dml_loader *loader, const dml_layer *layer, uint32_t out, float *v, float *gain, float *bias)
{
    int status;
    float *weight = v, *shift = offset(v, out), *mean = offset(v, 2 * (size_t)out),
          *variance = offset(v, 3 * (size_t)out);
    DML_TRY(load_vector(loader, layer->norm, ".weight", out, weight));
    DML_TRY(load_vector(loader, layer->norm, ".bias", out, shift));
    DML_TRY(load_vector(loader, layer->norm, ".running_mean", out, mean));
    DML_TRY(load_vector(loader, layer->norm, ".running_var", out, variance));
    if (!loader->packed)
        return DMLCSR_OK;
    for (uint32_t i = 0; i < out; i++) {
        if (variance[i] < 0.0f)
            return dml_fail(loader->visitor.error, DMLCSR_ERROR_MODEL, "tensor %s.running_var: value %u is negative",
                            layer->norm, (unsigned)i);
        double scale = layer->kind == DML_NORM_ABN ? fabs((double)weight[i]) + EPSILON : (double)weight[i];
        scale /= sqrt((double)variance[i] + EPSILON);
        gain[i] = (float)scale;
        bias[i] = (float)((double)shift[i] + ((double)bias[i] - (double)mean[i]) * scale);
    }
fail:
    return status;
}

/* Common to both kinds: the bias and norm of a layer with `out` channels; gain and bias
   point into v, the room behind the layer's weights (NULL in the first pass). */
static int load_affine(dml_loader *loader, const dml_layer *layer, uint32_t out, float *v, float **gain, float **bias)
{
    int status = DMLCSR_OK;
    *gain = v;
    *bias = offset(v, out);
    for (uint32_t i = 0; v && i < out; i++) {
        (*gain)[i] = 1.0f;
        (*bias)[i] = 0.0f;
    }
    if (layer->bias)
        DML_TRY(load_vector(loader, layer->conv, ".bias", out, *bias));
    if (layer->kind != DML_NORM_NONE)
        DML_TRY(fold(loader, layer, out, offset(v, 2 * (size_t)out), *gain, *bias));
fail:
    return status;
}

/* Takes `count` floats of the packed block, each piece on a cache line of its own. */
static float *place(dml_loader *loader, size_t count)
{
    float *start = loader->packed ? loader->packed + loader->at : NULL;
    loader->at += (count + DML_BLOCK - 1) / DML_BLOCK * DML_BLOCK;
    return start;
}

static void need_scratch(dml_loader *loader, size_t weights, uint32_t out)
{
    size_t need = weights + 6 * (size_t)out;
    if (need > loader->scratch_size)
        loader->scratch_size = need;
    if (out > loader->widest)
        loader->widest = out;
}

static void copy_bias(const float *bias, uint32_t out, size_t size, float *packed)
{
    memset(packed, 0, size * sizeof *packed);
    memcpy(packed, bias, out * sizeof *packed);
}

/* Sums of the graph and what has no norm behind it stay in single precision: next to nothing of the time, and what a
   rounding there costs is seen. So do three input channels, which would fill no register. */
static dml_format format_of(const dml_loader *loader, const dml_layer *layer)
{
    if (loader->keep->precision == DMLCSR_PRECISION_FP32 || layer->kind != DML_NORM_ABN || layer->in < DML_BLOCK)
        return DML_FORMAT_F32;
    if (loader->keep->precision == DMLCSR_PRECISION_BF16)
        return DML_FORMAT_BF16;
    /* Winograd's way with bfloat16 has a quarter of the products, direct sums of bytes take half the time each. Sums of very
       many bytes would not fit. */
    const bool fits = (uint64_t)layer->in * layer->kernel * layer->kernel <= DML_CONV_U8_MOST;
    return fits && !(layer->kernel == 3 && layer->stride == 1) ? DML_FORMAT_U8 : DML_FORMAT_BF16;
}

/* How inputs become bytes: what is 0 becomes x_zero exactly. */
static int load_range(dml_loader *loader, const dml_layer *layer, dml_conv *conv)
{
    const dml_entry *entry;
    uint64_t shape[1] = {2};
    float range[2];
    int status;
    if (!dml_load_has(loader, layer->conv, DML_RANGE))
        return dml_fail(loader->visitor.error, DMLCSR_ERROR_MODEL,
                        "tensor %s%s is missing: int8 needs a calibrated model (dmlcsr-convert --calibrate)", layer->conv,
                        DML_RANGE);
    DML_TRY(find_shaped(loader, layer->conv, DML_RANGE, shape, 1, &entry));
    loader->used--; /* it is not of the network itself */
    DML_TRY(dml_entry_read(entry, loader->kernels, range, loader->visitor.error));
    if (range[0] > 0.0f || range[1] < 0.0f || range[1] - range[0] < 1e-30f || range[1] - range[0] > 1e30f)
        return dml_fail(loader->visitor.error, DMLCSR_ERROR_MODEL, "tensor %s: from %g to %g is no range around zero",
                        entry->name, (double)range[0], (double)range[1]);
    conv->x_gain = 255.0f / (range[1] - range[0]);
    conv->x_zero = (int32_t)lrintf(-range[0] * conv->x_gain);
fail:
    return status;
}

static void keep_transformed(dml_loader *loader, dml_conv *conv)
{
    const size_t size = loader->keep->pack ? dml_winograd_weight_size(&conv->shape) : 0;
    if (!size)
        return;
    float *transformed = place(loader, size * dml_format_bytes(conv->shape.format) / sizeof *transformed);
    if (transformed)
        dml_winograd_transform_weights(conv, loader->kernels, loader->pool, transformed);
    conv->transformed = transformed;
}

/* Checks a layer, and in the second pass packs it. */
static int load_conv(dml_visitor *visitor, const dml_layer *layer, bool relu, dml_conv *conv)
{
    dml_loader *loader = (dml_loader *)visitor;
    const dml_entry *entry;
    float *gain, *bias;
    uint64_t shape[4] = {layer->out, layer->in, layer->kernel, layer->kernel};
    int status;
    DML_TRY(find_shaped(loader, layer->conv, ".weight", shape, 4, &entry));
    uint32_t out = (uint32_t)shape[0];
    dml_conv_shape s = {layer->in, out, layer->kernel, layer->stride, layer->dilation, layer->part,
                        format_of(loader, layer), DML_WINOGRAD_4X4};
    s.form = dml_winograd_form_of(&s);
    const bool bytes = s.format == DML_FORMAT_U8;
    dml_conv range = {.shape = s};
    if (bytes)
        DML_TRY(load_range(loader, layer, &range));
    size_t bias_size = dml_conv_bias_size(&s);
    if (!loader->packed)
        need_scratch(loader, entry->count, out);
    DML_TRY(load_affine(loader, layer, out, offset(loader->scratch, entry->count), &gain, &bias));

    float *packed = place(loader, dml_conv_weight_size(&s) * dml_format_bytes(s.format) / sizeof *packed);
    float *packed_bias = place(loader, bias_size), *unit = bytes ? place(loader, bias_size) : NULL;
    if (packed) {
        DML_TRY(dml_entry_read(entry, loader->kernels, loader->scratch, loader->visitor.error));
        dml_model_forget(loader->model, entry);
        if (bytes)
            dml_conv_pack_bytes(&range, loader->scratch, gain, bias + out, packed, bias, unit, loader->pool);
        else
            dml_conv_pack(&s, loader->scratch, gain, packed, loader->kernels, loader->pool);
        copy_bias(bias, out, bias_size, packed_bias);
    }
    *conv = dml_conv_make(&s, packed, packed_bias);
    keep_transformed(loader, conv);
    conv->unit = unit;
    conv->x_gain = range.x_gain;
    conv->x_zero = range.x_zero;
    if (layer->kind == DML_NORM_ABN)
        conv->slope = relu ? 0.0f : DML_LEAKY;
fail:
    return status;
}

static int load_depthwise(dml_visitor *visitor, const dml_layer *layer, dml_depthwise *op)
{
    dml_loader *loader = (dml_loader *)visitor;
    const dml_entry *entry;
    float *gain, *bias;
    uint32_t channels = layer->in;
    uint64_t shape[4] = {channels, 1, 3, 3};
    size_t bias_size = (size_t)dml_blocks(channels) * DML_BLOCK;
    int status;
    DML_TRY(find_shaped(loader, layer->conv, ".weight", shape, 4, &entry));
    if (!loader->packed)
        need_scratch(loader, entry->count, channels);
    DML_TRY(load_affine(loader, layer, channels, offset(loader->scratch, entry->count), &gain, &bias));
    float *packed = place(loader, dml_depthwise_weight_size(channels)), *packed_bias = place(loader, bias_size);
    if (packed) {
        DML_TRY(dml_entry_read(entry, loader->kernels, loader->scratch, loader->visitor.error));
        dml_depthwise_pack(channels, loader->scratch, gain, packed);
        copy_bias(bias, channels, bias_size, packed_bias);
    }
    *op = (dml_depthwise){packed, packed_bias, channels, layer->stride, DML_LEAKY};
fail:
    return status;
}

void dml_loader_init(dml_loader *loader, const dml_model *model, const dml_kernels *kernels,
                     const dml_keep *keep, dml_pool *pool, dml_error *error)
{
    *loader = (dml_loader){.visitor = {load_conv, load_depthwise, load_scalar, is_projected, error}, .model = model,
                           .kernels = kernels, .pool = pool, .keep = keep};
}
