/* The reader of safetensors: 8 bytes of length, a JSON header, then the tensors without gaps. */
#include <string.h>

#include "model/json.h"
#include "model/reader.h"

#define HEADER_MAX 100000000 /* bytes; the format's own limit */

typedef struct parser {
    dml_model *model;
    const char *label;
    dml_error *error;
    dml_json json;
    char *strings; /* room for what is still to come: decoded strings are never longer than the header */
    const unsigned char *data;
    size_t data_size;
} parser;

/* What the header says of one tensor. */
typedef struct fields {
    bool dtype, shape, offsets;
    uint64_t begin, end;
} fields;

static int fail_memory(const parser *p, size_t size)
{
    return dml_fail(p->error, dml_memory_status(p->model->memory, size), "%s: no memory to read the header", p->label);
}

static int fail_json(const parser *p)
{
    return dml_fail(p->error, DMLCSR_ERROR_FORMAT, "%s: header is not sound JSON at byte %zu: %s", p->label,
                    (size_t)(p->json.at - p->json.start) + 8, p->json.problem);
}

static int fail_tensor(const parser *p, const char *name, int status, const char *what)
{
    return dml_fail(p->error, status, "%s: tensor '%s' %s", p->label, dml_quote(name, strlen(name)).text, what);
}

/* Takes a string and keeps it. */
static int keep_string(parser *p, const char **out)
{
    size_t length;
    if (!dml_json_string(&p->json, p->strings, &length))
        return fail_json(p);
    *out = p->strings;
    p->strings += length + 1;
    return DMLCSR_OK;
}

static int read_dtype(parser *p, dml_entry *entry)
{
    const char *name = "";
    int status = keep_string(p, &name);
    if (status != DMLCSR_OK)
        return status;
    entry->dtype = DML_OTHER;
    entry->dtype_name = name;
    for (int i = 0; i < DML_OTHER; i++) {
        if (!strcmp(name, dml_dtype_name((dml_dtype)i)))
            entry->dtype = (dml_dtype)i;
    }
    return DMLCSR_OK;
}

static int read_shape(parser *p, dml_entry *entry)
{
    if (!dml_json_expect(&p->json, '[', "a shape must be a list"))
        return fail_json(p);
    if (dml_json_take(&p->json, ']'))
        return DMLCSR_OK;
    do {
        uint64_t size;
        if (!dml_json_unsigned(&p->json, &size))
            return fail_json(p);
        if (entry->rank == DML_RANK)
            return fail_tensor(p, entry->name, DMLCSR_ERROR_UNSUPPORTED, "has more than 8 dimensions");
        entry->shape[entry->rank++] = size;
    } while (dml_json_take(&p->json, ','));
    return dml_json_expect(&p->json, ']', "',' or ']' is missing") ? DMLCSR_OK : fail_json(p);
}

static int read_offsets(parser *p, fields *seen)
{
    dml_json *json = &p->json;
    bool sound = dml_json_expect(json, '[', "data_offsets must be a list") && dml_json_unsigned(json, &seen->begin)
                 && dml_json_expect(json, ',', "data_offsets must hold two numbers")
                 && dml_json_unsigned(json, &seen->end)
                 && dml_json_expect(json, ']', "data_offsets must hold two numbers");
    return sound ? DMLCSR_OK : fail_json(p);
}

static int read_field(parser *p, dml_entry *entry, fields *seen)
{
    size_t length;
    const char *key = p->strings; /* not kept */
    if (!dml_json_string(&p->json, p->strings, &length))
        return fail_json(p);
    bool *which = !strcmp(key, "dtype") ? &seen->dtype : !strcmp(key, "shape") ? &seen->shape
                  : !strcmp(key, "data_offsets") ? &seen->offsets : NULL;
    if (which && *which)
        return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT, "has the same field twice");
    if (!dml_json_expect(&p->json, ':', "':' is missing"))
        return fail_json(p);
    if (!which) /* fields of later versions of the format */
        return dml_json_skip(&p->json) ? DMLCSR_OK : fail_json(p);
    *which = true;
    return which == &seen->dtype ? read_dtype(p, entry)
           : which == &seen->shape ? read_shape(p, entry) : read_offsets(p, seen);
}

