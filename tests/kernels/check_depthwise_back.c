/* Gradients of the depthwise 3 x 3 convolution: the same bits as C, and double precision within the bound of the
 * roundings; what lies between the rows is not touched. */
#include <math.h>

#include "kernelcheck.h"

typedef struct data {
    const kc_context *k;
    uint32_t width, step;
    size_t x_row, x_size;
    const float *x, *w, *dy;
    const float *dx_before, *dw_before;
    float *dx, *dw;
} data;

static data make(kc_context *k, uint32_t width, uint32_t step, int side, kc_kind kind)
{
    data d = {.k = k, .width = width, .step = step};
    const size_t columns = (size_t)(width - 1) * step + 3;
    d.x_row = (columns + kc_below(k, 4)) * 16;
    d.x_size = 2 * d.x_row + columns * 16;
    d.x = kc_input(k, d.x_size, side, kind);
    d.w = kc_input(k, 9 * 16, side, kind);
    d.dy = kc_input(k, (size_t)width * 16, side, kind);
    d.dx_before = kc_input(k, d.x_size, side, kind);
    d.dw_before = kc_input(k, 9 * 16, side, kind);
    d.dx = kc_copy(k, d.dx_before, d.x_size, side);
    d.dw = kc_copy(k, d.dw_before, 9 * 16, side);
    return d;
}

static void run_input(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->depthwise3x3_back_input(d->dy, d->w, d->x_row, d->step, d->width, d->dx);
}

static void run_weight(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->depthwise3x3_back_weight(d->x, d->x_row, d->dy, d->step, d->width, d->dw);
}

typedef struct sums {
    size_t n;
    double *want, *magnitude;
    size_t *terms;
} sums;

static sums start(kc_context *k, const float *before, size_t n, int side)
{
    sums s = {n, kc_alloc(k, n * sizeof(double), side), kc_alloc(k, n * sizeof(double), side),
              kc_alloc(k, n * sizeof(size_t), side)};
    for (size_t i = 0; i < n; i++) {
        s.want[i] = before[i];
        s.magnitude[i] = fabs(s.want[i]);
        s.terms[i] = 0;
    }
    return s;
}

static void term(const sums *s, size_t i, double value)
{
    s->want[i] += value;
    s->magnitude[i] += fabs(value);
    s->terms[i]++;
}

/* A value that nothing was added to must be as it was. */
static void finish(kc_context *k, const char *what, const sums *s, const float *got)
{
    for (size_t i = 0; i < s->n; i++)
        s->magnitude[i] = s->terms[i] ? kc_gamma(s->terms[i] + 1) * s->magnitude[i] + (double)s->terms[i] * KC_TINY : 0;
    kc_within(k, what, got, s->want, s->magnitude, s->n);
}

static void compare_input(kc_context *k, const data *d, bool numbers, int side)
{
    data definition = *d;
    definition.dx = kc_copy(k, d->dx_before, d->x_size, side);
    run_input(k->c, &definition);
    kc_same(k, "dx", d->dx, definition.dx, d->x_size);
    if (!numbers)
        return;
    const sums s = start(k, d->dx_before, d->x_size, side);
    for (size_t p = 0; p < d->width; p++)
        for (size_t tap = 0; tap < 9; tap++)
            for (size_t l = 0; l < 16; l++)
                term(&s, tap / 3 * d->x_row + (p * d->step + tap % 3) * 16 + l,
                     (double)d->dy[p * 16 + l] * d->w[tap * 16 + l]);
    finish(k, "dx against double", &s, d->dx);
}

static void compare_weight(kc_context *k, const data *d, bool numbers, int side)
{
    data definition = *d;
    definition.dw = kc_copy(k, d->dw_before, 9 * 16, side);
    run_weight(k->c, &definition);
    kc_same(k, "dw", d->dw, definition.dw, 9 * 16);
    if (!numbers)
        return;
    const sums s = start(k, d->dw_before, 9 * 16, side);
    for (size_t p = 0; p < d->width; p++)
        for (size_t tap = 0; tap < 9; tap++)
            for (size_t l = 0; l < 16; l++)
                term(&s, tap * 16 + l, (double)d->dy[p * 16 + l]
                                           * d->x[tap / 3 * d->x_row + (p * d->step + tap % 3) * 16 + l]);
    finish(k, "dw against double", &s, d->dw);
}

static void check(kc_context *k, void (*run)(const dml_kernels *table, void *argument),
                  void (*compare)(kc_context *k, const data *d, bool numbers, int side))
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (uint32_t step = 1; step <= 2; step++)
            for (int side = 0; side < KC_SIDES; side++) {
                const kc_kind kind = (kc_kind)kc_below(k, 3);
                kc_case(k, "width %u step %u data %d side %d", width, step, (int)kind, side);
                data d = make(k, width, step, side, kind);
                run(k->table, &d);
                compare(k, &d, kind != KC_SPECIAL, side);
            }
}

void check_depthwise3x3_back_input(kc_context *k)
{
    check(k, run_input, compare_input);
}

void check_depthwise3x3_back_weight(kc_context *k)
{
    check(k, run_weight, compare_weight);
}

void bench_depthwise3x3_back_input(kc_context *k)
{
    data d = make(k, 60, 1, KC_START, KC_UNIT);
    kc_bench(k, "width 60 step 1", 1, run_input, &d);
}

void bench_depthwise3x3_back_weight(kc_context *k)
{
    data d = make(k, 60, 1, KC_START, KC_UNIT);
    kc_bench(k, "width 60 step 1", 1, run_weight, &d);
}
