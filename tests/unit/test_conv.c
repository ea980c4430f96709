/* dml_conv_run, dml_winograd_run and dml_strassen_run against a naive convolution in double precision, over planar values:
 * ragged sizes, strides, dilation, concatenated inputs, borders, channel counts that do not fill a block, on every
 * instruction set. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ops/conv.h"
#include "ops/ops.h"
#include "ops/strassen.h"
#include "ops/winograd.h"
#include "support/family.h"

typedef struct shape {
    dml_conv_shape conv;
    uint32_t h, w;
    uint32_t pad_x, pad_y;
    bool residual, in_place;
    dml_conv_way way;
} shape;

static const shape shapes[] = {
    {{3, 20, 3, 2, 1, 0, DML_FORMAT_F32, 0}, 17, 23, 1, 1, false, false, DML_CONV_DIRECT},
    {{16, 16, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 9, 31, 0, 0, false, false, DML_CONV_DIRECT},
    {{40, 33, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 13, 15, 1, 0, true, false, DML_CONV_DIRECT},
    {{64, 70, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 8, 8, 0, 0, true, true, DML_CONV_DIRECT},
    {{33, 17, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 11, 29, 1, 2, true, false, DML_CONV_DIRECT},
    {{48, 64, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 10, 14, 2, 0, false, false, DML_CONV_DIRECT},
    {{20, 19, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 5, 1, 2, 1, false, false, DML_CONV_DIRECT},
    {{24, 35, 1, 2, 1, 0, DML_FORMAT_F32, 0}, 12, 19, 1, 1, false, false, DML_CONV_DIRECT},
    {{40, 16, 3, 1, 1, 20, DML_FORMAT_F32, 0}, 7, 16, 1, 0, false, false, DML_CONV_DIRECT},
    {{57, 19, 1, 1, 1, 19, DML_FORMAT_F32, 0}, 6, 30, 0, 0, false, false, DML_CONV_DIRECT},
    {{76, 32, 1, 1, 1, 64, DML_FORMAT_F32, 0}, 6, 30, 0, 0, false, false, DML_CONV_DIRECT},
    {{700, 16, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 3, 40, 0, 0, true, true, DML_CONV_DIRECT},
    {{160, 48, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 4, 43, 1, 1, true, false, DML_CONV_DIRECT},
    {{5, 5, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 1, 1, 1, 0, false, false, DML_CONV_DIRECT},
    /* Winograd: whole tiles, ragged ones, wider borders, a dilation, parts, several slices of channels, several bands;
       larger tiles with few channels, and with as many as they are taken for */
    {{32, 32, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 16, 16, 1, 0, false, false, DML_CONV_WINOGRAD},
    {{33, 17, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 19, 14, 1, 2, false, false, DML_CONV_WINOGRAD},
    {{64, 48, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 15, 33, 3, 1, false, false, DML_CONV_WINOGRAD},
    {{40, 16, 3, 1, 1, 20, DML_FORMAT_F32, 0}, 21, 12, 2, 0, false, false, DML_CONV_WINOGRAD},
    {{560, 48, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 16, 16, 1, 1, false, false, DML_CONV_WINOGRAD},
    {{16, 20, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 61, 90, 1, 0, false, false, DML_CONV_WINOGRAD},
    {{48, 33, 3, 1, 3, 0, DML_FORMAT_F32, 0}, 50, 26, 3, 0, false, false, DML_CONV_WINOGRAD},
    {{48, 32, 3, 1, 1, 0, DML_FORMAT_F32, DML_WINOGRAD_4X6}, 19, 17, 1, 2, false, false, DML_CONV_WINOGRAD},
    {{64, 48, 3, 1, 2, 0, DML_FORMAT_F32, DML_WINOGRAD_6X6}, 23, 34, 3, 1, false, false, DML_CONV_WINOGRAD},
    {{40, 33, 3, 1, 1, 20, DML_FORMAT_F32, DML_WINOGRAD_6X6}, 23, 12, 2, 0, false, false, DML_CONV_WINOGRAD},
    {{16, 16, 3, 1, 1, 0, DML_FORMAT_F32, DML_WINOGRAD_6X6}, 121, 128, 1, 0, false, false, DML_CONV_WINOGRAD},
    {{256, 33, 3, 1, 1, 0, DML_FORMAT_F32, DML_WINOGRAD_4X6}, 16, 18, 1, 0, false, false, DML_CONV_WINOGRAD},
    {{560, 32, 3, 1, 2, 0, DML_FORMAT_F32, DML_WINOGRAD_4X6}, 16, 24, 2, 1, false, false, DML_CONV_WINOGRAD},
    {{2064, 17, 3, 1, 1, 0, DML_FORMAT_F32, DML_WINOGRAD_6X6}, 12, 11, 1, 0, false, false, DML_CONV_WINOGRAD},
    /* Strassen: halves of pixels, even and odd, or of rows, for the borders; residuals; several slices, runs and parts */
    {{32, 32, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 4, 6, 0, 0, false, false, DML_CONV_STRASSEN},
    {{64, 96, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 5, 7, 0, 0, true, true, DML_CONV_STRASSEN},
    {{96, 64, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 9, 20, 1, 0, true, false, DML_CONV_STRASSEN},
    {{64, 32, 1, 1, 1, 32, DML_FORMAT_F32, 0}, 1, 17, 0, 2, false, false, DML_CONV_STRASSEN},
    {{32, 64, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 2, 1, 2, 1, true, true, DML_CONV_STRASSEN},
    {{1152, 64, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 6, 33, 0, 0, true, true, DML_CONV_STRASSEN},
    {{512, 160, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 25, 31, 0, 1, false, false, DML_CONV_STRASSEN},
    /* bfloat16, both ways, and bytes */
    {{40, 33, 1, 1, 1, 0, DML_FORMAT_BF16, 0}, 13, 15, 1, 0, true, false, DML_CONV_DIRECT},
    {{64, 70, 1, 1, 1, 0, DML_FORMAT_BF16, 0}, 8, 8, 0, 0, true, true, DML_CONV_DIRECT},
    {{24, 35, 3, 2, 1, 0, DML_FORMAT_BF16, 0}, 12, 19, 1, 1, false, false, DML_CONV_DIRECT},
    {{57, 19, 1, 1, 1, 19, DML_FORMAT_BF16, 0}, 6, 30, 0, 0, false, false, DML_CONV_DIRECT},
    {{1300, 16, 1, 1, 1, 0, DML_FORMAT_BF16, 0}, 3, 40, 0, 0, false, false, DML_CONV_DIRECT},
    {{70, 49, 3, 1, 1, 0, DML_FORMAT_BF16, 0}, 19, 18, 1, 2, false, false, DML_CONV_WINOGRAD},
    {{560, 96, 3, 1, 1, 0, DML_FORMAT_BF16, 0}, 20, 24, 2, 1, false, false, DML_CONV_WINOGRAD},
    {{128, 96, 3, 1, 2, 0, DML_FORMAT_BF16, 0}, 32, 31, 2, 0, false, false, DML_CONV_WINOGRAD},
    {{40, 33, 1, 1, 1, 0, DML_FORMAT_U8, 0}, 13, 15, 1, 0, true, false, DML_CONV_DIRECT},
    {{64, 70, 1, 1, 1, 0, DML_FORMAT_U8, 0}, 8, 8, 0, 0, true, true, DML_CONV_DIRECT},
    {{24, 35, 3, 2, 1, 0, DML_FORMAT_U8, 0}, 12, 19, 1, 1, false, false, DML_CONV_DIRECT},
    {{57, 19, 1, 2, 1, 19, DML_FORMAT_U8, 0}, 6, 30, 1, 0, false, false, DML_CONV_DIRECT},
    {{700, 16, 1, 1, 1, 0, DML_FORMAT_U8, 0}, 3, 40, 0, 0, true, true, DML_CONV_DIRECT},
};
#define SHAPES ((int)(sizeof shapes / sizeof *shapes))

static float *noise(const char *name, size_t count)
{
    float *v = malloc((count + 1) * sizeof *v);
    family_noise(name, count, 5, v);
    return v;
}

static dml_tensor tensor(uint32_t blocks, uint32_t h, uint32_t w, uint32_t pad, float fill)
{
    dml_tensor t = {NULL, blocks * DML_BLOCK, h, w, pad};
    t.data = aligned_alloc(64, dml_tensor_size(&t) * sizeof(float));
    for (size_t i = 0; i < dml_tensor_size(&t); i++)
        t.data[i] = fill;
    return t;
}

/* The block-layout channel of input channel c, where each part of a concatenation starts a block. */
static uint32_t channel_at(const dml_conv_shape *s, uint32_t c)
{
    return s->part ? c / s->part * dml_blocks(s->part) * DML_BLOCK + c % s->part : c;
}

static float *pixel(const dml_tensor *t, uint32_t c, uint32_t y, uint32_t x)
{
    return dml_tensor_at(t, c / DML_BLOCK, y, x) + c % DML_BLOCK;
}

/* Inputs are in -1 .. 1. */
#define X_GAIN 125.0f
#define X_ZERO 127

typedef struct layer {
    shape s;
    dml_conv conv;
    float *weight, *gain, *bias, *unit;
    float *start; /* the bias as it was before packing */
    char *packed;
    size_t packed_size;
    dml_tensor x, r, y;
} layer;

static layer make(const shape *s)
{
    const dml_conv_shape *c = &s->conv;
    layer l = {.s = *s};
    uint32_t oh = dml_conv_side(s->h, c->stride), ow = dml_conv_side(s->w, c->stride), out = dml_blocks(c->out);
    l.weight = noise("weight", (size_t)c->out * c->in * c->kernel * c->kernel);
    l.gain = noise("gain", c->out);
    l.bias = aligned_alloc(64, dml_conv_bias_size(c) * sizeof(float));
    memset(l.bias, 0, dml_conv_bias_size(c) * sizeof(float));
    family_noise("bias", c->out, 5, l.bias);
    l.start = noise("bias", c->out);
    l.unit = aligned_alloc(64, dml_conv_bias_size(c) * sizeof(float));
    l.packed_size = dml_conv_weight_size(c) * dml_format_bytes(c->format);
    l.packed = aligned_alloc(64, l.packed_size);
    l.x = tensor(dml_conv_blocks(c), s->h, s->w, s->pad_x, 0.0f);
    float *values = noise("x", (size_t)c->in * s->h * s->w), *v = values;
    for (uint32_t i = 0; i < c->in; i++)
        for (uint32_t y = 0; y < s->h; y++)
            for (uint32_t x = 0; x < s->w; x++)
                *pixel(&l.x, channel_at(c, i), y, x) = *v++;
    free(values);
    l.r = tensor(out, oh, ow, s->pad_y, 0.0f);
    values = v = noise("r", (size_t)c->out * oh * ow);
    for (uint32_t i = 0; i < c->out; i++)
        for (uint32_t y = 0; y < oh; y++)
            for (uint32_t x = 0; x < ow; x++)
                *pixel(&l.r, i, y, x) = *v++;
    free(values);
    l.y = tensor(out, oh, ow, s->pad_y, NAN);
    uint32_t last = c->part ? (c->in - 1) % c->part + 1 : c->in;
    l.conv = (dml_conv){.shape = *c, .weight = l.packed, .bias = l.bias, .blocks = dml_conv_blocks(c),
                        .tail = (last - 1) % DML_BLOCK + 1, .slope = 0.01f, .scale = s->residual ? -0.5f : 1.0f,
                        .relu = s->in_place, .unit = l.unit, .x_gain = X_GAIN, .x_zero = X_ZERO};
    l.conv.panel = (size_t)l.conv.blocks * c->kernel * c->kernel * DML_BLOCK * DML_BLOCK;
    return l;
}

static void release(layer *l)
{
    free(l->weight);
    free(l->gain);
    free(l->bias);
    free(l->unit);
    free(l->start);
    free(l->packed);
    free(l->x.data);
    free(l->r.data);
    free(l->y.data);
}

/* A value in Winograd's domain is at most this much more than the values it was made from: rows of A^T, G and B^T of
   magnitudes (kernels/winograd_body.h), both ways. */
static double winograd_growth(dml_winograd_form form)
{
    return (dml_winograd_rows(form) == 4 ? 25. : 68.) * (dml_winograd_columns(form) == 4 ? 25. : 68.);
}

static double largest_input(const layer *l)
{
    double x = 0;
    for (size_t i = 0; i < dml_tensor_size(&l->x); i++)
        x = fmax(x, fabs((double)l->x.data[i]));
    return x;
}

/* The largest magnitude that a product of the layer can have, summed over its channels: rounding in a tile can come from
   any pixel of it. */
static double largest_sum(const layer *l, uint32_t o)
{
    const size_t taps = (size_t)l->s.conv.kernel * l->s.conv.kernel;
    const double x = largest_input(l);
    double sum = 0;
    for (uint32_t i = 0; i < l->s.conv.in; i++) {
        double w = 0;
        for (size_t tap = 0; tap < taps; tap++)
            w = fmax(w, fabs((double)l->weight[((size_t)o * l->s.conv.in + i) * taps + tap]));
        sum += w * fabs((double)l->gain[o]) * x;
    }
    return sum;
}

static double largest_weight(const layer *l, uint32_t o)
{
    const size_t row = (size_t)l->s.conv.in * l->s.conv.kernel * l->s.conv.kernel;
    double largest = 0;
    for (size_t i = 0; i < row; i++)
        largest = fmax(largest, fabs((double)l->weight[o * row + i]));
    return largest * fabs((double)l->gain[o]);
}

/* The largest magnitude of any product of the layer, times its channels. */
static double largest_product_of_all(const layer *l)
{
    double w = 0;
    for (uint32_t o = 0; o < l->s.conv.out; o++)
        w = fmax(w, largest_weight(l, o));
    return l->s.conv.in * w * largest_input(l);
}

/* Most that a value of output o may err for the way it goes, beside what a direct sum may. Strassen's seven products are
   each of half the channels; their factors are sums of at most two, and with the signs of all of them no result has more
   than 12 times what half a direct sum has. */
static double bound_of_way(const layer *l, uint32_t o)
{
    const double in = l->s.conv.in;
    switch (l->s.way) {
    case DML_CONV_WINOGRAD:
        return winograd_growth(l->s.conv.form) * largest_sum(l, o)
               * (l->s.conv.format == DML_FORMAT_BF16 ? 3 * 0x1p-8 : (in + 40) * 0x1p-24);
    case DML_CONV_STRASSEN: return 12 * largest_product_of_all(l) / 2 * (in / 2 + 8) * 0x1p-24;
    default: return 0;
    }
}

/* Most that rounding to the format may change a product of x and w, which is at most `largest`. */
static double rounding(dml_format format, double x, double w, double largest)
{
    const double half = 0x1p-9 * 1.01; /* of a bfloat16 */
    const double dx = 0.5 / (double)X_GAIN * 1.001, dw = largest / 254 * 1.001;
    switch (format) {
    case DML_FORMAT_BF16: return fabs(x * w) * (2 * half + half * half);
    case DML_FORMAT_U8: return fabs(x) * dw + fabs(w) * dx + dx * dw;
    default: return 0;
    }
}

/* One output in double precision, with the bound of any order of the sum (weights are rounded once when packed). */
static double reference(const layer *l, uint32_t o, uint32_t y, uint32_t x, double *bound)
{
    const dml_conv_shape *c = &l->s.conv;
    const int k = (int)c->kernel, d = (int)c->dilation;
    double sum = l->start[o], magnitude = fabs(sum), terms = (double)c->in * k * k, rounded = 0;
    const double largest = largest_weight(l, o);
    for (uint32_t i = 0; i < c->in; i++)
        for (int ky = 0; ky < k; ky++)
            for (int kx = 0; kx < k; kx++) {
                int64_t sy = (int64_t)y * c->stride + (ky - k / 2) * d, sx = (int64_t)x * c->stride + (kx - k / 2) * d;
                if (sy < 0 || sx < 0 || sy >= l->s.h || sx >= l->s.w)
                    continue;
                double w = l->weight[(((size_t)o * c->in + i) * c->kernel + (size_t)ky) * c->kernel + (size_t)kx];
                w *= (double)l->gain[o];
                double at = *pixel(&l->x, channel_at(c, i), (uint32_t)sy, (uint32_t)sx);
                sum += w * at;
                magnitude += fabs(w * at);
                rounded += rounding(c->format, at, w, largest);
            }
    double v = (sum > 0 ? sum : (double)l->conv.slope * sum) * (double)l->conv.scale;
    const double r = l->s.residual ? *pixel(&l->r, o, y, x) : 0.0;
    if (c->format == DML_FORMAT_U8) /* its bias may have a larger part that its sum takes away again */
        magnitude += terms * (double)X_ZERO / (double)X_GAIN * largest;
    *bound = (terms + 6.0) * 0x1p-24 * 1.01 * (magnitude + fabs(r)) + rounded + 0x1p-120;
    v += r;
    return l->conv.relu && v < 0.0 ? 0.0 : v;
}

/* Every value of y within its bound; returns the sum of the squares of the errors. */
static double compare(const layer *l)
{
    const dml_tensor *y = &l->y;
    double squares = 0;
    for (uint32_t o = 0; o < dml_blocks(y->c) * DML_BLOCK; o++) {
        const double more = o < l->s.conv.out ? bound_of_way(l, o) : 0;
        for (ptrdiff_t row = -(ptrdiff_t)y->pad; row < (ptrdiff_t)(y->h + y->pad); row++)
            for (ptrdiff_t column = -(ptrdiff_t)y->pad; column < (ptrdiff_t)(y->w + y->pad); column++) {
                double bound = 0.0, want = 0.0;
                double got = dml_tensor_at(y, o / DML_BLOCK, row, column)[o % DML_BLOCK];
                bool inside = row >= 0 && column >= 0 && row < (ptrdiff_t)y->h && column < (ptrdiff_t)y->w;
                if (inside && o < l->s.conv.out)
                    want = reference(l, o, (uint32_t)row, (uint32_t)column, &bound);
                if (inside)
                    bound += more;
                ck_assert_msg(fabs(got - want) <= bound, "channel %u at %td, %td: %g, must be %g +- %g", (unsigned)o,
                              row, column, got, want, bound);
                squares += (got - want) * (got - want);
            }
    }
    return squares;
}

static void run_winograd(layer *l, const dml_kernels *kernels, dml_pool *pool)
{
    const dml_batch x = {l->x, 1, 0}, y = {l->y, 1, 0};
    ck_assert(dml_winograd_pays(&l->s.conv, 1, l->y.h, l->y.w));
    const size_t room = dml_winograd_room(&l->s.conv, 1, l->y.h, l->y.w, dml_pool_threads(pool));
    float *values = aligned_alloc(64, room * sizeof *values);
    memset(values, 0xff, room * sizeof *values); /* NaN: nothing is read before it is written */
    dml_winograd_run(&l->conv, kernels, pool, &x, &y, values);
    free(values);
}

static void run_strassen(layer *l, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *r)
{
    ck_assert(dml_strassen_fits(&l->s.conv, l->y.h, l->y.w));
    const size_t room = (dml_strassen_room(&l->s.conv, dml_pool_threads(pool)) + 15) / 16 * 16;
    float *values = aligned_alloc(64, room * sizeof *values);
    memset(values, 0xff, room * sizeof *values);
    dml_strassen_run(&l->conv, kernels, pool, &l->x, r, &l->y, values);
    free(values);
}

static void run(layer *l, int isa, dml_pool *pool)
{
    dml_kernels kernels;
    ck_assert(dml_kernels_init(&kernels, isa));
    const dml_format format = l->s.conv.format;
    if (format == DML_FORMAT_U8) {
        float *spare = malloc(l->s.conv.out * sizeof *spare);
        memcpy(l->bias, l->start, l->s.conv.out * sizeof *spare);
        dml_conv_pack_bytes(&l->conv, l->weight, l->gain, spare, l->packed, l->bias, l->unit, pool);
        free(spare);
    } else {
        dml_conv_pack(&l->s.conv, l->weight, l->gain, l->packed, &kernels, pool);
    }
    if (l->s.in_place) /* y is the residual, too */
        memcpy(l->y.data, l->r.data, dml_tensor_size(&l->y) * sizeof(float));
    const dml_tensor *r = !l->s.residual ? NULL : l->s.in_place ? &l->y : &l->r;
    if (l->s.way == DML_CONV_WINOGRAD) {
        run_winograd(l, &kernels, pool);
        return;
    }
    if (l->s.way == DML_CONV_STRASSEN) {
        run_strassen(l, &kernels, pool, r);
        return;
    }
    if (format == DML_FORMAT_F32) {
        dml_conv_run(&l->conv, &kernels, pool, &l->x, r, &l->y);
        return;
    }
    const size_t room = (dml_conv_narrow_room(format, dml_tensor_size(&l->x)) + 15) / 16 * 16;
    float *values = aligned_alloc(64, room * sizeof *values);
    memset(values, 0xff, room * sizeof *values);
    dml_conv_narrow_run(&l->conv, &kernels, pool, &l->x, r, &l->y, values);
    free(values);
}

START_TEST(against_double)
{
    for (int isa = DMLCSR_ISA_C; isa <= DMLCSR_ISA_NEON; isa++) {
        dml_kernels kernels;
        if (!dml_kernels_init(&kernels, isa))
            continue;
        layer l = make(&shapes[_i]);
        run(&l, isa, NULL);
        compare(&l);
        release(&l);
    }
}
END_TEST

/* The error of all sums together: no activation picks some of them. */
static double error_of(const shape *s)
{
    layer l = make(s);
    l.conv.slope = 1;
    l.conv.relu = false;
    run(&l, DMLCSR_ISA_AUTO, NULL);
    const double squares = compare(&l);
    release(&l);
    return sqrt(squares);
}

/* Each error is below its bound by far. Together they are one to two times what a direct sum has. */
START_TEST(other_ways_are_as_exact)
{
    shape s = shapes[_i];
    if (s.way == DML_CONV_DIRECT || s.conv.format != DML_FORMAT_F32 || s.conv.form > dml_winograd_form_of(&s.conv))
        return;
    const double ours = error_of(&s);
    s.way = DML_CONV_DIRECT;
    const double theirs = error_of(&s);
    ck_assert_msg(ours < 2.5 * theirs, "%g times the error of a direct convolution", ours / theirs);
}
END_TEST

/* They are as many as was said, and the packed ones are not read then. */
START_TEST(weights_made_before_give_the_same_bits)
{
    dml_kernels kernels;
    layer l = make(&shapes[_i]);
    const size_t size = dml_winograd_weight_size(&l.s.conv) * dml_format_bytes(l.s.conv.format);
    ck_assert_msg(size || l.s.way != DML_CONV_WINOGRAD, "no weights for Winograd's way");
    if (l.s.way == DML_CONV_WINOGRAD) {
        ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_AUTO));
        run(&l, DMLCSR_ISA_AUTO, NULL);
        layer again = make(&shapes[_i]);
        char *made = aligned_alloc(64, size + 64);
        memset(made + size, 77, 64);
        dml_winograd_transform_weights(&l.conv, &kernels, NULL, made);
        for (int i = 0; i < 64; i++)
            ck_assert_int_eq(made[size + i], 77);
        memset(again.packed, 0, again.packed_size);
        again.conv.transformed = made;
        run_winograd(&again, &kernels, NULL);
        ck_assert_mem_eq(l.y.data, again.y.data, dml_tensor_size(&l.y) * sizeof(float));
        free(made);
        release(&again);
    }
    release(&l);
}
END_TEST

START_TEST(threads_give_the_same_bits)
{
    static const uint32_t threads[] = {2, 3, 7};
    dml_memory memory;
    dml_error error;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    layer first = make(&shapes[_i]);
    run(&first, DMLCSR_ISA_AUTO, NULL);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        dml_pool *pool;
        ck_assert_int_eq(dml_pool_create(&pool, &memory, threads[i], &error), DMLCSR_OK);
        layer l = make(&shapes[_i]);
        run(&l, DMLCSR_ISA_AUTO, pool);
        ck_assert_mem_eq(first.packed, l.packed, l.packed_size);
        ck_assert_mem_eq(first.y.data, l.y.data, dml_tensor_size(&l.y) * sizeof(float));
        release(&l);
        dml_pool_free(pool);
    }
    release(&first);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("conv");
    TCase *c = tcase_create("conv");
    tcase_set_timeout(c, 300);
    tcase_add_loop_test(c, against_double, 0, SHAPES);
    tcase_add_loop_test(c, other_ways_are_as_exact, 0, SHAPES);
    tcase_add_loop_test(c, weights_made_before_give_the_same_bits, 0, SHAPES);
    tcase_add_loop_test(c, threads_give_the_same_bits, 0, SHAPES);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
