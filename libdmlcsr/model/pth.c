#include "model/pth.h"

#include <string.h>

/* Tensors may share a storage, but a small file must not pretend to be a huge model by sharing it many times. */
#define SHARE_FACTOR 8
#define SHARE_FREE 1048576 /* bytes */
#define KEY_MOST 1024 /* bytes of a storage's key: it is compared each time that a tensor mentions it */

static int fail_tensor(const dml_pth *pth, const char *name, int status, const char *what)
{
    return dml_fail(pth->error, status, "%s: tensor '%s' %s", pth->label, dml_quote(name, strlen(name)).text, what);
}

bool dml_pth_storage(const dml_pth *pth, const dml_value *value, dml_storage *storage)
{
    const dml_pickle *pickle = &pth->pickle;
    const dml_value *tuple = &pickle->values[value->as.inner];
    const dml_value *word = dml_pickle_item(pickle, tuple, 0), *type = dml_pickle_item(pickle, tuple, 1);
    const dml_value *key = dml_pickle_item(pickle, tuple, 2), *count = dml_pickle_item(pickle, tuple, 4);
    const dml_value *view = dml_pickle_item(pickle, tuple, 5);
    if (tuple->count < 5 || tuple->count > 6 || (view && view->kind != DML_NONE))
        return false;
    if (word->kind != DML_STRING || word->count != 7 || memcmp(word->as.text, "storage", 7))
        return false;
    if (type->kind != DML_GLOBAL || type->global != DML_STORAGE_TYPE || key->kind != DML_STRING
        || key->count > KEY_MOST)
        return false;
    if (count->kind != DML_INTEGER || count->as.integer < 0)
        return false;
    *storage = (dml_storage){ { key->as.text, key->count }, (dml_dtype)type->dtype, (uint64_t)count->as.integer, NULL };
    return true;
}

/* A tuple of sizes or strides: none below 0. */
static bool read_tuple(const dml_pth *pth, const dml_value *tuple, int64_t out[DML_RANK])
{
    uint32_t i = 0;
    if (tuple->kind != DML_TUPLE || tuple->count > DML_RANK)
        return false;
    for (uint32_t c = dml_pickle_first(tuple); c != DML_NO_CELL; c = pth->pickle.cells[c].next) {
        const dml_value *item = &pth->pickle.values[pth->pickle.cells[c].value];
        if (item->kind != DML_INTEGER || item->as.integer < 0)
            return false;
        out[i++] = item->as.integer;
    }
    return true;
}

/* True when the element with the largest index still lies inside the storage. */
static bool inside(const dml_entry *entry, uint64_t offset, uint64_t count)
{
    if (!entry->count)
        return offset <= count;
    uint64_t last = offset;
    for (uint32_t i = 0; i < entry->rank; i++) {
        const uint64_t steps = entry->shape[i] - 1, stride = (uint64_t)entry->stride[i];
        if (steps && stride > (UINT64_MAX - last) / steps)
            return false;
        last += steps * stride;
    }
    return last < count;
}

/* Sizes and strides: arguments 2 and 3 of the tensor. */
static int read_layout(const dml_pth *pth, const dml_value *arguments, dml_entry *entry)
{
    const dml_value *sizes = dml_pickle_item(&pth->pickle, arguments, 2);
    const dml_value *strides = dml_pickle_item(&pth->pickle, arguments, 3);
    int64_t size[DML_RANK], stride[DML_RANK];
    if (sizes->kind == DML_TUPLE && sizes->count > DML_RANK)
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_UNSUPPORTED, "has more than 8 dimensions");
    if (!read_tuple(pth, sizes, size) || !read_tuple(pth, strides, stride) || sizes->count != strides->count)
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT, "has no sound sizes and strides");
    entry->rank = sizes->count;
    for (uint32_t i = 0; i < entry->rank; i++)
        entry->shape[i] = (uint64_t)size[i];
    if (!dml_entry_measure(entry))
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT, "has an impossible shape");
    for (uint32_t i = 0; i < entry->rank; i++)
        entry->stride[i] = size[i] == 1 ? 0 : stride[i]; /* nobody steps there, whatever the file says */
    return DMLCSR_OK;
}

static int read_tensor(const dml_pth *pth, const dml_value *tensor, dml_entry *entry)
{
    const dml_value *arguments = &pth->pickle.values[tensor->as.inner];
    const dml_value *holder = dml_pickle_item(&pth->pickle, arguments, 0);
    const dml_value *offset = dml_pickle_item(&pth->pickle, arguments, 1);
    dml_storage storage;
    if (holder->kind != DML_STORAGE || !dml_pth_storage(pth, holder, &storage))
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT, "has no storage that can be read");
    if (offset->kind != DML_INTEGER || offset->as.integer < 0)
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT, "has no sound offset");
    entry->dtype = storage.dtype;
    entry->dtype_name = dml_dtype_name(storage.dtype);
    int status = read_layout(pth, arguments, entry);
    if (status != DMLCSR_OK)
        return status;
    if (!pth->find(pth, &storage))
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT,
                           "has a storage that the file lacks, or of another size");
    if (!inside(entry, (uint64_t)offset->as.integer, storage.count))
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT, "reaches past the end of its storage");
    entry->data = storage.data + (size_t)offset->as.integer * dml_dtype_size(entry->dtype);
    return DMLCSR_OK;
}

