/* Several blocks, one after the other, of which only the first that cannot be had is told. */
#ifndef DML_BASE_TAKE_H
#define DML_BASE_TAKE_H

#include "base/memory.h"
#include "base/status.h"

/* DMLCSR_ERROR_ARGUMENT unless a caller gave both functions of an allocator, or neither. */
int dml_hooks_check(void *(*allocate)(void *, size_t, size_t), void (*release)(void *, void *), dml_error *error);

/* Filled in by the caller, the last two with DMLCSR_OK and 0. */
typedef struct dml_taking {
    dml_memory *memory;
    dml_error *error;
    const char *what; /* the blocks are of: "the loss" */
    int status;       /* of the first that failed */
    size_t bytes;     /* taken so far */
} dml_taking;

/* `count` cleared elements of `size` bytes, one byte at least; NULL once there was no memory. */
void *dml_take(dml_taking *taking, size_t count, size_t size);

/* rows x count of them. */
void *dml_take_rows(dml_taking *taking, size_t rows, size_t count, size_t size);

#endif
