/* The way back through a norm: the same bits as C, and double precision within the bound of the roundings. Which side
 * of zero t and the mask are on is read, not computed, so d, dv and xh have no doubtful branch. */
#include <math.h>

#include "kernelcheck.h"

typedef struct data {
    const kc_context *k;
    dml_norm_back b;
    const float *dy, *mask, *t; /* mask NULL: none */
    uint32_t width;
    bool add;
    float *sum; /* 3 x 16 */
    float *dr;  /* or NULL */
    float *dx;
} data;

/* n values, not aligned where the guard page is in front. */
static float *loose(kc_context *k, size_t n, int side, kc_kind kind)
{
    const size_t offset = side == KC_START;
    float *v = kc_floats(k, n + offset, side);
    kc_fill(k, v, n + offset, kind);
    return v + offset;
}

static data make(kc_context *k, uint32_t width, bool masked, bool dr, int side, kc_kind kind)
{
    static const float slopes[] = {0.01f, 0.25f, 1.0f};
    const size_t n = (size_t)width * 16;
    data d = {.k = k, .width = width, .add = kc_below(k, 2)};
    const float slope = slopes[kc_below(k, 3)];
    d.b = (dml_norm_back){loose(k, 16, side, kind), loose(k, 16, side, kind), slope, kc_below(k, 2) ? 1 / slope : 1,
                          loose(k, 16, side, kind), loose(k, 16, side, kind), loose(k, 16, side, kind)};
    d.dy = kc_input(k, n, side, kind);
    d.mask = masked ? kc_input(k, n, side, kind) : NULL;
    d.t = kc_input(k, n, side, kind);
    d.sum = loose(k, 48, side, kind);
    d.dr = dr ? kc_floats(k, n, side) : NULL;
    if (dr)
        kc_fill(k, d.dr, n, kind);
    d.dx = kc_floats(k, n, side);
    return d;
}

static void run_sums(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->norm_back_sums(&d->b, d->dy, d->mask, d->t, d->width, d->sum, d->dr, d->add);
}

static void run_back(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->norm_back(&d->b, d->dy, d->mask, d->t, d->width, d->dx);
}

typedef struct value {
    double d, dv, xh, xh_magnitude;
} value;

static value at(const data *d, size_t i)
{
    const double t = d->t[i], dy = d->mask && !(d->mask[i] > 0) ? 0 : d->dy[i];
    const double product = (t > 0 ? t : t * d->b.inverse_slope) * d->b.xh_gain[i % 16], shift = d->b.xh_shift[i % 16];
    return (value){dy, t > 0 ? dy : d->b.slope * dy, product + shift, fabs(product) + fabs(shift)};
}

/* A term of the second sum has 5 roundings (dv, three of xh, the product), the sum of width terms and what was there
   `width` more. */
static void sums_against_double(kc_context *k, const data *d, const float *before)
{
    double want[48], bound[48];
    for (size_t i = 0; i < 48; i++) {
        double magnitude = fabs((double)before[i]);
        want[i] = before[i];
        for (size_t p = 0; p < d->width; p++) {
            const value v = at(d, p * 16 + i % 16);
            const double t = d->t[p * 16 + i % 16];
            want[i] += i < 16 ? v.dv : i < 32 ? v.dv * v.xh : v.d * t;
            magnitude += fabs(i < 16 ? v.dv : i < 32 ? v.dv * v.xh_magnitude : v.d * t);
        }
        bound[i] = kc_gamma(d->width + 5) * magnitude + (double)d->width * 5 * KC_TINY;
    }
    kc_within(k, "sums against double", d->sum, want, bound, 48);
}

void check_norm_back_sums(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (int form = 0; form < 4; form++)
            for (kc_kind kind = KC_UNIT; kind <= KC_SPECIAL; kind++) {
                const int side = (int)kc_below(k, KC_SIDES);
                const bool masked = form & 1, dr = form >> 1;
                const size_t n = (size_t)width * 16;
                kc_case(k, "width %u mask %d dr %d data %d side %d", width, masked, dr, (int)kind, side);
                data d = make(k, width, masked, dr, side, kind), definition = d;
                float *before = kc_copy(k, d.sum, 48, side), *dr_want = dr ? kc_copy(k, d.dr, n, side) : NULL;
                definition.sum = kc_copy(k, d.sum, 48, side);
                definition.dr = dr ? kc_copy(k, d.dr, n, side) : NULL;
                run_sums(k->table, &d);
                run_sums(k->c, &definition);
                kc_same(k, "sums", d.sum, definition.sum, 48);
                for (size_t i = 0; dr && i < n; i++) {
                    const float own = !masked || d.mask[i] > 0 ? d.dy[i] : 0;
                    dr_want[i] = d.add ? dr_want[i] + own : own;
                }
                if (dr) {
                    kc_same(k, "dr", d.dr, definition.dr, n);
                    kc_same(k, "dr from dy and mask", d.dr, dr_want, n);
                }
                if (kind != KC_SPECIAL)
                    sums_against_double(k, &d, before);
            }
}

static void back_against_double(kc_context *k, const data *d, const float *dx, int side)
{
    const size_t n = (size_t)d->width * 16;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    for (size_t i = 0; i < n; i++) {
        const value v = at(d, i);
        const double dv = d->b.k_dv[i % 16] * v.dv, xh = d->b.k_xh[i % 16], one = d->b.k_one[i % 16];
        want[i] = dv + xh * v.xh + one;
        bound[i] = kc_gamma(6) * (fabs(dv) + fabs(xh) * v.xh_magnitude + fabs(one)) + 6 * KC_TINY;
    }
    kc_within(k, "dx against double", dx, want, bound, n);
}

void check_norm_back(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (int form = 0; form < 4; form++)
            for (kc_kind kind = KC_UNIT; kind <= KC_SPECIAL; kind++) {
                const int side = (int)kc_below(k, KC_SIDES);
                const bool masked = form & 1, in_place = form >> 1;
                const size_t n = (size_t)width * 16;
                kc_case(k, "width %u mask %d in place %d data %d side %d", width, masked, in_place, (int)kind, side);
                const data d = make(k, width, masked, false, side, kind);
                data got = d, definition = d;
                if (in_place)
                    got.dy = got.dx = kc_copy(k, d.dy, n, side);
                definition.dx = kc_floats(k, n, side);
                run_back(k->table, &got);
                run_back(k->c, &definition);
                kc_same(k, "dx", got.dx, definition.dx, n);
                if (kind != KC_SPECIAL)
                    back_against_double(k, &d, got.dx, side);
            }
}

void bench_norm_back_sums(kc_context *k)
{
    data d = make(k, 119, false, false, KC_START, KC_UNIT);
    kc_bench(k, "119 pixels", 1, run_sums, &d);
    d = make(k, 119, true, true, KC_START, KC_UNIT);
    d.add = false;
    kc_bench(k, "119 pixels, mask, dr", 1, run_sums, &d);
}

void bench_norm_back(kc_context *k)
{
    data d = make(k, 119, true, false, KC_START, KC_UNIT);
    kc_bench(k, "119 pixels, mask", 1, run_back, &d);
}
