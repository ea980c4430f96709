#include "base/take.h"

int dml_hooks_check(void *(*allocate)(void *, size_t, size_t), void (*release)(void *, void *), dml_error *error)
{
    if (!allocate == !release)
        return DMLCSR_OK;
    return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.allocate and options.release come together");
}

void *dml_take_rows(dml_taking *t, size_t rows, size_t count, size_t size)
{
    size_t all, bytes = SIZE_MAX;
    void *block = NULL;
    if (t->status != DMLCSR_OK)
        return NULL;
    if (dml_mul(rows, count, &all) && dml_mul(all, size, &bytes))
        block = dml_alloc_zero(t->memory, bytes ? bytes : 1);
    else
        bytes = SIZE_MAX;
    if (block)
        t->bytes += bytes;
    else
        t->status = dml_fail(t->error, dml_memory_status(t->memory, bytes), "no memory for %zu bytes of %s", bytes,
                             t->what);
    return block;
}

void *dml_take(dml_taking *t, size_t count, size_t size)
{
    return dml_take_rows(t, 1, count, size);
}
