/* Averaging along rows and columns: for each row of the network, the rows of the picture under it are added up with
   their weights, and then the columns of that sum. */
#include <string.h>

#include "image/warp.h"

#define COLUMNS 32 /* network columns at a time, so that the sum stays on the stack */
#define TAPS (DML_SAMPLES_MAX + 4) /* pixels that the samples of one network pixel can touch: they span less than
                                      DML_SAMPLES_MAX pixels, and each looks at the pixel after its own */
#define SPAN (COLUMNS * DML_SAMPLES_MAX + TAPS) /* pixels under COLUMNS network pixels */

/* The pixels under one network pixel along one axis. Pixels outside the picture have no tap. */
typedef struct taps {
    int32_t first; /* pixel of weight[0] */
    uint32_t count;
    float total;   /* of the weights: below 1 where a part lies outside the picture */
    float weight[TAPS];
} taps;

static void add_tap(taps *t, int32_t index, int32_t limit, float weight)
{
    if (index < 0 || index >= limit)
        return;
    if (!t->count)
        t->first = index;
    uint32_t at = (uint32_t)(index - t->first); /* samples ascend, so that index is never before first */
    while (t->count <= at)
        t->weight[t->count++] = 0.0f;
    t->weight[at] += weight;
    t->total += weight;
}

/* The taps of network pixel `index`, whose samples lie at scale (index + fraction) + shift. */
static void make_taps(taps *t, double scale, double shift, uint32_t index, uint32_t samples, int32_t limit)
{
    float share = 1.0f / (float)samples;
    t->first = 0;
    t->count = 0;
    t->total = 0.0f;
    for (uint32_t i = 0; i < samples; i++) {
        double at = shift + scale * (index + (i + 0.5) / samples - 0.5);
        if (!(at > -1.0 && at < limit))
            continue;
        int32_t left = (int32_t)(at + 1.0) - 1;
        float fraction = (float)(at - left);
        add_tap(t, left, limit, share * (1.0f - fraction));
        add_tap(t, left + 1, limit, share * fraction);
    }
}

/* sum += weight * row. The inner loop has a fixed length, so that compilers turn it into vector code. */
static void add_row(const uint8_t *restrict row, float weight, float *restrict sum, size_t n)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        for (size_t k = 0; k < 16; k++)
            sum[i + k] += weight * (float)row[i + k];
    for (; i < n; i++)
        sum[i] += weight * (float)row[i];
}

/* Pixels `first` .. `last` of all picture rows in `rows`, added up: bytes of plane 0, then of plane 1 for NV12. */
static void add_rows(const dml_pixels *pixels, const taps *rows, int32_t first, int32_t last, float *sum, float *chroma)
{
    size_t bytes = (size_t)(last - first + 1) * pixels->step;
    size_t pair = (size_t)(first & ~1), pairs = (size_t)(last | 1) + 1 - pair;
    memset(sum, 0, bytes * sizeof *sum);
    if (pixels->nv12)
        memset(chroma, 0, pairs * sizeof *chroma);
    for (uint32_t i = 0; i < rows->count; i++) {
        size_t y = (size_t)rows->first + i;
        add_row(pixels->plane[0] + y * pixels->stride + (size_t)first * pixels->step, rows->weight[i], sum, bytes);
        if (pixels->nv12)
            add_row(pixels->plane[1] + (y >> 1) * pixels->stride + pair, rows->weight[i], chroma, pairs);
    }
}

/* Adds up the columns under one network pixel. `first` is the pixel that sum starts with. */
static void add_columns(const dml_pixels *pixels, const taps *columns, int32_t first, const float *sum,
                        const float *chroma, float *value)
{
    float v0 = 0.0f, v1 = 0.0f, v2 = 0.0f;
    for (uint32_t i = 0; i < columns->count; i++) {
        float weight = columns->weight[i];
        int32_t x = columns->first + (int32_t)i;
        const float *at = sum + (size_t)(x - first) * pixels->step;
        if (pixels->nv12) {
            const float *uv = chroma + ((x & ~1) - (first & ~1));
            v0 += weight * at[0];
            v1 += weight * uv[0];
            v2 += weight * uv[1];
        } else {
            v0 += weight * at[pixels->offset[0]];
            v1 += weight * at[pixels->offset[1]];
            v2 += weight * at[pixels->offset[2]];
        }
    }
    value[0] = v0;
    value[1] = v1;
    value[2] = v2;
}

/* `count` network columns from u on, of one row. */
static void shrink_row(const dml_warp *warp, const taps *row, const taps *columns, uint32_t u, uint32_t v,
                       uint32_t count)
{
    const dml_pixels *pixels = &warp->pixels;
    float sum[SPAN * 4], chroma[SPAN + 2];
    int32_t first = INT32_MAX, last = -1;
    for (uint32_t i = 0; i < count; i++)
        if (columns[i].count) {
            first = columns[i].first < first ? columns[i].first : first;
            last = columns[i].first + (int32_t)columns[i].count - 1; /* columns ascend */
        }
    if (last >= 0)
        add_rows(pixels, row, first, last, sum, chroma);
    float *out = dml_tensor_at(warp->input, 0, v, u);
    for (uint32_t i = 0; i < count; i++, out += DML_BLOCK) {
        float value[3], outside = 1.0f - row->total * columns[i].total;
        add_columns(pixels, &columns[i], first, sum, chroma, value);
        for (int c = 0; c < 3; c++)
            value[c] += outside * pixels->black[c];
        dml_pixels_store(pixels, value, out);
    }
}

void dml_shrink_rows(const dml_warp *warp, uint32_t begin, uint32_t end)
{
    const dml_similarity *place = &warp->place;
    taps columns[COLUMNS], row;
    for (uint32_t u = 0; u < warp->input->w; u += COLUMNS) {
        uint32_t count = warp->input->w - u < COLUMNS ? warp->input->w - u : COLUMNS;
        for (uint32_t i = 0; i < count; i++)
            make_taps(&columns[i], place->a, place->tx, u + i, warp->samples, warp->pixels.width);
        for (uint32_t v = begin; v < end; v++) {
            make_taps(&row, place->a, place->ty, v, warp->samples, warp->pixels.height);
            shrink_row(warp, &row, columns, u, v, count);
        }
    }
}
