/* Argmax: the labels of a plain search, with ties, NaN and infinities. */
#include <math.h>

#include "kernelcheck.h"

typedef struct data {
    const float *x;
    uint32_t channels, pixels;
    size_t plane;
    uint8_t *label;
} data;

static void run(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    table->argmax(d->x, d->channels, d->plane, d->pixels, d->label);
}

static size_t place(const data *d, size_t pixel, size_t channel)
{
    return channel / 16 * d->plane + pixel * 16 + channel % 16;
}

/* Kind 0: numbers; 1: special values; up to 5: a few values, which make ties. What lies past the last channel would win
   if it were looked at. */
static void fill_pixel(kc_context *k, const data *d, float *x, size_t p, uint32_t kind)
{
    static const float few[] = {-INFINITY, NAN, -0.0f, 0.0f, 1.0f};
    for (size_t c = 0; c < (d->channels + 15) / 16 * 16; c++) {
        float *v = x + place(d, p, c);
        if (c >= d->channels)
            *v = INFINITY;
        else if (kind < 2)
            kc_fill(k, v, 1, kind ? KC_SPECIAL : KC_UNIT);
        else
            *v = few[kc_below(k, kind)]; /* the first 2, 3, 4 or 5 */
    }
}

static data make(kc_context *k, uint32_t channels, uint32_t pixels, size_t gap, int side, uint32_t kinds)
{
    size_t blocks = (channels + 15) / 16;
    data d = {.channels = channels, .pixels = pixels, .plane = pixels * (size_t)16 + gap};
    float *x = kc_floats(k, (blocks - 1) * d.plane + pixels * (size_t)16, side);
    for (size_t p = 0; p < pixels; p++)
        fill_pixel(k, &d, x, p, kc_below(k, kinds));
    kc_seal(k, x);
    d.x = x;
    d.label = kc_alloc(k, pixels, side);
    return d;
}

static uint8_t plain_search(const data *d, size_t p)
{
    size_t best = 0;
    double most = -INFINITY;
    for (size_t c = d->channels; c-- > 0;) { /* backwards: the lowest of equals is the last one found */
        double v = d->x[place(d, p, c)];
        if (isnan(v))
            v = -INFINITY;
        if (v >= most) {
            most = v;
            best = c;
        }
    }
    return (uint8_t)best;
}

void check_argmax(kc_context *k)
{
    static const uint32_t channels[] = {1, 2, 7, 11, 15, 16, 17, 19, 31, 32, 33, 100, 255, 256};
    uint32_t most = k->effort == KC_QUICK ? 6 : 34;
    for (size_t i = 0; i < sizeof(channels) / sizeof(*channels); i++) {
        for (uint32_t pixels = 1; pixels <= most; pixels++) {
            int side = (int)kc_below(k, KC_SIDES);
            size_t gap = kc_below(k, 3) * (size_t)16;
            kc_case(k, "%u channels %u pixels gap %zu side %d", channels[i], pixels, gap, side);
            data d = make(k, channels[i], pixels, gap, side, 6), definition = d;
            uint8_t *want = kc_alloc(k, pixels, side);
            definition.label = kc_alloc(k, pixels, side);
            for (size_t p = 0; p < pixels; p++)
                want[p] = plain_search(&d, p);
            run(k->table, &d);
            run(k->c, &definition);
            kc_same_bytes(k, "label against a plain search", d.label, want, pixels);
            kc_same_bytes(k, "label", d.label, definition.label, pixels);
        }
    }
}

void bench_argmax(kc_context *k)
{
    data d = make(k, 19, 473, 0, KC_START, 1);
    kc_bench(k, "19 channels 473 pixels", 1, run, &d);
    d = make(k, 11, 473, 0, KC_START, 1);
    kc_bench(k, "11 channels 473 pixels", 1, run, &d);
}
