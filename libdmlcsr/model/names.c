#include "model/names.h"

#include <string.h>

/* FNV-1a. Nothing relies on it being hard to collide: equal hashes are ordered by name. */
static uint64_t hash(const char *text, size_t length)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < length; i++)
        h = (h ^ (unsigned char)text[i]) * UINT64_C(0x100000001B3);
    return h;
}

static bool after(const dml_key *a, const dml_key *b, dml_tie tie, const void *items)
{
    return a->key != b->key ? a->key > b->key : tie(items, a->index, b->index) > 0;
}

/* Merges from[low .. mid-1] and from[mid .. high-1] into `to`. */
static void merge(const dml_key *from, dml_key *to, size_t low, size_t mid, size_t high, dml_tie tie, const void *items)
{
    if (mid >= high || !after(&from[mid - 1], &from[mid], tie, items)) {
        memcpy(to + low, from + low, (high - low) * sizeof *to);
        return;
    }
    size_t a = low, b = mid;
    for (size_t i = low; i < high; i++) {
        bool second = a == mid || (b < high && after(&from[a], &from[b], tie, items));
        to[i] = second ? from[b++] : from[a++];
    }
}

void dml_keys_sort(dml_key *keys, dml_key *scratch, size_t count, dml_tie tie, const void *items)
{
    dml_key *from = keys, *to = scratch;
    for (size_t run = 1; run < count; run *= 2) {
        for (size_t low = 0; low < count;) {
            size_t mid = count - low > run ? low + run : count;
            size_t high = count - mid > run ? mid + run : count;
            merge(from, to, low, mid, high, tie, items);
            low = high;
        }
        dml_key *swap = from;
        from = to;
        to = swap;
        if (run > SIZE_MAX / 2)
            break;
    }
    if (from != keys)
        memcpy(keys, from, count * sizeof *keys);
}

static int compare(dml_name a, dml_name b)
{
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.text, b.text, shorter) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

static int tie_names(const void *items, size_t a, size_t b)
{
    const dml_index *index = items;
    return compare(index->name(index->items, a), index->name(index->items, b));
}

bool dml_index_build(dml_index *index, size_t count, size_t *twin, dml_memory *memory)
{
    *twin = DML_NOT_FOUND;
    size_t size;
    if (!dml_mul(count, sizeof(dml_key), &size))
        return false;
    dml_key *keys = dml_alloc(memory, size);
    dml_key *scratch = dml_alloc(memory, size);
    if (!keys || !scratch) {
        dml_release(memory, scratch);
        dml_release(memory, keys);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        dml_name name = index->name(index->items, i);
        keys[i] = (dml_key){ hash(name.text, name.length), i };
    }
    dml_keys_sort(keys, scratch, count, tie_names, index);
    dml_release(memory, scratch);
    for (size_t i = 1; i < count; i++) {
        if (keys[i - 1].key == keys[i].key && !tie_names(index, keys[i - 1].index, keys[i].index)
            && (*twin == DML_NOT_FOUND || keys[i].index < *twin))
            *twin = keys[i].index;
    }
    index->keys = keys;
    index->count = count;
    return true;
}

void dml_index_free(dml_index *index, dml_memory *memory)
{
    dml_release(memory, index->keys);
    index->keys = NULL;
    index->count = 0;
}

size_t dml_index_find(const dml_index *index, const char *text, size_t length)
{
    const dml_name wanted = { text, length };
    const uint64_t key = hash(text, length);
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const dml_key *at = &index->keys[mid];
        int order = (at->key > key) - (at->key < key);
        if (!order)
            order = compare(index->name(index->items, at->index), wanted);
        if (!order)
            return at->index;
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return DML_NOT_FOUND;
}

size_t dml_utf8_length(const unsigned char *at, const unsigned char *end)
{
    unsigned char c = *at;
    if (c < 0x80)
        return 1;
    size_t length = c >= 0xC2 && c < 0xE0 ? 2 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xF0 && c < 0xF5 ? 4 : 0;
    if (!length || (size_t)(end - at) < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    /* Overlong forms, surrogates, and what lies above U+10FFFF show in the second byte. */
    if ((c == 0xE0 && at[1] < 0xA0) || (c == 0xED && at[1] > 0x9F) || (c == 0xF0 && at[1] < 0x90)
        || (c == 0xF4 && at[1] > 0x8F))
        return 0;
    return length;
}

bool dml_utf8_valid(const char *text, size_t length)
{
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    while (at < end) {
        size_t step = dml_utf8_length(at, end);
        if (!step || !*at)
            return false;
        at += step;
    }
    return true;
}

dml_quoted dml_quote(const char *text, size_t length)
{
    static const char more[] = "...";
    dml_quoted quoted;
    const unsigned char *at = (const unsigned char *)text, *end = at + length;
    size_t used = 0;
    while (at < end) {
        size_t step = dml_utf8_length(at, end);
        bool plain = step > 1 || (step == 1 && *at >= 0x20 && *at != 0x7F);
        step = step ? step : 1;
        if (used + step + sizeof more > sizeof quoted.text) {
            memcpy(quoted.text + used, more, sizeof more);
            return quoted;
        }
        if (plain)
            memcpy(quoted.text + used, at, step);
        else
            memset(quoted.text + used, '?', step);
        used += step;
        at += step;
    }
    quoted.text[used] = 0;
    return quoted;
}

size_t dml_array_bytes(size_t capacity, size_t size)
{
    const size_t wanted = capacity ? capacity : 16;
    size_t bytes;
    return wanted <= SIZE_MAX / 2 && dml_mul(wanted * 2, size, &bytes) ? bytes : SIZE_MAX;
}

void *dml_array_grow(void *items, size_t count, size_t *capacity, size_t size, dml_memory *memory)
{
    if (count < *capacity)
        return items;
    const size_t bytes = dml_array_bytes(*capacity, size);
    void *bigger = dml_alloc(memory, bytes);
    if (!bigger)
        return NULL;
    if (items)
        memcpy(bigger, items, count * size);
    dml_release(memory, items);
    *capacity = bytes / size;
    return bigger;
}
