/* Adjoint of the bilinear resize: the same bits as C, and double precision within the bound of the roundings; columns
 * that get nothing are as they were. */
#include <math.h>

#include "kernelcheck.h"

typedef struct data {
    const kc_context *k;
    uint32_t in_width, width;
    const float *dy, *fraction;
    float row_fraction;
    const uint32_t *column;
    const float *before[2];
    size_t size[2]; /* values of da, db */
    float *to[2];   /* da, db */
} data;

/* Columns as an enlargement has them, or at random; none reaches beyond the last. */
static void make_columns(kc_context *k, data *d, int side)
{
    uint32_t *column = kc_alloc(k, d->width * sizeof(*column), side);
    float *fraction = kc_floats(k, d->width, side);
    const bool ordered = kc_below(k, 2);
    for (uint32_t p = 0; p < d->width; p++) {
        const double at = d->width > 1 ? (double)p * (d->in_width - 1) / (d->width - 1) : d->in_width - 1;
        column[p] = ordered ? (uint32_t)at : kc_below(k, d->in_width);
        fraction[p] = ordered ? (float)(at - column[p]) : kc_below(k, 4) ? kc_uniform(k, 0, 1) : 0.0f;
        if (column[p] + 1 == d->in_width)
            fraction[p] = 0.0f;
    }
    kc_seal(k, column);
    kc_seal(k, fraction);
    d->column = column;
    d->fraction = fraction;
}

static data make(kc_context *k, uint32_t in_width, uint32_t width, int side, kc_kind kind)
{
    data d = {.k = k, .in_width = in_width, .width = width};
    d.row_fraction = kc_below(k, 4) ? kc_uniform(k, 0, 1) : 0.0f;
    make_columns(k, &d, side);
    d.dy = kc_input(k, (size_t)width * 16, side, kind);
    d.size[0] = (size_t)in_width * 16;
    d.size[1] = d.row_fraction != 0 ? d.size[0] : 0; /* at 0: no row to write to */
    for (int i = 0; i < 2; i++) {
        d.before[i] = kc_input(k, d.size[i], i ? KC_END : side, kind);
        d.to[i] = kc_copy(k, d.before[i], d.size[i], i ? KC_END : side);
    }
    return d;
}

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->resize_back(d->dy, d->row_fraction, d->column, d->fraction, d->width, d->to[0], d->to[1]);
}

/* Value `at` of da or db: what it held and the share of each pixel. A share is rounded four times at most: 1 - g, 1 - f
   and two products. */
static void reference(const data *d, int row, size_t at, double *want, double *bound)
{
    const double g = d->row_fraction, part = row ? g : 1 - g;
    double sum = d->before[row][at], magnitude = fabs(sum);
    size_t terms = 0;
    for (size_t p = 0; p < d->width; p++) {
        const double f = d->fraction[p];
        if (d->column[p] != at / 16 && (d->column[p] + 1 != at / 16 || f == 0))
            continue;
        const double share = d->dy[p * 16 + at % 16] * part * (d->column[p] == at / 16 ? 1 - f : f);
        sum += share;
        magnitude += fabs(share);
        terms++;
    }
    *want = sum;
    *bound = terms ? kc_gamma(terms + 4) * magnitude + (double)(2 * terms) * KC_TINY : 0;
}

static void compare(kc_context *k, const data *d, bool numbers, int side)
{
    data definition = *d;
    for (int i = 0; i < 2; i++)
        definition.to[i] = kc_copy(k, d->before[i], d->size[i], i ? KC_END : side);
    run(k->c, &definition);
    for (int i = 0; i < 2; i++) {
        const size_t n = d->size[i];
        kc_same(k, i ? "db" : "da", d->to[i], definition.to[i], n);
        double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
        for (size_t at = 0; at < n && numbers; at++)
            reference(d, i, at, want + at, bound + at);
        if (numbers)
            kc_within(k, i ? "db against double" : "da against double", d->to[i], want, bound, n);
    }
    if (d->row_fraction != 0)
        return;
    definition.to[0] = definition.to[1] = kc_copy(k, d->before[0], d->size[0], side);
    run(k->table, &definition);
    kc_same(k, "da that is db", definition.to[0], d->to[0], d->size[0]);
}

void check_resize_back(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (int repeat = 0; repeat < 2; repeat++)
            for (int side = 0; side < KC_SIDES; side++) {
                const uint32_t in_width = 1 + kc_below(k, width + 2);
                const kc_kind kind = (kc_kind)kc_below(k, 3);
                kc_case(k, "%u columns from %u data %d side %d", in_width, width, (int)kind, side);
                data d = make(k, in_width, width, side, kind);
                run(k->table, &d);
                compare(k, &d, kind != KC_SPECIAL, side);
            }
}

void bench_resize_back(kc_context *k)
{
    data d = make(k, 60, 119, KC_START, KC_UNIT);
    d.row_fraction = 0.3f;
    d.to[1] = kc_copy(k, d.before[0], d.size[0], KC_START);
    kc_bench(k, "60 columns from 119", 1, run, &d);
}
