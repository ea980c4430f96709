#include "ops/winograd.h"

#include <string.h>

#include "ops/split.h"

dml_winograd_tiles dml_winograd_cut(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t band_tiles)
{
    const uint32_t dilation = shape->dilation;
    dml_winograd_tiles t = {.n = n, .h = h, .w = w, .dilation = dilation, .high = dml_winograd_rows(shape->form),
                            .wide = dml_winograd_columns(shape->form)};
    t.columns = dml_ceil_div(dml_ceil_div(w, dilation), t.wide);
    t.rows = n * dilation * dilation * dml_ceil_div(dml_ceil_div(h, dilation), t.high);
    t.band_rows = t.columns < band_tiles ? band_tiles / t.columns : 1;
    t.bands = dml_ceil_div(t.rows, t.band_rows);
    t.band_rows = dml_ceil_div(t.rows, t.bands);
    return t;
}

/* Rows go through an image phase by phase. */
dml_winograd_row dml_winograd_row_at(const dml_winograd_tiles *t, uint32_t row)
{
    const uint32_t phases = t->dilation * t->dilation, high = t->rows / (t->n * phases);
    const uint32_t phase = row / high % phases;
    return (dml_winograd_row){row / high / phases, phase / t->dilation + row % high * t->high * t->dilation,
                              phase % t->dilation};
}

uint32_t dml_winograd_inside(uint32_t size, uint32_t first, uint32_t dilation, uint32_t side)
{
    const uint32_t count = first < side ? dml_ceil_div(side - first, dilation) : 0;
    return count < size ? count : size;
}

/* A patch that reaches outside goes through a copy, with zeros there. */
static void transform_edge(const dml_winograd_tiles *t, const dml_winograd_patches *p, const dml_tensor *x, uint32_t block,
                           ptrdiff_t y, ptrdiff_t column, void *v, size_t position)
{
    dml_real patch[8 * 8 * DML_BLOCK];
    const ptrdiff_t limit_y = (ptrdiff_t)x->h, limit_x = (ptrdiff_t)x->w;
    const uint32_t high = t->high + 2 * p->around, wide = t->wide + 2 * p->around;
    memset(patch, 0, (size_t)high * wide * DML_BLOCK * sizeof *patch);
    for (uint32_t i = 0; i < high; i++)
        for (uint32_t j = 0; j < wide; j++) {
            const ptrdiff_t at_y = y + (ptrdiff_t)(i * t->dilation), at_x = column + (ptrdiff_t)(j * t->dilation);
            if (at_y >= 0 && at_x >= 0 && at_y < limit_y && at_x < limit_x)
                memcpy(patch + ((size_t)i * wide + j) * DML_BLOCK, dml_tensor_at(x, block, at_y, at_x),
                       DML_BLOCK * sizeof *patch);
        }
    p->transform(patch, (size_t)wide * DML_BLOCK, DML_BLOCK, 1, v, position);
}

void dml_winograd_transform(const dml_winograd_tiles *t, const dml_winograd_patches *p, const dml_batch *x,
                            uint32_t block, uint32_t first, uint32_t end, void *result, size_t position)
{
    const uint32_t d = t->dilation, step = t->wide * d, margin = p->around * d;
    /* to the last pixel of a patch; signed: 32-bit machines would compare as unsigned */
    const ptrdiff_t down = (ptrdiff_t)((t->high + 2 * p->around - 1) * d);
    const ptrdiff_t reach = (ptrdiff_t)((t->wide + 2 * p->around - 1) * d);
    const size_t pixel = DML_BLOCK * p->bytes;
    char *v = result;
    for (uint32_t row = first; row < end; row++) {
        const dml_winograd_row at = dml_winograd_row_at(t, row);
        const dml_tensor image = dml_batch_image(x, at.image);
        const ptrdiff_t y = (ptrdiff_t)at.y - margin, column = (ptrdiff_t)at.x - margin;
        uint32_t whole = 0; /* tiles that can be read as they lie */
        if (y + down < (ptrdiff_t)(t->h + margin) && column + reach < (ptrdiff_t)(t->w + margin))
            whole = (uint32_t)((ptrdiff_t)(t->w + margin) - 1 - column - reach) / step + 1;
        if (whole > t->columns)
            whole = t->columns;
        if (whole)
            p->transform(dml_tensor_at(&image, block, y, column), d * dml_tensor_row(&image), (size_t)d * DML_BLOCK, whole,
                         v, position);
        for (uint32_t i = whole; i < t->columns; i++)
            transform_edge(t, p, &image, block, y, column + (ptrdiff_t)(i * step), v + i * pixel, position);
        v += t->columns * pixel;
    }
}
