/* What a model file says about itself, with the published values where it is silent. */
#ifndef DML_INFO_H
#define DML_INFO_H

#include "image/image.h"
#include "metadata.h"

typedef struct dml_info {
    char *text;            /* one block with all strings below */
    const char **class_name; /* classes of them */
    uint32_t classes;
    const char **pair;     /* metadata: key, value, key, value ... */
    size_t pairs;
    const char *side;
    uint32_t size;         /* input size the model was made for */
    dml_preprocess preprocess;
} dml_info;

/* Metadata that makes no sense (a size of 0, a class list of another length) is an error that names the key. */
int dml_info_create(dml_info *info, const dml_metadata *metadata, uint32_t classes, dml_memory *memory,
                    dml_error *error);
void dml_info_free(dml_info *info, dml_memory *memory);
const char *dml_info_metadata(const dml_info *info, const char *key);

#endif
