/* Gradient of a convolution's weights: against the same sum in double precision, bit for bit against the order of
 * roundings that back.h promises, and against C. What lies between the pixels that count is NaN. */
#include <math.h>

#include "kernelcheck.h"

#define TILE 256

typedef struct data {
    const kc_context *k;
    const float *x, *dy;
    size_t x_row, dy_row;
    uint32_t step, rows, width;
    const float *before; /* what dw held */
    float *dw;
} data;

/* `rows` rows of every step-th pixel out of `width`, NaN between. */
static const float *pixels(kc_context *k, size_t row, uint32_t step, const data *d, int side, kc_kind kind)
{
    const size_t n = (d->rows - 1) * row + ((size_t)(d->width - 1) * step + 1) * 16;
    float *x = kc_floats(k, n, side); /* all NaN */
    for (uint32_t i = 0; i < d->rows; i++)
        for (uint32_t p = 0; p < d->width; p++)
            kc_fill(k, x + i * row + (size_t)p * step * 16, 16, kind);
    kc_seal(k, x);
    return x;
}

static data make(kc_context *k, uint32_t rows, uint32_t width, uint32_t step, int side, kc_kind kind)
{
    data d = {.k = k, .step = step, .rows = rows, .width = width};
    d.x_row = ((size_t)(width - 1) * step + 1 + kc_below(k, 3)) * 16;
    d.dy_row = (width + (size_t)kc_below(k, 3)) * 16;
    d.x = pixels(k, d.x_row, step, &d, side, kind);
    d.dy = pixels(k, d.dy_row, 1, &d, side, kind);
    d.before = kc_input(k, TILE, side, kind);
    d.dw = kc_copy(k, d.before, TILE, side);
    return d;
}

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->conv_back_weight(d->x, d->x_row, d->step, d->dy, d->dy_row, d->rows, d->width, d->dw);
}

/* The sum of input lane c and output lane l; `ordered` as promised, fused or not. */
static void reference(const data *d, size_t c, size_t l, bool fused, double *want, double *bound, float *ordered)
{
    const size_t terms = (size_t)d->rows * d->width;
    float in_order = d->before[c * 16 + l];
    double sum = in_order, magnitude = fabs(sum);
    for (size_t i = 0; i < d->rows; i++)
        for (size_t p = 0; p < d->width; p++) {
            const float x = d->x[i * d->x_row + p * d->step * 16 + c], dy = d->dy[i * d->dy_row + p * 16 + l];
            sum += (double)x * dy;
            magnitude += fabs((double)x * dy);
            in_order = fused ? fmaf(x, dy, in_order) : in_order + x * dy;
        }
    *want = sum;
    *bound = kc_gamma(terms + 1) * magnitude + (double)(terms + 1) * KC_TINY;
    *ordered = in_order;
}

static void compare(kc_context *k, const data *d, bool numbers, int side)
{
    double *want = kc_alloc(k, TILE * sizeof(double), side), *bound = kc_alloc(k, TILE * sizeof(double), side);
    float *ordered = kc_floats(k, TILE, side);
    for (size_t i = 0; i < TILE; i++)
        reference(d, i / 16, i % 16, kc_fused(k), want + i, bound + i, ordered + i);
    kc_same(k, "dw in order", d->dw, ordered, TILE);
    if (!numbers)
        return;
    kc_within(k, "dw against double", d->dw, want, bound, TILE);
    data definition = *d;
    definition.dw = kc_copy(k, d->before, TILE, side);
    run(k->c, &definition);
    for (size_t i = 0; i < TILE; i++) {
        want[i] = definition.dw[i];
        bound[i] *= 2;
    }
    kc_within(k, "dw against C", d->dw, want, bound, TILE);
}

void check_conv_back_weight(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (uint32_t step = 1; step <= 2; step++)
            for (int side = 0; side < KC_SIDES; side++) {
                const uint32_t rows = 1 + kc_below(k, 4);
                const kc_kind kind = (kc_kind)kc_below(k, 3);
                kc_case(k, "rows %u width %u step %u data %d side %d", rows, width, step, (int)kind, side);
                data d = make(k, rows, width, step, side, kind);
                run(k->table, &d);
                compare(k, &d, kind != KC_SPECIAL, side);
            }
}

void bench_conv_back_weight(kc_context *k)
{
    static const struct {
        uint32_t rows, width, step;
        const char *name;
    } shapes[] = {{1, 25, 1, "1 x 25"}, {1, 64, 1, "1 x 64"}, {4, 64, 1, "4 x 64"}, {4, 32, 2, "4 x 32, step 2"}};
    for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
        data d = make(k, shapes[i].rows, shapes[i].width, shapes[i].step, KC_START, KC_UNIT);
        kc_bench(k, shapes[i].name, 1, run, &d);
    }
}
