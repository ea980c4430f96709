/* Structs that cross the ABI with their size in front. */
#ifndef DML_STRUCTS_H
#define DML_STRUCTS_H

#include "base/status.h"

/* Copies a caller's struct, whatever version it was compiled for, into ours of `known` bytes: a shorter one (not below
   `minimum`, the size it had when it was introduced) is filled up with zeros; of a longer one the part that is unknown
   here must be zero. When it is not, `to` is filled all the same: it says where the caller wants the sentence. Of a
   struct whose size is impossible nothing is read. `name` is for the sentence. */
int dml_struct_import(void *to, size_t known, size_t minimum, const void *from, const char *name, dml_error *error);

/* Hands the sentence of a failed call to the caller: cut where `size` bytes at `text` (NULL: none) do not hold it. Returns
   the status. */
int dml_error_deliver(const dml_error *error, int status, char *text, size_t size);

/* A number that a caller sets, and what it may be. */
typedef struct dml_range {
    const char *name;
    double value, low, high;
} dml_range;

/* DMLCSR_ERROR_ARGUMENT, with the name and the limits of the first that is outside (NaN is). */
int dml_ranges_check(const dml_range *ranges, size_t count, dml_error *error);

#endif
