/* Decoded pairs in memory. */
#include "train/loader.h"

int dml_cache_create(dml_cache *cache, uint32_t places, size_t limit, dml_memory *memory, dml_error *error)
{
    if (!limit)
        return DMLCSR_OK;
    size_t size = places * sizeof *cache->source;
    cache->source = dml_alloc_zero(memory, size);
    if (!cache->source)
        return dml_fail(error, DMLCSR_ERROR_MEMORY, "no memory for a cache of %u pairs", (unsigned)places);
    pthread_mutex_init(&cache->mutex, NULL);
    cache->places = places;
    cache->limit = limit;
    return DMLCSR_OK;
}

void dml_cache_free(dml_cache *cache, dml_memory *memory)
{
    if (!cache->source)
        return;
    for (uint32_t i = 0; i < cache->places; i++)
        dml_release(memory, cache->source[i]);
    dml_release(memory, cache->source);
    pthread_mutex_destroy(&cache->mutex);
    cache->source = NULL;
}

const dml_source *dml_cache_find(dml_cache *cache, uint32_t index)
{
    if (!cache->source)
        return NULL;
    pthread_mutex_lock(&cache->mutex);
    const dml_source *found = cache->source[index];
    pthread_mutex_unlock(&cache->mutex);
    return found;
}

bool dml_cache_keep(dml_cache *cache, uint32_t index, dml_source *source)
{
    if (!cache->source)
        return false;
    pthread_mutex_lock(&cache->mutex);
    bool keep = !cache->source[index] && source->bytes <= cache->limit - cache->bytes;
    if (keep) {
        cache->source[index] = source;
        cache->bytes += source->bytes;
        cache->pairs++;
    }
    pthread_mutex_unlock(&cache->mutex);
    return keep;
}
