/* Convolution tiles with fewer bits per factor: against the same sum in double precision, and bit for bit against the
 * order of roundings that kernels.h promises. What a machine has beside its instruction set is tested as well as what
 * stands in for it elsewhere. */
#include <math.h>
#include <string.h>

#include "kc_conv.h"
#include "kernelcheck.h"

#define FLUSHED 0x1p-126 /* what an instruction may lose that counts subnormals as zero */

typedef struct data {
    dml_conv_tile t;
    uint32_t group;    /* input channels that are packed together: pairs of bfloat16, fours of bytes */
    uint32_t channels; /* of the last block; the weights of the others are zero */
    size_t y_size;
    float *before;     /* what y held, for sums that go on */
} data;

static bool of_bytes(const data *d)
{
    return d->group == 4;
}

/* Element i of x and of w. */
static float x_at(const data *d, size_t i)
{
    return of_bytes(d) ? ((const uint8_t *)d->t.x)[i] : kc_from_bf16(((const uint16_t *)d->t.x)[i]);
}

static float w_at(const data *d, size_t i)
{
    return of_bytes(d) ? ((const int8_t *)d->t.w)[i] : kc_from_bf16(((const uint16_t *)d->t.w)[i]);
}

/* Where the weight of channel c and lane l is within a tap. */
static size_t packed(const data *d, uint32_t c, uint32_t l)
{
    return c / d->group * d->group * 16 + l * d->group + c % d->group;
}

typedef enum filling { UNIT, WIDE, LEAST, MOST } filling; /* sums as low and as high as bytes make them */

static void *factors(kc_context *k, const data *d, size_t n, int side, filling kind, bool weights)
{
    if (of_bytes(d)) {
        uint8_t *bytes = kc_alloc(k, n, side);
        for (size_t i = 0; i < n; i++)
            bytes[i] = (uint8_t)(kind < LEAST ? kc_below(k, 256) : !weights ? 255 : kind == LEAST ? 128 : 127);
        return bytes;
    }
    float *values = kc_floats(k, n, side);
    uint16_t *half = kc_alloc(k, 2 * n, side);
    kc_fill(k, values, n, kind == UNIT ? KC_UNIT : KC_WIDE);
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, values + i, sizeof(bits));
        half[i] = (uint16_t)(bits >> 16);
    }
    return half;
}

/* Zero for channels that do not exist. */
static void clear_tail(const data *d, void *w)
{
    const size_t taps = (size_t)d->t.kernel_h * d->t.kernel_w, bytes = of_bytes(d) ? 1 : 2;
    for (size_t o = 0; o < d->t.panels; o++)
        for (size_t tap = (d->t.blocks - 1) * taps; tap < d->t.blocks * taps; tap++)
            for (uint32_t c = d->channels; c < 16; c++)
                for (uint32_t l = 0; l < 16; l++)
                    memset((char *)w + (o * d->t.w_panel + tap * 256 + packed(d, c, l)) * bytes, 0, bytes);
}

/* Inputs of one case; distances between blocks, rows and columns are ragged, as borders and dilation make them. */
static data make(kc_context *k, dml_conv_tile t, uint32_t group, int side, filling kind)
{
    data d = {.t = t, .group = group, .channels = t.tail};
    const size_t taps = (size_t)t.kernel_h * t.kernel_w, outputs = t.panels * (size_t)16;
    d.t.x_column = 16 * (1 + kc_below(k, 2));
    d.t.x_row = ((size_t)(t.width - 1) * t.step + 1) * 16 + (t.kernel_w - 1) * d.t.x_column + 16 * kc_below(k, 3);
    d.t.x_plane = t.kernel_h * d.t.x_row + 16 * kc_below(k, 3);
    d.t.w_panel = t.blocks * taps * 256 + 64 * kc_below(k, 2);
    d.t.y_plane = d.t.r_plane = (t.width + kc_below(k, 3)) * 16;
    const size_t x_size = (t.blocks - 1) * d.t.x_plane + (t.kernel_h - 1) * d.t.x_row + (t.kernel_w - 1) * d.t.x_column
                          + (size_t)(t.width - 1) * t.step * 16 + 16;
    d.y_size = (t.panels - 1) * d.t.y_plane + (size_t)t.width * 16;
    const kc_kind kind_of_floats = kind == UNIT ? KC_UNIT : KC_WIDE;
    void *w = factors(k, &d, (t.panels - 1) * d.t.w_panel + t.blocks * taps * 256, side, kind, true);
    clear_tail(&d, w);
    d.t.x = factors(k, &d, x_size, side, kind, false);
    d.t.w = w;
    d.t.bias = kc_input(k, outputs, side, kind_of_floats);
    d.t.unit = of_bytes(&d) ? kc_input(k, outputs, side, kind_of_floats) : NULL;
    d.t.r = t.r ? kc_input(k, d.y_size, side, kind_of_floats) : NULL;
    d.before = kc_floats(k, d.y_size, side);
    kc_fill(k, d.before, d.y_size, kind_of_floats);
    d.t.y = kc_copy(k, d.before, d.y_size, side);
    d.t.tail = kc_below(k, 18); /* does not count */
    kc_seal(k, d.t.x);
    kc_seal(k, w);
    return d;
}

