#include "convert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "info.h"
#include "net/load.h"
#include "net/net.h"

#define SMALL 8192 /* fewer values are not stored as bytes: they save nothing, and the last layer is among them */

typedef struct converter {
    const dmlcsr_convert_options *options;
    dml_memory memory;
    dml_error *error;
    dml_kernels kernels;
    dml_model *model;
    float *values;       /* of one tensor */
    dml_output *tensors; /* a tensor of the model becomes one or two */
    void **blocks;       /* data of tensors that differ from the file's, and names */
    size_t count, block_count;
    dml_calibration *calibration;
    size_t calibrations;
    dml_metadata metadata;
} converter;

static int fail_memory(converter *c, size_t size)
{
    return dml_fail(c->error, dml_memory_status(&c->memory, size), "no memory to convert the model");
}

/* Memory that lives as long as the converter. */
static void *keep(converter *c, size_t size, int *status)
{
    void *block = c->blocks[c->block_count++] = dml_alloc(&c->memory, size);
    if (!block)
        *status = fail_memory(c, size);
    return block;
}

static bool ends_in(const char *name, const char *end)
{
    const size_t length = strlen(name), size = strlen(end);
    return length >= size && strcmp(name + length - size, end) == 0;
}

/* A scale goes with its tensor, which gets another one where it is stored as bytes again. */
static bool is_scale(const converter *c, const dml_entry *entry)
{
    char name[DML_SCALED_NAME];
    const size_t length = strlen(entry->name);
    if (!ends_in(entry->name, DML_SCALE) || length >= sizeof name)
        return false;
    snprintf(name, sizeof name, "%.*s", (int)(length - strlen(DML_SCALE)), entry->name);
    const dml_entry *scaled = dml_model_find(c->model, name);
    return scaled && scaled->scale == entry;
}

static bool dropped(const converter *c, const dml_entry *entry)
{
    static const char edges[] = "edge_layer.", counter[] = "num_batches_tracked";
    const char *name = entry->name, *leaf = strrchr(name, '.');
    const bool edge = !strncmp(name, edges, sizeof edges - 1);
    return !strcmp(leaf ? leaf + 1 : name, counter) || (c->options->drop_edges && edge) || is_scale(c, entry)
           || (c->calibrations && ends_in(name, DML_RANGE));
}

/* Norms and biases stay F32: a running variance can pass what F16 holds. */
static dml_dtype target_type(const converter *c, const dml_entry *entry)
{
    if (!dml_entry_is_number(entry))
        return entry->dtype;
    if (entry->rank < 2 || c->options->dtype == DMLCSR_F32)
        return DML_F32;
    if (c->options->dtype == DMLCSR_I8 && entry->count >= SMALL)
        return DML_I8;
    return c->options->dtype == DMLCSR_BF16 ? DML_BF16 : DML_F16;
}

