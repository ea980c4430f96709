/* Buffers of the kernel tester: between two guard pages, with a known pattern in what is left of their pages. Without
 * mmap the pattern alone has to do: it finds stray writes, not stray reads. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "kc_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define HAVE_GUARD_PAGES 1
#endif

#define CANARY 0xa5

struct kc_buffer {
    kc_buffer *next;
    unsigned char *data;
    size_t bytes;
    unsigned char *body; /* the accessible memory around data */
    size_t body_bytes;
    void *map;
    size_t map_bytes;
    bool sealed;
};

static kc_buffer *spare; /* to be used again: mapping pages is most of what a case costs */

static void out_of_memory(void)
{
    fprintf(stderr, "kernelcheck: out of memory\n");
    exit(2);
}

#ifdef HAVE_GUARD_PAGES

static size_t body_size(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return bytes ? (bytes + page - 1) / page * page : page;
}

static void protect(kc_buffer *b, int how)
{
    if (mprotect(b->body, b->body_bytes, how))
        out_of_memory();
}

static void map(kc_buffer *b, size_t body_bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    b->body_bytes = body_bytes;
    b->map_bytes = b->body_bytes + 2 * page;
    b->map = mmap(NULL, b->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->map == MAP_FAILED)
        out_of_memory();
    b->body = (unsigned char *)b->map + page;
    protect(b, PROT_READ | PROT_WRITE);
}

static void place(kc_buffer *b, size_t bytes, int side)
{
    b->data = side == KC_END ? b->body + b->body_bytes - bytes : b->body;
}

static void seal(kc_buffer *b)
{
    protect(b, PROT_READ);
}

static void unseal(kc_buffer *b)
{
    protect(b, PROT_READ | PROT_WRITE);
}

#else

#define MARGIN 4096

static size_t body_size(size_t bytes)
{
    return (bytes + 63) / 64 * 64 + 2 * MARGIN;
}

static void map(kc_buffer *b, size_t body_bytes)
{
    b->body_bytes = b->map_bytes = body_bytes;
    b->body = b->map = aligned_alloc(64, body_bytes);
    if (!b->map)
        out_of_memory();
}

static void place(kc_buffer *b, size_t bytes, int side)
{
    b->data = side == KC_END ? b->body + b->body_bytes - MARGIN - bytes : b->body + MARGIN;
}

static void seal(kc_buffer *b)
{
    (void)b;
}

static void unseal(kc_buffer *b)
{
    (void)b;
}

#endif

/* A buffer with a body of this size, spare or new. */
static kc_buffer *take(size_t body_bytes)
{
    for (kc_buffer **at = &spare; *at; at = &(*at)->next) {
        kc_buffer *b = *at;
        if (b->body_bytes == body_bytes) {
            *at = b->next;
            return b;
        }
    }
    kc_buffer *b = calloc(1, sizeof(*b));
    if (!b)
        out_of_memory();
    map(b, body_bytes);
    return b;
}

void *kc_alloc(kc_context *k, size_t bytes, int side)
{
    kc_buffer *b = take(body_size(bytes));
    b->bytes = bytes;
    place(b, bytes, side);
    memset(b->body, CANARY, b->body_bytes);
    memset(b->data, 0xff, bytes);
    b->next = k->buffers;
    k->buffers = b;
    return b->data;
}

float *kc_floats(kc_context *k, size_t n, int side)
{
    return kc_alloc(k, n * sizeof(float), side);
}

void kc_seal(kc_context *k, const void *data)
{
    for (kc_buffer *b = k->buffers; b; b = b->next)
        if (b->data == data && !b->sealed) {
            seal(b);
            b->sealed = true;
        }
}

static bool clean(const unsigned char *p, const unsigned char *end)
{
    while (p < end)
        if (*p++ != CANARY)
            return false;
    return true;
}

void kc_free_buffers(kc_context *k)
{
    while (k->buffers) {
        kc_buffer *b = k->buffers;
        if (!clean(b->body, b->data))
            kc_fail(k, "wrote before a buffer of %zu bytes", b->bytes);
        if (!clean(b->data + b->bytes, b->body + b->body_bytes))
            kc_fail(k, "wrote behind a buffer of %zu bytes", b->bytes);
        k->buffers = b->next;
        if (b->sealed)
            unseal(b);
        b->sealed = false;
        b->next = spare;
        spare = b;
    }
}
