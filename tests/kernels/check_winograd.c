/* The transforms of Winograd convolution: against M X M^T in double precision, with the matrices as they follow from the
 * points, and bit by bit against C. */
#include <math.h>
#include <stdio.h>

#include "base/tensor.h"
#include "kc_winograd.h"

#define BLOCK 256 /* a block's weights for one tap */

/* ---- weights ---- */

static void check_weight(kc_context *k, dml_winograd_form form)
{
    const kc_matrix left = kc_weight_matrix(dml_winograd_rows(form)), right = kc_weight_matrix(dml_winograd_columns(form));
    for (int side = 0; side < KC_SIDES; side++)
        for (int kind = KC_UNIT; kind <= KC_WIDE; kind++) {
            kc_case(k, "%zu x %zu data %d side %d", left.rows - 2, right.rows - 2, kind, side);
            const size_t positions = dml_winograd_positions(form), position = BLOCK + 16;
            const size_t n = (positions - 1) * position + BLOCK;
            const float *w = kc_input(k, 9 * BLOCK, side, (kc_kind)kind);
            float *u = kc_floats(k, n, side), *c = kc_floats(k, n, side);
            double *want = kc_alloc(k, BLOCK * sizeof *want, side), *bound = kc_alloc(k, BLOCK * sizeof *bound, side);
            k->table->winograd[form].weight(w, u, position);
            k->c->winograd[form].weight(w, c, position);
            kc_same(k, "u", u, c, n);
            for (size_t p = 0; p < positions; p++) {
                for (size_t l = 0; l < BLOCK; l++) {
                    want[l] = kc_sandwich(&left, &right, w + l, 3 * BLOCK, BLOCK, p / right.rows, p % right.rows,
                                          &bound[l]);
                    bound[l] = kc_winograd_bound(bound[l]);
                }
                kc_within(k, "u against double", u + p * position, want, bound, BLOCK);
            }
        }
}

void check_winograd_weight(kc_context *k)
{
    for (int form = 0; form < DML_WINOGRAD_FORMS; form++)
        check_weight(k, (dml_winograd_form)form);
}

void check_winograd_weight_back(kc_context *k)
{
    const kc_matrix m = kc_transposed(kc_weight_matrix(4));
    for (int side = 0; side < KC_SIDES; side++)
        for (int kind = KC_UNIT; kind <= KC_WIDE; kind++) {
            kc_case(k, "data %d side %d", kind, side);
            const size_t position = BLOCK + 16, n = 9 * BLOCK;
            const float *du = kc_input(k, 36 * position, side, (kc_kind)kind), *before = kc_input(k, n, side, KC_UNIT);
            float *dw = kc_copy(k, before, n, side), *c = kc_copy(k, before, n, side);
            double *want = kc_alloc(k, n * sizeof *want, side), *bound = kc_alloc(k, n * sizeof *bound, side);
            k->back.winograd_weight_back(du, position, dw);
            k->back_c.winograd_weight_back(du, position, c);
            kc_same(k, "dw", dw, c, n);
            for (size_t i = 0; i < n; i++) {
                const size_t tap = i / BLOCK, l = i % BLOCK;
                want[i] = before[i] + kc_sandwich(&m, &m, du + l, 6 * position, position, tap / 3, tap % 3, &bound[i]);
                bound[i] = kc_winograd_bound(bound[i] + fabs((double)before[i]));
            }
            kc_within(k, "dw against double", dw, want, bound, n);
        }
}

/* ---- tiles of the input, and of the gradient ---- */

typedef void (*transform)(const float *x, size_t x_row, size_t x_column, uint32_t tiles, void *v, size_t position);

