/* A library like ours in small, for the test of the test: test_abi.sh changes it in every way that matters. */
#ifndef SMALL_H
#define SMALL_H

#include <stddef.h>
#include <stdint.h>

enum { SMALL_FIRST = 0, SMALL_SECOND = 1 };

typedef struct small small;

/* Never changes. */
typedef struct small_image {
    const uint8_t *pixels;
    uint32_t width, height;
} small_image;

/* Grows at the end. */
typedef struct small_options {
    size_t struct_size;
    uint32_t threads;
    int isa;
    void (*log)(void *opaque, int level);
    void *opaque;
} small_options;

int small_create(small **out, const small_options *options);
int small_parse(small *handle, const small_image *image, uint8_t *labels);
uint32_t small_count(const small *handle);

#endif
