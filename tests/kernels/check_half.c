/* Half precision: all 65536 values against their meaning in double precision, bits (and so NaN) against C, any length
 * at any address. */
#include <math.h>
#include <string.h>

#include "kernelcheck.h"

typedef void (*conversion)(const void *in, size_t n, float *out);

/* The value of a pattern: 1 sign bit, `exponent` and `fraction` bits. */
static double meaning(uint32_t pattern, int exponent, int fraction)
{
    int bias = (1 << (exponent - 1)) - 1;
    int e = (int)(pattern >> fraction) & ((1 << exponent) - 1);
    double f = ldexp(pattern & ((1u << fraction) - 1), -fraction);
    double v = e == (1 << exponent) - 1 ? (f != 0 ? NAN : INFINITY) : e ? ldexp(1 + f, e - bias) : ldexp(f, 1 - bias);
    return pattern >> (exponent + fraction) & 1 ? -v : v;
}

static void check_all_patterns(kc_context *k, conversion own, conversion c, int exponent, int fraction)
{
    size_t n = 65536;
    kc_case(k, "all patterns");
    unsigned char *in = kc_alloc(k, 2 * n, KC_END);
    float *got = kc_floats(k, n, KC_END), *want = kc_floats(k, n, KC_END);
    for (size_t i = 0; i < n; i++) {
        in[2 * i] = (unsigned char)(i & 0xff);
        in[2 * i + 1] = (unsigned char)(i >> 8);
    }
    own(in, n, got);
    c(in, n, want);
    kc_same_bytes(k, "bits", got, want, n * sizeof(float));
    for (size_t i = 0; i < n; i++)
        want[i] = (float)meaning((uint32_t)i, exponent, fraction); /* exact */
    kc_same(k, "value", got, want, n);
}

static void check_lengths(kc_context *k, conversion own, conversion c)
{
    size_t most = k->effort == KC_QUICK ? 40 : 150;
    for (size_t n = 0; n <= most; n++) {
        int side = (int)(n % KC_SIDES);
        size_t shift = kc_below(k, 2) + 2 * (size_t)kc_below(k, 4); /* odd addresses, too */
        kc_case(k, "length %zu shift %zu side %d", n, shift, side);
        unsigned char *block = kc_alloc(k, 2 * n + shift, side);
        unsigned char *in = side == KC_END ? block + shift : block;
        unsigned char *moved = kc_alloc(k, 2 * n + 1, KC_START);
        for (size_t i = 0; i < 2 * n; i++)
            in[i] = moved[i + 1] = (unsigned char)kc_below(k, 256);
        kc_seal(k, block);
        kc_seal(k, moved);
        float *got = kc_floats(k, n, side), *want = kc_floats(k, n, side), *odd = kc_floats(k, n, KC_END);
        own(in, n, got);
        own(moved + 1, n, odd);
        c(in, n, want);
        kc_same_bytes(k, "bits", got, want, n * sizeof(float));
        kc_same_bytes(k, "bits at an odd address", odd, want, n * sizeof(float));
    }
}

void check_from_f16(kc_context *k)
{
    check_all_patterns(k, k->table->from_f16, k->c->from_f16, 5, 10);
    check_lengths(k, k->table->from_f16, k->c->from_f16);
}

void check_from_bf16(kc_context *k)
{
    check_all_patterns(k, k->table->from_bf16, k->c->from_bf16, 8, 7);
    check_lengths(k, k->table->from_bf16, k->c->from_bf16);
}

typedef struct data {
    unsigned char *in;
    float *out;
    size_t n;
} data;

static data make(kc_context *k)
{
    data d = {.n = 4096};
    d.in = kc_alloc(k, 2 * d.n, KC_START);
    d.out = kc_floats(k, d.n, KC_START);
    for (size_t i = 0; i < d.n; i++) { /* magnitudes of weights */
        d.in[2 * i] = (unsigned char)kc_below(k, 256);
        d.in[2 * i + 1] = (unsigned char)(0x20 + kc_below(k, 16));
    }
    return d;
}

static void run_f16(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->from_f16(d->in, d->n, d->out);
}

static void run_bf16(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->from_bf16(d->in, d->n, d->out);
}

void bench_from_f16(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "4096 values", 1, run_f16, &d);
}

void bench_from_bf16(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "4096 values", 1, run_bf16, &d);
}