/* Of patches that the columns of left and right are rows and columns of, each `step` pixels after the one before. */
static void check_transform(kc_context *k, const kc_matrix *left, const kc_matrix *right, size_t step, transform run,
                            transform definition)
{
    const size_t positions = left->rows * right->rows;
    const uint32_t most = k->effort == KC_QUICK ? 3 : 17;
    for (uint32_t tiles = 1; tiles <= most; tiles++)
        for (int side = 0; side < KC_SIDES; side++) {
            const kc_kind kind = kc_below(k, 2) ? KC_UNIT : KC_WIDE;
            const size_t dilation = 1 + kc_below(k, 2), column = dilation * 16, wide = step * (tiles - 1) + right->columns;
            const size_t row = dilation * (wide * dilation + kc_below(k, 3)) * 16;
            const size_t read = (left->columns - 1) * row + (wide - 1) * column + 16, pixels = (size_t)tiles * 16;
            const size_t position = pixels + 16 * kc_below(k, 2), n = (positions - 1) * position + pixels;
            kc_case(k, "%zu x %zu tiles %u dilation %zu row %zu data %d side %d", left->columns, right->columns, tiles,
                    dilation, row, (int)kind, side);
            const float *x = kc_input(k, read, side, kind);
            float *v = kc_floats(k, n, side), *c = kc_floats(k, n, side);
            double *want = kc_alloc(k, pixels * sizeof *want, side), *bound = kc_alloc(k, pixels * sizeof *bound, side);
            run(x, row, column, tiles, v, position);
            definition(x, row, column, tiles, c, position);
            kc_same(k, "v", v, c, n);
            for (size_t p = 0; p < positions; p++) {
                for (size_t i = 0; i < pixels; i++) {
                    want[i] = kc_sandwich(left, right, x + i / 16 * step * column + i % 16, row, column, p / right->rows,
                                          p % right->rows, &bound[i]);
                    bound[i] = kc_winograd_bound(bound[i]);
                }
                kc_within(k, "v against double", v + p * position, want, bound, pixels);
            }
        }
}

void check_winograd_input(kc_context *k)
{
    for (int i = 0; i < DML_WINOGRAD_FORMS; i++) {
        const dml_winograd_form form = (dml_winograd_form)i;
        const kc_matrix left = kc_input_matrix(dml_winograd_rows(form)), right = kc_input_matrix(dml_winograd_columns(form));
        check_transform(k, &left, &right, right.rows - 2, k->table->winograd[form].input, k->c->winograd[form].input);
    }
}

void check_winograd_output_back(kc_context *k)
{
    const kc_matrix m = kc_transposed(kc_output_matrix(4));
    check_transform(k, &m, &m, 4, k->back.winograd_output_back, k->back_c.winograd_output_back);
}

/* ---- output ---- */

static void check_pixels(kc_context *k, dml_winograd_form form, const dml_winograd_tile *t, const float *before)
{
    const kc_matrix left = kc_output_matrix(dml_winograd_rows(form)), right = kc_output_matrix(dml_winograd_columns(form));
    double want[16], bound[16];
    for (size_t i = 0; i < t->rows; i++)
        for (size_t j = 0; j < t->columns; j++) {
            const size_t at = i * t->y_row + j * t->y_column;
            for (size_t l = 0; l < 16; l++) {
                const double start = t->first ? t->bias[l] : before[at + l];
                double sum = start + kc_sandwich(&left, &right, t->m + l, right.columns * t->position, t->position, i, j,
                                                 &bound[l]);
                bound[l] = kc_winograd_bound(bound[l] + fabs(start));
                if (t->last) {
                    sum = t->scale * (sum > 0 ? sum : t->slope * sum);
                    bound[l] = bound[l] * t->scale + kc_gamma(2) * fabs(sum) + KC_TINY;
                    sum = t->relu ? fmax(sum, 0) : sum;
                }
                want[l] = sum;
            }
            kc_within(k, "y against double", t->y + at, want, bound, 16);
        }
}

