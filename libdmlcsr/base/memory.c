#ifdef __linux__
#define _DEFAULT_SOURCE /* madvise */
#include <sys/mman.h>
#endif

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"

/* In front of each block: its size, for the limit. As long as the alignment, so that the block stays aligned. */
typedef union header {
    size_t size;
    char pad[DML_ALIGNMENT];
} header;

#define HUGE_PAGE ((size_t)2 << 20)

/* Weights and activations of many megabytes are asked for as huge pages: a fifth of the time of create would go into
   page faults else, and convolutions walk through more memory than the translation caches reach. */
static void *default_allocate(void *opaque, size_t size, size_t alignment)
{
    (void)opaque;
#ifdef MADV_HUGEPAGE
    if (size >= 2 * HUGE_PAGE && size <= SIZE_MAX - HUGE_PAGE) {
        size_t rounded = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
        void *block = aligned_alloc(HUGE_PAGE, rounded);
        if (block)
            madvise(block, rounded, MADV_HUGEPAGE); /* advice: nothing is lost when it is not taken */
        return block;
    }
#endif
#ifdef _WIN32
    return _aligned_malloc(size, alignment);
#else
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
#endif
}

static void default_release(void *opaque, void *block)
{
    (void)opaque;
#ifdef _WIN32
    _aligned_free(block);
#else
    free(block);
#endif
}

void dml_memory_init(dml_memory *memory, void *(*allocate)(void *, size_t, size_t), void (*release)(void *, void *),
                     void *opaque, size_t limit)
{
    memory->allocate = allocate ? allocate : default_allocate;
    memory->release = allocate ? release : default_release;
    memory->opaque = opaque;
    memory->limit = limit;
    atomic_init(&memory->used, 0);
}

/* Takes `total` bytes from the limit, or nothing. */
static bool reserve(dml_memory *memory, size_t total)
{
    size_t used = atomic_load(&memory->used);
    do {
        if (total > SIZE_MAX - used || (memory->limit && used + total > memory->limit))
            return false;
    } while (!atomic_compare_exchange_weak(&memory->used, &used, used + total));
    return true;
}

void *dml_alloc(dml_memory *memory, size_t size)
{
    size_t total;
    if (!dml_add(size, sizeof(header) + DML_ALIGNMENT, &total)) /* room for the allocator to round up, too */
        return NULL;
    total = size + sizeof(header);
    if (!reserve(memory, total))
        return NULL;
    header *block = memory->allocate(memory->opaque, total, DML_ALIGNMENT);
    if (!block) {
        atomic_fetch_sub(&memory->used, total);
        return NULL;
    }
    block->size = total;
    return block + 1;
}

void *dml_alloc_zero(dml_memory *memory, size_t size)
{
    void *block = dml_alloc(memory, size);
    if (block)
        memset(block, 0, size);
    return block;
}

void *dml_alloc_holder(const dml_memory *hooks, size_t size)
{
    dml_memory memory;
    dml_memory_init(&memory, hooks->allocate, hooks->release, hooks->opaque, hooks->limit);
    dml_memory *holder = dml_alloc_zero(&memory, size);
    if (!holder)
        return NULL;
    dml_memory_init(holder, hooks->allocate, hooks->release, hooks->opaque, hooks->limit);
    atomic_store(&holder->used, atomic_load(&memory.used));
    return holder;
}

void dml_release_holder(void *holder)
{
    dml_memory memory; /* the counters inside the block go with it */
    if (!holder)
        return;
    const dml_memory *own = holder;
    dml_memory_init(&memory, own->allocate, own->release, own->opaque, 0);
    atomic_store(&memory.used, atomic_load(&own->used));
    dml_release(&memory, holder);
}

void dml_release(dml_memory *memory, void *block)
{
    if (!block)
        return;
    header *start = (header *)block - 1;
    atomic_fetch_sub(&memory->used, start->size);
    memory->release(memory->opaque, start);
}

int dml_memory_status(const dml_memory *memory, size_t size)
{
    size_t used = atomic_load(&memory->used), total;
    if (!dml_add(size, sizeof(header), &total))
        return DMLCSR_ERROR_MEMORY;
    bool over = memory->limit && (used > memory->limit || total > memory->limit - used);
    return over ? DMLCSR_ERROR_LIMIT : DMLCSR_ERROR_MEMORY;
}
