#include "model/model.h"

#include <stdio.h>
#include <string.h>

#include "model/reader.h"


dml_entry *dml_model_add(dml_model *model)
{
    dml_entry *entries =
        dml_array_grow(model->entries, model->count, &model->capacity, sizeof *entries, model->memory);
    if (!entries)
        return NULL;
    model->entries = entries;
    dml_entry *entry = &entries[model->count++];
    memset(entry, 0, sizeof *entry);
    return entry;
}

bool dml_entry_measure(dml_entry *entry)
{
    uint64_t count = 1;
    for (uint32_t i = entry->rank; i-- > 0;) {
        uint64_t n = entry->shape[i];
        entry->stride[i] = (int64_t)count;
        /* An empty dimension makes the product 0, but the others must not wrap on the way to it. */
        if (n > (uint64_t)INT64_MAX || (n && count > (uint64_t)INT64_MAX / n))
            return false;
        count *= n ? n : 1;
    }
    for (uint32_t i = 0; i < entry->rank; i++) {
        if (!entry->shape[i])
            count = 0;
    }
    size_t size = dml_dtype_size(entry->dtype);
    if (count > SIZE_MAX / 8 || !dml_mul((size_t)count, size ? size : 1, &entry->bytes))
        return false;
    entry->count = (size_t)count;
    return true;
}

static dml_name entry_name(const void *items, size_t i)
{
    const char *name = ((const dml_model *)items)->entries[i].name;
    return (dml_name){ name, strlen(name) };
}

static int read_by_content(dml_model *model, const char *label, dml_error *error)
{
    const unsigned char *bytes = model->file.bytes;
    const size_t size = model->file.size;
    if (size > 8 && bytes[8] == '{')
        return dml_safetensors_read(model, label, error);
    if (dml_pth_is_zip(bytes, size))
        return dml_pth_read_zip(model, label, error);
    if (dml_pth_is_legacy(bytes, size))
        return dml_pth_read_legacy(model, label, error);
    if (size < 8)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: is not a model file: it has only %zu bytes", label, size);
    if (dml_le64(bytes) <= size - 8)
        return dml_safetensors_read(model, label, error); /* has the sentence for a header without '{' */
    return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: is not a model file: neither safetensors nor a PyTorch checkpoint",
                    label);
}

/* Published checkpoints of a model trained on several GPUs carry a prefix on every key. */
static void strip_module(dml_model *model)
{
    static const char prefix[] = "module.";
    for (size_t i = 0; i < model->count; i++) {
        if (!strncmp(model->entries[i].name, prefix, sizeof prefix - 1))
            model->entries[i].name += sizeof prefix - 1;
    }
}

/* Small integers are values where their scale is in the file. */
static int attach_scales(dml_model *model, const char *label, dml_error *error)
{
    char name[DML_SCALED_NAME];
    for (size_t i = 0; i < model->count; i++) {
        dml_entry *e = &model->entries[i];
        if (e->dtype != DML_I8 || !e->rank || strlen(e->name) + sizeof DML_SCALE > sizeof name)
            continue;
        snprintf(name, sizeof name, "%s" DML_SCALE, e->name);
        const dml_entry *scale = dml_model_find(model, name);
        if (!scale)
            continue;
        if (scale->dtype != DML_F32 || scale->rank != 1 || scale->shape[0] != e->shape[0])
            return dml_fail(error, DMLCSR_ERROR_MODEL, "%s: tensor '%s' must be F32, and have %llu values, as the tensor it "
                            "scales has rows", label, dml_quote(name, strlen(name)).text,
                            (unsigned long long)e->shape[0]);
        e->scale = scale;
    }
    return DMLCSR_OK;
}

static int fill(dml_model *model, const char *label, dml_error *error)
{
    int status;
    size_t twin;
    DML_TRY(read_by_content(model, label, error));
    strip_module(model);
    model->index.items = model;
    model->index.name = entry_name;
    if (!dml_index_build(&model->index, model->count, &twin, model->memory))
        return dml_fail(error, dml_memory_status(model->memory, model->count * sizeof(dml_key)),
                        "%s: no memory for an index of %zu tensors", label, model->count);
    if (twin != DML_NOT_FOUND) {
        const char *name = model->entries[twin].name;
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: has two tensors named '%s'", label,
                        dml_quote(name, strlen(name)).text);
    }
    DML_TRY(attach_scales(model, label, error));
fail:
    return status;
}

/* The end of a path, so that a long one leaves room for the rest of the sentence. */
static dml_quoted label_of(const char *path)
{
    size_t length = strlen(path), room = sizeof(dml_quoted) - 8;
    if (length <= room)
        return dml_quote(path, length);
    path += length - room;
    while ((*path & 0xC0) == 0x80) /* not in the middle of a character */
        path++;
    return dml_quote(path, strlen(path));
}

static dml_model *create(dml_memory *memory, const char *label, int *status, dml_error *error)
{
    dml_model *model = dml_alloc_zero(memory, sizeof *model);
    if (model)
        model->memory = memory;
    else
        *status = dml_fail(error, dml_memory_status(memory, sizeof *model), "%s: no memory to open it", label);
    return model;
}

int dml_model_open(dml_model **out, const char *path, dml_memory *memory, dml_error *error)
{
    int status = DMLCSR_OK;
    const dml_quoted label = label_of(path);
    dml_model *model = create(memory, label.text, &status, error);
    if (!model)
        return status;
    DML_TRY(dml_file_open(&model->file, path, label.text, memory, error));
    DML_TRY(fill(model, label.text, error));
    *out = model;
    return DMLCSR_OK;
fail:
    dml_model_close(model);
    return status;
}

int dml_model_open_memory(dml_model **out, const void *data, size_t size, const char *name, dml_memory *memory,
                          dml_error *error)
{
    int status = DMLCSR_OK;
    const dml_quoted label = label_of(name);
    dml_model *model = create(memory, label.text, &status, error);
    if (!model)
        return status;
    model->file.bytes = size ? data : "";
    model->file.size = size;
    DML_TRY(fill(model, label.text, error));
    *out = model;
    return DMLCSR_OK;
fail:
    dml_model_close(model);
    return status;
}

void dml_model_close(dml_model *model)
{
    if (!model)
        return;
    dml_memory *memory = model->memory;
    dml_index_free(&model->index, memory);
    dml_release(memory, model->entries);
    dml_release(memory, model->pairs);
    dml_release(memory, model->strings);
    dml_file_close(&model->file, memory);
    dml_release(memory, model);
}

size_t dml_model_count(const dml_model *model)
{
    return model->count;
}

const dml_entry *dml_model_entry(const dml_model *model, size_t index)
{
    return &model->entries[index];
}

const dml_entry *dml_model_find(const dml_model *model, const char *name)
{
    size_t found = dml_index_find(&model->index, name, strlen(name));
    return found == DML_NOT_FOUND ? NULL : &model->entries[found];
}

size_t dml_model_metadata_count(const dml_model *model)
{
    return model->pair_count;
}

void dml_model_metadata_at(const dml_model *model, size_t index, const char **key, const char **value)
{
    *key = model->pairs[index].key;
    *value = model->pairs[index].value;
}

const char *dml_model_metadata(const dml_model *model, const char *key)
{
    for (size_t i = 0; i < model->pair_count; i++) {
        if (!strcmp(model->pairs[i].key, key))
            return model->pairs[i].value;
    }
    return NULL;
}

void dml_model_forget(const dml_model *model, const dml_entry *entry)
{
    if (dml_entry_contiguous(entry))
        dml_file_forget(&model->file, entry->data, entry->bytes);
}
