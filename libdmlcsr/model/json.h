/* A small strict JSON reader for the header of a safetensors file: a cursor that takes one thing after the other. */
#ifndef DML_MODEL_JSON_H
#define DML_MODEL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DML_JSON_DEPTH 64 /* most levels inside a value that is skipped */

typedef struct dml_json {
    const unsigned char *start, *at, *end;
    const char *problem; /* what was wrong at `at`, once a function has returned false */
} dml_json;

void dml_json_init(dml_json *json, const void *text, size_t size);

/* Takes the character when it is next, white space before it aside. */
bool dml_json_take(dml_json *json, char c);

/* The same, and its absence is the problem `problem`. */
bool dml_json_expect(dml_json *json, char c, const char *problem);

/* A string, decoded, with a 0 behind it. It never takes more bytes of `out` than of the source, the 0 included.
   out NULL: only checked. Escaped or plain NUL is refused: names and values live on as C strings. */
bool dml_json_string(dml_json *json, char *out, size_t *length);

/* A whole number, 0 .. 2^64 - 1. */
bool dml_json_unsigned(dml_json *json, uint64_t *value);

/* Any value. Uses no recursion. */
bool dml_json_skip(dml_json *json);

/* True when only white space is left. */
bool dml_json_done(dml_json *json);

#endif
