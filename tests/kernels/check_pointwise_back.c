/* ReLU, sum, gate and the step of SGD: the same bits as C, and double precision within the bound of the roundings. */
#include <math.h>

#include "kernelcheck.h"

/* Any of the four; what an operation does not have stays NULL. */
typedef struct data {
    const kc_context *k;
    const float *a, *b, *c; /* inputs */
    float scalar[4];        /* clip, decay, momentum, rate */
    size_t n;
    bool add;
    float *out, *more;
} data;

static void run_relu(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->relu(d->a, (uint32_t)(d->n / 16), d->out);
}

static void run_gate(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    kc_back(d->k, table)->gate_back(d->a, d->b, d->c, d->n, d->out, d->more, d->add);
}

static void run_sgd(const dml_kernels *table, void *argument)
{
    const data *d = argument;
    const float *s = d->scalar;
    kc_back(d->k, table)->sgd(d->a, s[0], s[1], s[2], s[3], d->n, d->out, d->more);
}

static data make(kc_context *k, size_t n, int side, kc_kind kind)
{
    data d = {.k = k, .n = n, .add = kc_below(k, 2)};
    d.a = kc_input(k, n, side, kind);
    d.b = kc_input(k, n, side, kind);
    d.c = kc_input(k, n, side, kind);
    kc_fill(k, d.scalar, 4, KC_UNIT);
    d.out = kc_floats(k, n, side);
    d.more = kc_floats(k, n, side);
    kc_fill(k, d.out, n, kind);
    kc_fill(k, d.more, n, kind);
    return d;
}

/* Bounds for value i from what `out` and `more` held. */
typedef struct value {
    double want, bound;
} value;

static value of(double want, double magnitude, size_t roundings)
{
    return (value){want, kc_gamma(roundings) * magnitude + (double)roundings * KC_TINY};
}

typedef struct test {
    void (*run)(const dml_kernels *table, void *argument);
    value (*out)(const data *after, const data *before, size_t i);
    value (*more)(const data *after, const data *before, size_t i); /* or NULL */
} test;

static value relu_out(const data *after, const data *before, size_t i)
{
    (void)before;
    return of(fmax(after->a[i], 0.0), 0, 0);
}

static value gate_dup(const data *after, const data *before, size_t i)
{
    const double product = (double)after->a[i] * after->b[i];
    (void)before;
    return of(product, fabs(product), 1);
}

static value gate_df(const data *after, const data *before, size_t i)
{
    const double held = after->add ? before->more[i] : 0, product = (double)after->a[i] * (after->c[i] + 1.0);
    return of(held + product, fabs(held) + fabs(product), 3);
}

static value sgd_m(const data *after, const data *before, size_t i)
{
    const float *s = after->scalar;
    const double a = (double)s[2] * before->out[i], b = (double)s[0] * after->a[i], c = (double)s[1] * before->more[i];
    return of(a + b + c, fabs(a) + fabs(b) + fabs(c), 3);
}

/* From the m that was found: its error is not counted twice. */
static value sgd_w(const data *after, const data *before, size_t i)
{
    const double w = before->more[i], moved = (double)after->scalar[3] * after->out[i];
    return of(w - moved, fabs(w) + fabs(moved), 2);
}

static void against_double(kc_context *k, const char *what, const float *got, const data *after, const data *before,
                           value (*expected)(const data *after, const data *before, size_t i), int side)
{
    const size_t n = after->n;
    double *want = kc_alloc(k, n * sizeof(double), side), *bound = kc_alloc(k, n * sizeof(double), side);
    for (size_t i = 0; i < n; i++) {
        const value v = expected(after, before, i);
        want[i] = v.want;
        bound[i] = v.bound;
    }
    kc_within(k, what, got, want, bound, n);
}

static void one(kc_context *k, const test *t, size_t n, int side, kc_kind kind)
{
    data d = make(k, n, side, kind), before = d, definition = d;
    before.out = kc_copy(k, d.out, n, side);
    before.more = kc_copy(k, d.more, n, side);
    definition.out = kc_copy(k, d.out, n, side);
    definition.more = kc_copy(k, d.more, n, side);
    t->run(k->table, &d);
    t->run(k->c, &definition);
    kc_same(k, "first output", d.out, definition.out, n);
    kc_same(k, "second output", d.more, definition.more, n);
    if (kind == KC_SPECIAL)
        return;
    against_double(k, "first output against double", d.out, &d, &before, t->out, side);
    if (t->more)
        against_double(k, "second output against double", d.more, &d, &before, t->more, side);
}

static void check(kc_context *k, const test *t)
{
    const uint32_t most = k->effort == KC_QUICK ? 9 : 70;
    for (uint32_t width = 1; width <= most; width++)
        for (int side = 0; side < KC_SIDES; side++)
            for (kc_kind kind = KC_UNIT; kind <= KC_SPECIAL; kind++) {
                kc_case(k, "%u pixels data %d side %d", width, (int)kind, side);
                one(k, t, (size_t)width * 16, side, kind);
            }
}

/* What x > 0 ? x : 0 makes of the values that are not above zero, among them NaN and -0: +0. */
void check_relu(kc_context *k)
{
    static const float in[8] = {0.0f, -0.0f, NAN, -NAN, -INFINITY, -0x1p-149f, 0x1p-149f, INFINITY};
    static const float out[8] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0x1p-149f, INFINITY};
    kc_case(k, "specials");
    float *x = kc_floats(k, 32, KC_END), *y = kc_floats(k, 32, KC_END), *want = kc_floats(k, 32, KC_END);
    for (size_t i = 0; i < 32; i++) {
        x[i] = in[i % 8];
        want[i] = out[i % 8];
    }
    k->back.relu(x, 2, y);
    kc_same(k, "y", y, want, 32);
    k->back.relu(x, 2, x);
    kc_same(k, "y in place", x, want, 32);
    check(k, &(test){run_relu, relu_out, NULL});
}

void check_gate_back(kc_context *k)
{
    check(k, &(test){run_gate, gate_dup, gate_df});
}

void check_sgd(kc_context *k)
{
    check(k, &(test){run_sgd, sgd_m, sgd_w});
}

static void bench(kc_context *k, void (*run)(const dml_kernels *table, void *argument))
{
    data d = make(k, 119 * 16, KC_START, KC_UNIT);
    kc_bench(k, "119 pixels", 1, run, &d);
}

void bench_relu(kc_context *k)
{
    bench(k, run_relu);
}

void bench_gate_back(kc_context *k)
{
    bench(k, run_gate);
}

void bench_sgd(kc_context *k)
{
    bench(k, run_sgd);
}
