/* Convolution tiles: against the same sum in double precision, bit for bit against the order of roundings that kernels.h
 * promises where the sum is not finished, and against C. */
#include <math.h>

#include "kc_conv.h"
#include "kernelcheck.h"

typedef struct data {
    dml_conv_tile t;
    size_t y_size;
    float *before; /* what y held, for sums that go on */
} data;

static uint32_t channels_of(const dml_conv_tile *t, uint32_t block)
{
    return block + 1 == t->blocks ? t->tail : 16;
}

/* Inputs of one case; distances between blocks, rows and columns are ragged, as borders and dilation make them. */
static data make(kc_context *k, dml_conv_tile t, int side, kc_kind kind)
{
    data d = {.t = t};
    size_t taps = (size_t)t.kernel_h * t.kernel_w;
    d.t.x_column = 16 * (1 + kc_below(k, 2));
    d.t.x_row = ((size_t)(t.width - 1) * t.step + 1) * 16 + (t.kernel_w - 1) * d.t.x_column + 16 * kc_below(k, 3);
    d.t.x_plane = t.kernel_h * d.t.x_row + 16 * kc_below(k, 3);
    d.t.w_panel = t.blocks * taps * 256 + 16 * kc_below(k, 2);
    d.t.y_plane = d.t.r_plane = (t.width + kc_below(k, 3)) * 16;
    size_t x_size = (t.blocks - 1) * d.t.x_plane + (t.kernel_h - 1) * d.t.x_row + (t.kernel_w - 1) * d.t.x_column
                    + (size_t)(t.width - 1) * t.step * 16 + 16;
    size_t w_size = (t.panels - 1) * d.t.w_panel + t.blocks * taps * 256;
    d.y_size = (t.panels - 1) * d.t.y_plane + (size_t)t.width * 16;
    float *x = kc_floats(k, x_size, side), *w = kc_floats(k, w_size, side);
    float *bias = kc_floats(k, t.panels * (size_t)16, side), *r = kc_floats(k, d.y_size, side);
    d.t.y = kc_floats(k, d.y_size, side);
    d.before = kc_floats(k, d.y_size, side);
    kc_fill(k, x, x_size, kind);
    kc_fill(k, w, w_size, kind);
    kc_fill(k, bias, t.panels * (size_t)16, kind);
    kc_fill(k, r, d.y_size, kind);
    kc_fill(k, d.before, d.y_size, kind);
    for (size_t i = 0; i < d.y_size; i++)
        d.t.y[i] = d.before[i];
    kc_seal(k, x);
    kc_seal(k, w);
    kc_seal(k, bias);
    kc_seal(k, r);
    d.t.x = x;
    d.t.w = w;
    d.t.bias = bias;
    d.t.r = t.r ? r : NULL;
    return d;
}

typedef struct value {
    double want, bound;
    float ordered; /* the unfinished sum, rounded as promised */
} value;

/* Output of panel o, pixel p, lane l. */
static value reference(const data *d, uint32_t o, uint32_t p, uint32_t l, bool fused)
{
    const dml_conv_tile *t = &d->t;
    const float *from = t->x, *weights = t->w;
    size_t at = o * t->y_plane + (size_t)p * 16 + l, terms = 1;
    float ordered = t->first ? t->bias[o * 16 + l] : d->before[at];
    double sum = ordered, magnitude = fabs(sum);
    for (uint32_t b = 0; b < t->blocks; b++)
        for (uint32_t tap = 0; tap < t->kernel_h * t->kernel_w; tap++)
            for (uint32_t c = 0; c < channels_of(t, b); c++, terms++) {
                float x = from[b * t->x_plane + tap / t->kernel_w * t->x_row + tap % t->kernel_w * t->x_column
                               + (size_t)p * t->step * 16 + c];
                float w = weights[o * t->w_panel + ((size_t)b * t->kernel_h * t->kernel_w + tap) * 256 + c * 16 + l];
                sum += (double)x * w;
                magnitude += fabs((double)x * w);
                ordered = fused ? fmaf(x, w, ordered) : ordered + x * w;
            }
    value v = {sum, kc_gamma(terms + 1) * magnitude + (double)terms * KC_TINY, ordered};
    if (!t->last)
        return v;
    double slope = fmax(1.0, fabs((double)t->slope)), scale = fabs((double)t->scale);
    double leaky = sum > 0 ? sum : (double)t->slope * sum, r = t->r ? t->r[at] : 0.0;
    v.want = (double)t->scale * leaky + r;
    v.bound = v.bound * slope * scale + kc_gamma(3) * (scale * fabs(leaky) + fabs(r) + v.bound) + 4 * KC_TINY;
    if (t->relu && v.want < 0.0)
        v.want = 0.0;
    return v;
}