static void check_output(kc_context *k, dml_winograd_form form)
{
    static const float slopes[] = {.01f, 0, 1};
    const uint32_t high = dml_winograd_rows(form), wide = dml_winograd_columns(form);
    for (unsigned flags = 0; flags < 8; flags++)
        for (uint32_t rows = 1; rows <= high; rows++)
            for (uint32_t columns = 1; columns <= wide; columns++) {
                const int side = (int)kc_below(k, KC_SIDES);
                const kc_kind kind = kc_below(k, 2) ? KC_UNIT : KC_WIDE;
                const size_t column = 16 * (1 + kc_below(k, 2)), row = wide * column + 16 * kc_below(k, 3);
                const size_t position = 16 * (1 + kc_below(k, 3)), n = (high - 1) * row + (wide - 1) * column + 16;
                kc_case(k, "%u x %u of %u x %u flags %u row %zu data %d side %d", rows, columns, high, wide, flags, row,
                        (int)kind, side);
                const float *before = kc_input(k, n, side, kind);
                dml_winograd_tile t = {.m = kc_input(k, (dml_winograd_positions(form) - 1) * position + 16, side, kind),
                                       .position = position,
                                       .bias = kc_input(k, 16, side, kind), .y = kc_copy(k, before, n, side), .y_row = row,
                                       .y_column = column, .rows = rows, .columns = columns, .slope = slopes[kc_below(k, 3)],
                                       .scale = kc_uniform(k, .5f, 2), .first = flags & 1, .last = flags & 2,
                                       .relu = flags & 4};
                dml_winograd_tile definition = t;
                definition.y = kc_copy(k, before, n, side);
                k->table->winograd[form].output(&t);
                k->c->winograd[form].output(&definition);
                kc_same(k, "y", t.y, definition.y, n);
                check_pixels(k, form, &t, before);
            }
}

void check_winograd_output(kc_context *k)
{
    for (int form = 0; form < DML_WINOGRAD_FORMS; form++)
        check_output(k, (dml_winograd_form)form);
}

/* ---- speed ---- */

typedef struct data {
    kc_context *k;
    dml_winograd_form form;
    float *small, *large;
} data;

static data make(kc_context *k)
{
    return (data){k, DML_WINOGRAD_4X4, kc_input(k, 64 * 20 * 16, KC_START, KC_UNIT),
                  kc_floats(k, 64 * 20 * 256, KC_START)};
}

static void run_weight(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->winograd[d->form].weight(d->small, d->large, BLOCK + 16);
}

static void run_input(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->winograd[d->form].input(d->small, 96 * 16, 16, 14, d->large, 14 * 16 + 16);
}

static void run_output(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    const dml_winograd_tile t = {.m = d->small, .position = 16, .bias = d->small, .y = d->large, .y_row = 60 * 16,
                                 .y_column = 16, .rows = dml_winograd_rows(d->form),
                                 .columns = dml_winograd_columns(d->form), .slope = .01f, .scale = 1, .first = true,
                                 .last = true};
    table->winograd[d->form].output(&t);
}

static void run_output_back(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->winograd_output_back(d->small, 60 * 16, 16, 14, d->large, 14 * 16 + 16);
}

static void run_weight_back(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->winograd_weight_back(d->large, BLOCK + 16, d->large + 36 * (BLOCK + 16));
}

static void bench_forms(kc_context *k, const char *of, void (*run)(const dml_kernels *table, void *argument))
{
    static const char *const names[DML_WINOGRAD_FORMS] = {"4 x 4", "4 x 6", "6 x 6"};
    data d = make(k);
    for (int form = 0; form < DML_WINOGRAD_FORMS; form++) {
        char name[32];
        snprintf(name, sizeof name, "%s, %s", of, names[form]);
        d.form = (dml_winograd_form)form;
        kc_bench(k, name, 1, run, &d);
    }
}

void bench_winograd_weight(kc_context *k)
{
    bench_forms(k, "a block", run_weight);
}

void bench_winograd_input(kc_context *k)
{
    bench_forms(k, "14 tiles", run_input);
}

void bench_winograd_output(kc_context *k)
{
    bench_forms(k, "a tile", run_output);
}

void bench_winograd_output_back(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "14 tiles", 1, run_output_back, &d);
}

void bench_winograd_weight_back(kc_context *k)
{
    data d = make(k);
    kc_fill(k, d.large, 36 * (BLOCK + 16), KC_UNIT);
    kc_bench(k, "a block", 1, run_weight_back, &d);
}
