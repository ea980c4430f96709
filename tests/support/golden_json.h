/* Numbers out of a JSON file of golden values, by path: "network/grad/conv1.weight/value". */
#ifndef TEST_GOLDEN_JSON_H
#define TEST_GOLDEN_JSON_H

#include <stddef.h>

/* The file's text; exits when it cannot be read. To be freed. */
char *golden_read(const char *file);

/* Where the value of a path begins, or NULL. */
const char *golden_find(const char *text, const char *path);

/* A number; exits when it is not there. */
double golden_number(const char *text, const char *path);

/* An array of numbers, to be freed; exits when it is not there. */
double *golden_numbers(const char *text, const char *path, size_t *count);

/* The key of member `index` of an object, or NULL past its end. */
const char *golden_key(const char *text, const char *path, size_t index, char *key, size_t size);

#endif
