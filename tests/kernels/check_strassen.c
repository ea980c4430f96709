/* The sums of Strassen's product: the same bits as C, which is held to double precision. */
#include <math.h>
#include <stdlib.h>

#include "kernelcheck.h"

enum { PRODUCTS = DML_STRASSEN_PRODUCTS, SUMS = DML_STRASSEN_SUMS };

/* ---- what the products want ---- */

/* Of x11, x12, x21 and x22, with these signs. */
static const int sums[SUMS][4] = {{1, 0, 0, 1}, {0, 0, 1, 1}, {1, 1, 0, 0}, {-1, 0, 1, 0}, {0, 1, 0, -1}};

void check_strassen_sums(kc_context *k)
{
    const unsigned cases = k->effort == KC_QUICK ? 16 : 100;
    for (unsigned i = 0; i < cases; i++) {
        const size_t n = 16 * (1 + kc_below(k, 20)), right = n + 16 * kc_below(k, 3), down = 2 * right + 16 * kc_below(k, 9);
        const size_t step = n + 16 * kc_below(k, 3), size = (SUMS - 1) * step + n;
        const int side = (int)(i % KC_SIDES);
        const kc_kind kind = i % 3 ? KC_WIDE : KC_SPECIAL;
        kc_case(k, "n %zu right %zu down %zu step %zu side %d", n, right, down, step, side);
        const float *x = kc_input(k, down + right + n, side, kind);
        float *got = kc_floats(k, size, side), *definition = kc_floats(k, size, side);
        k->table->strassen_sums(x, right, down, n, got, step);
        k->c->strassen_sums(x, right, down, n, definition, step);
        kc_same(k, "sums", got, definition, size);
        if (kind == KC_SPECIAL)
            continue;
        for (size_t s = 0; s < SUMS; s++)
            for (size_t j = 0; j < n; j++) {
                const double v[4] = {x[j], x[right + j], x[down + j], x[down + right + j]};
                double want = 0, magnitude = 0;
                for (int q = 0; q < 4; q++) {
                    want += sums[s][q] * v[q];
                    magnitude += fabs(sums[s][q] * v[q]);
                }
                const double bound = kc_gamma(1) * magnitude + KC_TINY;
                kc_within(k, "sum against double", got + s * step + j, &want, &bound, 1);
            }
    }
}

/* ---- what they make ---- */

/* Of C11, C12, C21 and C22, with these signs of M1 .. M7. */
static const int results[4][PRODUCTS] = {
    {1, 0, 0, 1, -1, 0, 1}, {0, 0, 1, 0, 1, 0, 0}, {0, 1, 0, 1, 0, 0, 0}, {1, -1, 1, 0, 0, 1, 0}};

static void check_results(kc_context *k, const dml_strassen_tile *t)
{
    for (size_t q = 0; q < 4; q++) {
        const size_t y = q / 2 * t->down + q % 2 * t->right, r = q / 2 * t->r_down + q % 2 * t->r_right;
        for (size_t i = 0; i < (size_t)t->width * 16; i++) {
            double sum = t->bias[q / 2 * t->bias_down + i % 16], bound = fabs(sum);
            for (size_t p = 0; p < PRODUCTS; p++) {
                sum += results[q][p] * (double)t->m[p * t->step + i];
                bound += abs(results[q][p]) * fabs((double)t->m[p * t->step + i]);
            }
            const double scale = (double)t->scale, slope = (double)t->slope, added = t->r ? (double)t->r[r + i] : 0;
            double want = scale * (sum > 0 ? sum : slope * sum) + added;
            bound = kc_gamma(8) * (bound * fabs(scale) + fabs(added)) + KC_TINY;
            want = t->relu ? fmax(want, 0) : want;
            kc_within(k, "y against double", t->y + y + i, &want, &bound, 1);
        }
    }
}

void check_strassen_output(kc_context *k)
{
    static const float slopes[] = {.01f, 0, 1};
    const unsigned cases = k->effort == KC_QUICK ? 32 : 200;
    for (unsigned i = 0; i < cases; i++) {
        const int side = (int)(i % KC_SIDES);
        const kc_kind kind = i % 3 ? KC_UNIT : KC_WIDE;
        const uint32_t width = 1 + kc_below(k, 16);
        const size_t n = (size_t)width * 16, step = n + 16 * kc_below(k, 3), bias_down = 16 * (1 + kc_below(k, 3));
        const size_t right = n + 16 * kc_below(k, 4), down = 2 * right + 16 * kc_below(k, 9), size = down + right + n;
        const bool in_place = i % 4 == 3; /* the residual is y */
        const size_t r_right = in_place ? right : right + 16, r_down = in_place ? down : 3 * right + 32;
        kc_case(k, "width %u step %zu right %zu down %zu case %u side %d", width, step, right, down, i, side);
        dml_strassen_tile t = {.m = kc_input(k, (PRODUCTS - 1) * step + n, side, kind), .step = step,
                               .bias = kc_input(k, bias_down + 16, side, kind), .bias_down = bias_down, .right = right,
                               .down = down, .slope = slopes[kc_below(k, 3)], .scale = kc_uniform(k, .5f, 2),
                               .width = width, .relu = i % 5 == 0};
        const float *before = kc_input(k, size, side, kind);
        if (i % 2) {
            t.r = in_place ? before : kc_input(k, r_down + r_right + n, side, kind);
            t.r_right = r_right;
            t.r_down = r_down;
        }
        dml_strassen_tile ours = t, definition = t;
        ours.y = kc_copy(k, before, size, side);
        definition.y = kc_copy(k, before, size, side);
        if (in_place) {
            ours.r = ours.y;
            definition.r = definition.y;
        }
        k->table->strassen_output(&ours);
        k->c->strassen_output(&definition);
        kc_same(k, "y", ours.y, definition.y, size);
        t.y = ours.y;
        check_results(k, &t);
    }
}

/* ---- speed ---- */

typedef struct data {
    float *x, *y;
} data;

static data make(kc_context *k)
{
    return (data){kc_input(k, 8 * 256, KC_START, KC_UNIT), kc_floats(k, 8 * 256, KC_START)};
}

static void run_sums(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->strassen_sums(d->x, 256, 512, 14 * 16, d->y, 256);
}

static void run_output(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    const dml_strassen_tile t = {.m = d->x, .step = 256, .bias = d->x, .bias_down = 16, .y = d->y, .right = 256,
                                 .down = 512, .slope = .01f, .scale = 1, .width = 14};
    table->strassen_output(&t);
}

void bench_strassen_sums(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "14 pixels", 1, run_sums, &d);
}

void bench_strassen_output(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "14 pixels", 1, run_output, &d);
}
