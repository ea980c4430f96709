#include "metadata.h"

#include <string.h>

/* An empty value takes the key away. */
static void set_pair(dml_metadata *m, const char *key, const char *value)
{
    size_t i = 0;
    while (i < m->pairs && strcmp(m->pair[2 * i], key))
        i++;
    if (!*value) {
        if (i < m->pairs)
            memmove(&m->pair[2 * i], &m->pair[2 * i + 2], 2 * (--m->pairs - i) * sizeof *m->pair);
        return;
    }
    m->pair[2 * i] = key;
    m->pair[2 * i + 1] = value;
    m->pairs += i == m->pairs;
}

int dml_metadata_create(dml_metadata *metadata, const dml_model *model, const char *const *given, size_t count,
                        dml_memory *memory, dml_error *error)
{
    const size_t own = dml_model_metadata_count(model);
    size_t size;
    dml_metadata m = {0};
    if (count && !given)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "metadata is NULL, but metadata_count is %zu", count);
    if (count > SIZE_MAX / 2 - own || !dml_mul(own + count, 2 * sizeof *m.pair, &size))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "metadata_count is %zu", count);
    for (size_t i = 0; i < count; i++)
        if (!given[2 * i] || !given[2 * i + 1])
            return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "metadata pair %zu is NULL", i);
    m.pair = dml_alloc(memory, size);
    if (!m.pair)
        return dml_fail(error, dml_memory_status(memory, size), "no memory for %zu pairs of metadata", own + count);
    for (; m.pairs < own; m.pairs++)
        dml_model_metadata_at(model, m.pairs, &m.pair[2 * m.pairs], &m.pair[2 * m.pairs + 1]);
    for (size_t i = 0; i < count; i++)
        set_pair(&m, given[2 * i], given[2 * i + 1]);
    *metadata = m;
    return DMLCSR_OK;
}

void dml_metadata_free(dml_metadata *metadata, dml_memory *memory)
{
    dml_release(memory, metadata->pair);
    *metadata = (dml_metadata){0};
}
