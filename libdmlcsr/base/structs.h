/* Structs that cross the ABI with their size in front. */
#ifndef DML_STRUCTS_H
#define DML_STRUCTS_H

#include "base/status.h"

/* Copies a caller's struct, whatever version it was compiled for, into ours of `known` bytes: a shorter one (not below
   `minimum`, the size it had when it was introduced) is filled up with zeros; of a longer one the part that is unknown
   here must be zero. When it is not, `to` is filled all the same: it says where the caller wants the sentence. Of a
   struct whose size is impossible nothing is read. `name` is for the sentence. */
int dml_struct_import(void *to, size_t known, size_t minimum, const void *from, const char *name, dml_error *error);

#endif
