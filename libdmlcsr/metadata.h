/* A model file's metadata with a caller's over it. */
#ifndef DML_METADATA_H
#define DML_METADATA_H

#include "model/model.h"

typedef struct dml_metadata {
    const char **pair; /* key, value, key, value ...: strings of the model and of the caller */
    size_t pairs;
} dml_metadata;

/* given: `count` pairs key, value, added to what the model has or put in its place; an empty value removes the key. They are
   checked, since they come from a caller. */
int dml_metadata_create(dml_metadata *metadata, const dml_model *model, const char *const *given, size_t count,
                        dml_memory *memory, dml_error *error);
void dml_metadata_free(dml_metadata *metadata, dml_memory *memory);

#endif
