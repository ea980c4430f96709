/* The writer of safetensors. The same tensors and metadata give the same bytes, in whatever order they come. */
#include <stdio.h>
#include <string.h>

#include "model/reader.h"

#define HEADER_MAX 100000000
#define ALIGNMENT 64

typedef struct writer {
    const char *path;
    dml_memory *memory;
    dml_error *error;
    dml_key *tensors; /* in the order of the file; scratch behind them */
    dml_key *pairs;   /* by key; scratch behind them */
    char *text;       /* the header under way, with room for the length in front */
    size_t length, capacity;
} writer;

static int fail_memory(const writer *w, size_t size)
{
    return dml_fail(w->error, dml_memory_status(w->memory, size), "%.300s: no memory to write it", w->path);
}

static int append(writer *w, const char *text, size_t size)
{
    while (w->capacity - w->length < size) {
        char *bigger = dml_array_grow(w->text, w->capacity, &w->capacity, 1, w->memory);
        if (!bigger)
            return fail_memory(w, dml_array_bytes(w->capacity, 1));
        w->text = bigger;
    }
    memcpy(w->text + w->length, text, size);
    w->length += size;
    return w->length <= HEADER_MAX ? DMLCSR_OK
           : dml_fail(w->error, DMLCSR_ERROR_ARGUMENT, "%.300s: too many tensors for the format", w->path);
}

static int append_text(writer *w, const char *text)
{
    return append(w, text, strlen(text));
}

static int append_number(writer *w, const char *before, uint64_t number)
{
    char text[64];
    const int length = snprintf(text, sizeof text, "%s%llu", before, (unsigned long long)number);
    return append(w, text, (size_t)length);
}

/* A JSON string: only what must be escaped is. */
static int append_string(writer *w, const char *text)
{
    int status;
    DML_TRY(append(w, "\"", 1));
    while (*text) {
        const size_t plain = strcspn(text, "\"\\\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0A\x0B\x0C\x0D\x0E\x0F\x10"
                                           "\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D\x1E\x1F");
        DML_TRY(append(w, text, plain));
        text += plain;
        if (*text) {
            char escape[8];
            const bool letter = *text == '"' || *text == '\\';
            snprintf(escape, sizeof escape, letter ? "\\%c" : "\\u%04x", *text++);
            DML_TRY(append_text(w, escape));
        }
    }
    DML_TRY(append(w, "\"", 1));
fail:
    return status;
}

static size_t tensor_bytes(const dml_output *tensor)
{
    size_t bytes = dml_dtype_size(tensor->dtype);
    for (uint32_t i = 0; i < tensor->rank; i++) {
        if (!dml_mul(bytes, (size_t)tensor->shape[i], &bytes))
            return SIZE_MAX;
    }
    return bytes;
}

static int tie_names(const void *items, size_t a, size_t b)
{
    const dml_output *tensors = items;
    return strcmp(tensors[a].name, tensors[b].name);
}

static int tie_keys(const void *items, size_t a, size_t b)
{
    const char *const *metadata = items;
    return strcmp(metadata[2 * a], metadata[2 * b]);
}

static int fail_name(const writer *w, const char *name, const char *what)
{
    return dml_fail(w->error, DMLCSR_ERROR_ARGUMENT, "%.300s: '%s' %s", w->path, dml_quote(name, strlen(name)).text,
                    what);
}

static dml_name tensor_name(const void *items, size_t i)
{
    const char *name = ((const dml_output *)items)[i].name;
    return (dml_name){ name, strlen(name) };
}

static int check_tensors(const writer *w, const dml_output *tensors, size_t count)
{
    dml_index index = { NULL, 0, tensors, tensor_name };
    size_t twin;
    for (size_t i = 0; i < count; i++) {
        const char *name = tensors[i].name;
        if (!dml_utf8_valid(name, strlen(name)) || !strcmp(name, "__metadata__"))
            return fail_name(w, name, "cannot be the name of a tensor");
        if (tensor_bytes(&tensors[i]) == SIZE_MAX || tensors[i].dtype == DML_OTHER)
            return fail_name(w, name, "cannot be written: its size or type is impossible");
    }
    if (!dml_index_build(&index, count, &twin, w->memory))
        return fail_memory(w, count * sizeof(dml_key));
    dml_index_free(&index, w->memory);
    return twin == DML_NOT_FOUND ? DMLCSR_OK : fail_name(w, tensors[twin].name, "is the name of two tensors");
}