/* A sum, and what it may be off by. */
typedef struct value {
    double want, bound;
    float ordered; /* rounded as promised */
} value;

/* The sum of panel o, pixel p, lane l. `roundings`: of one addition, in units of KC_U. */
static value sum_of(const data *d, uint32_t o, uint32_t p, uint32_t l, size_t roundings)
{
    const dml_conv_tile *t = &d->t;
    const size_t at = o * t->y_plane + (size_t)p * 16 + l, pixel = (size_t)p * t->step * 16;
    const float start = of_bytes(d) ? 0 : t->first ? t->bias[o * 16 + l] : d->before[at];
    value v = {start, 0, start};
    double magnitude = fabs((double)start);
    size_t tap = 0;
    for (uint32_t b = 0; b < t->blocks; b++)
        for (uint32_t i = 0; i < t->kernel_h; i++)
            for (uint32_t j = 0; j < t->kernel_w; j++, tap++)
                for (uint32_t c = 0; c < 16; c++) {
                    const uint32_t channel = of_bytes(d) ? c : c ^ 1; /* of a pair the odd one first */
                    const float x = x_at(d, b * t->x_plane + i * t->x_row + j * t->x_column + pixel + channel);
                    const float w = w_at(d, o * t->w_panel + tap * 256 + packed(d, channel, l));
                    v.want += (double)x * (double)w;
                    magnitude += fabs((double)x * (double)w);
                    v.ordered += x * w;
                }
    const size_t terms = tap * 16 + 1;
    v.bound = kc_gamma(terms * roundings) * magnitude + (double)terms * (roundings > 1 ? FLUSHED : KC_TINY);
    return v;
}

/* Unit and bias of a sum of bytes, which is exact. */
static value from_bytes(const data *d, value v, uint32_t o, uint32_t l)
{
    const float unit = d->t.unit[o * 16 + l], bias = d->t.bias[o * 16 + l];
    const double product = (double)unit * v.want, magnitude = fabs(product) + fabs((double)bias);
    const float rounded = unit * (float)(int32_t)v.want;
    return (value){product + (double)bias, kc_gamma(3) * magnitude + KC_TINY, rounded + bias};
}

/* What finishes a tile. */
static value finished(const dml_conv_tile *t, value v, size_t at, bool fused)
{
    const double slope = fmax(1.0, fabs((double)t->slope)), scale = fabs((double)t->scale), r = t->r ? t->r[at] : 0.0;
    const double leaky = v.want > 0 ? v.want : (double)t->slope * v.want;
    const float rounded = v.ordered > 0 ? v.ordered : t->slope * v.ordered, product = t->scale * rounded;
    v.want = (double)t->scale * leaky + r;
    v.bound = v.bound * slope * scale + kc_gamma(3) * (scale * fabs(leaky) + fabs(r) + v.bound) + 4 * KC_TINY;
    v.ordered = !t->r ? product : fused ? fmaf(t->scale, rounded, t->r[at]) : product + t->r[at];
    if (t->relu) {
        v.want = v.want > 0 ? v.want : 0;
        v.ordered = v.ordered > 0 ? v.ordered : 0;
    }
    return v;
}

/* `native`: the order and the roundings are those of an instruction. */
static void compare(kc_context *k, const data *d, int side, bool native)
{
    const dml_conv_tile *t = &d->t;
    const size_t n = (size_t)t->width * 16;
    for (uint32_t o = 0; o < t->panels; o++) {
        double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
        float *ordered = kc_floats(k, n, side);
        for (size_t i = 0; i < n; i++) {
            value v = sum_of(d, o, (uint32_t)(i / 16), i % 16, native ? 2 : 1);
            if (of_bytes(d) && fabs(v.want) > INT32_MAX)
                kc_fail(k, "the case itself is wrong: a sum of %.0f", v.want);
            v = of_bytes(d) ? from_bytes(d, v, o, i % 16) : v;
            v = t->last ? finished(t, v, o * t->r_plane + i, kc_fused(k)) : v;
            want[i] = v.want;
            bound[i] = v.bound;
            ordered[i] = v.ordered;
        }
        const float *got = t->y + o * t->y_plane;
        kc_within(k, "y against double", got, want, bound, n);
        if (of_bytes(d) || !native)
            kc_same(k, "y in order", got, ordered, n);
        if (o + 1 < t->panels) /* between two panels nothing may be written */
            kc_same(k, "gap between panels", got + n, d->before + o * t->y_plane + n, t->y_plane - n);
    }
}

