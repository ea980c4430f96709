/* Checks of what a caller gives, with a sentence for each thing that can be wrong. */
#include <math.h>

#include "base/memory.h"
#include "image/image.h"

#define SIDE_MAX 65535u

static size_t row_bytes(const dmlcsr_image *image)
{
    switch (image->format) {
    case DMLCSR_RGB8:
    case DMLCSR_BGR8: return 3 * (size_t)image->width;
    case DMLCSR_RGBA8:
    case DMLCSR_BGRA8: return 4 * (size_t)image->width;
    case DMLCSR_GRAY8: return image->width;
    case DMLCSR_NV12: return (size_t)image->width + (image->width & 1);
    default: return 0;
    }
}

int dml_image_check(const dmlcsr_image *image, dml_error *error)
{
    if (!image)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image is NULL");
    if (!image->pixels)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image.pixels is NULL");
    if (image->width < 1 || image->width > SIDE_MAX || image->height < 1 || image->height > SIDE_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image is %u x %u pixels; each side must be 1 to %u",
                        (unsigned)image->width, (unsigned)image->height, SIDE_MAX);
    size_t least = row_bytes(image), bytes;
    if (!least)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image.format %d is none of DMLCSR_RGB8 and so on",
                        image->format);
    if (image->stride < least)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image.stride is %zu bytes, but a row has %zu",
                        image->stride, least);
    if (image->format == DMLCSR_NV12 && image->stride % 2)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image.stride %zu is odd; NV12 needs an even one", image->stride);
    size_t rows = image->height;
    if (image->format == DMLCSR_NV12)
        rows += (rows + 1) / 2;
    if (!dml_mul(image->stride, rows, &bytes) || bytes > PTRDIFF_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "image.stride %zu times %zu rows does not fit into memory",
                        image->stride, rows);
    return DMLCSR_OK;
}

int dml_region_check(const dmlcsr_region *region, dml_error *error)
{
    if (!region)
        return DMLCSR_OK;
    if (region->reserved)
        return dml_fail(error, DMLCSR_ERROR_STRUCT, "region.reserved is %d instead of 0", region->reserved);
    if (!isfinite(region->center_x) || !isfinite(region->center_y))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "region.center (%g, %g) is not finite", (double)region->center_x,
                        (double)region->center_y);
    if (!isfinite(region->size) || !(region->size > 0.0f))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "region.size is %g; it must be above 0", (double)region->size);
    if (!isfinite(region->rotation))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "region.rotation %g is not finite", (double)region->rotation);
    if (!isfinite(region->context) || region->context < 0.0f)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "region.context is %g; it must be 0 or above",
                        (double)region->context);
    return DMLCSR_OK;
}

/* One output: fills the default into *stride, and sees to it that every element can be addressed. */
static int check_plane(const void *data, size_t *stride, size_t element, size_t planes, const dmlcsr_image *image,
                       const char *name, dml_error *error)
{
    size_t bytes;
    if (!data)
        return DMLCSR_OK;
    if ((uintptr_t)data % element)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result.%s is not aligned to %zu bytes", name, element);
    if (!*stride)
        *stride = image->width;
    if (*stride < image->width)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result.%s_stride is %zu, but a row has %u values", name, *stride,
                        (unsigned)image->width);
    if (!dml_mul(*stride, image->height, &bytes) || !dml_mul(bytes, planes, &bytes) || !dml_mul(bytes, element, &bytes)
        || bytes > PTRDIFF_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result.%s_stride %zu is too large: the rows do not fit into "
                        "memory", name, *stride);
    return DMLCSR_OK;
}

static int check_matte_classes(uint64_t wanted, uint32_t classes, dml_error *error)
{
    if (!wanted)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result.matte is wanted, but result.matte_classes is empty");
    if (classes < 64 && wanted >> classes)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result.matte_classes %#llx names a class past the last one, %u",
                        (unsigned long long)wanted, (unsigned)classes - 1);
    return DMLCSR_OK;
}

int dml_result_check(dmlcsr_result *result, const dmlcsr_image *image, uint32_t classes, bool edges, dml_error *error)
{
    int status;
    dmlcsr_result full;
    if (!result)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result is NULL");
    full = *result;
    if (full.reserved)
        return dml_fail(error, DMLCSR_ERROR_STRUCT, "result.reserved is %u instead of 0", (unsigned)full.reserved);
    if (full.flags & ~(uint32_t)DMLCSR_COMPOSE)
        return dml_fail(error, DMLCSR_ERROR_STRUCT, "result.flags %#x has an unknown bit", (unsigned)full.flags);
    if (!full.labels && !full.probabilities && !full.probabilities8 && !full.matte && !full.binary_edge
        && !full.category_edge)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result asks for nothing: every output is NULL");
    if (!edges && (full.binary_edge || full.category_edge))
        return dml_fail(error, DMLCSR_ERROR_NO_EDGES, "result.%s is wanted, but the handle has no edge heads",
                        full.binary_edge ? "binary_edge" : "category_edge");
    DML_TRY(check_plane(full.labels, &full.labels_stride, 1, 1, image, "labels", error));
    DML_TRY(check_plane(full.probabilities, &full.probabilities_stride, sizeof(float), classes, image, "probabilities",
                        error));
    DML_TRY(check_plane(full.probabilities8, &full.probabilities8_stride, 1, classes, image, "probabilities8", error));
    DML_TRY(check_plane(full.matte, &full.matte_stride, 1, 1, image, "matte", error));
    DML_TRY(check_plane(full.binary_edge, &full.binary_edge_stride, sizeof(float), 1, image, "binary_edge", error));
    DML_TRY(check_plane(full.category_edge, &full.category_edge_stride, 1, 1, image, "category_edge", error));
    if (full.matte)
        DML_TRY(check_matte_classes(full.matte_classes, classes, error));
    *result = full;
    return DMLCSR_OK;
fail:
    return status;
}