/* Each tensor by itself; how they lie beside each other is looked at when all are known. */
static int check_tensor(parser *p, dml_entry *entry, const fields *seen)
{
    if (!seen->dtype || !seen->shape || !seen->offsets)
        return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT,
                           !seen->dtype ? "has no dtype" : !seen->shape ? "has no shape" : "has no data_offsets");
    if (seen->begin > seen->end)
        return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT, "ends before it begins");
    if (seen->end > p->data_size)
        return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT, "reaches past the end of the file");
    if (!dml_entry_measure(entry))
        return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT, "has an impossible shape");
    if (entry->dtype == DML_OTHER)
        entry->bytes = (size_t)(seen->end - seen->begin);
    if (entry->bytes != seen->end - seen->begin)
        return dml_fail(p->error, DMLCSR_ERROR_FORMAT,
                        "%s: tensor '%s' has %zu bytes of data where its shape needs %zu", p->label,
                        dml_quote(entry->name, strlen(entry->name)).text, (size_t)(seen->end - seen->begin),
                        entry->bytes);
    entry->data = p->data + seen->begin;
    return DMLCSR_OK;
}

static int read_tensor(parser *p, const char *name)
{
    fields seen = { 0 };
    dml_entry *entry = dml_model_add(p->model);
    if (!entry)
        return fail_memory(p, dml_array_bytes(p->model->capacity, sizeof *entry));
    entry->name = name;
    if (!dml_json_expect(&p->json, '{', "a tensor must be an object"))
        return fail_json(p);
    if (!dml_json_take(&p->json, '}')) {
        do {
            int status = read_field(p, entry, &seen);
            if (status != DMLCSR_OK)
                return status;
        } while (dml_json_take(&p->json, ','));
        if (!dml_json_expect(&p->json, '}', "',' or '}' is missing"))
            return fail_json(p);
    }
    return check_tensor(p, entry, &seen);
}

static int read_pair(parser *p)
{
    int status;
    dml_model *model = p->model;
    dml_pair *pairs = dml_array_grow(model->pairs, model->pair_count, &model->pair_capacity, sizeof *pairs,
                                     model->memory);
    if (!pairs)
        return fail_memory(p, dml_array_bytes(model->pair_capacity, sizeof *pairs));
    model->pairs = pairs;
    dml_pair *pair = &pairs[model->pair_count];
    DML_TRY(keep_string(p, &pair->key));
    if (!dml_json_expect(&p->json, ':', "':' is missing"))
        return fail_json(p);
    DML_TRY(keep_string(p, &pair->value));
    model->pair_count++;
fail:
    return status;
}

static int read_metadata(parser *p)
{
    if (!dml_json_expect(&p->json, '{', "__metadata__ must be an object"))
        return fail_json(p);
    if (dml_json_take(&p->json, '}'))
        return DMLCSR_OK;
    do {
        int status = read_pair(p);
        if (status != DMLCSR_OK)
            return status;
    } while (dml_json_take(&p->json, ','));
    return dml_json_expect(&p->json, '}', "',' or '}' is missing") ? DMLCSR_OK : fail_json(p);
}

static int read_header(parser *p)
{
    bool metadata = false;
    dml_json_expect(&p->json, '{', "");
    if (!dml_json_take(&p->json, '}')) {
        do {
            const char *name = "";
            int status = keep_string(p, &name);
            if (status != DMLCSR_OK)
                return status;
            if (!dml_json_expect(&p->json, ':', "':' is missing"))
                return fail_json(p);
            bool tensor = strcmp(name, "__metadata__");
            if (!tensor && metadata)
                return dml_fail(p->error, DMLCSR_ERROR_FORMAT, "%s: header has __metadata__ twice", p->label);
            metadata |= !tensor;
            status = tensor ? read_tensor(p, name) : read_metadata(p);
            if (status != DMLCSR_OK)
                return status;
        } while (dml_json_take(&p->json, ','));
        if (!dml_json_expect(&p->json, '}', "',' or '}' is missing"))
            return fail_json(p);
    }
    if (dml_json_done(&p->json))
        return DMLCSR_OK;
    p->json.problem = "something follows the last '}'";
    return fail_json(p);
}

