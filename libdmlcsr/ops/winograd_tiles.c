#include "ops/winograd.h"

#include <string.h>

#include "ops/split.h"

dml_winograd_tiles dml_winograd_cut(uint32_t n, uint32_t h, uint32_t w, uint32_t dilation, uint32_t band_tiles)
{
    dml_winograd_tiles t = {.n = n, .h = h, .w = w, .dilation = dilation};
    t.columns = dml_ceil_div(dml_ceil_div(w, dilation), DML_WINOGRAD);
    t.rows = n * dilation * dilation * dml_ceil_div(dml_ceil_div(h, dilation), DML_WINOGRAD);
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
    return (dml_winograd_row){row / high / phases, phase / t->dilation + row % high * DML_WINOGRAD * t->dilation,
                              phase % t->dilation};
}

uint32_t dml_winograd_inside(uint32_t size, uint32_t first, uint32_t dilation, uint32_t side)
{
    const uint32_t count = first < side ? dml_ceil_div(side - first, dilation) : 0;
    return count < size ? count : size;
}

/* A patch that reaches outside goes through a copy, with zeros there. */
static void transform_edge(const dml_winograd_patches *p, const dml_tensor *x, uint32_t block, ptrdiff_t y,
                           ptrdiff_t column, uint32_t dilation, void *v, size_t position)
{
    dml_real patch[36 * DML_BLOCK];
    const ptrdiff_t limit_y = (ptrdiff_t)x->h, limit_x = (ptrdiff_t)x->w;
    memset(patch, 0, (size_t)p->size * p->size * DML_BLOCK * sizeof *patch);
    for (uint32_t i = 0; i < p->size; i++)
        for (uint32_t j = 0; j < p->size; j++) {
            const ptrdiff_t at_y = y + (ptrdiff_t)(i * dilation), at_x = column + (ptrdiff_t)(j * dilation);
            if (at_y >= 0 && at_x >= 0 && at_y < limit_y && at_x < limit_x)
                memcpy(patch + ((size_t)i * p->size + j) * DML_BLOCK, dml_tensor_at(x, block, at_y, at_x),
                       DML_BLOCK * sizeof *patch);
        }
    p->transform(patch, (size_t)p->size * DML_BLOCK, DML_BLOCK, 1, v, position);
}

void dml_winograd_transform(const dml_winograd_tiles *t, const dml_winograd_patches *p, const dml_batch *x,
                            uint32_t block, uint32_t first, uint32_t end, void *result, size_t position)
{
    const uint32_t d = t->dilation, step = DML_WINOGRAD * d;
    const ptrdiff_t reach = (ptrdiff_t)((p->size - 1) * d); /* signed: 32-bit machines would compare as unsigned */
    const size_t pixel = DML_BLOCK * p->bytes;
    char *v = result;
    for (uint32_t row = first; row < end; row++) {
        const dml_winograd_row at = dml_winograd_row_at(t, row);
        const dml_tensor image = dml_batch_image(x, at.image);
        const ptrdiff_t y = (ptrdiff_t)at.y - p->margin, column = (ptrdiff_t)at.x - p->margin;
        uint32_t whole = 0; /* tiles that can be read as they lie */
        if (y + reach < (ptrdiff_t)(t->h + p->margin) && column + reach < (ptrdiff_t)(t->w + p->margin))
            whole = (uint32_t)((ptrdiff_t)(t->w + p->margin) - 1 - column - reach) / step + 1;
        if (whole > t->columns)
            whole = t->columns;
        if (whole)
            p->transform(dml_tensor_at(&image, block, y, column), d * dml_tensor_row(&image), (size_t)d * DML_BLOCK, whole,
                         v, position);
        for (uint32_t i = whole; i < t->columns; i++)
            transform_edge(p, &image, block, y, column + (ptrdiff_t)(i * step), d, v + i * pixel, position);
        v += t->columns * pixel;
    }
}
