/* The kernel tester: every operation on every instruction set against C and against double precision.
 *
 * check_<op>(k) runs many cases for the table k->table:
 *
 *     kc_case(k, "width %u step %u", width, step);   ends the case before (its buffers are checked and freed)
 *     float *x = kc_floats(k, n, side);              ends at a guard page (KC_END) or begins right after one (KC_START)
 *     kc_fill(k, x, n, KC_UNIT);
 *     kc_seal(k, x);                                 an input: writing to it is a crash from here on
 *     float *got = kc_floats(k, m, side), *want = kc_floats(k, m, side);
 *     k->table->op(x, got); k->c->op(x, want);
 *     kc_same(k, "y", got, want, m);                 or kc_within() with bounds from theory
 *
 * A crash, a failed comparison and a byte changed outside a buffer all fail the case, and are reported with what it
 * takes to repeat it. bench_<op>(k) times a few shapes with kc_bench(). */
#ifndef KERNELCHECK_H
#define KERNELCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/back.h"
#include "kernels/kernels.h"

#define KC_U 0x1p-24 /* unit roundoff of single precision */
#define KC_TINY 0x1p-149 /* smallest subnormal: what a rounding may lose next to zero */

enum { KC_END, KC_START, KC_SIDES }; /* where the guard page is: behind the last byte, before the first */

typedef enum kc_kind {
    KC_UNIT,    /* uniform in -1 .. 1 */
    KC_WIDE,    /* signs and magnitudes from 2^-20 to 2^20, some zeros of both signs */
    KC_SPECIAL  /* the same with NaN, infinities and subnormals among them */
} kc_kind;

enum { KC_QUICK, KC_NORMAL, KC_EXHAUSTIVE };

typedef struct kc_buffer kc_buffer;

typedef struct kc_context {
    const dml_kernels *table; /* under test */
    const dml_kernels *c;     /* the definition */
    dml_kernels plain;        /* kc_plain() of the table under test */
    dml_back_kernels back, back_c; /* the tables of back.h that go with them */
    const char *op;
    int effort;               /* KC_QUICK: few cases, for emulators */
    uint64_t seed;            /* as given or drawn; what a report repeats */

    uint64_t state;           /* of the random numbers */
    kc_buffer *buffers;       /* of this case */
    char name[160];           /* of this case; empty: none is open */
    bool case_failed;
    unsigned passed, failed;  /* cases */
    unsigned reported;        /* for this operation and instruction set */
} kc_context;

