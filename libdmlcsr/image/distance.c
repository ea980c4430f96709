/*
 * In two passes, as Meijster, Roerdink and Hesselink do it ("A general algorithm for computing distance transforms in
 * linear time", 2000): distances within columns, then for every row the lower envelope of one parabola per column. All
 * in whole numbers, so that it is exact.
 */
#include "image/distance.h"

#include "base/memory.h"

#define NONE UINT16_MAX /* no such pixel in this column; the largest distance that there is, is 65534 */

size_t dml_distances_size(uint32_t width, uint32_t height)
{
    size_t pixels, columns, rows, all;
    if (!dml_mul(width, height, &pixels) || !dml_mul(pixels, 2 * sizeof(uint16_t), &columns) ||
        !dml_mul(width, 2 * sizeof(int64_t) + 2 * sizeof(uint32_t), &rows) || !dml_add(columns, rows, &all))
        return 0;
    return all;
}

static void columns_down(const dmlcsr_plane *mask, bool on, uint16_t *out)
{
    for (uint32_t y = 0; y < mask->height; y++) {
        const uint8_t *row = mask->pixels + y * mask->stride;
        uint16_t *to = out + (size_t)y * mask->width;
        const uint16_t *above = y ? to - mask->width : NULL;
        for (uint32_t x = 0; x < mask->width; x++)
            to[x] = (row[x] >= 128) == on                ? 0
                    : above == NULL || above[x] == NONE ? NONE
                                                         : (uint16_t)(above[x] + 1);
    }
}

static void columns_up(uint32_t width, uint32_t height, uint16_t *out)
{
    for (uint32_t y = height - 1; y-- > 0;) {
        uint16_t *to = out + (size_t)y * width;
        const uint16_t *below = to + width;
        for (uint32_t x = 0; x < width; x++)
            if (below[x] < to[x]) /* then it is not NONE, and at most to[x] - 1 */
                to[x] = (uint16_t)(below[x] + 1);
    }
}

void dml_distances_init(dml_distances *d, const dmlcsr_plane *mask, void *scratch)
{
    size_t pixels = (size_t)mask->width * mask->height;
    d->width = mask->width;
    d->height = mask->height;
    d->to_on = scratch;
    d->to_off = d->to_on + mask->width;
    d->at = (uint32_t *)(d->to_off + mask->width);
    d->from = d->at + mask->width;
    d->column_on = (uint16_t *)(d->from + mask->width);
    d->column_off = d->column_on + pixels;
    columns_down(mask, true, d->column_on);
    columns_down(mask, false, d->column_off);
    columns_up(mask->width, mask->height, d->column_on);
    columns_up(mask->width, mask->height, d->column_off);
}

static int64_t height_at(const uint16_t *column, uint32_t i, uint32_t x)
{
    int64_t dx = (int64_t)x - (int64_t)i, dy = column[i];
    return dx * dx + dy * dy;
}

/* The last pixel where the parabola of i is not above that of u, for i < u; only asked where there is one. */
static int64_t last_of(const uint16_t *column, uint32_t i, uint32_t u)
{
    int64_t a = i, b = u, ga = column[i], gb = column[u];
    return (b * b - a * a + gb * gb - ga * ga) / (2 * (b - a));
}

static void nearest(const dml_distances *d, const uint16_t *column, int64_t *out)
{
    uint32_t count = 0; /* parabolas in the envelope */
    for (uint32_t u = 0; u < d->width; u++) {
        if (column[u] == NONE)
            continue;
        while (count && height_at(column, d->at[count - 1], d->from[count - 1]) >
                            height_at(column, u, d->from[count - 1]))
            count--;
        int64_t first = count ? last_of(column, d->at[count - 1], u) + 1 : 0;
        if (first < d->width) {
            d->at[count] = u;
            d->from[count++] = (uint32_t)first;
        }
    }
    for (uint32_t x = d->width; x-- > 0;) {
        while (count > 1 && d->from[count - 1] > x)
            count--;
        out[x] = count ? height_at(column, d->at[count - 1], x) : DML_FAR;
    }
}

void dml_distances_to_on(dml_distances *d, uint32_t y)
{
    nearest(d, d->column_on + (size_t)y * d->width, d->to_on);
}

void dml_distances_to_off(dml_distances *d, uint32_t y)
{
    nearest(d, d->column_off + (size_t)y * d->width, d->to_off);
}
