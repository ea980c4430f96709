/* What the two kinds of PyTorch checkpoint share: the state dict. They differ in where the storages lie. */
#ifndef DML_MODEL_PTH_H
#define DML_MODEL_PTH_H

#include "model/pickle.h"
#include "model/reader.h"

/* The bytes a tensor looks into. */
typedef struct dml_storage {
    dml_name key;
    dml_dtype dtype;
    uint64_t count;            /* elements */
    const unsigned char *data; /* NULL until it is found in the file */
} dml_storage;

typedef struct dml_pth dml_pth;

struct dml_pth {
    dml_model *model;
    const char *label;
    dml_error *error;
    dml_pickle pickle;
    /* Finds the bytes of a storage: true and data set, when the file has all of it. */
    bool (*find)(const dml_pth *pth, dml_storage *storage);
    const void *storages; /* for find() */
};

/* What a persistent id says: 5 items, or 6 in legacy files; the last is None there. */
bool dml_pth_storage(const dml_pth *pth, const dml_value *value, dml_storage *storage);

/* Finds the state dict in the pickle and makes a tensor of each of its items that is one. */
int dml_pth_read_tensors(dml_pth *pth);

#endif
