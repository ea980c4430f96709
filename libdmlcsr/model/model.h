/* A model file as named tensors, whatever kind of file it came from. Everything in a file is hostile until checked. */
#ifndef DML_MODEL_H
#define DML_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/status.h"
#include "kernels/kernels.h"

#define DML_RANK 8 /* most dimensions a tensor may have */

typedef enum dml_dtype {
    DML_F64, DML_F32, DML_F16, DML_BF16, DML_I64, DML_I32, DML_I16, DML_I8, DML_U8, DML_BOOL,
    DML_OTHER /* a type of safetensors that is not known here: an error only when the tensor is read */
} dml_dtype;

/* One tensor. `data` points into the file (mapped or given), is in the file's byte order (little-endian) and may be
   unaligned. */
typedef struct dml_entry {
    const char *name;            /* ends in 0; without a leading "module." */
    const char *dtype_name;      /* "F32"; the file's own word for DML_OTHER */
    dml_dtype dtype;
    uint32_t rank;
    uint64_t shape[DML_RANK];
    int64_t stride[DML_RANK];    /* elements; as C order says for safetensors, anything checked for .pth */
    const unsigned char *data;   /* element 0 */
    size_t count;                /* product of shape */
    size_t bytes;                /* count elements of dtype; for DML_OTHER what the file says */
    const struct dml_entry *scale; /* of I8: "<name>_scale", F32, one for each first index, or NULL: then it is no number */
} dml_entry;

#define DML_SCALE "_scale" /* what the name of a scale ends in */
#define DML_SCALED_NAME 256 /* longest name of a scale, and its end */

typedef struct dml_model dml_model;

/* Opens by content: safetensors, ZIP .pth, legacy .pth. The file is mapped read-only where the system can. */
int dml_model_open(dml_model **out, const char *path, dml_memory *memory, dml_error *error);

/* The same from bytes the caller keeps alive until dml_model_close. `name` is used in messages ("memory"). */
int dml_model_open_memory(dml_model **out, const void *data, size_t size, const char *name, dml_memory *memory,
                          dml_error *error);
void dml_model_close(dml_model *model); /* NULL is fine */

size_t dml_model_count(const dml_model *model);
const dml_entry *dml_model_entry(const dml_model *model, size_t index); /* in the order of the file */
const dml_entry *dml_model_find(const dml_model *model, const char *name); /* NULL when absent */

size_t dml_model_metadata_count(const dml_model *model);
void dml_model_metadata_at(const dml_model *model, size_t index, const char **key, const char **value);
const char *dml_model_metadata(const dml_model *model, const char *key); /* NULL when absent */

const char *dml_dtype_name(dml_dtype dtype);  /* as safetensors spells it: "F32" */
size_t dml_dtype_size(dml_dtype dtype);

/* True for what dml_entry_read() can read: F64, F32, F16, BF16, and I8 with a scale. */
bool dml_entry_is_number(const dml_entry *entry);

/* All values as float, in C order of the shape. Converts numbers and follows strides; another type is
   DMLCSR_ERROR_UNSUPPORTED with the tensor's name; a value that is not finite is DMLCSR_ERROR_MODEL with the tensor's
   name and the index. */
int dml_entry_read(const dml_entry *entry, const dml_kernels *kernels, float *out /* count */, dml_error *error);

/* All values as they are, little-endian, in C order of the shape. DML_OTHER is DMLCSR_ERROR_UNSUPPORTED. */
int dml_entry_copy(const dml_entry *entry, void *out /* entry->bytes */, dml_error *error);

/* True when `data` holds the values in C order without gaps. */
bool dml_entry_contiguous(const dml_entry *entry);

/* Tells the system that the pages of this tensor are no longer needed, so that a mapped file does not count twice
   beside packed weights. They come back by themselves when read again. */
void dml_model_forget(const dml_model *model, const dml_entry *entry);

/* ---- writing ---- */

/* A tensor to write: raw little-endian bytes in C order. */
typedef struct dml_output {
    const char *name;
    dml_dtype dtype;
    uint32_t rank;
    const uint64_t *shape;
    const void *data; /* count * size of dtype bytes */
} dml_output;

/* Writes safetensors: temporary name beside `path`, flushed, renamed. The format allows no gaps, so tensors are
   ordered: those whose size is a multiple of 64 bytes first, each at a multiple of 64, then multiples of 32 and so on,
   by name within each group. metadata: pairs key, value; written in the order of the keys. The order in which tensors
   and pairs are given does not matter. */
int dml_safetensors_write(const char *path, const dml_output *tensors, size_t tensor_count, const char *const *metadata,
                          size_t pair_count, dml_memory *memory, dml_error *error);

/* float to half, round to nearest even, overflow to infinity as IEEE says. */
uint16_t dml_f16_from_float(float value);
uint16_t dml_bf16_from_float(float value);

#endif
