/* Statistics and norm of training, forward: the same bits as C, and double precision within the bound of the
 * roundings. */
#include <math.h>

#include "kernelcheck.h"

/* Sixteen values, not aligned where the guard page is in front. */
static float *lanes(kc_context *k, int side, kc_kind kind)
{
    const size_t offset = side == KC_START;
    float *v = kc_floats(k, 16 + offset, side);
    kc_fill(k, v, 16 + offset, kind);
    return v + offset;
}

/* ---- moments ----------------------------------------------------------------------------------------------------- */

typedef struct moments_data {
    const kc_context *k;
    const float *x;
    uint32_t width;
    float *mean, *m2;
} moments_data;

static void run_moments(const dml_kernels *table, void *argument)
{
    const moments_data *d = argument;
    kc_back(d->k, table)->moments(d->x, d->width, d->mean, d->m2);
}

static moments_data make_moments(kc_context *k, uint32_t width, int side, kc_kind kind)
{
    moments_data d = {.k = k, .width = width, .x = kc_input(k, (size_t)width * 16, side, kind)};
    d.mean = lanes(k, side, KC_UNIT);
    d.m2 = lanes(k, side, KC_UNIT);
    return d;
}

/* m2 about the mean that was found: a square has three roundings, the sum width - 1. */
static void moments_against_double(kc_context *k, const moments_data *d)
{
    double mean[16], m2[16], mean_bound[16], m2_bound[16];
    for (size_t l = 0; l < 16; l++) {
        double sum = 0, magnitude = 0;
        m2[l] = 0;
        for (size_t p = 0; p < d->width; p++) {
            const double x = d->x[p * 16 + l];
            sum += x;
            magnitude += fabs(x);
            m2[l] += (x - (double)d->mean[l]) * (x - (double)d->mean[l]);
        }
        mean[l] = sum / d->width;
        mean_bound[l] = kc_gamma(d->width) * magnitude / d->width + KC_TINY;
        m2_bound[l] = kc_gamma(d->width + 3) * m2[l] + (double)d->width * KC_TINY;
    }
    kc_within(k, "mean against double", d->mean, mean, mean_bound, 16);
    kc_within(k, "m2 against double", d->m2, m2, m2_bound, 16);
}

void check_moments(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (int side = 0; side < KC_SIDES; side++)
            for (kc_kind kind = KC_UNIT; kind <= KC_SPECIAL; kind++) {
                kc_case(k, "width %u data %d side %d", width, (int)kind, side);
                moments_data d = make_moments(k, width, side, kind), definition = d;
                definition.mean = lanes(k, side, KC_UNIT);
                definition.m2 = lanes(k, side, KC_UNIT);
                run_moments(k->table, &d);
                run_moments(k->c, &definition);
                kc_same(k, "mean", d.mean, definition.mean, 16);
                kc_same(k, "m2", d.m2, definition.m2, 16);
                if (kind != KC_SPECIAL)
                    moments_against_double(k, &d);
            }
}

void bench_moments(kc_context *k)
{
    moments_data d = make_moments(k, 119, KC_START, KC_UNIT);
    kc_bench(k, "119 pixels", 1, run_moments, &d);
}

/* ---- norm -------------------------------------------------------------------------------------------------------- */

enum { ONLY_U = 1, ONLY_Y, BOTH, U_IS_X, Y_IS_R, WAYS }; /* which outputs there are, and where */

typedef struct norm_data {
    const kc_context *k;
    dml_norm_forward f;
    const float *x, *r; /* r NULL: none */
    uint32_t width;
    float *u, *y;
} norm_data;

static void run_norm(const dml_kernels *table, void *argument)
{
    const norm_data *d = argument;
    kc_back(d->k, table)->norm(&d->f, d->x, d->r, d->width, d->u, d->y);
}

static norm_data make_norm(kc_context *k, uint32_t width, bool residual, int side, kc_kind kind)
{
    static const float slopes[] = {0.01f, 0.0f, 1.0f}, scales[] = {1.0f, 0.75f, -0.5f, 0.0f};
    norm_data d = {.k = k, .width = width};
    d.f = (dml_norm_forward){lanes(k, side, kind), lanes(k, side, kind), slopes[kc_below(k, 3)], scales[kc_below(k, 4)],
                             kc_below(k, 2)};
    d.x = kc_input(k, (size_t)width * 16, side, kind);
    d.r = residual ? kc_input(k, (size_t)width * 16, side, kind) : NULL;
    return d;
}

