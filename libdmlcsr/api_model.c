/* The public functions on model files: to look into one, and to convert one. */
#include <string.h>

#include "metadata.h"
#include "model/model.h"
#include "base/structs.h"

/* Sizes of the structs in version 0.1: an older caller cannot exist. */
#define VISITOR_MINIMUM sizeof(dmlcsr_visitor)
#define CONVERT_MINIMUM sizeof(dmlcsr_convert_options)

static void visit_metadata(const dml_model *model, const dmlcsr_visitor *visitor, bool *stop)
{
    for (size_t i = 0; visitor->metadata && !*stop && i < dml_model_metadata_count(model); i++) {
        const char *key, *value;
        dml_model_metadata_at(model, i, &key, &value);
        *stop = visitor->metadata(visitor->opaque, key, value) != 0;
    }
}

static void visit_tensors(const dml_model *model, const dmlcsr_visitor *visitor, bool *stop)
{
    for (size_t i = 0; visitor->tensor && !*stop && i < dml_model_count(model); i++) {
        const dml_entry *entry = dml_model_entry(model, i);
        const dmlcsr_tensor_info info = { entry->name, entry->dtype_name, entry->rank, entry->shape, entry->bytes };
        *stop = visitor->tensor(visitor->opaque, &info) != 0;
    }
}

int dmlcsr_inspect(const char *model_path, const dmlcsr_visitor *visitor)
{
    int status;
    dml_memory memory;
    dml_error error = { "" };
    dml_model *model = NULL;
    dmlcsr_visitor v = { 0 };
    bool stop = false;
    if (!visitor)
        return DMLCSR_ERROR_ARGUMENT;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    DML_TRY(dml_struct_import(&v, sizeof v, VISITOR_MINIMUM, visitor, "dmlcsr_visitor", &error));
    if (!model_path) {
        status = dml_fail(&error, DMLCSR_ERROR_ARGUMENT, "model_path is NULL");
        goto fail;
    }
    DML_TRY(dml_model_open(&model, model_path, &memory, &error));
    visit_metadata(model, &v, &stop);
    visit_tensors(model, &v, &stop);
fail:
    dml_model_close(model);
    return dml_error_deliver(&error, status, v.error, v.error_size);
}

/* ---- convert --------------------------------------------------------------------------------------------------- */

typedef struct converter {
    dmlcsr_convert_options options;
    dml_memory memory;
    dml_error error;
    dml_kernels kernels;
    dml_model *model;
    float *values;       /* of one tensor */
    dml_output *tensors;
    void **blocks;       /* data of tensors that differ from the file's */
    size_t count;
    dml_metadata metadata;
} converter;

static int fail_memory(converter *c, size_t size)
{
    return dml_fail(&c->error, dml_memory_status(&c->memory, size), "no memory to convert the model");
}

static bool dropped(const converter *c, const char *name)
{
    static const char edges[] = "edge_layer.", counter[] = "num_batches_tracked";
    const char *leaf = strrchr(name, '.');
    const bool edge = !strncmp(name, edges, sizeof edges - 1);
    return !strcmp(leaf ? leaf + 1 : name, counter) || (c->options.drop_edges && edge);
}

/* Norms and biases stay F32: a running variance can pass what F16 holds. */
static dml_dtype target_type(const converter *c, const dml_entry *entry)
{
    if (entry->dtype > DML_BF16)
        return entry->dtype;
    if (entry->rank < 2 || c->options.dtype == DMLCSR_F32)
        return DML_F32;
    return c->options.dtype == DMLCSR_F16 ? DML_F16 : DML_BF16;
}

/* Values to little-endian bytes. */
static int encode(converter *c, const dml_entry *entry, dml_dtype dtype, unsigned char *out)
{
    const size_t size = dml_dtype_size(dtype);
    for (size_t i = 0; i < entry->count; i++) {
        uint32_t bits;
        if (dtype == DML_F32) {
            memcpy(&bits, &c->values[i], sizeof bits);
        } else {
            bits = dtype == DML_F16 ? dml_f16_from_float(c->values[i]) : dml_bf16_from_float(c->values[i]);
            const uint32_t infinity = dtype == DML_F16 ? 0x7C00 : 0x7F80;
            if ((bits & infinity) == infinity)
                return dml_fail(&c->error, DMLCSR_ERROR_MODEL, "tensor '%.200s': value %zu, %g, is too large for %s",
                                entry->name, i, (double)c->values[i], dml_dtype_name(dtype));
        }
        for (size_t k = 0; k < size; k++)
            out[i * size + k] = (unsigned char)(bits >> 8 * k);
    }
    return DMLCSR_OK;
}

