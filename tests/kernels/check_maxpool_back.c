/* Gradient of max pooling: the same bits as C, and those of a plain search of every window. */
#include "kernelcheck.h"

typedef struct data {
    const kc_context *k;
    uint32_t rows, in_width, width;
    const float **row;
    const float *y, *dy;
    const float *before[3];
    float *drow[3];
} data;

/* Few different numbers, so that a maximum is often there twice. */
static const float *tied(kc_context *k, size_t n, int side, kc_kind kind)
{
    float *x = kc_floats(k, n, side);
    kc_fill(k, x, n, kind);
    for (size_t i = 0; i < n; i++)
        if (kc_below(k, 2))
            x[i] = (float)kc_below(k, 3);
    kc_seal(k, x);
    return x;
}

static data make(kc_context *k, uint32_t rows, uint32_t in_width, uint32_t width, int side, kc_kind kind)
{
    data d = {.k = k, .rows = rows, .in_width = in_width, .width = width};
    const size_t n = (size_t)in_width * 16;
    d.row = kc_alloc(k, rows * sizeof(*d.row), KC_END); /* no pointer behind the last row */
    for (uint32_t i = 0; i < rows; i++) {
        d.row[i] = tied(k, n, side, kind);
        d.before[i] = kc_input(k, n, side, KC_WIDE);
        d.drow[i] = kc_copy(k, d.before[i], n, side);
    }
    float *y = kc_floats(k, (size_t)width * 16, side);
    k->c->maxpool3x3(d.row, rows, in_width, width, y);
    kc_seal(k, y);
    d.y = y;
    d.dy = kc_input(k, (size_t)width * 16, side, KC_WIDE);
    return d;
}

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->maxpool3x3_back(d->row, d->rows, d->in_width, d->width, d->y, d->dy, d->drow);
}

/* The first value of the window of pixel p that equals y, or NULL. */
static float *first_equal(const data *d, float *const *drow, size_t p, size_t l)
{
    for (size_t i = 0; i < d->rows; i++)
        for (size_t c = 0; c < d->in_width; c++)
            if (c + 1 >= 2 * p && c <= 2 * p + 1 && d->row[i][c * 16 + l] == d->y[p * 16 + l])
                return drow[i] + c * 16 + l;
    return NULL;
}

static void compare(kc_context *k, const data *d, int side)
{
    const size_t n = (size_t)d->in_width * 16;
    data definition = *d;
    float *want[3] = {NULL};
    for (uint32_t i = 0; i < d->rows; i++) {
        definition.drow[i] = kc_copy(k, d->before[i], n, side);
        want[i] = kc_copy(k, d->before[i], n, side);
    }
    run(k->c, &definition);
    for (size_t j = 0; j < (size_t)d->width * 16; j++) {
        float *to = first_equal(d, want, j / 16, j % 16);
        if (to)
            *to += d->dy[j];
    }
    for (uint32_t i = 0; i < d->rows; i++) {
        kc_same(k, "dx", d->drow[i], definition.drow[i], n);
        kc_same(k, "dx of a plain search", d->drow[i], want[i], n);
    }
}

void check_maxpool3x3_back(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t in_width = 1; in_width <= most; in_width++)
        for (uint32_t rows = 1; rows <= 3; rows++)
            for (int side = 0; side < KC_SIDES; side++) {
                const uint32_t full = (in_width + 1) / 2;
                const uint32_t width = kc_below(k, 3) ? full : 1 + kc_below(k, full); /* mostly to the end of the row */
                const kc_kind kind = (kc_kind)kc_below(k, 3);
                kc_case(k, "rows %u in_width %u width %u data %d side %d", rows, in_width, width, (int)kind, side);
                data d = make(k, rows, in_width, width, side, kind);
                run(k->table, &d);
                compare(k, &d, side);
            }
}

void bench_maxpool3x3_back(kc_context *k)
{
    data d = make(k, 3, 237, 119, KC_START, KC_UNIT);
    kc_bench(k, "119 of 237 columns", 1, run, &d);
}
