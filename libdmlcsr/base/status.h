/* Status codes with a sentence: every function that can fail gets an error to write into. */
#ifndef DML_BASE_STATUS_H
#define DML_BASE_STATUS_H

#include "base/compiler.h"
#include "dmlcsr/dmlcsr.h"

/* The last sentence. A plain struct, so that a handle, a stack frame or a test can hold one. */
typedef struct dml_error {
    char text[512];
} dml_error;

/* Writes the sentence (error may be NULL) and returns `status`, so that a caller can `return dml_fail(...)`. Of
   DMLCSR_ERROR_LIMIT it says first that the limit is to blame. */
int dml_fail(dml_error *error, int status, const char *format, ...) DML_PRINTF(3, 4);

/* In a function with `int status` and a `fail:` label: leave on the first error. */
#define DML_TRY(expression)            \
    do {                               \
        status = (expression);         \
        if (status != DMLCSR_OK)       \
            goto fail;                 \
    } while (0)

#endif
