/* Smaller pictures for the cache. */
#include <string.h>

#include "train/data.h"

/* The pixels first .. last of a row of `from`, and how much of each lies under pixel `at` of `to`. */
typedef struct cover {
    uint32_t first, last;
    float first_share, last_share; /* those between count whole */
} cover;

static cover cover_of(uint32_t at, uint32_t to, uint32_t from)
{
    cover c;
    uint64_t begin = (uint64_t)at * from, end = begin + from; /* in units of 1 / to */
    c.first = (uint32_t)(begin / to);
    c.last = (uint32_t)((end - 1) / to);
    c.first_share = (float)(to - begin % to) / (float)to;
    c.last_share = (float)((end - 1) % to + 1) / (float)to;
    if (c.first == c.last)
        c.first_share = (float)from / (float)to; /* never smaller than a pixel, but for equal sizes */
    return c;
}

static float share_of(const cover *c, uint32_t i)
{
    return i == c->first ? c->first_share : i == c->last ? c->last_share : 1.0f;
}

/* sum[0 .. 3 w - 1]: the rows under one new row. */
static void add_rows(const uint8_t *from, uint32_t w, const cover *rows, float *sum)
{
    size_t width = (size_t)w * 3;
    memset(sum, 0, width * sizeof *sum);
    for (uint32_t y = rows->first; y <= rows->last; y++) {
        const uint8_t *row = from + y * width;
        float share = share_of(rows, y);
        for (size_t i = 0; i < width; i++)
            sum[i] += share * row[i];
    }
}

void dml_reduce_image(const uint8_t *from, uint32_t w, uint32_t h, uint8_t *to, uint32_t to_w, uint32_t to_h,
                      float *room)
{
    float scale = (float)((double)to_w * to_h / ((double)w * h));
    for (uint32_t y = 0; y < to_h; y++) {
        cover rows = cover_of(y, to_h, h);
        add_rows(from, w, &rows, room);
        for (uint32_t x = 0; x < to_w; x++, to += 3) {
            cover columns = cover_of(x, to_w, w);
            float sum[3] = { 0.0f, 0.0f, 0.0f };
            for (uint32_t i = columns.first; i <= columns.last; i++)
                for (int c = 0; c < 3; c++)
                    sum[c] += share_of(&columns, i) * room[3 * (size_t)i + c];
            for (int c = 0; c < 3; c++) {
                float value = sum[c] * scale + 0.5f;
                to[c] = value < 255.0f ? (uint8_t)value : 255;
            }
        }
    }
}

void dml_reduce_label(const uint8_t *from, uint32_t w, uint32_t h, uint8_t *to, uint32_t to_w, uint32_t to_h)
{
    for (uint32_t y = 0; y < to_h; y++) {
        const uint8_t *row = from + (size_t)((2 * (uint64_t)y + 1) * h / (2 * (uint64_t)to_h)) * w;
        for (uint32_t x = 0; x < to_w; x++)
            *to++ = row[(2 * (uint64_t)x + 1) * w / (2 * (uint64_t)to_w)];
    }
}
