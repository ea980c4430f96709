/* Transposition: every value at its place with the same bits, and nothing between the rows touched. */
#include <string.h>

#include "kernelcheck.h"

typedef struct data {
    const float *in;
    float *out;
    size_t in_row, out_row;
} data;

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->transpose16(d->in, d->in_row, d->out, d->out_row);
}

static data make(kc_context *k, size_t in_row, size_t out_row, int side)
{
    data d = {.in_row = in_row, .out_row = out_row};
    size_t n = 15 * in_row + 16;
    float *in = kc_floats(k, n, side);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = kc_random(k); /* any bits, signalling NaN included */
        memcpy(in + i, &bits, sizeof(bits));
    }
    kc_seal(k, in);
    d.in = in;
    d.out = kc_floats(k, 15 * out_row + 16, side);
    return d;
}

void check_transpose16(kc_context *k)
{
    unsigned cases = k->effort == KC_QUICK ? 16 : 200;
    for (unsigned i = 0; i < cases; i++) {
        size_t in_row = 16 + (i % 3 ? kc_below(k, 60) : 0), out_row = 16 + (i % 4 ? kc_below(k, 60) : 0);
        int side = (int)(i % KC_SIDES);
        kc_case(k, "in_row %zu out_row %zu side %d", in_row, out_row, side);
        data d = make(k, in_row, out_row, side);
        size_t bytes = (15 * out_row + 16) * sizeof(float);
        float *want = kc_alloc(k, bytes, side);
        for (size_t r = 0; r < 16; r++)
            for (size_t c = 0; c < 16; c++)
                memcpy(want + c * out_row + r, d.in + r * in_row + c, sizeof(float));
        run(k->table, &d);
        kc_same_bytes(k, "out", d.out, want, bytes);
    }
}

void bench_transpose16(kc_context *k)
{
    data d = make(k, 16, 16, KC_START);
    kc_bench(k, "rows 16 and 16 apart", 1, run, &d);
    d = make(k, 512, 64, KC_START);
    kc_bench(k, "rows 512 and 64 apart", 1, run, &d);
}
