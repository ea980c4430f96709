#include "small.h"

struct small {
    uint32_t inside;
};

int small_create(small **out, const small_options *options)
{
    return !out || !options;
}

int small_parse(small *handle, const small_image *image, uint8_t *labels)
{
    return !handle || !image || !labels;
}

uint32_t small_count(const small *handle)
{
    return handle->inside;
}
