/* Model files made by hand for the tests: sound, or wrong in one place. */
#ifndef MODEL_FILES_H
#define MODEL_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "model/model.h"

/* Bytes that grow. A cleared one is empty; free with bytes_free(). */
typedef struct bytes {
    unsigned char *data;
    size_t size, capacity;
} bytes;

void bytes_put(bytes *b, const void *data, size_t size);
void bytes_text(bytes *b, const char *text);
void bytes_number(bytes *b, uint64_t value, int size); /* little-endian */
void bytes_free(bytes *b);
bytes bytes_of_file(const char *path); /* fails the test when the file cannot be read */

/* A safetensors file from its header and the size of its data, byte i of which is i + 1. */
bytes safetensors_file(const char *header, size_t data_size);

/* A stored ZIP archive. flags, method: of all entries. zip64: every number that can be is in a ZIP64 record. */
typedef struct zip_item {
    const char *name;
    const void *data;
    size_t size;
} zip_item;

bytes zip_file(const zip_item *items, size_t count, unsigned flags, unsigned method, bool zip64);

/* Opens bytes as the file "sample"; the sentence goes to error->text. Checks that an error leaves no memory behind.
   When it can be opened, reads all of it. Returns the status. */
int open_sample(const void *data, size_t size, dml_error *error);

/* The bytes are refused with this status and a sentence that holds both words. */
void expect_refused(bytes b, int status, const char *word, const char *other);

/* Every prefix is refused. Then `rounds` damaged copies (flipped bits, spliced bytes) are opened: each gives an error
   or a model that can be read. */
void abuse_sample(const bytes *b, unsigned rounds);

/* Opening works or fails cleanly when the n-th allocation fails, for every n. Returns how many there are. */
unsigned starve_sample(const bytes *b);

#endif
