/* The pickle machine's stack, marks and memo. */
#ifndef DML_MODEL_PICKLE_STACK_H
#define DML_MODEL_PICKLE_STACK_H

#include "model/pickle.h"

typedef struct dml_list {
    uint32_t *items;
    size_t count, capacity;
} dml_list;

typedef struct dml_machine {
    dml_pickle *out;
    const char *label;
    dml_error *error;
    const unsigned char *file, *first, *at, *end; /* messages count from `file`, the pickle begins at `first` */
    const unsigned char *instruction; /* its first byte, for messages */
    dml_list stack;
    dml_list marks; /* heights of the stack */
    dml_list memo;
} dml_machine;

/* Says what is wrong with the instruction under way. */
int dml_pickle_fail(const dml_machine *m, const char *what);

int dml_pickle_append(dml_machine *m, dml_list *to, uint32_t item);

/* Makes a value and pushes it. */
int dml_pickle_push(dml_machine *m, dml_value value);

/* Fails unless n values lie above the last mark. */
int dml_pickle_need(const dml_machine *m, size_t n);

/* The n-th value from the top, 0 the top itself, after dml_pickle_need(). Valid until the next push. */
dml_value *dml_pickle_top(const dml_machine *m, size_t n);

/* Replaces the topmost n values, or those above the last mark, by a tuple of them. */
int dml_pickle_tuple(dml_machine *m, size_t n);
int dml_pickle_tuple_marked(dml_machine *m);

/* APPEND(S), SETITEM(S): the topmost n values, or those above the last mark, go into the container below them. */
int dml_pickle_fill(dml_machine *m, dml_kind kind, size_t n);
int dml_pickle_fill_marked(dml_machine *m, dml_kind kind);

/* The memo keeps the top, or pushes what it has kept. */
int dml_pickle_put(dml_machine *m, uint32_t index);
int dml_pickle_get(dml_machine *m, uint32_t index);

#endif
