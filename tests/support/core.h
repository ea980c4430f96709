/* What training computes with, for tests. A header, because dml_real is not the same in the suites that use it. */
#ifndef TEST_CORE_H
#define TEST_CORE_H

#include <stdio.h>
#include <stdlib.h>

#include "ops/back.h"

/* False when the machine or the build lacks the instruction set. No pool for one thread; exits when there is no memory
   for one. */
static inline bool core_make(dml_core *core, dml_memory *memory, int isa, uint32_t threads)
{
    dml_memory_init(memory, NULL, NULL, NULL, 0);
    *core = (dml_core){.pool = NULL};
    if (!dml_kernels_init(&core->kernels, isa))
        return false;
    dml_back_kernels_init(&core->back, core->kernels.isa);
    if (threads > 1 && dml_pool_create(&core->pool, memory, threads, NULL)) {
        fputs("no pool\n", stderr);
        exit(2);
    }
    return true;
}

#endif
