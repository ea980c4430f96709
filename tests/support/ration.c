#include "support/ration.h"

#include <stdlib.h>

void ration_set(ration *r, long blocks)
{
    atomic_store(&r->left, blocks);
}

void *ration_allocate(void *opaque, size_t size, size_t alignment)
{
    ration *r = opaque;
    long left = atomic_load(&r->left);
    while (left > 0 && !atomic_compare_exchange_weak(&r->left, &left, left - 1))
        ;
    if (left == 0)
        return NULL;
    void *block = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (block)
        atomic_fetch_add(&r->held, 1);
    return block;
}

void ration_release(void *opaque, void *block)
{
    ration *r = opaque;
    atomic_fetch_sub(&r->held, 1);
    free(block);
}