static void compare(kc_context *k, const data *d, int side)
{
    const dml_conv_tile *t = &d->t;
    bool fused = kc_fused(k);
    float *c = kc_floats(k, d->y_size, side);
    for (size_t i = 0; i < d->y_size; i++)
        c[i] = d->before[i];
    dml_conv_tile definition = *t;
    definition.y = c;
    k->c->conv.run(&definition);
    for (uint32_t o = 0; o < t->panels; o++) {
        const float *got = t->y + o * t->y_plane, *from_c = c + o * t->y_plane;
        size_t n = (size_t)t->width * 16;
        double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
        float *ordered = kc_floats(k, n, side);
        for (size_t i = 0; i < n; i++) {
            value v = reference(d, o, (uint32_t)(i / 16), i % 16, fused);
            want[i] = v.want;
            bound[i] = v.bound;
            ordered[i] = v.ordered;
        }
        kc_within(k, "y against double", got, want, bound, n);
        if (!t->last)
            kc_same(k, "unfinished sum in order", got, ordered, n);
        if (!fused)
            kc_same(k, "y against C", got, from_c, n);
        for (size_t i = 0; i < n; i++) {
            want[i] = from_c[i];
            bound[i] *= 2;
        }
        kc_within(k, "y against C", got, want, bound, n);
        if (o + 1 < t->panels) /* between two panels nothing may be written */
            kc_same(k, "gap between panels", got + n, d->before + o * t->y_plane + n, t->y_plane - n);
    }
}

static void one(kc_context *k, dml_conv_tile t, int side)
{
    static const float slopes[] = {0.01f, 0.0f, 1.0f}, scales[] = {1.0f, 0.75f, -0.5f, 0.0f};
    t.slope = slopes[kc_below(k, 3)];
    t.scale = scales[kc_below(k, 4)];
    t.relu = kc_below(k, 2);
    t.r = kc_below(k, 2) ? &t.slope : NULL; /* any address: make() puts the residual there */
    kc_case(k, "width %u panels %u step %u kernel %ux%u blocks %u tail %u first %d last %d slope %g scale %g relu %d "
            "residual %d side %d", t.width, t.panels, t.step, t.kernel_h, t.kernel_w, t.blocks, t.tail, t.first, t.last,
            (double)t.slope, (double)t.scale, t.relu, t.r != NULL, side);
    data d = make(k, t, side, kc_below(k, 4) ? KC_UNIT : KC_WIDE);
    k->table->conv.run(&d.t);
    compare(k, &d, side);
}

void check_conv(kc_context *k)
{
    for (uint32_t width = 1; width <= k->table->conv.width; width++)
        for (uint32_t panels = 1; panels <= k->table->conv.panels; panels++)
            for (uint32_t step = 1; step <= 2; step++)
                for (uint32_t kernel = 1; kernel <= 3; kernel += 2)
                    for (uint32_t flags = 0; flags < 4; flags++) {
                        if (k->effort == KC_QUICK && kc_below(k, 4))
                            continue;
                        dml_conv_tile t = {.width = width, .panels = panels, .step = step, .kernel_h = kernel,
                                           .kernel_w = kernel, .first = flags & 1, .last = flags >> 1,
                                           .blocks = 1 + kc_below(k, 3), .tail = 1 + kc_below(k, 16)};
                        one(k, t, (int)kc_below(k, KC_SIDES));
                    }
    for (uint32_t tail = 1; tail <= 16; tail++) {
        dml_conv_tile t = {.width = k->table->conv.width, .panels = k->table->conv.panels, .step = 1, .kernel_h = 3,
                           .kernel_w = 3, .first = true, .last = true, .blocks = 2, .tail = tail};
        one(k, t, KC_END);
    }
    dml_conv_tile deep = {.width = k->table->conv.width, .panels = k->table->conv.panels, .step = 1, .kernel_h = 1,
                          .kernel_w = 1, .first = true, .last = true, .blocks = 64, .tail = 16};
    one(k, deep, KC_START);
}

static void run(const dml_kernels *table, void *argument)
{
    kc_conv_run(&table->conv, argument, sizeof(float));
}

/* A row of 84 pixels, which every tile width divides nearly evenly, and two panels. */
void bench_conv(kc_context *k)
{
    for (uint32_t kernel = 1; kernel <= 3; kernel += 2) {
        dml_conv_tile t = {.width = 84, .panels = 2, .step = 1, .kernel_h = kernel, .kernel_w = kernel, .slope = 0.0f,
                           .scale = 1.0f, .first = true, .last = true, .blocks = kernel == 1 ? 32 : 4, .tail = 16};
        data d = make(k, t, KC_START, KC_UNIT);
        kc_bench(k, kernel == 1 ? "84 px, 512 -> 32, 1x1" : "84 px, 64 -> 32, 3x3", 1, run, &d.t);
    }
}