/* Among tensors that begin at the same place, empty ones come first. */
static int tie_sizes(const void *items, size_t a, size_t b)
{
    const dml_entry *entries = items;
    return (entries[a].bytes > entries[b].bytes) - (entries[a].bytes < entries[b].bytes);
}

static int check_order(const parser *p, const dml_key *keys)
{
    size_t expected = 0;
    for (size_t i = 0; i < p->model->count; i++) {
        const dml_entry *entry = &p->model->entries[keys[i].index];
        if (keys[i].key < expected)
            return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT, "overlaps another tensor");
        if (keys[i].key > expected)
            return fail_tensor(p, entry->name, DMLCSR_ERROR_FORMAT,
                               i ? "begins behind a hole in the data" : "is the first, but not at the data's start");
        expected += entry->bytes;
    }
    if (expected == p->data_size)
        return DMLCSR_OK;
    return dml_fail(p->error, DMLCSR_ERROR_FORMAT, "%s: %zu bytes follow the last tensor", p->label,
                    p->data_size - expected);
}

/* The tensors must cover the data exactly: no overlap, no hole. */
static int check_cover(const parser *p)
{
    const dml_model *model = p->model;
    size_t size;
    dml_key *keys = dml_mul(model->count, 2 * sizeof *keys, &size) ? dml_alloc(model->memory, size) : NULL;
    if (!keys)
        return fail_memory(p, model->count * 2 * sizeof *keys);
    for (size_t i = 0; i < model->count; i++)
        keys[i] = (dml_key){ (uint64_t)(model->entries[i].data - p->data), i };
    dml_keys_sort(keys, keys + model->count, model->count, tie_sizes, model->entries);
    int status = check_order(p, keys);
    dml_release(model->memory, keys);
    return status;
}

static dml_name pair_name(const void *items, size_t i)
{
    const char *key = ((const dml_pair *)items)[i].key;
    return (dml_name){ key, strlen(key) };
}

static int check_pairs(const parser *p)
{
    const dml_model *model = p->model;
    dml_index index = { NULL, 0, model->pairs, pair_name };
    size_t twin;
    if (!dml_index_build(&index, model->pair_count, &twin, model->memory))
        return fail_memory(p, model->pair_count * sizeof(dml_key));
    dml_index_free(&index, model->memory);
    if (twin == DML_NOT_FOUND)
        return DMLCSR_OK;
    const char *key = model->pairs[twin].key;
    return dml_fail(p->error, DMLCSR_ERROR_FORMAT, "%s: metadata has the key '%s' twice", p->label,
                    dml_quote(key, strlen(key)).text);
}

int dml_safetensors_read(dml_model *model, const char *label, dml_error *error)
{
    int status;
    const dml_file *file = &model->file;
    if (file->size < 8)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: too short for a safetensors file", label);
    const uint64_t length = dml_le64(file->bytes);
    if (length > HEADER_MAX)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: header of %llu bytes is larger than the format allows", label,
                        (unsigned long long)length);
    if (length > file->size - 8)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: header of %llu bytes reaches past the end of the file", label,
                        (unsigned long long)length);
    if (!length || file->bytes[8] != '{')
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: header does not begin with '{'", label);
    const size_t size = (size_t)length;
    parser p = { .model = model, .label = label, .error = error, .data = file->bytes + 8 + size,
                 .data_size = file->size - 8 - size };
    p.strings = model->strings = dml_alloc(model->memory, size);
    if (!p.strings)
        return fail_memory(&p, size);
    dml_json_init(&p.json, file->bytes + 8, size);
    DML_TRY(read_header(&p));
    DML_TRY(check_cover(&p));
    DML_TRY(check_pairs(&p));
fail:
    return status;
}
