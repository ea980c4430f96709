/* From files to the pixels that views are taken from. */
#include <string.h>

#include "train/data.h"

/* The size of w x h when no side may be above `side`. */
static void reduced_size(uint32_t w, uint32_t h, uint32_t side, uint32_t *to_w, uint32_t *to_h)
{
    uint32_t longer = w > h ? w : h;
    *to_w = w;
    *to_h = h;
    if (!side || longer <= side)
        return;
    *to_w = (uint32_t)(((uint64_t)w * side * 2 + longer) / (2 * (uint64_t)longer)); /* rounded */
    *to_h = (uint32_t)(((uint64_t)h * side * 2 + longer) / (2 * (uint64_t)longer));
    *to_w += !*to_w;
    *to_h += !*to_h;
}

/* Takes the block of a source with both maps behind it. */
static dml_source *source_create(const dmlcsr_bitmap *image, const dmlcsr_bitmap *label, uint32_t side,
                                 dml_memory *memory)
{
    dml_source head = { .w = label->width, .h = label->height };
    reduced_size(image->width, image->height, side, &head.image_w, &head.image_h);
    reduced_size(label->width, label->height, side, &head.label_w, &head.label_h);
    size_t image_bytes = (size_t)head.image_w * head.image_h * 3, label_bytes = (size_t)head.label_w * head.label_h;
    head.bytes = sizeof head + image_bytes + label_bytes;
    dml_source *source = dml_alloc(memory, head.bytes);
    if (!source)
        return NULL;
    *source = head;
    source->image = (uint8_t *)(source + 1);
    source->label = source->image + image_bytes;
    return source;
}

static int fill_image(const dml_source *source, const dmlcsr_bitmap *image, dml_memory *memory)
{
    if (source->image_w == image->width && source->image_h == image->height) {
        memcpy(source->image, image->pixels, (size_t)image->width * image->height * 3);
        return DMLCSR_OK;
    }
    float *room = dml_alloc(memory, (size_t)image->width * 3 * sizeof *room);
    if (!room)
        return DMLCSR_ERROR_MEMORY;
    dml_reduce_image(image->pixels, image->width, image->height, source->image, source->image_w, source->image_h, room);
    dml_release(memory, room);
    return DMLCSR_OK;
}

/* Noise comes before reducing, so that it does not depend on the cache's size. */
static int fill_label(const dml_source *source, const dmlcsr_bitmap *label, const dmlcsr_label_noise *noise,
                      uint32_t index, uint32_t classes, dml_memory *memory)
{
    size_t bytes = (size_t)label->width * label->height;
    uint8_t *noisy = NULL;
    int status = DMLCSR_OK;
    if (noise->share > 0) {
        noisy = dml_alloc(memory, 2 * bytes);
        if (!noisy)
            return DMLCSR_ERROR_MEMORY;
        memcpy(noisy, label->pixels, bytes);
        status = dml_label_noise(noise, index, classes, noisy, label->width, label->height, noisy + bytes, memory);
    }
    dml_reduce_label(noisy ? noisy : label->pixels, label->width, label->height, source->label, source->label_w,
                     source->label_h);
    dml_release(memory, noisy);
    return status;
}

int dml_source_load(dml_source **out, const dmlcsr_dataset *set, uint32_t index, uint32_t side,
                    const dmlcsr_label_noise *noise, dml_memory *memory, dml_error *error)
{
    dmlcsr_bitmap image, label;
    int status = dml_pair_read(set, index, &image, &label, error);
    if (status != DMLCSR_OK)
        return status;
    dml_source *source = source_create(&image, &label, side, memory);
    status = source ? fill_image(source, &image, memory) : DMLCSR_ERROR_MEMORY;
    if (status == DMLCSR_OK)
        status = fill_label(source, &label, noise, index, (uint32_t)set->names.count, memory);
    dmlcsr_dataset_release(set, &image);
    dmlcsr_dataset_release(set, &label);
    if (status != DMLCSR_OK) {
        dml_release(memory, source);
        return dml_fail(error, status, "%s: there is no memory for its pixels", dmlcsr_dataset_image_path(set, index));
    }
    *out = source;
    return DMLCSR_OK;
}
