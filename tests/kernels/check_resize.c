/* Bilinear resize and sampling: the same bits as C, and double precision within the bound of the roundings. */
#include <math.h>
#include <string.h>

#include "kernelcheck.h"

/* ---- exact values --------------------------------------------------------------------------------------------------
 *
 * lerp(a, b, f) = a + f (b - a) rounds three times, so its error is at most gamma_3 (|a| + f (|a| + |b|)); two levels
 * give gamma_6 of the nested magnitude, and gate v + gate two roundings more. */

typedef struct term {
    double value, magnitude;
} term;

static term leaf(float v)
{
    return (term){v, fabs((double)v)};
}

static term lerp(term a, term b, double f)
{
    return (term){a.value + f * (b.value - a.value), a.magnitude + f * (a.magnitude + b.magnitude)};
}

static double bound_of(term t, size_t roundings)
{
    return kc_gamma(roundings) * t.magnitude + 8 * KC_TINY * fmax(1.0, t.magnitude);
}

/* ---- resize ------------------------------------------------------------------------------------------------------ */

typedef struct resize_data {
    const float *a, *b, *gate;
    const uint32_t *column;
    const float *fraction;
    float row_fraction;
    uint32_t width;
    float *y;
} resize_data;

static void run_resize(const dml_kernels *table, void *argument)
{
    const resize_data *d = argument;
    table->resize(d->a, d->b, d->row_fraction, d->column, d->fraction, d->gate, d->width, d->y);
}

static const float *random_row(kc_context *k, size_t n, int side, kc_kind kind)
{
    float *row = kc_floats(k, n, side);
    kc_fill(k, row, n, kind);
    kc_seal(k, row);
    return row;
}

/* Columns as an enlargement has them, or at random; the last pixel always hits the last column exactly. */
static void make_columns(kc_context *k, resize_data *d, uint32_t in_width, int side)
{
    uint32_t *column = kc_alloc(k, d->width * sizeof(*column), side);
    float *fraction = kc_floats(k, d->width, side);
    bool ordered = kc_below(k, 2);
    for (uint32_t p = 0; p < d->width; p++) {
        double at = d->width > 1 ? (double)p * (in_width - 1) / (d->width - 1) : in_width - 1;
        column[p] = ordered ? (uint32_t)at : kc_below(k, in_width);
        fraction[p] = ordered ? (float)(at - column[p]) : kc_below(k, 4) ? kc_uniform(k, 0, 1) : 0.0f;
        if (column[p] + 1 == in_width)
            fraction[p] = 0.0f;
    }
    kc_seal(k, column);
    kc_seal(k, fraction);
    d->column = column;
    d->fraction = fraction;
}

static resize_data make_resize(kc_context *k, uint32_t in_width, uint32_t width, bool gated, int side, kc_kind kind)
{
    resize_data d = {.width = width, .row_fraction = kc_below(k, 4) ? kc_uniform(k, 0, 1) : 0.0f};
    make_columns(k, &d, in_width, side);
    d.a = random_row(k, (size_t)in_width * 16, side, kind);
    d.b = random_row(k, d.row_fraction != 0.0f ? (size_t)in_width * 16 : 0, KC_END, kind); /* at 0: nothing to read */
    d.gate = gated ? random_row(k, (size_t)width * 16, side, kind) : NULL;
    d.y = kc_floats(k, (size_t)width * 16, side);
    return d;
}

static term exact_resize(const resize_data *d, size_t p, size_t l)
{
    double f = d->fraction[p], g = d->row_fraction;
    size_t left = d->column[p] * (size_t)16 + l, right = f != 0 ? left + 16 : left;
    term v = lerp(leaf(d->a[left]), leaf(d->a[right]), f);
    if (g != 0)
        v = lerp(v, lerp(leaf(d->b[left]), leaf(d->b[right]), f), g);
    if (d->gate) {
        double gate = d->gate[p * 16 + l];
        v = (term){gate * v.value + gate, fabs(gate) * v.magnitude + fabs(gate)};
    }
    return v;
}

static void compare_resize(kc_context *k, const resize_data *d, int side)
{
    size_t n = (size_t)d->width * 16;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    for (size_t i = 0; i < n; i++) {
        term v = exact_resize(d, i / 16, i % 16);
        want[i] = v.value;
        bound[i] = bound_of(v, 8);
    }
    kc_within(k, "y against double", d->y, want, bound, n);
    resize_data definition = *d;
    definition.y = kc_floats(k, n, side);
    run_resize(k->c, &definition);
    kc_same(k, "y", d->y, definition.y, n);
}

