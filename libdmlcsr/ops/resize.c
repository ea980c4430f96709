#include "ops/ops.h"

#include "ops/conv.h"

#define CHUNK 128 /* columns whose positions are worked out at once, on the stack */

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

/* One output row of all blocks. */
static void run_row(void *argument, uint32_t row, uint32_t thread)
{
    const job *j = argument;
    const dml_tensor *x = j->x, *y = j->y;
    uint32_t column[CHUNK];
    dml_real fraction[CHUNK], g;
    (void)thread;
    uint32_t top = dml_resize_split(row, j->row_scale, x->h, &g), low = g > 0.0f ? top + 1 : top;
    for (uint32_t start = 0; start < y->w; start += CHUNK) {
        uint32_t width = y->w - start < CHUNK ? y->w - start : CHUNK;
        for (uint32_t p = 0; p < width; p++)
            column[p] = dml_resize_split(start + p, j->column_scale, x->w, &fraction[p]);
        for (uint32_t block = 0; block < dml_blocks(y->c); block++)
            j->kernels->resize(dml_tensor_at(x, block, top, 0), dml_tensor_at(x, block, low, 0), g, column, fraction,
                               j->gate ? dml_tensor_at(j->gate, block, row, start) : NULL, width,
                               dml_tensor_at(y, block, row, start));
    }
}

void dml_resize_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *gate,
                    const dml_tensor *y)
{
    job j = {kernels, x, gate, y, dml_resize_scale(x->h, y->h), dml_resize_scale(x->w, y->w)};
    dml_tensor_clear_border(y, 0, dml_blocks(y->c));
    dml_pool_run(pool, run_row, &j, y->h);
}