/* Sorted so that each tensor starts at a multiple of the largest power of two, up to 64, that divides its own size. */
static int order_tensors(writer *w, const dml_output *tensors, size_t count)
{
    size_t size;
    w->tensors = dml_mul(count, 2 * sizeof *w->tensors, &size) ? dml_alloc(w->memory, size) : NULL;
    if (!w->tensors)
        return fail_memory(w, count * 2 * sizeof *w->tensors);
    for (size_t i = 0; i < count; i++) {
        const size_t bytes = tensor_bytes(&tensors[i]);
        uint64_t step = ALIGNMENT;
        while (bytes % step)
            step /= 2;
        w->tensors[i] = (dml_key){ ALIGNMENT - step, i };
    }
    dml_keys_sort(w->tensors, w->tensors + count, count, tie_names, tensors);
    return DMLCSR_OK;
}

static int write_pairs(writer *w, const char *const *metadata, size_t count)
{
    int status;
    size_t size;
    if (!count)
        return DMLCSR_OK;
    w->pairs = dml_mul(count, 2 * sizeof *w->pairs, &size) ? dml_alloc(w->memory, size) : NULL;
    if (!w->pairs)
        return fail_memory(w, count * 2 * sizeof *w->pairs);
    for (size_t i = 0; i < count; i++)
        w->pairs[i] = (dml_key){ 0, i };
    dml_keys_sort(w->pairs, w->pairs + count, count, tie_keys, metadata);
    DML_TRY(append_text(w, "\"__metadata__\":"));
    for (size_t i = 0; i < count; i++) {
        const char *const *pair = metadata + 2 * w->pairs[i].index;
        if (i && !strcmp(pair[0], metadata[2 * w->pairs[i - 1].index]))
            return fail_name(w, pair[0], "is a metadata key given twice");
        if (!dml_utf8_valid(pair[0], strlen(pair[0])) || !dml_utf8_valid(pair[1], strlen(pair[1])))
            return fail_name(w, pair[0], "cannot be metadata: not sound UTF-8");
        DML_TRY(append(w, i ? "," : "{", 1));
        DML_TRY(append_string(w, pair[0]));
        DML_TRY(append(w, ":", 1));
        DML_TRY(append_string(w, pair[1]));
    }
    DML_TRY(append(w, "}", 1));
fail:
    return status;
}

static int write_tensor(writer *w, const dml_output *tensor, uint64_t *at)
{
    int status;
    DML_TRY(append_string(w, tensor->name));
    DML_TRY(append_text(w, ":{\"dtype\":\""));
    DML_TRY(append_text(w, dml_dtype_name(tensor->dtype)));
    DML_TRY(append_text(w, "\",\"shape\":["));
    for (uint32_t i = 0; i < tensor->rank; i++)
        DML_TRY(append_number(w, i ? "," : "", tensor->shape[i]));
    DML_TRY(append_number(w, "],\"data_offsets\":[", *at));
    *at += tensor_bytes(tensor);
    DML_TRY(append_number(w, ",", *at));
    DML_TRY(append_text(w, "]}"));
fail:
    return status;
}

static int write_header(writer *w, const dml_output *tensors, size_t count, const char *const *metadata, size_t pairs)
{
    int status;
    uint64_t at = 0;
    DML_TRY(append(w, "        {", 9)); /* the length goes in front */
    DML_TRY(write_pairs(w, metadata, pairs));
    for (size_t i = 0; i < count; i++) {
        if (i || pairs)
            DML_TRY(append(w, ",", 1));
        DML_TRY(write_tensor(w, &tensors[w->tensors[i].index], &at));
    }
    DML_TRY(append(w, "}", 1));
    while (w->length % ALIGNMENT)
        DML_TRY(append(w, " ", 1));
    for (int i = 0; i < 8; i++)
        w->text[i] = (char)((uint64_t)(w->length - 8) >> 8 * i & 0xFF);
fail:
    return status;
}

int dml_safetensors_write(const char *path, const dml_output *tensors, size_t tensor_count, const char *const *metadata,
                          size_t pair_count, dml_memory *memory, dml_error *error)
{
    int status;
    writer w = { .path = path, .memory = memory, .error = error };
    dml_sink sink = { 0 };
    DML_TRY(check_tensors(&w, tensors, tensor_count));
    DML_TRY(order_tensors(&w, tensors, tensor_count));
    DML_TRY(write_header(&w, tensors, tensor_count, metadata, pair_count));
    DML_TRY(dml_sink_open(&sink, path, memory, error));
    DML_TRY(dml_sink_write(&sink, w.text, w.length, error));
    for (size_t i = 0; i < tensor_count; i++) {
        const dml_output *tensor = &tensors[w.tensors[i].index];
        DML_TRY(dml_sink_write(&sink, tensor->data, tensor_bytes(tensor), error));
    }
    DML_TRY(dml_sink_commit(&sink, error));
fail:
    dml_sink_close(&sink);
    dml_release(memory, w.tensors);
    dml_release(memory, w.pairs);
    dml_release(memory, w.text);
    return status;
}