static void one(kc_context *k, const dml_conv_kernel *kernel, bool native, uint32_t group, dml_conv_tile t, int side,
                filling kind)
{
    static const float slopes[] = {0.01f, 0.0f, 1.0f}, scales[] = {1.0f, 0.75f, -0.5f, 0.0f};
    t.slope = slopes[kc_below(k, 3)];
    t.scale = scales[kc_below(k, 4)];
    t.relu = kc_below(k, 2);
    t.r = kc_below(k, 2) ? &t.slope : NULL; /* any address: make() puts the residual there */
    kc_case(k, "%swidth %u panels %u step %u kernel %ux%u blocks %u channels %u first %d last %d slope %g scale %g "
            "relu %d residual %d side %d data %d", native ? "native " : "", t.width, t.panels, t.step, t.kernel_h, t.kernel_w,
            t.blocks, t.tail, t.first, t.last, (double)t.slope, (double)t.scale, t.relu, t.r != NULL, side, kind);
    data d = make(k, t, group, side, kind);
    kernel->run(&d.t);
    compare(k, &d, side, native);
}

static void check_kernel(kc_context *k, const dml_conv_kernel *kernel, bool native, uint32_t group)
{
    for (uint32_t width = 1; width <= kernel->width; width++)
        for (uint32_t panels = 1; panels <= kernel->panels; panels++)
            for (uint32_t step = 1; step <= 2; step++)
                for (uint32_t size = 1; size <= 3; size += 2)
                    for (uint32_t flags = group == 4 ? 3 : 0; flags < 4; flags++) {
                        if (k->effort == KC_QUICK && group == 2 && kc_below(k, 4))
                            continue;
                        dml_conv_tile t = {.width = width, .panels = panels, .step = step, .kernel_h = size,
                                           .kernel_w = size, .first = flags & 1, .last = flags >> 1,
                                           .blocks = 1 + kc_below(k, 3), .tail = 1 + kc_below(k, 16)};
                        one(k, kernel, native, group, t, (int)kc_below(k, KC_SIDES), kc_below(k, 4) ? UNIT : WIDE);
                    }
    dml_conv_tile t = {.width = kernel->width, .panels = kernel->panels, .step = 1, .kernel_h = 3, .kernel_w = 3,
                       .first = true, .last = true, .blocks = 2};
    for (t.tail = 1; t.tail <= 16; t.tail++)
        one(k, kernel, native, group, t, KC_END, UNIT);
    t.kernel_h = t.kernel_w = 1;
    t.blocks = 64;
    t.tail = 16;
    one(k, kernel, native, group, t, KC_START, UNIT);
}

void check_conv_bf16(kc_context *k)
{
    const dml_conv_kernel *own = &k->table->conv_bf16, *plain = &k->plain.conv_bf16;
    check_kernel(k, plain, false, 2);
    if (own->run != plain->run)
        check_kernel(k, own, true, 2);
}

/* Sums as long as they get: of the widest layer of the network, and of the most that int32 holds. */
static void check_longest(kc_context *k, const dml_conv_kernel *kernel)
{
    for (filling kind = LEAST; kind <= MOST; kind++) {
        dml_conv_tile t = {.width = k->effort == KC_QUICK ? 1 : kernel->width, .panels = kernel->panels, .step = 1,
                           .kernel_h = 3, .kernel_w = 3, .first = true, .last = true, .blocks = 160, .tail = 16};
        one(k, kernel, false, 4, t, KC_END, kind);
        t.kernel_h = t.kernel_w = 1;
        t.blocks = (DML_CONV_U8_MOST + 15) / 16;
        t.tail = (DML_CONV_U8_MOST - 1) % 16 + 1;
        one(k, kernel, false, 4, t, KC_START, kind);
    }
}

void check_conv_u8(kc_context *k)
{
    const dml_conv_kernel *own = &k->table->conv_u8, *plain = &k->plain.conv_u8;
    check_kernel(k, plain, false, 4);
    check_longest(k, plain);
    if (own->run != plain->run) {
        check_kernel(k, own, true, 4);
        check_longest(k, own);
    }
}

/* ---- speed ---- */

static void run_bf16(const dml_kernels *table, void *argument)
{
    kc_conv_run(&table->conv_bf16, argument, 2);
}

static void run_u8(const dml_kernels *table, void *argument)
{
    kc_conv_run(&table->conv_u8, argument, 1);
}

/* The shapes of bench_conv. */
static void bench(kc_context *k, uint32_t group, void (*run_all)(const dml_kernels *table, void *argument))
{
    for (uint32_t kernel = 1; kernel <= 3; kernel += 2) {
        dml_conv_tile t = {.width = 84, .panels = 2, .step = 1, .kernel_h = kernel, .kernel_w = kernel, .slope = 0.0f,
                           .scale = 1.0f, .first = true, .last = true, .blocks = kernel == 1 ? 32 : 4, .tail = 16};
        data d = make(k, t, group, KC_START, UNIT);
        kc_bench(k, kernel == 1 ? "84 px, 512 -> 32, 1x1" : "84 px, 64 -> 32, 3x3", 1, run_all, &d.t);
    }
}

void bench_conv_bf16(kc_context *k)
{
    bench(k, 2, run_bf16);
}

void bench_conv_u8(kc_context *k)
{
    bench(k, 4, run_u8);
}
