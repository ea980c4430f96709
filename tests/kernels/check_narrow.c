/* From single precision to fewer bits: against the nearest value that there is, found in double precision, bit for bit;
 * any length at any address. */
#include <math.h>
#include <string.h>

#include "kernelcheck.h"

static float of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* The value of a bfloat16, or where the next one would be if its exponent had no end. */
static double meaning(uint32_t half)
{
    return (half & 0x7fff) == 0x7f80 ? (half & 0x8000 ? -0x1p128 : 0x1p128) : (double)of_bits(half << 16);
}

/* Of the two neighbours of x the nearer one; of two that are as near, the one with an even last bit. */
static uint16_t nearest_bf16(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof(bits));
    const uint32_t toward_zero = bits >> 16;
    if (isnan(x))
        return (uint16_t)(toward_zero | 0x40);
    if (isinf(x))
        return (uint16_t)toward_zero;
    const double below = fabs((double)x - meaning(toward_zero)), above = fabs(meaning(toward_zero + 1) - (double)x);
    return (uint16_t)(toward_zero + (above < below || (above == below && (toward_zero & 1))));
}

static void check_bf16(kc_context *k, const float *x, size_t n, int side)
{
    uint16_t *got = kc_alloc(k, 2 * n, side), *want = kc_alloc(k, 2 * n, side);
    k->table->to_bf16(x, n, got);
    for (size_t i = 0; i < n; i++)
        want[i] = nearest_bf16(x[i]);
    kc_same_bytes(k, "bits", got, want, 2 * n);
}

/* Every upper half, with lower halves around the points where the choice turns. */
static void check_all_halves(kc_context *k)
{
    static const uint32_t lower[] = {0, 1, 0x7fff, 0x8000, 0x8001, 0xffff};
    for (size_t i = 0; i < sizeof(lower) / sizeof(*lower); i++) {
        kc_case(k, "all upper halves with %04x", lower[i]);
        const size_t n = 65536;
        uint32_t *x = kc_alloc(k, n * sizeof(*x), KC_END);
        for (uint32_t half = 0; half < n; half++)
            x[half] = half << 16 | lower[i];
        kc_seal(k, x);
        check_bf16(k, (const float *)x, n, KC_END);
    }
}

void check_to_bf16(kc_context *k)
{
    check_all_halves(k);
    const size_t most = k->effort == KC_QUICK ? 40 : 150;
    for (size_t n = 0; n <= most; n++)
        for (int side = 0; side < KC_SIDES; side++) {
            const size_t shift = kc_below(k, 16);
            kc_case(k, "length %zu shift %zu side %d", n, shift, side);
            const float *x = kc_input(k, n + shift, side, KC_SPECIAL);
            check_bf16(k, side == KC_END ? x + shift : x, n, side);
            uint16_t *y = kc_alloc(k, 2 * (n + shift), KC_START), *kept = kc_alloc(k, 2 * (n + shift), KC_START);
            k->table->to_bf16(x, n, y + shift); /* at any address */
            for (size_t i = 0; i < n; i++)
                kept[shift + i] = nearest_bf16(x[i]);
            kc_same_bytes(k, "bits at an address of 2", y, kept, 2 * (n + shift));
        }
}

/* ---- bytes ---- */

static uint8_t nearest_u8(float x, float gain, int32_t zero)
{
    const float product = x * gain;
    const double level = (isnan(product) ? 0 : rint((double)product)) + zero;
    return (uint8_t)fmin(fmax(level, 0), 255);
}

static void check_u8(kc_context *k, const float *x, size_t n, float gain, int32_t zero, int side)
{
    uint8_t *got = kc_alloc(k, n, side), *want = kc_alloc(k, n, side);
    k->table->to_u8(x, n, gain, zero, got);
    for (size_t i = 0; i < n; i++)
        want[i] = nearest_u8(x[i], gain, zero);
    kc_same_bytes(k, "levels", got, want, n);
}

void check_to_u8(kc_context *k)
{
    for (int32_t zero = 0; zero <= 255; zero += 15) {
        kc_case(k, "all levels, halves and quarters, zero %d", (int)zero);
        const size_t n = 4096; /* -512 .. 511.75 */
        float *x = kc_floats(k, n, KC_END);
        for (size_t i = 0; i < n; i++)
            x[i] = (float)((double)i / 4 - 512);
        kc_seal(k, x);
        check_u8(k, x, n, 1, zero, KC_END);
    }
    const size_t most = k->effort == KC_QUICK ? 64 : 320;
    for (size_t n = 0; n <= most; n += 16)
        for (int side = 0; side < KC_SIDES; side++)
            for (int kind = KC_UNIT; kind <= KC_SPECIAL; kind++) {
                const int32_t zero = (int32_t)kc_below(k, 256);
                const float gain = kind == KC_SPECIAL ? kc_uniform(k, -4, 4) : kc_uniform(k, 0, 400);
                kc_case(k, "length %zu data %d gain %g zero %d side %d", n, kind, (double)gain, (int)zero, side);
                check_u8(k, kc_input(k, n, side, (kc_kind)kind), n, gain, zero, side);
            }
    kc_case(k, "beyond all numbers");
    static const float edges[16] = {INFINITY, -INFINITY, NAN,       3e38f,      -3e38f, 0x1p31f,    -0x1p31f,   0x1p32f,
                                    -0x1p32f, 256,       -256,      0x1p-149f, -0.0f,  8388607.5f, -8388607.5f, 511};
    float *x = kc_floats(k, 16, KC_START);
    memcpy(x, edges, sizeof(edges));
    for (int32_t zero = 0; zero <= 255; zero += 51)
        for (float gain = 1; gain < 1e38f; gain *= 0x1p42f)
            check_u8(k, x, 16, gain, zero, KC_START);
}

/* ---- speed ---- */

typedef struct data {
    const float *x;
    void *y;
    size_t n;
} data;

static data make(kc_context *k)
{
    return (data){kc_input(k, 4096, KC_START, KC_UNIT), kc_alloc(k, 2 * 4096, KC_START), 4096};
}

static void run_bf16(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->to_bf16(d->x, d->n, d->y);
}

static void run_u8(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->to_u8(d->x, d->n, 100, 128, d->y);
}

void bench_to_bf16(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "4096 values", 1, run_bf16, &d);
}

void bench_to_u8(kc_context *k)
{
    data d = make(k);
    kc_bench(k, "4096 values", 1, run_u8, &d);
}
