/* Random numbers, comparisons and the stopwatch of the kernel tester. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "dmlcsr/dmlcsr.h"
#include "kernelcheck.h"

uint32_t kc_random(kc_context *k)
{
    uint64_t z = k->state += 0x9e3779b97f4a7c15u; /* splitmix64 */
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)(z >> 32);
}

uint32_t kc_below(kc_context *k, uint32_t n)
{
    return (uint32_t)((uint64_t)kc_random(k) * n >> 32);
}

float kc_uniform(kc_context *k, float low, float high)
{
    return low + (high - low) * (float)(kc_random(k) >> 8) * 0x1p-24f;
}

static float wide(kc_context *k)
{
    float sign = kc_below(k, 2) ? 1.0f : -1.0f;
    if (kc_below(k, 16) == 0)
        return sign * 0.0f;
    return sign * ldexpf(kc_uniform(k, 1.0f, 2.0f), (int)kc_below(k, 40) - 20);
}

static float special(kc_context *k)
{
    float sign = kc_below(k, 2) ? 1.0f : -1.0f;
    switch (kc_below(k, 20)) {
    case 0:
        return sign * NAN;
    case 1:
        return sign * INFINITY;
    case 2:
        return sign * 0x1p-149f * (float)(1 + kc_below(k, 1u << 23));
    default:
        return wide(k);
    }
}

void kc_fill(kc_context *k, float *data, size_t n, kc_kind kind)
{
    for (size_t i = 0; i < n; i++)
        data[i] = kind == KC_UNIT ? kc_uniform(k, -1.0f, 1.0f) : kind == KC_WIDE ? wide(k) : special(k);
}

float kc_from_bf16(uint16_t half)
{
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

bool kc_same(kc_context *k, const char *what, const float *got, const float *want, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (bits_of(got[i]) == bits_of(want[i]) || (isnan(got[i]) && isnan(want[i])))
            continue;
        kc_fail(k, "%s[%zu] of %zu = %.9g (%08x), not %.9g (%08x)", what, i, n, (double)got[i], bits_of(got[i]),
                (double)want[i], bits_of(want[i]));
        return false;
    }
    return true;
}

bool kc_same_bytes(kc_context *k, const char *what, const void *got, const void *want, size_t n)
{
    const unsigned char *g = got, *w = want;
    for (size_t i = 0; i < n; i++) {
        if (g[i] == w[i])
            continue;
        kc_fail(k, "%s[%zu] of %zu = 0x%02x, not 0x%02x", what, i, n, g[i], w[i]);
        return false;
    }
    return true;
}

bool kc_within(kc_context *k, const char *what, const float *got, const double *want, const double *bound, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool fine = isnan(want[i]) ? isnan(got[i]) : fabs((double)got[i] - want[i]) <= bound[i];
        if (fine)
            continue;
        kc_fail(k, "%s[%zu] of %zu = %.9g, not %.9g: off by %.3g, allowed %.3g", what, i, n, (double)got[i], want[i],
                fabs((double)got[i] - want[i]), bound[i]);
        return false;
    }
    return true;
}

double kc_gamma(size_t n)
{
    return (double)n * KC_U / (1.0 - (double)n * KC_U);
}

bool kc_fused(const kc_context *k)
{
    return k->table->isa != DMLCSR_ISA_C && k->table->isa != DMLCSR_ISA_SSE41;
}

/* Processor time: what else runs on the machine does not count. */
static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

typedef struct stopwatch {
    const dml_kernels *table;
    void (*run)(const dml_kernels *table, void *argument);
    void *argument;
    size_t repeat; /* runs in a batch */
    double best;   /* seconds of a batch */
} stopwatch;

static double batch(const stopwatch *w)
{
    double start = now();
    for (size_t i = 0; i < w->repeat; i++)
        w->run(w->table, w->argument);
    return now() - start;
}

/* Makes the batch long enough for the clock. */
static void calibrate(stopwatch *w)
{
    w->repeat = 1;
    while ((w->best = batch(w)) < 1e-3)
        w->repeat *= 2;
}

void kc_bench(kc_context *k, const char *shape, unsigned calls, void (*run)(const dml_kernels *table, void *argument),
              void *argument)
{
    stopwatch watch[2] = {{.table = k->c, .run = run, .argument = argument},
                          {.table = k->table, .run = run, .argument = argument}};
    for (int i = 0; i < 2; i++)
        calibrate(watch + i);
    for (int round = 0; round < 20; round++) { /* in turns, so that a change of clock rate meets both */
        for (int i = 0; i < 2; i++) {
            double time = batch(watch + i);
            watch[i].best = time < watch[i].best ? time : watch[i].best;
        }
    }
    double c = watch[0].best / (double)watch[0].repeat, own = watch[1].best / (double)watch[1].repeat;
    if (k->table->isa == DMLCSR_ISA_C)
        c = own; /* the same code, timed twice */
    printf("%-13s %-32s %-7s %12.1f %9.2f\n", k->op, shape, k->table->name, own / calls * 1e9, c / own);
    fflush(stdout);
}
