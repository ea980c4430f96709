/* The transforms of Winograd convolution with results of bfloat16: against M X M^T in double precision, and bit by bit
 * against C's transforms in single precision, rounded once. */
#include <math.h>
#include <string.h>

#include "base/tensor.h"
#include "kc_winograd.h"

#define BLOCK 256 /* a block's weights for one tap */

/* Of the rounding to bfloat16, which has 8 bits, after those in single precision. */
static double bound_of(double want, double magnitude)
{
    const double single = kc_winograd_bound(magnitude);
    return single + 0x1p-8 * (fabs(want) + single) + 0x1p-134;
}

/* n values as they are read. */
static float *widened(kc_context *k, const uint16_t *half, size_t n, int side)
{
    float *values = kc_floats(k, n, side);
    for (size_t i = 0; i < n; i++)
        values[i] = kc_from_bf16(half[i]);
    return values;
}

/* ---- weights ---- */

/* Where weight k, l of a block is when its channels are packed in pairs. */
static size_t paired(size_t channel, size_t l)
{
    return channel / 2 * 32 + 2 * l + channel % 2;
}

/* Nine taps of bfloat16: packed for the kernel, and one row of 16 per channel in single precision. */
static const uint16_t *make_weights(kc_context *k, int side, kc_kind kind, const float **rows)
{
    float *values = kc_floats(k, 9 * BLOCK, side), *plain = kc_floats(k, 9 * BLOCK, side);
    uint16_t *half = kc_alloc(k, 9 * BLOCK * sizeof *half, side), *packed = kc_alloc(k, 9 * BLOCK * sizeof *half, side);
    kc_fill(k, values, 9 * BLOCK, kind);
    k->c->to_bf16(values, 9 * BLOCK, half);
    for (size_t i = 0; i < 9 * BLOCK; i++) {
        packed[i / BLOCK * BLOCK + paired(i % BLOCK / 16, i % 16)] = half[i];
        plain[i] = kc_from_bf16(half[i]);
    }
    kc_seal(k, packed);
    *rows = plain;
    return packed;
}

void check_winograd_weight_bf16(kc_context *k)
{
    const kc_matrix m = kc_weight_matrix(DML_WINOGRAD);
    for (int side = 0; side < KC_SIDES; side++)
        for (int kind = KC_UNIT; kind <= KC_WIDE; kind++) {
            kc_case(k, "data %d side %d", kind, side);
            const size_t position = BLOCK + 32, n = 35 * position + BLOCK;
            const float *rows;
            const uint16_t *w = make_weights(k, side, (kc_kind)kind, &rows);
            uint16_t *u = kc_alloc(k, n * sizeof *u, side), *want = kc_alloc(k, n * sizeof *want, side);
            float *single = kc_floats(k, n, side);
            double *exact = kc_alloc(k, BLOCK * sizeof *exact, side), *bound = kc_alloc(k, BLOCK * sizeof *bound, side);
            k->table->winograd_weight_bf16(w, u, position);
            k->c->winograd[DML_WINOGRAD_4X4].weight(rows, single, position);
            for (size_t p = 0; p < 36; p++) {
                uint16_t half[BLOCK];
                k->c->to_bf16(single + p * position, BLOCK, half);
                for (size_t i = 0; i < BLOCK; i++) {
                    const size_t at = paired(i / 16, i % 16);
                    double magnitude;
                    want[p * position + at] = half[i];
                    exact[at] = kc_sandwich(&m, &m, rows + i, 3 * BLOCK, BLOCK, p / 6, p % 6, &magnitude);
                    bound[at] = bound_of(exact[at], magnitude);
                }
                kc_within(k, "u against double", widened(k, u + p * position, BLOCK, side), exact, bound, BLOCK);
            }
            kc_same_bytes(k, "u", u, want, n * sizeof *u);
        }
}

/* ---- tiles of the input ---- */

void check_winograd_input_bf16(kc_context *k)
{
    const kc_matrix m = kc_input_matrix(DML_WINOGRAD);
    const uint32_t most = k->effort == KC_QUICK ? 3 : 17;
    for (uint32_t tiles = 1; tiles <= most; tiles++)
        for (int side = 0; side < KC_SIDES; side++) {
            const kc_kind kind = kc_below(k, 2) ? KC_UNIT : KC_WIDE;
            const size_t dilation = 1 + kc_below(k, 2), column = dilation * 16;
            const size_t row = dilation * ((4 * (tiles - 1) + 6) * dilation + kc_below(k, 3)) * 16;
            const size_t read = 5 * row + (4 * (tiles - 1) + 5) * column + 16;
            const size_t pixels = (size_t)tiles * 16, position = pixels + 32 * kc_below(k, 2), n = 35 * position + pixels;
            kc_case(k, "tiles %u dilation %zu row %zu data %d side %d", tiles, dilation, row, (int)kind, side);
            const float *x = kc_input(k, read, side, kind);
            uint16_t *v = kc_alloc(k, n * sizeof *v, side), *want = kc_alloc(k, n * sizeof *want, side);
            float *single = kc_floats(k, n, side);
            double *exact = kc_alloc(k, pixels * sizeof *exact, side), *bound = kc_alloc(k, pixels * sizeof *bound, side);
            k->table->winograd_input_bf16(x, row, column, tiles, v, position);
            k->c->winograd[DML_WINOGRAD_4X4].input(x, row, column, tiles, single, position);
            for (size_t p = 0; p < 36; p++) {
                k->c->to_bf16(single + p * position, pixels, want + p * position);
                for (size_t i = 0; i < pixels; i++) {
                    double magnitude;
                    exact[i] = kc_sandwich(&m, &m, x + i / 16 * 4 * column + i % 16, row, column, p / 6, p % 6, &magnitude);
                    bound[i] = bound_of(exact[i], magnitude);
                }
                kc_within(k, "v against double", widened(k, v + p * position, pixels, side), exact, bound, pixels);
            }
            kc_same_bytes(k, "v", v, want, n * sizeof *v);
        }
}

/* ---- speed ---- */

typedef struct data {
    const uint16_t *w;
    const float *x;
    uint16_t *out;
} data;

static void run_weight(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->winograd_weight_bf16(d->w, d->out, BLOCK + 32);
}

static void run_input(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->winograd_input_bf16(d->x, 66 * 16, 16, 14, d->out, 14 * 16 + 16);
}

void bench_winograd_weight_bf16(kc_context *k)
{
    const float *rows;
    data d = {.w = make_weights(k, KC_START, KC_UNIT, &rows), .out = kc_alloc(k, 36 * (BLOCK + 32) * 2, KC_START)};
    kc_bench(k, "a block", 1, run_weight, &d);
}

void bench_winograd_input_bf16(kc_context *k)
{
    data d = {.x = kc_input(k, 6 * 66 * 16, KC_START, KC_UNIT), .out = kc_alloc(k, 36 * 15 * 16 * 2, KC_START)};
    kc_bench(k, "14 tiles", 1, run_input, &d);
}
