/* Depthwise 3 x 3: against the same sum in double precision, and against the very order of roundings that kernels.h
 * promises, which must give the same bits. */
#include <math.h>

#include "kernelcheck.h"

typedef struct shape {
    uint32_t width, step;
    size_t x_row;
    float slope;
} shape;

typedef struct data {
    shape s;
    float *x, *w, *bias, *y;
} data;

static size_t input_columns(const shape *s)
{
    return (size_t)(s->width - 1) * s->step + 3;
}

static data make(kc_context *k, shape s, int side, kc_kind kind)
{
    size_t n = 2 * s.x_row + input_columns(&s) * 16;
    data d = {.s = s};
    d.x = kc_floats(k, n, side);
    d.w = kc_floats(k, 9 * 16, side);
    d.bias = kc_floats(k, 16, side);
    d.y = kc_floats(k, (size_t)s.width * 16, side);
    kc_fill(k, d.x, n, kind);
    kc_fill(k, d.w, 9 * 16, kind);
    kc_fill(k, d.bias, 16, kind);
    kc_seal(k, d.x);
    kc_seal(k, d.w);
    kc_seal(k, d.bias);
    return d;
}

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->depthwise3x3(d->x, d->s.x_row, d->w, d->bias, d->s.slope, d->s.step, d->s.width, d->y);
}

/* The exact value, the bound of any evaluation, and the one that `fused` makes. */
static void reference(const data *d, size_t p, size_t l, bool fused, double *want, double *bound, float *exact)
{
    double sum = d->bias[l], magnitude = fabs(sum), slope = d->s.slope;
    float ordered = d->bias[l];
    for (size_t tap = 0; tap < 9; tap++) {
        float x = d->x[tap / 3 * d->s.x_row + (p * d->s.step + tap % 3) * 16 + l], w = d->w[tap * 16 + l];
        sum += (double)x * w;
        magnitude += fabs((double)x * w);
        ordered = fused ? fmaf(x, w, ordered) : ordered + x * w;
    }
    *want = sum > 0 ? sum : slope * sum;
    *bound = kc_gamma(10) * magnitude * fmax(1.0, slope) + kc_gamma(1) * fabs(*want) + 11 * KC_TINY;
    *exact = ordered > 0.0f ? ordered : d->s.slope * ordered;
}

static void compare(kc_context *k, const data *d, int side)
{
    size_t n = (size_t)d->s.width * 16;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    float *exact = kc_floats(k, n, side), *c = kc_floats(k, n, side);
    for (size_t i = 0; i < n; i++)
        reference(d, i / 16, i % 16, kc_fused(k), want + i, bound + i, exact + i);
    kc_within(k, "y against double", d->y, want, bound, n);
    kc_same(k, "y in order", d->y, exact, n);
    data definition = *d;
    definition.y = c;
    run(k->c, &definition);
    for (size_t i = 0; i < n; i++) {
        want[i] = c[i];
        bound[i] *= 2;
    }
    kc_within(k, "y against C", d->y, want, bound, n);
}

void check_depthwise3x3(kc_context *k)
{
    static const float slopes[] = {0.01f, 0.0f, 1.0f};
    uint32_t most = k->effort == KC_QUICK ? 9 : 37;
    for (uint32_t width = 1; width <= most; width++) {
        for (uint32_t step = 1; step <= 2; step++) {
            for (int side = 0; side < KC_SIDES; side++) {
                shape s = {.width = width, .step = step, .slope = slopes[kc_below(k, 3)]};
                s.x_row = (input_columns(&s) + kc_below(k, 4)) * 16;
                kc_case(k, "width %u step %u row %zu slope %g side %d", width, step, s.x_row, (double)s.slope, side);
                data d = make(k, s, side, kc_below(k, 2) ? KC_UNIT : KC_WIDE);
                run(k->table, &d);
                compare(k, &d, side);
            }
        }
    }
}

void bench_depthwise3x3(kc_context *k)
{
    data d = make(k, (shape){.width = 30, .step = 2, .slope = 0.01f, .x_row = 62 * 16}, KC_START, KC_UNIT);
    kc_bench(k, "width 30 step 2", 1, run, &d);
    d = make(k, (shape){.width = 60, .step = 1, .slope = 0.01f, .x_row = 62 * 16}, KC_START, KC_UNIT);
    kc_bench(k, "width 60 step 1", 1, run, &d);
}
