/* The directory of a ZIP archive whose entries are stored without compression, as torch.save writes them. */
#ifndef DML_MODEL_ZIP_H
#define DML_MODEL_ZIP_H

#include "base/status.h"
#include "model/names.h"

typedef struct dml_zip_entry {
    dml_name name;
    const unsigned char *data;
    size_t size;
    size_t start; /* of its local header */
} dml_zip_entry;

typedef struct dml_zip {
    dml_zip_entry *entries; /* in the order of the directory */
    size_t count;
    dml_index index;
} dml_zip;

/* Checks the whole directory against the file: every entry inside it, none over another, no name twice. */
int dml_zip_open(dml_zip *zip, const unsigned char *bytes, size_t size, const char *label, dml_memory *memory,
                 dml_error *error);
void dml_zip_close(dml_zip *zip, dml_memory *memory); /* a cleared one is fine */
const dml_zip_entry *dml_zip_find(const dml_zip *zip, const char *name, size_t length);

#endif
