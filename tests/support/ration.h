/* An allocator that gives so many blocks and no more, for tests of what happens without memory. */
#ifndef TEST_RATION_H
#define TEST_RATION_H

#include <stdatomic.h>
#include <stddef.h>

typedef struct ration {
    atomic_long left; /* blocks that will be given; below 0: all */
    atomic_long held; /* blocks not released */
} ration;

/* `blocks` from now on; what is held stays counted. */
void ration_set(ration *r, long blocks);

/* For the options of the library, with the ration as `opaque`. Several threads may call them at the same time. */
void *ration_allocate(void *opaque, size_t size, size_t alignment);
void ration_release(void *opaque, void *block);

#endif
