/* Checkpoints before PyTorch 1.6: five pickles - magic number, protocol, system, the object, the keys of its storages -
   and then each storage: a count of elements and the elements. */
#include <string.h>

#include "model/pth.h"

#define PROTOCOL 1001

/* The storages that the object mentions, each once. */
typedef struct table {
    dml_storage *items;
    dml_index index;
} table;

/* PROTO 2, LONG1 of 10 bytes: 0x1950A86A20F9469CFC6C, STOP */
static const unsigned char magic[] = { 0x80, 2, 0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19,
                                       '.' };

bool dml_pth_is_legacy(const unsigned char *bytes, size_t size)
{
    return size >= sizeof magic && !memcmp(bytes, magic, sizeof magic);
}

static int fail_memory(const dml_pth *pth, size_t size)
{
    return dml_fail(pth->error, dml_memory_status(pth->model->memory, size), "%s: no memory for its storages",
                    pth->label);
}

/* The pickles before the object: protocol and system. */
static int check_start(dml_pth *pth, size_t *at)
{
    int status;
    const dml_file *file = &pth->model->file;
    dml_pickle *pickle = &pth->pickle;
    *at = sizeof magic;
    DML_TRY(dml_pickle_run(pickle, file->bytes, file->size, at, pth->label, pth->model->memory, pth->error));
    const dml_value *protocol = &pickle->values[pickle->root];
    if (protocol->kind != DML_INTEGER || protocol->as.integer != PROTOCOL)
        return dml_fail(pth->error, DMLCSR_ERROR_UNSUPPORTED, "%s: not of checkpoint protocol 1001", pth->label);
    dml_pickle_free(pickle);
    DML_TRY(dml_pickle_run(pickle, file->bytes, file->size, at, pth->label, pth->model->memory, pth->error));
    dml_pickle_free(pickle);
fail:
    return status;
}

static bool find_storage(const dml_pth *pth, dml_storage *storage)
{
    const table *t = pth->storages;
    const size_t found = dml_index_find(&t->index, storage->key.text, storage->key.length);
    if (found == DML_NOT_FOUND || !t->items[found].data)
        return false;
    *storage = t->items[found];
    return true;
}

static dml_name storage_name(const void *items, size_t i)
{
    return ((const dml_storage *)items)[i].key;
}

static bool same_name(dml_name a, dml_name b)
{
    return a.length == b.length && !memcmp(a.text, b.text, a.length);
}

/* Leaves one item per key in the index. All that mention a key must mean the same. */
static bool unite(table *t)
{
    dml_index *index = &t->index;
    size_t kept = 0;
    for (size_t i = 0; i < index->count; i++) {
        const dml_storage *last = kept ? &t->items[index->keys[kept - 1].index] : NULL;
        const dml_storage *item = &t->items[index->keys[i].index];
        if (last && same_name(last->key, item->key)) {
            if (last->dtype != item->dtype || last->count != item->count)
                return false;
        } else {
            index->keys[kept++] = index->keys[i];
        }
    }
    index->count = kept;
    return true;
}

static int list_storages(dml_pth *pth, table *t)
{
    const dml_pickle *pickle = &pth->pickle;
    dml_memory *memory = pth->model->memory;
    size_t count = 0, twin;
    for (size_t i = 0; i < pickle->value_count; i++)
        count += pickle->values[i].kind == DML_STORAGE;
    t->items = dml_alloc(memory, count * sizeof *t->items); /* the pickle is limited, and so is this product */
    if (!t->items)
        return fail_memory(pth, count * sizeof *t->items);
    count = 0;
    for (size_t i = 0; i < pickle->value_count; i++) {
        if (pickle->values[i].kind == DML_STORAGE && !dml_pth_storage(pth, &pickle->values[i], &t->items[count++]))
            return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: a storage of the checkpoint is not described soundly",
                            pth->label);
    }
    t->index.items = t->items;
    t->index.name = storage_name;
    if (!dml_index_build(&t->index, count, &twin, memory))
        return fail_memory(pth, count * sizeof(dml_key));
    if (!unite(t))
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT,
                        "%s: a storage of the checkpoint is used with two types or sizes", pth->label);
    return DMLCSR_OK;
}

/* Takes one storage from the file at *at. */
static int place(const dml_pth *pth, const table *t, const dml_value *key, size_t *at)
{
    const dml_file *file = &pth->model->file;
    const size_t found = key->kind == DML_STRING ? dml_index_find(&t->index, key->as.text, key->count) : DML_NOT_FOUND;
    if (found == DML_NOT_FOUND || t->items[found].data)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: its list of storages does not fit its tensors",
                        pth->label);
    dml_storage *storage = &t->items[found];
    const dml_quoted name = dml_quote(storage->key.text, storage->key.length);
    const size_t size = dml_dtype_size(storage->dtype), left = file->size - *at;
    if (left < 8 || storage->count > (left - 8) / size)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: storage '%s' is cut off", pth->label, name.text);
    if (dml_le64(file->bytes + *at) != storage->count)
        return dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: storage '%s' does not have the size its tensors say",
                        pth->label, name.text);
    storage->data = file->bytes + *at + 8;
    *at += 8 + (size_t)storage->count * size;
    return DMLCSR_OK;
}

static int place_all(const dml_pth *pth, const table *t, size_t at)
{
    int status;
    const dml_file *file = &pth->model->file;
    dml_pickle keys = { 0 };
    DML_TRY(dml_pickle_run(&keys, file->bytes, file->size, &at, pth->label, pth->model->memory, pth->error));
    const dml_value *list = &keys.values[keys.root];
    if (list->kind != DML_LIST) {
        status = dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: its list of storages is missing", pth->label);
        goto fail;
    }
    for (uint32_t c = dml_pickle_first(list); c != DML_NO_CELL; c = keys.cells[c].next)
        DML_TRY(place(pth, t, &keys.values[keys.cells[c].value], &at));
    if (at != file->size)
        status = dml_fail(pth->error, DMLCSR_ERROR_FORMAT, "%s: %zu bytes follow the last storage", pth->label,
                          file->size - at);
fail:
    dml_pickle_free(&keys);
    return status;
}

int dml_pth_read_legacy(dml_model *model, const char *label, dml_error *error)
{
    int status;
    size_t at = 0;
    table t = { 0 };
    dml_pth pth = { .model = model, .label = label, .error = error, .find = find_storage, .storages = &t };
    DML_TRY(check_start(&pth, &at));
    DML_TRY(dml_pickle_run(&pth.pickle, model->file.bytes, model->file.size, &at, label, model->memory, error));
    DML_TRY(list_storages(&pth, &t));
    DML_TRY(place_all(&pth, &t, at));
    DML_TRY(dml_pth_read_tensors(&pth));
fail:
    dml_index_free(&t.index, model->memory);
    dml_release(model->memory, t.items);
    dml_pickle_free(&pth.pickle);
    return status;
}
