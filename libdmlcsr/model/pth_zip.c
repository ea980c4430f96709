/* Checkpoints since PyTorch 1.6: a ZIP archive with one entry for the pickle and one for each storage. */
#include <string.h>

#include "model/pth.h"
#include "model/zip.h"

#define NAME_MAX_SIZE 1024

/* The archive and the folder in it that all names begin with, slash included. */
typedef struct folder {
    dml_zip zip;
    dml_name root;
} folder;

bool dml_pth_is_zip(const unsigned char *bytes, size_t size)
{
    static const unsigned char first[] = { 'P', 'K', 3, 4 };
    return size >= sizeof first && !memcmp(bytes, first, sizeof first);
}

static const dml_zip_entry *find_in(const folder *f, const char *name, size_t length)
{
    char full[2 * NAME_MAX_SIZE];
    if (f->root.length > NAME_MAX_SIZE || length > NAME_MAX_SIZE)
        return NULL;
    memcpy(full, f->root.text, f->root.length);
    memcpy(full + f->root.length, name, length);
    return dml_zip_find(&f->zip, full, f->root.length + length);
}

/* Storage k is <root>/data/k. */
static bool find_storage(const dml_pth *pth, dml_storage *storage)
{
    static const char prefix[] = "data/";
    char name[NAME_MAX_SIZE];
    const size_t length = sizeof prefix - 1;
    if (storage->key.length > sizeof name - length)
        return false;
    memcpy(name, prefix, length);
    memcpy(name + length, storage->key.text, storage->key.length);
    const dml_zip_entry *entry = find_in(pth->storages, name, length + storage->key.length);
    const size_t size = dml_dtype_size(storage->dtype);
    if (!entry || entry->size % size || entry->size / size != storage->count)
        return false;
    storage->data = entry->data;
    return true;
}

/* Everything is in one folder; its name is free, so the first entry tells. */
static void find_root(folder *f)
{
    if (!f->zip.count)
        return;
    const dml_name first = f->zip.entries[0].name;
    const char *slash = memchr(first.text, '/', first.length);
    if (slash)
        f->root = (dml_name){ first.text, (size_t)(slash - first.text) + 1 };
}

/* Files since PyTorch 2.1 say in which order the bytes of a number are; before, all were little-endian. */
static int check_byte_order(const folder *f, const char *label, dml_error *error)
{
    const dml_zip_entry *order = find_in(f, "byteorder", 9);
    if (!order || (order->size == 6 && !memcmp(order->data, "little", 6)))
        return DMLCSR_OK;
    return dml_fail(error, DMLCSR_ERROR_UNSUPPORTED, "%s: byte order '%s' is not supported, only 'little'", label,
                    dml_quote((const char *)order->data, order->size).text);
}

int dml_pth_read_zip(dml_model *model, const char *label, dml_error *error)
{
    int status;
    folder f = { .root = { "", 0 } };
    dml_pth pth = { .model = model, .label = label, .error = error, .find = find_storage, .storages = &f };
    const unsigned char *bytes = model->file.bytes;
    DML_TRY(dml_zip_open(&f.zip, bytes, model->file.size, label, model->memory, error));
    find_root(&f);
    const dml_zip_entry *data = find_in(&f, "data.pkl", 8);
    if (!data) {
        status = dml_fail(error, DMLCSR_ERROR_FORMAT,
                          "%s: is a ZIP archive, but no PyTorch checkpoint: no data.pkl in it", label);
        goto fail;
    }
    DML_TRY(check_byte_order(&f, label, error));
    size_t at = (size_t)(data->data - bytes);
    DML_TRY(dml_pickle_run(&pth.pickle, bytes, at + data->size, &at, label, model->memory, error));
    DML_TRY(dml_pth_read_tensors(&pth));
fail:
    dml_pickle_free(&pth.pickle);
    dml_zip_close(&f.zip, model->memory);
    return status;
}
