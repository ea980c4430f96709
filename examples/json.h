/* As much of JSON as the programs need: writing strings, and reading back what was written. */
#ifndef EXAMPLES_JSON_H
#define EXAMPLES_JSON_H

#include "io.h"

/* With its quotes. File names may hold any bytes, JSON only UTF-8: what is not becomes U+FFFD. */
void json_write_string(FILE *out, const char *text);

enum { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

typedef struct json {
    int type;
    double number;      /* also of a boolean: 0 or 1 */
    char *text;         /* of a string */
    char *key;          /* in an object */
    struct json *items; /* of an array or object */
    size_t count;
} json;

/* Reads a file that holds one value. Sentences name the file. */
bool json_read(json *out, const char *path, note *error);
void json_free(json *j);

/* What an object has under a key, when it is of that type; else NULL, also for NULL. */
const json *json_get(const json *object, const char *key, int type);

#endif