static void put(uint32_t bits, size_t size, unsigned char *out)
{
    for (size_t k = 0; k < size; k++)
        out[k] = (unsigned char)(bits >> 8 * k);
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Values to little-endian bytes. */
static int encode(converter *c, const dml_entry *entry, dml_dtype dtype, unsigned char *out)
{
    const size_t size = dml_dtype_size(dtype);
    for (size_t i = 0; i < entry->count; i++) {
        uint32_t bits = bits_of(c->values[i]);
        if (dtype != DML_F32) {
            bits = dtype == DML_F16 ? dml_f16_from_float(c->values[i]) : dml_bf16_from_float(c->values[i]);
            const uint32_t infinity = dtype == DML_F16 ? 0x7C00 : 0x7F80;
            if ((bits & infinity) == infinity)
                return dml_fail(c->error, DMLCSR_ERROR_MODEL, "tensor '%.200s': value %zu, %g, is too large for %s",
                                entry->name, i, (double)c->values[i], dml_dtype_name(dtype));
        }
        put(bits, size, out + i * size);
    }
    return DMLCSR_OK;
}

/* Values to bytes of -127 .. 127, each first index by its largest, and a second tensor with what a unit is worth. */
static int quantise(converter *c, const dml_entry *entry, unsigned char *out)
{
    int status = DMLCSR_OK;
    const size_t rows = (size_t)entry->shape[0], row = entry->count / rows;
    const size_t name_size = strlen(entry->name) + sizeof DML_SCALE;
    char *name = keep(c, name_size, &status);
    unsigned char *scales = name ? keep(c, rows * sizeof(float), &status) : NULL;
    if (!scales)
        return status;
    for (size_t o = 0; o < rows; o++) {
        const float *v = c->values + o * row;
        float largest = 0;
        for (size_t i = 0; i < row; i++)
            largest = fmaxf(largest, fabsf(v[i]));
        const float scale = largest / 127.0f;
        put(bits_of(scale), sizeof scale, scales + o * sizeof scale);
        for (size_t i = 0; i < row; i++) {
            const float value = scale > 0.0f ? fminf(fmaxf(v[i] / scale, -127.0f), 127.0f) : 0.0f;
            out[o * row + i] = (unsigned char)(int8_t)rintf(value);
        }
    }
    snprintf(name, name_size, "%s" DML_SCALE, entry->name);
    c->tensors[c->count++] = (dml_output){ name, DML_F32, 1, entry->shape, scales };
    return DMLCSR_OK;
}

static int convert_tensor(converter *c, const dml_entry *entry)
{
    int status = DMLCSR_OK;
    const dml_dtype dtype = target_type(c, entry);
    const bool number = dml_entry_is_number(entry), straight = dml_entry_contiguous(entry);
    void *block = NULL;
    if (number)
        DML_TRY(dml_entry_read(entry, &c->kernels, c->values, c->error)); /* also says when a value is not finite */
    if (dtype != entry->dtype || !straight || (number && dtype == DML_I8)) {
        block = keep(c, entry->count * dml_dtype_size(dtype), &status);
        if (!block)
            return status;
        DML_TRY(!number ? dml_entry_copy(entry, block, c->error)
                : dtype == DML_I8 ? quantise(c, entry, block) : encode(c, entry, dtype, block));
    }
    if (dtype == DML_OTHER)
        DML_TRY(dml_entry_copy(entry, NULL, c->error)); /* has the sentence */
    c->tensors[c->count++] =
        (dml_output){ entry->name, dtype, entry->rank, entry->shape, block ? block : (const void *)entry->data };
    dml_model_forget(c->model, entry);
fail:
    return status;
}

/* The ranges that calibration found, as tensors. */
static int add_ranges(converter *c)
{
    static const uint64_t two = 2;
    int status = DMLCSR_OK;
    for (size_t i = 0; i < c->calibrations; i++) {
        unsigned char *block = keep(c, 2 * sizeof(float), &status);
        if (!block)
            return status;
        for (size_t k = 0; k < 2; k++)
            put(bits_of(c->calibration[i].range[k]), sizeof(float), block + k * sizeof(float));
        c->tensors[c->count++] = (dml_output){ c->calibration[i].name, DML_F32, 1, &two, block };
    }
    return status;
}

static int convert_tensors(converter *c)
{
    int status = DMLCSR_OK;
    const size_t count = dml_model_count(c->model), most = 2 * count + c->calibrations;
    size_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        const dml_entry *entry = dml_model_entry(c->model, i);
        if (dml_entry_is_number(entry) && entry->count > largest)
            largest = entry->count;
    }
    c->values = dml_alloc(&c->memory, largest * sizeof *c->values); /* the reader keeps counts below SIZE_MAX / 8 */
    c->tensors = dml_alloc(&c->memory, most * sizeof *c->tensors);
    c->blocks = dml_alloc_zero(&c->memory, (3 * count + c->calibrations) * sizeof *c->blocks);
    if (!c->values || !c->tensors || !c->blocks)
        return fail_memory(c, largest * sizeof *c->values);
    for (size_t i = 0; i < count; i++) {
        const dml_entry *entry = dml_model_entry(c->model, i);
        if (!dropped(c, entry))
            DML_TRY(convert_tensor(c, entry));
    }
    DML_TRY(add_ranges(c));
fail:
    return status;
}

static int check(converter *c, const char *model_path, const char *out_path)
{
    const dmlcsr_convert_options *o = c->options;
    if (!model_path || !out_path)
        return dml_fail(c->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", model_path ? "out_path" : "model_path");
    if (o->dtype < DMLCSR_F32 || o->dtype > DMLCSR_I8)
        return dml_fail(c->error, DMLCSR_ERROR_ARGUMENT,
                        "dtype is %d, must be DMLCSR_F32, DMLCSR_F16, DMLCSR_BF16 or DMLCSR_I8", o->dtype);
    if (o->calibration_count && !o->calibration)
        return dml_fail(c->error, DMLCSR_ERROR_ARGUMENT, "calibration is NULL, but calibration_count is %zu",
                        o->calibration_count);
    return dml_kernels_create(&c->kernels, DMLCSR_ISA_AUTO, c->error);
}

/* A network that is written must be one that can be opened. The last layer says how many classes there are; a file
   without it is no network of ours, and its metadata mean nothing here. */
static int check_metadata(converter *c)
{
    dml_info info;
    const dml_entry *last = dml_model_find(c->model, "layer6.conv4.weight");
    if (!last || !last->rank || last->shape[0] < 2 || last->shape[0] > DML_CLASSES)
        return DMLCSR_OK;
    const int status = dml_info_create(&info, &c->metadata, (uint32_t)last->shape[0], &c->memory, c->error);
    dml_info_free(&info, &c->memory);
    return status;
}

int dml_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options, dml_error *error)
{
    int status;
    converter c = { .options = options, .error = error };
    dml_memory_init(&c.memory, NULL, NULL, NULL, 0);
    DML_TRY(check(&c, model_path, out_path));
    DML_TRY(dml_model_open(&c.model, model_path, &c.memory, error));
    DML_TRY(dml_metadata_create(&c.metadata, c.model, options->metadata, options->metadata_count, &c.memory, error));
    DML_TRY(check_metadata(&c));
    if (options->calibration_count)
        DML_TRY(dml_calibrate(&c.calibration, &c.calibrations, c.model, &c.metadata, options->calibration,
                              options->calibration_count, &c.memory, error));
    DML_TRY(convert_tensors(&c));
    DML_TRY(dml_safetensors_write(out_path, c.tensors, c.count, c.metadata.pair, c.metadata.pairs, &c.memory, error));
fail:
    for (size_t i = 0; i < c.block_count; i++)
        dml_release(&c.memory, c.blocks[i]);
    dml_release(&c.memory, c.blocks);
    dml_release(&c.memory, c.tensors);
    dml_release(&c.memory, c.values);
    dml_release(&c.memory, c.calibration);
    dml_metadata_free(&c.metadata, &c.memory);
    dml_model_close(c.model);
    return status;
}