/* Begins a case, named with its shape. The case before ends. */
void kc_case(kc_context *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Fails the case that is open, with a sentence. */
void kc_fail(kc_context *k, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory of this case, full of 0xff (a NaN as float). With KC_START, or when the size is a multiple of 64, it is
   aligned to 64 bytes. The bytes around it are checked when the case ends. */
void *kc_alloc(kc_context *k, size_t bytes, int side);
float *kc_floats(kc_context *k, size_t n, int side);
void kc_seal(kc_context *k, const void *data); /* `data` as kc_alloc returned it: read only from now on */

uint32_t kc_random(kc_context *k);
uint32_t kc_below(kc_context *k, uint32_t n); /* 0 .. n - 1 */
float kc_uniform(kc_context *k, float low, float high);
void kc_fill(kc_context *k, float *data, size_t n, kc_kind kind);

float *kc_input(kc_context *k, size_t n, int side, kc_kind kind); /* allocated, filled, sealed */
float *kc_copy(kc_context *k, const float *from, size_t n, int side);

/* True when all n values have the same bits; any NaN is the same as any other. */
bool kc_same(kc_context *k, const char *what, const float *got, const float *want, size_t n);
bool kc_same_bytes(kc_context *k, const char *what, const void *got, const void *want, size_t n);

/* |got - want| <= bound for each value; where want is NaN, got must be. */
bool kc_within(kc_context *k, const char *what, const float *got, const double *want, const double *bound, size_t n);

/* n u / (1 - n u): the relative error of n roundings (Higham). A sum of n products, in any order, fused or not, and
   started from a value, is within kc_gamma(n + 1) times the sum of the magnitudes. */
double kc_gamma(size_t n);

/* Whether this table fuses multiplication and addition in conv, depthwise3x3 (see kernels.h) and conv_back_weight. */
bool kc_fused(const kc_context *k);

/* The table of an instruction set of this build, one level on another as dml_kernels_init() puts them, but without what
   only some of its machines have. */
dml_kernels kc_plain(int isa);

/* The value of a bfloat16. */
float kc_from_bf16(uint16_t half);

/* The table of back.h that goes with `table`, which is k->table or k->c: for what kc_bench() runs. */
const dml_back_kernels *kc_back(const kc_context *k, const dml_kernels *table);

/* Times run(table, argument) for the table under test and for C, and prints one row. `calls`: kernel calls per run. */
void kc_bench(kc_context *k, const char *shape, unsigned calls, void (*run)(const dml_kernels *table, void *argument),
              void *argument);

/* The tables themselves, then the operations. */
void check_tables(kc_context *k);
void check_conv(kc_context *k);
void check_conv_bf16(kc_context *k);
void check_conv_u8(kc_context *k);
void check_to_bf16(kc_context *k);
void check_to_u8(kc_context *k);
void check_winograd_weight_bf16(kc_context *k);
void check_winograd_input_bf16(kc_context *k);
void check_winograd_weight(kc_context *k);
void check_winograd_input(kc_context *k);
void check_winograd_output(kc_context *k);
void check_strassen_sums(kc_context *k);
void check_strassen_output(kc_context *k);
void check_depthwise3x3(kc_context *k);
void check_maxpool3x3(kc_context *k);
void check_resize(kc_context *k);
void check_sample(kc_context *k);
void check_softmax(kc_context *k);
void check_argmax(kc_context *k);
void check_transpose16(kc_context *k);
void check_from_f16(kc_context *k);
void check_from_bf16(kc_context *k);
void check_conv_back_weight(kc_context *k);
void check_winograd_output_back(kc_context *k);
void check_winograd_weight_back(kc_context *k);
void check_moments(kc_context *k);
void check_norm(kc_context *k);
void check_norm_back_sums(kc_context *k);
void check_norm_back(kc_context *k);
void check_relu(kc_context *k);
void check_gate_back(kc_context *k);
void check_sgd(kc_context *k);
void check_depthwise3x3_back_input(kc_context *k);
void check_depthwise3x3_back_weight(kc_context *k);
void check_maxpool3x3_back(kc_context *k);
void check_resize_back(kc_context *k);

void bench_conv(kc_context *k);
void bench_conv_bf16(kc_context *k);
void bench_conv_u8(kc_context *k);
void bench_to_bf16(kc_context *k);
void bench_to_u8(kc_context *k);
void bench_winograd_weight_bf16(kc_context *k);
void bench_winograd_input_bf16(kc_context *k);
void bench_winograd_weight(kc_context *k);
void bench_winograd_input(kc_context *k);
void bench_winograd_output(kc_context *k);
void bench_strassen_sums(kc_context *k);
void bench_strassen_output(kc_context *k);
void bench_depthwise3x3(kc_context *k);
void bench_maxpool3x3(kc_context *k);
void bench_resize(kc_context *k);
void bench_sample(kc_context *k);
void bench_softmax(kc_context *k);
void bench_argmax(kc_context *k);
void bench_transpose16(kc_context *k);
void bench_from_f16(kc_context *k);
void bench_from_bf16(kc_context *k);
void bench_conv_back_weight(kc_context *k);
void bench_winograd_output_back(kc_context *k);
void bench_winograd_weight_back(kc_context *k);
void bench_moments(kc_context *k);
void bench_norm(kc_context *k);
void bench_norm_back_sums(kc_context *k);
void bench_norm_back(kc_context *k);
void bench_relu(kc_context *k);
void bench_gate_back(kc_context *k);
void bench_sgd(kc_context *k);
void bench_depthwise3x3_back_input(kc_context *k);
void bench_depthwise3x3_back_weight(kc_context *k);
void bench_maxpool3x3_back(kc_context *k);
void bench_resize_back(kc_context *k);

#endif
