/* The public functions of mask.h. */
#include <math.h>

#include "base/memory.h"
#include "dmlcsr/mask.h"
#include "image/distance.h"

/* ---- checks ---- */

/* Bytes from the first pixel to the last. */
static size_t extent(const dmlcsr_plane *p)
{
    return (p->height - 1) * p->stride + p->width;
}

static bool overlap(const void *a, size_t a_size, const void *b, size_t b_size)
{
    uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return x < y ? y - x < a_size : x - y < b_size;
}

/* Fills the stride in. */
static bool take(dmlcsr_plane *to, const dmlcsr_plane *from)
{
    size_t bytes;
    if (!from || !from->pixels || from->width < 1 || from->width > 65535 || from->height < 1 || from->height > 65535)
        return false;
    *to = *from;
    if (!to->stride)
        to->stride = to->width;
    return to->stride >= to->width && dml_mul(to->stride, to->height, &bytes) && bytes <= PTRDIFF_MAX;
}

static bool take_both(dmlcsr_plane *in, const dmlcsr_plane *from, dmlcsr_plane *out, const dmlcsr_plane *to)
{
    if (!take(in, from) || !take(out, to) || in->width != out->width || in->height != out->height)
        return false;
    return (in->pixels == out->pixels && in->stride == out->stride) ||
           !overlap(in->pixels, extent(in), out->pixels, extent(out));
}

/* Checks all that the four functions with distances have in common, and measures. */
static int measure(const dmlcsr_plane *mask, float reach, void *scratch, size_t scratch_size, const dmlcsr_plane *out,
                   dmlcsr_plane *from, dmlcsr_plane *to, dml_distances *d)
{
    if (!take_both(from, mask, to, out) || !isfinite(reach) || reach < 0.0f || !scratch || (uintptr_t)scratch % 8)
        return DMLCSR_ERROR_ARGUMENT;
    size_t needed = dml_distances_size(from->width, from->height);
    if (!needed || scratch_size < needed || overlap(scratch, needed, from->pixels, extent(from)) ||
        overlap(scratch, needed, to->pixels, extent(to)))
        return DMLCSR_ERROR_ARGUMENT;
    dml_distances_init(d, from, scratch);
    return DMLCSR_OK;
}

/* ---- labels ---- */

int dmlcsr_remap(const dmlcsr_plane *labels, const uint8_t *map, const dmlcsr_plane *out)
{
    dmlcsr_plane from, to;
    if (!map || !take_both(&from, labels, &to, out))
        return DMLCSR_ERROR_ARGUMENT;
    for (uint32_t y = 0; y < from.height; y++)
        for (uint32_t x = 0; x < from.width; x++)
            to.pixels[y * to.stride + x] = map[from.pixels[y * from.stride + x]];
    return DMLCSR_OK;
}

int dmlcsr_mask_select(const dmlcsr_plane *labels, uint64_t classes, const dmlcsr_plane *out)
{
    uint8_t map[256];
    for (int i = 0; i < 256; i++)
        map[i] = i < 64 && classes >> i & 1 ? 255 : 0;
    return dmlcsr_remap(labels, map, out);
}

/* ---- masks ---- */

size_t dmlcsr_mask_scratch(uint32_t width, uint32_t height)
{
    if (width < 1 || width > 65535 || height < 1 || height > 65535)
        return 0;
    return dml_distances_size(width, height);
}

int dmlcsr_mask_grow(const dmlcsr_plane *mask, float radius, void *scratch, size_t scratch_size,
                     const dmlcsr_plane *out)
{
    dmlcsr_plane from, to;
    dml_distances d;
    int status = measure(mask, radius, scratch, scratch_size, out, &from, &to, &d);
    double reach = (double)radius * radius; /* exact, and so is the comparison below: distances are below 2^34 */
    for (uint32_t y = 0; status == DMLCSR_OK && y < to.height; y++) {
        dml_distances_to_on(&d, y);
        for (uint32_t x = 0; x < to.width; x++)
            to.pixels[y * to.stride + x] = d.to_on[x] != DML_FAR && (double)d.to_on[x] <= reach ? 255 : 0;
    }
    return status;
}

int dmlcsr_mask_shrink(const dmlcsr_plane *mask, float radius, void *scratch, size_t scratch_size,
                       const dmlcsr_plane *out)
{
    dmlcsr_plane from, to;
    dml_distances d;
    int status = measure(mask, radius, scratch, scratch_size, out, &from, &to, &d);
    double reach = (double)radius * radius;
    for (uint32_t y = 0; status == DMLCSR_OK && y < to.height; y++) {
        dml_distances_to_off(&d, y);
        for (uint32_t x = 0; x < to.width; x++)
            to.pixels[y * to.stride + x] = d.to_off[x] != DML_FAR && (double)d.to_off[x] <= reach ? 0 : 255;
    }
    return status;
}

/* Distance to the edge, negative for pixels that are off; infinite where there is no edge. */
static double to_edge(const dml_distances *d, uint32_t x)
{
    bool on = d->to_on[x] == 0;
    int64_t square = on ? d->to_off[x] : d->to_on[x];
    double distance = square == DML_FAR ? (double)INFINITY : sqrt((double)square) - 0.5;
    return on ? distance : -distance;
}

int dmlcsr_mask_feather(const dmlcsr_plane *mask, float width, void *scratch, size_t scratch_size,
                        const dmlcsr_plane *out)
{
    dmlcsr_plane from, to;
    dml_distances d;
    int status = measure(mask, width, scratch, scratch_size, out, &from, &to, &d);
    for (uint32_t y = 0; status == DMLCSR_OK && y < to.height; y++) {
        dml_distances_to_on(&d, y);
        dml_distances_to_off(&d, y);
        for (uint32_t x = 0; x < to.width; x++) {
            double ramp = 0.5 + to_edge(&d, x) / width; /* an edge lies at least 1/2 away: never 0 / 0 */
            to.pixels[y * to.stride + x] = (uint8_t)(ramp <= 0.0 ? 0.0 : ramp >= 1.0 ? 255.0 : 255.0 * ramp + 0.5);
        }
    }
    return status;
}

int dmlcsr_mask_clean(const dmlcsr_plane *matte, float band, void *scratch, size_t scratch_size,
                      const dmlcsr_plane *out)
{
    dmlcsr_plane from, to;
    dml_distances d;
    int status = measure(matte, band, scratch, scratch_size, out, &from, &to, &d);
    for (uint32_t y = 0; status == DMLCSR_OK && y < to.height; y++) {
        dml_distances_to_on(&d, y);
        dml_distances_to_off(&d, y);
        for (uint32_t x = 0; x < to.width; x++) {
            double value = from.pixels[y * from.stride + x], edge = to_edge(&d, x), t = fabs(edge) / (0.5 * band);
            double solid = edge > 0.0 ? 255.0 : 0.0;
            to.pixels[y * to.stride + x] = (uint8_t)(t >= 1.0 ? solid : value + t * (solid - value) + 0.5);
        }
    }
    return status;
}
