/* What the tests of image/ share: buffers that end at a guard page, random numbers, pictures in every format. */
#ifndef TESTS_PICTURES_H
#define TESTS_PICTURES_H

#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS; include this header first */
#endif

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image/image.h"

/* `size` bytes whose last one is followed by a page that cannot be read. */
typedef struct guarded {
    uint8_t *data;
    void *map;
    size_t map_size;
} guarded;

static inline guarded guarded_new(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), body = (size + page - 1) / page * page;
    guarded g;
    g.map_size = body + page;
    g.map = mmap(NULL, g.map_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(g.map, MAP_FAILED);
    ck_assert_int_eq(mprotect((uint8_t *)g.map + body, page, PROT_NONE), 0);
    g.data = (uint8_t *)g.map + body - size;
    return g;
}

static inline void guarded_free(guarded *g)
{
    munmap(g->map, g->map_size);
}

static inline uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* In [-1, 1). */
static inline float next_signed(uint32_t *state)
{
    return (float)(next_random(state) >> 8) / 8388608.0f - 1.0f;
}

static const dml_preprocess published = { { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f }, true };

/* Bytes of a row that a format uses. */
static inline size_t format_row(int format, uint32_t width)
{
    if (format == DMLCSR_RGB8 || format == DMLCSR_BGR8)
        return 3 * (size_t)width;
    if (format == DMLCSR_RGBA8 || format == DMLCSR_BGRA8)
        return 4 * (size_t)width;
    return format == DMLCSR_NV12 ? ((size_t)width + 1) / 2 * 2 : width;
}

/* Bytes of a picture: the last row ends where its pixels end. */
static inline size_t format_size(int format, uint32_t width, uint32_t height, size_t stride)
{
    size_t rows = format == DMLCSR_NV12 ? (size_t)height + (height + 1) / 2 : height;
    return (rows - 1) * stride + format_row(format, width);
}

/* Writes red, green, blue (width x height x 3) in a packed format. */
static inline void pack(const uint8_t *rgb, uint32_t width, uint32_t height, int format, uint8_t *out, size_t stride)
{
    size_t step = format_row(format, 1);
    bool swap = format == DMLCSR_BGR8 || format == DMLCSR_BGRA8;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t *from = rgb + 3 * ((size_t)y * width + x);
            uint8_t *to = out + y * stride + x * step;
            to[0] = from[swap ? 2 : 0];
            if (format == DMLCSR_GRAY8)
                continue;
            to[1] = from[1];
            to[2] = from[swap ? 0 : 2];
            if (step == 4)
                to[3] = (uint8_t)(x * 7 + y); /* alpha, to be ignored */
        }
}

/* The same as NV12; each chroma value is that of the top left pixel of its four. */
static inline void pack_nv12(const uint8_t *rgb, uint32_t width, uint32_t height, uint8_t *out, size_t stride)
{
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            const uint8_t *from = rgb + 3 * ((size_t)y * width + x);
            double luma = 0.299 * from[0] + 0.587 * from[1] + 0.114 * from[2];
            out[y * stride + x] = (uint8_t)lround(16.0 + 219.0 / 255.0 * luma);
            if (x % 2 || y % 2)
                continue;
            uint8_t *chroma = out + (height + y / 2) * stride + x;
            chroma[0] = (uint8_t)lround(128.0 + 224.0 / 255.0 * (from[2] - luma) / 1.772);
            chroma[1] = (uint8_t)lround(128.0 + 224.0 / 255.0 * (from[0] - luma) / 1.402);
        }
}

static inline uint8_t *random_bytes(size_t size, uint32_t seed)
{
    uint8_t *bytes = malloc(size);
    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(next_random(&seed) >> 13);
    return bytes;
}

/* A tensor of c x h x w with a border of 1, full of rubbish. */
static inline dml_tensor tensor_new(uint32_t c, uint32_t h, uint32_t w)
{
    dml_tensor t = { NULL, c, h, w, 1 };
    size_t bytes = (dml_tensor_size(&t) * sizeof(float) + 63) / 64 * 64;
    t.data = aligned_alloc(64, bytes);
    ck_assert_ptr_nonnull(t.data);
    memset(t.data, 0xA5, bytes);
    return t;
}

/* Channel c of a pixel. */
static inline float *tensor_value(const dml_tensor *t, uint32_t c, uint32_t y, uint32_t x)
{
    return dml_tensor_at(t, c / DML_BLOCK, y, x) + c % DML_BLOCK;
}

/* Random logits with a zero border and zero lanes past the last channel, as the network leaves them. */
static inline dml_tensor logits_new(uint32_t c, uint32_t h, uint32_t w, float range, uint32_t seed)
{
    dml_tensor t = tensor_new(c, h, w);
    memset(t.data, 0, dml_tensor_size(&t) * sizeof(float));
    for (uint32_t k = 0; k < c; k++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++)
                *tensor_value(&t, k, y, x) = range * next_signed(&seed);
    return t;
}

/* Runs the suite; the process status says whether all passed. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}

#endif