void check_resize(kc_context *k)
{
    uint32_t most = k->effort == KC_QUICK ? 9 : 40;
    for (uint32_t width = 1; width <= most; width++) {
        for (int gated = 0; gated < 2; gated++) {
            for (int side = 0; side < KC_SIDES; side++) {
                uint32_t in_width = 1 + kc_below(k, width + 2);
                kc_kind kind = kc_below(k, 2) ? KC_UNIT : KC_WIDE;
                kc_case(k, "%u columns to %u gate %d data %d side %d", in_width, width, gated, (int)kind, side);
                resize_data d = make_resize(k, in_width, width, gated, side, kind);
                run_resize(k->table, &d);
                compare_resize(k, &d, side);
            }
        }
    }
}

void bench_resize(kc_context *k)
{
    resize_data d = make_resize(k, 60, 119, false, KC_START, KC_UNIT);
    d.b = d.a;
    d.row_fraction = 0.3f;
    kc_bench(k, "60 columns to 119", 1, run_resize, &d);
    d.gate = random_row(k, 119 * 16, KC_START, KC_UNIT);
    kc_bench(k, "60 columns to 119, gate", 1, run_resize, &d);
}

/* ---- sample ------------------------------------------------------------------------------------------------------ */

typedef struct sample_data {
    const float *x;
    size_t x_row;
    const uint32_t *offset;
    const float *fx, *fy;
    uint32_t width;
    float *y;
} sample_data;

static void run_sample(const dml_kernels *table, void *argument)
{
    const sample_data *d = argument;
    table->sample(d->x, d->x_row, d->offset, d->fx, d->fy, d->width, d->y);
}

static const float *random_fractions(kc_context *k, uint32_t n, int side)
{
    float *f = kc_floats(k, n, side);
    for (uint32_t i = 0; i < n; i++)
        f[i] = kc_below(k, 4) ? kc_uniform(k, 0, 1) : (float)kc_below(k, 2); /* the ends, too */
    kc_seal(k, f);
    return f;
}

static sample_data make_sample(kc_context *k, uint32_t in_w, uint32_t in_h, uint32_t width, int side, kc_kind kind)
{
    sample_data d = {.width = width, .x_row = (in_w + (size_t)kc_below(k, 3)) * 16};
    d.x = random_row(k, (in_h - 1) * d.x_row + in_w * (size_t)16, side, kind);
    uint32_t *offset = kc_alloc(k, width * sizeof(*offset), side);
    for (uint32_t p = 0; p < width; p++)
        offset[p] = (uint32_t)(kc_below(k, in_h - 1) * d.x_row + kc_below(k, in_w - 1) * 16);
    kc_seal(k, offset);
    d.offset = offset;
    d.fx = random_fractions(k, width, side);
    d.fy = random_fractions(k, width, side);
    d.y = kc_floats(k, (size_t)width * 16, side);
    return d;
}

static void compare_sample(kc_context *k, const sample_data *d, int side)
{
    size_t n = (size_t)d->width * 16;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    for (size_t i = 0; i < n; i++) {
        const float *a = d->x + d->offset[i / 16] + i % 16, *b = a + d->x_row;
        double f = d->fx[i / 16], g = d->fy[i / 16];
        term v = lerp(lerp(leaf(a[0]), leaf(a[16]), f), lerp(leaf(b[0]), leaf(b[16]), f), g);
        want[i] = v.value;
        bound[i] = bound_of(v, 6);
    }
    kc_within(k, "y against double", d->y, want, bound, n);
    sample_data definition = *d;
    definition.y = kc_floats(k, n, side);
    run_sample(k->c, &definition);
    kc_same(k, "y", d->y, definition.y, n);
}

void check_sample(kc_context *k)
{
    uint32_t most = k->effort == KC_QUICK ? 9 : 40;
    for (uint32_t width = 1; width <= most; width++) {
        for (int side = 0; side < KC_SIDES; side++) {
            uint32_t in_w = 2 + kc_below(k, 9), in_h = 2 + kc_below(k, 5);
            kc_kind kind = kc_below(k, 2) ? KC_UNIT : KC_WIDE;
            kc_case(k, "%u of %u x %u data %d side %d", width, in_h, in_w, (int)kind, side);
            sample_data d = make_sample(k, in_w, in_h, width, side, kind);
            run_sample(k->table, &d);
            compare_sample(k, &d, side);
        }
    }
}

void bench_sample(kc_context *k)
{
    sample_data d = make_sample(k, 119, 3, 473, KC_START, KC_UNIT);
    kc_bench(k, "473 of 3 x 119", 1, run_sample, &d);
}
