/* Names out of hostile files: how to check, find, sort and show them. Nothing here is quadratic, whatever the names. */
#ifndef DML_MODEL_NAMES_H
#define DML_MODEL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

/* A name that need not end in 0. */
typedef struct dml_name {
    const char *text;
    size_t length;
} dml_name;

/* Something to sort: by key, then as `tie` says. */
typedef struct dml_key {
    uint64_t key;
    size_t index;
} dml_key;

typedef int (*dml_tie)(const void *items, size_t a, size_t b);

/* Stable merge sort. scratch: as many keys again. */
void dml_keys_sort(dml_key *keys, dml_key *scratch, size_t count, dml_tie tie, const void *items);

/* Finds items by name. The items stay where they are; name() says what item i is called. */
typedef struct dml_index {
    dml_key *keys; /* sorted by the name's hash, then the name */
    size_t count;
    const void *items;
    dml_name (*name)(const void *items, size_t i);
} dml_index;

#define DML_NOT_FOUND SIZE_MAX

/* items and name are filled in by the caller. *twin: an item whose name an earlier one has too, or DML_NOT_FOUND. False
   when there is no memory. */
bool dml_index_build(dml_index *index, size_t count, size_t *twin, dml_memory *memory);
void dml_index_free(dml_index *index, dml_memory *memory);
size_t dml_index_find(const dml_index *index, const char *text, size_t length);

/* True for well-formed UTF-8 without NUL (a name must survive as a C string). */
bool dml_utf8_valid(const char *text, size_t length);

/* Bytes of the UTF-8 character at `at`, or 0 when it is malformed. */
size_t dml_utf8_length(const unsigned char *at, const unsigned char *end);

/* The name as a message may show it: cut when long, without control characters. */
typedef struct dml_quoted {
    char text[100];
} dml_quoted;

dml_quoted dml_quote(const char *text, size_t length);

/* For growing arrays: at least one more than `count` elements, doubled; the old block when there is room. NULL when
   there is no memory, and the old block stays valid. */
size_t dml_array_bytes(size_t capacity, size_t size); /* of the block that this takes */
void *dml_array_grow(void *items, size_t count, size_t *capacity, size_t size, dml_memory *memory);

#endif
