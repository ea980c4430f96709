/* A machine for the few pickle instructions that a state dict needs. It builds values and calls nothing: the
   "globals" of a pickle are names here, and every name that is not on the list is refused. */
#ifndef DML_MODEL_PICKLE_H
#define DML_MODEL_PICKLE_H

#include "model/model.h"
#include "model/names.h"

typedef enum dml_kind {
    DML_NONE, DML_FLAG, DML_INTEGER, DML_NUMBER, /* a float, or an integer above 64 bits: the value is not kept */
    DML_STRING, DML_TUPLE, DML_LIST, DML_DICT,
    DML_GLOBAL,
    DML_STORAGE, /* a persistent id: holds its tuple */
    DML_TENSOR   /* a call of _rebuild_tensor_v2: holds its arguments */
} dml_kind;

typedef enum dml_global {
    DML_ORDERED_DICT, DML_REBUILD_TENSOR, DML_REBUILD_PARAMETER, DML_STORAGE_TYPE
} dml_global;

typedef struct dml_value {
    uint8_t kind;   /* dml_kind */
    uint8_t global; /* dml_global, of a DML_GLOBAL */
    uint8_t dtype;  /* dml_dtype, of a DML_STORAGE_TYPE */
    uint32_t count; /* items of a container, bytes of a string */
    union {
        int64_t integer;
        const char *text;
        struct {
            uint32_t first, last; /* cells of a container that is not empty */
        } items;
        uint32_t inner; /* value: the tuple of a DML_STORAGE or DML_TENSOR */
    } as;
} dml_value;

/* An item of a container. key: for dicts alone. */
typedef struct dml_cell {
    uint32_t key, value, next;
} dml_cell;

#define DML_NO_CELL UINT32_MAX

typedef struct dml_pickle {
    dml_memory *memory;
    dml_value *values;
    dml_cell *cells;
    size_t value_count, value_capacity, cell_count, cell_capacity;
    uint32_t root; /* value */
} dml_pickle;

/* Runs the pickle at file[*at]; *at moves behind it. The strings of the values point into the file. Messages give
   offsets in the file. The caller frees, also after an error. */
int dml_pickle_run(dml_pickle *pickle, const unsigned char *file, size_t end, size_t *at, const char *label,
                   dml_memory *memory, dml_error *error);
void dml_pickle_free(dml_pickle *pickle); /* a cleared one is fine */

/* Item `index` of a tuple or list; NULL when there is none. */
const dml_value *dml_pickle_item(const dml_pickle *pickle, const dml_value *container, uint32_t index);

/* The cells of a container: for (c = first; c != DML_NO_CELL; c = cells[c].next). */
uint32_t dml_pickle_first(const dml_value *container);

#endif
