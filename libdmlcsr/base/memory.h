/* Allocation through the caller's hooks, with a limit, and arithmetic on sizes that cannot wrap. */
#ifndef DML_BASE_MEMORY_H
#define DML_BASE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DML_ALIGNMENT 64 /* a cache line, and the widest vector */

/* An allocator. Shared by a handle and its clones: the counters are atomic. */
typedef struct dml_memory {
    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    void (*release)(void *opaque, void *block);
    void *opaque;
    size_t limit;         /* bytes, 0: none */
    atomic_size_t used;   /* bytes held now */
} dml_memory;

/* Fills in the C library's allocator when allocate is NULL. */
void dml_memory_init(dml_memory *memory, void *(*allocate)(void *, size_t, size_t), void (*release)(void *, void *),
                     void *opaque, size_t limit);

/* `size` bytes at a multiple of DML_ALIGNMENT, not cleared; NULL when there is no memory or the limit would be passed.
   Every dml_alloc is a place where a test makes the n-th allocation fail. */
void *dml_alloc(dml_memory *memory, size_t size);

/* The same, cleared. */
void *dml_alloc_zero(dml_memory *memory, size_t size);

/* An object whose first member is the dml_memory that it came from, and that counts it: all else is cleared. `hooks` has
   been initialised and is only read. */
void *dml_alloc_holder(const dml_memory *hooks, size_t size);
void dml_release_holder(void *holder); /* NULL is fine */

/* NULL is fine. */
void dml_release(dml_memory *memory, void *block);

/* DMLCSR_ERROR_LIMIT when the limit is what stands in the way of `size` more bytes, else DMLCSR_ERROR_MEMORY. */
int dml_memory_status(const dml_memory *memory, size_t size);

/* What is left of a limit, of which others hold `used` bytes. */
static inline size_t dml_limit_rest(size_t limit, size_t used)
{
    return !limit ? 0 : limit > used ? limit - used : 1; /* 0 would be no limit */
}

/* True and the result when it fits into size_t. */
static inline bool dml_mul(size_t a, size_t b, size_t *out)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

static inline bool dml_add(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

#endif
