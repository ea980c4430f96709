/* Max pooling: the same bits as C, whatever the values; and for numbers the maximum that a plain search finds. */
#include <math.h>

#include "kernelcheck.h"

typedef struct data {
    const float **row;
    uint32_t rows, in_width, width;
    float *y;
} data;

static data make(kc_context *k, uint32_t rows, uint32_t in_width, uint32_t width, int side, kc_kind kind)
{
    data d = {.rows = rows, .in_width = in_width, .width = width};
    d.row = kc_alloc(k, rows * sizeof(*d.row), KC_END); /* no pointer behind the last row */
    for (uint32_t i = 0; i < rows; i++) {
        float *row = kc_floats(k, (size_t)in_width * 16, side);
        kc_fill(k, row, (size_t)in_width * 16, kind);
        kc_seal(k, row);
        d.row[i] = row;
    }
    d.y = kc_floats(k, (size_t)width * 16, side);
    return d;
}

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->maxpool3x3(d->row, d->rows, d->in_width, d->width, d->y);
}

static double plain_maximum(const data *d, size_t p, size_t l)
{
    double m = -INFINITY;
    for (uint32_t i = 0; i < d->rows; i++)
        for (size_t c = 0; c < d->in_width; c++)
            if (c + 1 >= 2 * p && c <= 2 * p + 1)
                m = fmax(m, d->row[i][c * 16 + l]);
    return m;
}

static void compare(kc_context *k, const data *d, bool numbers, int side)
{
    size_t n = (size_t)d->width * 16;
    data definition = *d;
    definition.y = kc_floats(k, n, side);
    run(k->c, &definition);
    kc_same(k, "y", d->y, definition.y, n);
    if (!numbers)
        return;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    for (size_t i = 0; i < n; i++) {
        want[i] = plain_maximum(d, i / 16, i % 16);
        bound[i] = 0;
    }
    kc_within(k, "y against a plain search", d->y, want, bound, n);
}

void check_maxpool3x3(kc_context *k)
{
    uint32_t most = k->effort == KC_QUICK ? 9 : 40;
    for (uint32_t in_width = 1; in_width <= most; in_width++) {
        for (uint32_t rows = 1; rows <= 3; rows++) {
            for (int side = 0; side < KC_SIDES; side++) {
                uint32_t full = (in_width + 1) / 2;
                uint32_t width = kc_below(k, 3) ? full : 1 + kc_below(k, full); /* mostly to the end of the row */
                kc_kind kind = (kc_kind)kc_below(k, 3);
                kc_case(k, "rows %u in_width %u width %u data %d side %d", rows, in_width, width, (int)kind, side);
                data d = make(k, rows, in_width, width, side, kind);
                run(k->table, &d);
                compare(k, &d, kind != KC_SPECIAL, side);
            }
        }
    }
}

void bench_maxpool3x3(kc_context *k)
{
    data d = make(k, 3, 237, 119, KC_START, KC_UNIT);
    kc_bench(k, "237 columns to 119", 1, run, &d);
}
