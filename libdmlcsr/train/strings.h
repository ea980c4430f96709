/* A list of strings that grows. */
#ifndef DML_TRAIN_STRINGS_H
#define DML_TRAIN_STRINGS_H

#include "base/memory.h"
#include "base/status.h"

typedef struct dml_strings {
    dml_memory *memory;
    char *text;            /* all strings, one after the other */
    size_t used, text_room;
    size_t *offset;        /* of each string in text: pointers would not survive growing */
    size_t count, room;
} dml_strings;

/* Adds the first `length` bytes of `name`, behind `folder` and a slash unless folder is NULL or `name` is absolute. */
int dml_strings_add(dml_strings *strings, const char *folder, const char *name, size_t length, dml_error *error);

/* Valid until the next add. */
static inline const char *dml_string(const dml_strings *strings, size_t index)
{
    return strings->text + strings->offset[index];
}

/* In the order of their bytes. */
void dml_strings_sort(dml_strings *strings);

/* A cleared list is fine. */
void dml_strings_free(dml_strings *strings);

#endif
