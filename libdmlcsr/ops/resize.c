#include "ops/ops.h"

#include "ops/conv.h"

typedef struct job {
    const dml_kernels *kernels;
    const dml_tensor *x, *gate, *y;
    dml_real row_scale, column_scale;
} job;

dml_real dml_resize_scale(uint32_t in, uint32_t out)
{
    return out > 1 ? (dml_real)(in - 1) / (dml_real)(out - 1) : 0.0f;
}

/* Position i * scale as a whole part and a fraction; the last sample has fraction 0, so that nothing past it is read. */
uint32_t dml_resize_split(uint32_t i, dml_real scale, uint32_t in, dml_real *fraction)
{
    dml_real position = (dml_real)i * scale;
    uint32_t whole = (uint32_t)position;
    if (whole >= in - 1) {
        *fraction = 0.0f;
        return in - 1;
    }
    *fraction = position - (dml_real)whole;
    return whole;
}

dml_resize_rows dml_resize_between(uint32_t row, dml_real scale, uint32_t in)
{
    dml_resize_rows r;
    r.top = dml_resize_split(row, scale, in, &r.below);
    r.low = r.below > 0 ? r.top + 1 : r.top;
    return r;
}

void dml_resize_columns(uint32_t start, uint32_t count, dml_real scale, uint32_t in, uint32_t *column,
                        dml_real *fraction)
{
    for (uint32_t p = 0; p < count; p++)
        column[p] = dml_resize_split(start + p, scale, in, &fraction[p]);
}

bool dml_resize_next(dml_resize_part *part, dml_real scale, uint32_t in, uint32_t out)
{
    part->start += part->width;
    part->width = out - part->start < DML_RESIZE_CHUNK ? out - part->start : DML_RESIZE_CHUNK;
    dml_resize_columns(part->start, part->width, scale, in, part->column, part->fraction);
    return part->width > 0;
}

/* One output row of all blocks. */
static void run_row(void *argument, uint32_t row, uint32_t thread)
{
    const job *j = argument;
    const dml_tensor *x = j->x, *y = j->y;
    const dml_resize_rows r = dml_resize_between(row, j->row_scale, x->h);
    dml_resize_part part;
    (void)thread;
    part.start = part.width = 0;
    while (dml_resize_next(&part, j->column_scale, x->w, y->w))
        for (uint32_t block = 0; block < dml_blocks(y->c); block++)
            j->kernels->resize(dml_tensor_at(x, block, r.top, 0), dml_tensor_at(x, block, r.low, 0), r.below,
                               part.column, part.fraction,
                               j->gate ? dml_tensor_at(j->gate, block, row, part.start) : NULL, part.width,
                               dml_tensor_at(y, block, row, part.start));
}

void dml_resize_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *gate,
                    const dml_tensor *y)
{
    job j = {kernels, x, gate, y, dml_resize_scale(x->h, y->h), dml_resize_scale(x->w, y->w)};
    dml_tensor_clear_border(y, 0, dml_blocks(y->c));
    dml_pool_run(pool, run_row, &j, y->h);
}
