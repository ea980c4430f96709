/* Softmax: the same bits as C on every instruction set, and double precision within the bound that exp.h and the length
 * of the sum give. With e the error of one exponential (3 u), b blocks of channels: the value has e, the sum e and
 * b - 1 + 4 additions, the division one more rounding, 10 + b units of u in all: 2e-6 up to 368 channels. */
#include <math.h>
#include <string.h>

#include "kernelcheck.h"

#define MOST_CHANNELS 368

typedef struct data {
    const float *x;
    uint32_t channels, pixels;
    size_t plane, size;
    float *y;
} data;

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->softmax(d->x, d->channels, d->plane, d->pixels, d->y);
}

static size_t place(const data *d, size_t pixel, size_t channel)
{
    return channel / 16 * d->plane + pixel * 16 + channel % 16;
}

/* Logits: a spread of values around some centre. Special pixels have a NaN or an infinity somewhere. */
static void fill_pixel(kc_context *k, const data *d, float *x, size_t p, bool special)
{
    static const float spreads[] = {0.0f, 1.0f, 20.0f, 200.0f, 3e38f};
    static const float centres[] = {0.0f, 0.0f, -100.0f, 12345.0f};
    float spread = spreads[kc_below(k, 5)], centre = centres[kc_below(k, 4)];
    for (size_t c = 0; c < d->channels; c++)
        x[place(d, p, c)] = centre + kc_uniform(k, -0.5f, 0.5f) * spread;
    if (!special)
        return;
    static const float values[] = {NAN, INFINITY, -INFINITY};
    float value = values[kc_below(k, 3)];
    bool all = kc_below(k, 4) == 0;
    size_t one = kc_below(k, d->channels);
    for (size_t c = 0; c < d->channels; c++)
        if (all || c == one)
            x[place(d, p, c)] = value;
}

static data make(kc_context *k, uint32_t channels, uint32_t pixels, size_t gap, bool in_place, int side, bool special)
{
    size_t blocks = (channels + 15) / 16;
    data d = {.channels = channels, .pixels = pixels, .plane = pixels * (size_t)16 + gap};
    d.size = (blocks - 1) * d.plane + pixels * (size_t)16;
    float *x = kc_floats(k, d.size, side); /* NaN in the gaps and in the channels past the last */
    for (size_t p = 0; p < pixels; p++)
        fill_pixel(k, &d, x, p, special && kc_below(k, 2));
    kc_seal(k, x);
    d.x = x;
    d.y = kc_floats(k, d.size, side);
    if (in_place) {
        memcpy(d.y, x, d.size * sizeof(float));
        d.x = d.y;
    }
    return d;
}

/* `x` is the input even when d->x has been overwritten. */
static void compare_pixel(kc_context *k, const data *d, const float *x, size_t p)
{
    float got[MOST_CHANNELS] = {0};
    double want[MOST_CHANNELS] = {0}, bound[MOST_CHANNELS] = {0}, m = -INFINITY, sum = 0;
    bool undefined = false;
    for (size_t c = 0; c < d->channels; c++) {
        double v = x[place(d, p, c)];
        got[c] = d->y[place(d, p, c)];
        undefined = undefined || isnan(v) || v == INFINITY;
        m = fmax(m, v);
    }
    undefined = undefined || m == -INFINITY;
    for (size_t c = 0; c < d->channels; c++)
        sum += want[c] = exp(x[place(d, p, c)] - m);
    size_t blocks = (d->channels + 15) / 16;
    for (size_t c = 0; c < d->channels; c++) {
        want[c] = undefined ? NAN : want[c] / sum;
        bound[c] = fmin(kc_gamma(10 + blocks), 2e-6) * want[c] + 0x1p-126; /* exp.h: 0 below 2^-126 */
    }
    kc_within(k, "y against double", got, want, bound, d->channels);
    for (size_t c = d->channels; c < blocks * 16; c++) {
        float zero = 0.0f, padding = d->y[place(d, p, c)];
        kc_same(k, "padding", &padding, &zero, 1);
    }
}

static void check_case(kc_context *k, uint32_t channels, uint32_t pixels, int side)
{
    size_t gap = kc_below(k, 3) * (size_t)16;
    bool in_place = kc_below(k, 2), special = kc_below(k, 4) == 0;
    kc_case(k, "%u channels %u pixels gap %zu in place %d special %d side %d", channels, pixels, gap, in_place, special,
            side);
    data d = make(k, channels, pixels, gap, in_place, side, special);
    float *x = kc_floats(k, d.size, side);
    data definition = d;
    definition.y = kc_floats(k, d.size, side);
    memcpy(x, d.x, d.size * sizeof(float));
    if (in_place)
        memcpy(definition.y, x, d.size * sizeof(float));
    definition.x = in_place ? definition.y : d.x;
    run(k->table, &d);
    run(k->c, &definition);
    kc_same(k, "y", d.y, definition.y, d.size);
    for (size_t p = 0; p < pixels; p++)
        compare_pixel(k, &d, x, p);
    for (size_t b = 0; gap && b + 1 < (channels + 15) / 16; b++)
        kc_same_bytes(k, "gap", d.y + b * d.plane + pixels * 16, x + b * d.plane + pixels * 16, gap * sizeof(float));
}

/* The exponential for arguments all over -88 .. 0: 15 of them in a pixel beside a 0. */
static void sweep(kc_context *k)
{
    static const uint32_t steps[] = {40009, 1009, 1}; /* every n-th float, by effort */
    uint32_t step = steps[k->effort], pixels = 64;
    uint32_t bits = 0x32800000u + kc_below(k, step), end = 0x42b00000u; /* 2^-26 .. 88 */
    kc_case(k, "every %u-th argument of the exponential", step);
    data d = {.channels = 16, .pixels = pixels, .plane = pixels * (size_t)16, .size = pixels * (size_t)16};
    float *x = kc_floats(k, d.size, KC_END);
    d.x = x;
    d.y = kc_floats(k, d.size, KC_END);
    while (bits < end && !k->case_failed) {
        for (size_t i = 0; i < d.size; i++) {
            x[i] = 0.0f;
            if (i % 16 != 7 && bits < end) {
                memcpy(x + i, &bits, sizeof(bits));
                x[i] = -x[i];
                bits += step;
            }
        }
        run(k->table, &d);
        for (size_t p = 0; p < pixels; p++)
            compare_pixel(k, &d, x, p);
    }
}

void check_softmax(kc_context *k)
{
    static const uint32_t channels[] = {1, 2, 3, 11, 15, 16, 17, 19, 31, 32, 33, 48, 100, 256, MOST_CHANNELS};
    size_t most = k->effort == KC_QUICK ? 12 : 15;
    for (size_t i = 0; i < most; i++)
        for (uint32_t pixels = 1; pixels <= 9; pixels += 1 + (k->effort == KC_QUICK))
            for (int side = 0; side < KC_SIDES; side++)
                check_case(k, channels[i], pixels, side);
    sweep(k);
}

void bench_softmax(kc_context *k)
{
    data d = make(k, 19, 119, 0, false, KC_START, false);
    kc_bench(k, "19 channels 119 pixels", 1, run, &d);
    d = make(k, 256, 16, 0, false, KC_START, false);
    kc_bench(k, "256 channels 16 pixels", 1, run, &d);
}
