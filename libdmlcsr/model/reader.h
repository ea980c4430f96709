/* What the readers of the three kinds of file share: the model they fill. */
#ifndef DML_MODEL_READER_H
#define DML_MODEL_READER_H

#include "model/file.h"
#include "model/model.h"
#include "model/names.h"

typedef struct dml_pair {
    const char *key, *value;
} dml_pair;

struct dml_model {
    dml_memory *memory;
    dml_file file;
    dml_entry *entries;
    size_t count, capacity;
    dml_index index; /* of entries */
    dml_pair *pairs;
    size_t pair_count, pair_capacity;
    char *strings; /* all names and values */
};

/* Each fills entries, pairs and strings from model->file. label: what messages call the file. */
int dml_safetensors_read(dml_model *model, const char *label, dml_error *error);
int dml_pth_read_zip(dml_model *model, const char *label, dml_error *error);
int dml_pth_read_legacy(dml_model *model, const char *label, dml_error *error);

/* True when the first bytes are those of the kind. */
bool dml_pth_is_zip(const unsigned char *bytes, size_t size);
bool dml_pth_is_legacy(const unsigned char *bytes, size_t size);

/* A cleared entry at the end of the model's list; NULL when there is no memory. */
dml_entry *dml_model_add(dml_model *model);

/* Derives count, bytes and C-order strides from shape and dtype. False when they do not fit. */
bool dml_entry_measure(dml_entry *entry);

static inline uint32_t dml_le16(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t dml_le32(const unsigned char *p)
{
    return dml_le16(p) | dml_le16(p + 2) << 16;
}

static inline uint64_t dml_le64(const unsigned char *p)
{
    return (uint64_t)dml_le32(p) | (uint64_t)dml_le32(p + 4) << 32;
}

#endif
