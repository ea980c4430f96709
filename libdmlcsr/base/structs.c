#include "base/structs.h"

#include <string.h>

#define LARGEST 4096 /* no version of any struct will be larger: a size beyond it was never set */

int dml_struct_import(void *to, size_t known, size_t minimum, const void *from, const char *name, dml_error *error)
{
    size_t size;
    memcpy(&size, from, sizeof size);
    if (size < minimum || size > LARGEST)
        return dml_fail(error, DMLCSR_ERROR_STRUCT, "%s.struct_size is %zu: call %s_init() first", name, size, name);
    memset(to, 0, known);
    memcpy(to, from, size < known ? size : known);
    memcpy(to, &known, sizeof known);
    const unsigned char *bytes = from;
    for (size_t i = known; i < size; i++)
        if (bytes[i])
            return dml_fail(error, DMLCSR_ERROR_STRUCT,
                            "%s is of a later version (%zu bytes, %zu known here) and sets a field at byte %zu", name,
                            size, known, i);
    return DMLCSR_OK;
}

int dml_error_deliver(const dml_error *error, int status, char *text, size_t size)
{
    if (status != DMLCSR_OK && text && size) {
        const size_t length = strlen(error->text), room = size - 1;
        const size_t used = length < room ? length : room;
        memcpy(text, error->text, used);
        text[used] = 0;
    }
    return status;
}

int dml_ranges_check(const dml_range *ranges, size_t count, dml_error *error)
{
    for (const dml_range *r = ranges; r < ranges + count; r++)
        if (!(r->value >= r->low && r->value <= r->high))
            return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "%s is %g, must be %g to %g", r->name, r->value, r->low,
                            r->high);
    return DMLCSR_OK;
}