static const dml_value *lookup(const dml_pickle *pickle, const dml_value *dict, const char *name)
{
    for (uint32_t c = dml_pickle_first(dict); c != DML_NO_CELL; c = pickle->cells[c].next) {
        const dml_value *key = &pickle->values[pickle->cells[c].key];
        if (key->kind == DML_STRING && key->count == strlen(name) && !memcmp(key->as.text, name, key->count))
            return &pickle->values[pickle->cells[c].value];
    }
    return NULL;
}

/* The state dict is the whole object, or lies in it under one of two names. */
static const dml_value *state_dict(const dml_pickle *pickle)
{
    const dml_value *root = &pickle->values[pickle->root];
    if (root->kind != DML_DICT)
        return NULL;
    const dml_value *inner = lookup(pickle, root, "state_dict");
    if (!inner || inner->kind != DML_DICT)
        inner = lookup(pickle, root, "model");
    return inner && inner->kind == DML_DICT ? inner : root;
}

static bool is_tensor(const dml_pickle *pickle, const dml_cell *cell)
{
    return pickle->values[cell->key].kind == DML_STRING && pickle->values[cell->value].kind == DML_TENSOR;
}

/* Copies a key to the model's strings. */
static int keep_name(const dml_pth *pth, const dml_value *key, char **strings, const char **out)
{
    if (!dml_utf8_valid(key->as.text, key->count))
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: the name of tensor '%s' is not sound UTF-8", pth->label,
                        dml_quote(key->as.text, key->count).text);
    memcpy(*strings, key->as.text, key->count);
    (*strings)[key->count] = 0;
    *out = *strings;
    *strings += key->count + 1;
    return DMLCSR_OK;
}

/* Bytes that the names of all tensors take; 0 when there are none. Keys may share one string,
   so that their sum can pass the size of the file: SIZE_MAX then. */
static size_t measure_names(const dml_pth *pth, const dml_value *dict)
{
    const dml_pickle *pickle = &pth->pickle;
    const uint64_t limit = SHARE_FREE + (uint64_t)pth->model->file.size;
    size_t sum = 0;
    for (uint32_t c = dml_pickle_first(dict); c != DML_NO_CELL && sum <= limit; c = pickle->cells[c].next) {
        if (is_tensor(pickle, &pickle->cells[c]))
            sum += (size_t)pickle->values[pickle->cells[c].key].count + 1;
    }
    return sum > limit ? SIZE_MAX : sum;
}

static int read_item(dml_pth *pth, const dml_cell *cell, char **strings, uint64_t *left)
{
    int status;
    const dml_value *values = pth->pickle.values;
    dml_entry *entry = dml_model_add(pth->model);
    if (!entry) {
        const size_t size = dml_array_bytes(pth->model->capacity, sizeof *entry);
        return dml_fail(pth->error, dml_memory_status(pth->model->memory, size), "%s: no memory for its tensors",
                        pth->label);
    }
    DML_TRY(keep_name(pth, &values[cell->key], strings, &entry->name));
    DML_TRY(read_tensor(pth, &values[cell->value], entry));
    if (entry->bytes > *left)
        return fail_tensor(pth, entry->name, DMLCSR_ERROR_FORMAT,
                           "brings the tensors to more than 8 times the size of the file");
    *left -= entry->bytes;
fail:
    return status;
}

int dml_pth_read_tensors(dml_pth *pth)
{
    int status = DMLCSR_OK;
    const dml_pickle *pickle = &pth->pickle;
    dml_model *model = pth->model;
    const dml_value *dict = state_dict(pickle);
    if (!dict)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: the checkpoint is not a state dict", pth->label);
    const size_t size = measure_names(pth, dict);
    if (!size)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: the checkpoint's state dict holds no tensors",
                        pth->label);
    if (size == SIZE_MAX)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: the names of its tensors are longer than the file",
                        pth->label);
    model->strings = dml_alloc(model->memory, size);
    if (!model->strings)
        return dml_fail(pth->error, dml_memory_status(model->memory, size), "%s: no memory for its names", pth->label);
    char *strings = model->strings;
    uint64_t left = SHARE_FREE + (uint64_t)model->file.size * SHARE_FACTOR;
    for (uint32_t c = dml_pickle_first(dict); c != DML_NO_CELL; c = pickle->cells[c].next) {
        if (is_tensor(pickle, &pickle->cells[c]))
            DML_TRY(read_item(pth, &pickle->cells[c], &strings, &left));
    }
fail:
    return status;
}