static int convert_tensor(converter *c, const dml_entry *entry)
{
    int status;
    const dml_dtype dtype = target_type(c, entry);
    const bool number = entry->dtype <= DML_BF16, straight = dml_entry_contiguous(entry);
    void *block = NULL;
    if (number)
        DML_TRY(dml_entry_read(entry, &c->kernels, c->values, &c->error)); /* also says when a value is not finite */
    if (dtype != entry->dtype || !straight) {
        const size_t size = entry->count * dml_dtype_size(dtype);
        block = c->blocks[c->count] = dml_alloc(&c->memory, size);
        if (!block)
            return fail_memory(c, size);
        DML_TRY(number ? encode(c, entry, dtype, block) : dml_entry_copy(entry, block, &c->error));
    }
    if (dtype == DML_OTHER)
        DML_TRY(dml_entry_copy(entry, NULL, &c->error)); /* has the sentence */
    c->tensors[c->count++] =
        (dml_output){ entry->name, dtype, entry->rank, entry->shape, block ? block : (const void *)entry->data };
    dml_model_forget(c->model, entry);
fail:
    return status;
}

static int convert_tensors(converter *c)
{
    int status = DMLCSR_OK;
    const size_t count = dml_model_count(c->model);
    size_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        const dml_entry *entry = dml_model_entry(c->model, i);
        if (entry->dtype <= DML_BF16 && entry->count > largest)
            largest = entry->count;
    }
    c->values = dml_alloc(&c->memory, largest * sizeof *c->values); /* the reader keeps counts below SIZE_MAX / 8 */
    c->tensors = dml_alloc(&c->memory, count * sizeof *c->tensors);
    c->blocks = dml_alloc_zero(&c->memory, count * sizeof *c->blocks);
    if (!c->values || !c->tensors || !c->blocks)
        return fail_memory(c, largest * sizeof *c->values);
    for (size_t i = 0; i < count; i++) {
        const dml_entry *entry = dml_model_entry(c->model, i);
        if (!dropped(c, entry->name))
            DML_TRY(convert_tensor(c, entry));
    }
fail:
    return status;
}

static int convert(converter *c, const char *model_path, const char *out_path)
{
    int status;
    if (!model_path || !out_path)
        return dml_fail(&c->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", model_path ? "out_path" : "model_path");
    if (c->options.dtype < DMLCSR_F32 || c->options.dtype > DMLCSR_BF16)
        return dml_fail(&c->error, DMLCSR_ERROR_ARGUMENT, "dtype is %d, must be DMLCSR_F32, DMLCSR_F16 or DMLCSR_BF16",
                        c->options.dtype);
    if (!dml_kernels_init(&c->kernels, DMLCSR_ISA_AUTO))
        return dml_fail(&c->error, DMLCSR_ERROR_ISA, "no instruction set of this build runs here");
    DML_TRY(dml_model_open(&c->model, model_path, &c->memory, &c->error));
    DML_TRY(dml_metadata_create(&c->metadata, c->model, c->options.metadata, c->options.metadata_count, &c->memory,
                                &c->error));
    DML_TRY(convert_tensors(c));
    DML_TRY(dml_safetensors_write(out_path, c->tensors, c->count, c->metadata.pair, c->metadata.pairs, &c->memory,
                                  &c->error));
fail:
    return status;
}

int dmlcsr_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options)
{
    int status;
    converter c = { .options = { .struct_size = sizeof c.options } };
    dml_memory_init(&c.memory, NULL, NULL, NULL, 0);
    if (options)
        DML_TRY(dml_struct_import(&c.options, sizeof c.options, CONVERT_MINIMUM, options, "dmlcsr_convert_options",
                                  &c.error));
    DML_TRY(convert(&c, model_path, out_path));
fail:
    for (size_t i = 0; c.blocks && i < dml_model_count(c.model); i++)
        dml_release(&c.memory, c.blocks[i]);
    dml_release(&c.memory, c.blocks);
    dml_release(&c.memory, c.tensors);
    dml_release(&c.memory, c.values);
    dml_metadata_free(&c.metadata, &c.memory);
    dml_model_close(c.model);
    return dml_error_deliver(&c.error, status, c.options.error, c.options.error_size);
}