/* Gives d outputs of its own, or lets them lie on inputs of its own. */
static norm_data with_outputs(kc_context *k, norm_data d, int way, int side)
{
    const size_t n = (size_t)d.width * 16;
    if (way != ONLY_Y)
        d.u = way == U_IS_X ? kc_copy(k, d.x, n, side) : kc_floats(k, n, side);
    if (way != ONLY_U)
        d.y = way == Y_IS_R && d.r ? kc_copy(k, d.r, n, side) : kc_floats(k, n, side);
    if (way == U_IS_X)
        d.x = d.u;
    if (way == Y_IS_R && d.r)
        d.r = d.y;
    return d;
}

static void norm_against_double(kc_context *k, const norm_data *d, const float *u, const float *y, int side)
{
    const size_t n = (size_t)d->width * 16;
    double *want[2], *bound[2];
    for (int i = 0; i < 2; i++) {
        want[i] = kc_alloc(k, n * sizeof(double), side);
        bound[i] = kc_alloc(k, n * sizeof(double), side);
    }
    const double slope = d->f.slope, scale = d->f.scale;
    for (size_t i = 0; i < n; i++) {
        const double product = (double)d->f.gain[i % 16] * d->x[i], v = product + d->f.shift[i % 16];
        const double leaky = v > 0 ? v : slope * v, r = d->r ? d->r[i] : 0;
        const double error = kc_gamma(3) * (fabs(product) + fabs((double)d->f.shift[i % 16])) + 3 * KC_TINY;
        want[0][i] = leaky;
        bound[0][i] = error * fmax(1, slope);
        want[1][i] = d->f.relu ? fmax(scale * leaky + r, 0) : scale * leaky + r;
        bound[1][i] = fabs(scale) * bound[0][i] + kc_gamma(2) * (fabs(scale) * (fabs(leaky) + bound[0][i]) + fabs(r))
                      + 2 * KC_TINY;
    }
    if (u)
        kc_within(k, "u against double", u, want[0], bound[0], n);
    if (y)
        kc_within(k, "y against double", y, want[1], bound[1], n);
}

/* NaN stays without ReLU, so that a network that has lost its way shows it; with ReLU it is not above zero. */
static void norm_specials(kc_context *k)
{
    for (int relu = 0; relu < 2; relu++) {
        kc_case(k, "NaN, -0 and infinity, relu %d", relu);
        norm_data d = make_norm(k, 1, false, KC_END, KC_UNIT);
        float *gain = lanes(k, KC_END, KC_UNIT), *shift = lanes(k, KC_END, KC_UNIT), *x = lanes(k, KC_END, KC_UNIT);
        float y[16], want[16];
        static const float in[4] = {NAN, -0.0f, -INFINITY, INFINITY}, out[4] = {NAN, 0.0f, -INFINITY, INFINITY};
        for (size_t l = 0; l < 16; l++) {
            gain[l] = 1;
            shift[l] = 0;
            x[l] = in[l % 4];
            want[l] = relu && l % 4 != 3 ? 0.0f : out[l % 4];
        }
        d.f = (dml_norm_forward){gain, shift, 1, 1, relu};
        k->back.norm(&d.f, x, NULL, 1, NULL, y);
        kc_same(k, "y", y, want, 16);
    }
}

void check_norm(kc_context *k)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    norm_specials(k);
    for (uint32_t width = 1; width <= most; width++)
        for (int way = ONLY_U; way < WAYS; way++)
            for (int residual = 0; residual < 2; residual++) {
                const int side = (int)kc_below(k, KC_SIDES);
                const kc_kind kind = (kc_kind)kc_below(k, 3);
                const size_t n = (size_t)width * 16;
                kc_case(k, "width %u outputs %d residual %d data %d side %d", width, way, residual, (int)kind, side);
                const norm_data d = make_norm(k, width, residual, side, kind);
                norm_data got = with_outputs(k, d, way, side), definition = with_outputs(k, d, BOTH, side);
                run_norm(k->table, &got);
                run_norm(k->c, &definition);
                if (got.u)
                    kc_same(k, "u", got.u, definition.u, n);
                if (got.y)
                    kc_same(k, "y", got.y, definition.y, n);
                if (kind != KC_SPECIAL)
                    norm_against_double(k, &d, got.u, got.y, side);
            }
}

void bench_norm(kc_context *k)
{
    norm_data d = with_outputs(k, make_norm(k, 119, false, KC_START, KC_UNIT), BOTH, KC_START);
    kc_bench(k, "119 pixels, u and y", 1, run_norm, &d);
    d = with_outputs(k, make_norm(k, 119, true, KC_START, KC_UNIT), ONLY_Y, KC_START);
    kc_bench(k, "119 pixels, residual", 1, run_norm, &d);
}
