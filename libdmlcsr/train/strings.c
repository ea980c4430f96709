#include "train/strings.h"

#include <string.h>

/* Makes room for `wanted` bytes at *block, at least doubling what there is. */
static int grow(dml_strings *strings, void **block, size_t used, size_t *room, size_t wanted, dml_error *error)
{
    if (wanted <= *room)
        return DMLCSR_OK;
    size_t size = wanted > SIZE_MAX / 2 ? wanted : wanted * 2;
    if (size < 4096)
        size = 4096;
    void *larger = dml_alloc(strings->memory, size);
    if (!larger)
        return dml_fail(error, dml_memory_status(strings->memory, size), "no memory for a list of %zu bytes", size);
    if (used)
        memcpy(larger, *block, used);
    dml_release(strings->memory, *block);
    *block = larger;
    *room = size;
    return DMLCSR_OK;
}

int dml_strings_add(dml_strings *strings, const char *folder, const char *name, size_t length, dml_error *error)
{
    int status;
    size_t before = folder && name[0] != '/' ? strlen(folder) + 1 : 0;
    void *text = strings->text, *offset = strings->offset;
    status = grow(strings, &text, strings->used, &strings->text_room, strings->used + before + length + 1, error);
    strings->text = text;
    if (status != DMLCSR_OK)
        return status;
    status = grow(strings, &offset, strings->count * sizeof *strings->offset, &strings->room,
                  (strings->count + 1) * sizeof *strings->offset, error);
    strings->offset = offset;
    if (status != DMLCSR_OK)
        return status;
    char *to = strings->text + strings->used;
    if (before) {
        memcpy(to, folder, before - 1);
        to[before - 1] = '/';
    }
    memcpy(to + before, name, length);
    to[before + length] = 0;
    strings->offset[strings->count++] = strings->used;
    strings->used += before + length + 1;
    return DMLCSR_OK;
}

/* Heap sort: no recursion, no memory, and qsort() could not see the text that the offsets belong to. */
static void sift(dml_strings *strings, size_t at, size_t end)
{
    size_t *offset = strings->offset;
    for (size_t child = 2 * at + 1; child < end; at = child, child = 2 * at + 1) {
        if (child + 1 < end && strcmp(dml_string(strings, child), dml_string(strings, child + 1)) < 0)
            child++;
        if (strcmp(dml_string(strings, at), dml_string(strings, child)) >= 0)
            return;
        size_t moved = offset[at];
        offset[at] = offset[child];
        offset[child] = moved;
    }
}

void dml_strings_sort(dml_strings *strings)
{
    for (size_t at = strings->count / 2; at-- > 0;)
        sift(strings, at, strings->count);
    for (size_t end = strings->count; end-- > 1;) {
        size_t largest = strings->offset[0];
        strings->offset[0] = strings->offset[end];
        strings->offset[end] = largest;
        sift(strings, 0, end);
    }
}

void dml_strings_free(dml_strings *strings)
{
    dml_release(strings->memory, strings->text);
    dml_release(strings->memory, strings->offset);
    memset(strings, 0, sizeof *strings);
}
