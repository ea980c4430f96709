/* Tests and times every kernel on every instruction set that this build and this machine have. */
#define _POSIX_C_SOURCE 200809L /* sigaction, sigsetjmp */
#include "kernelcheck.h"

#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dmlcsr/dmlcsr.h"
#include "kc_memory.h"

#define MOST_REPORTS 4 /* per operation and instruction set; the rest is only counted */

typedef struct operation {
    const char *name;
    void (*check)(kc_context *k);
    void (*bench)(kc_context *k);
    bool training; /* of back.h; `--only back` means all of these */
} operation;

static const operation operations[] = {
    {"conv", check_conv, bench_conv, false},
    {"conv_bf16", check_conv_bf16, bench_conv_bf16, false},
    {"conv_u8", check_conv_u8, bench_conv_u8, false},
    {"to_bf16", check_to_bf16, bench_to_bf16, false},
    {"to_u8", check_to_u8, bench_to_u8, false},
    {"winograd_weight", check_winograd_weight, bench_winograd_weight, false},
    {"winograd_input", check_winograd_input, bench_winograd_input, false},
    {"winograd_output", check_winograd_output, bench_winograd_output, false},
    {"strassen_sums", check_strassen_sums, bench_strassen_sums, false},
    {"strassen_output", check_strassen_output, bench_strassen_output, false},
    {"winograd_weight_bf16", check_winograd_weight_bf16, bench_winograd_weight_bf16, false},
    {"winograd_input_bf16", check_winograd_input_bf16, bench_winograd_input_bf16, false},
    {"depthwise3x3", check_depthwise3x3, bench_depthwise3x3, false},
    {"maxpool3x3", check_maxpool3x3, bench_maxpool3x3, false},
    {"resize", check_resize, bench_resize, false},
    {"sample", check_sample, bench_sample, false},
    {"softmax", check_softmax, bench_softmax, false},
    {"argmax", check_argmax, bench_argmax, false},
    {"transpose16", check_transpose16, bench_transpose16, false},
    {"from_f16", check_from_f16, bench_from_f16, false},
    {"from_bf16", check_from_bf16, bench_from_bf16, false},
    {"conv_back_weight", check_conv_back_weight, bench_conv_back_weight, true},
    {"winograd_output_back", check_winograd_output_back, bench_winograd_output_back, true},
    {"winograd_weight_back", check_winograd_weight_back, bench_winograd_weight_back, true},
    {"moments", check_moments, bench_moments, true},
    {"norm", check_norm, bench_norm, true},
    {"norm_back_sums", check_norm_back_sums, bench_norm_back_sums, true},
    {"norm_back", check_norm_back, bench_norm_back, true},
    {"relu", check_relu, bench_relu, true},
    {"gate_back", check_gate_back, bench_gate_back, true},
    {"sgd", check_sgd, bench_sgd, true},
    {"depthwise3x3_back_input", check_depthwise3x3_back_input, bench_depthwise3x3_back_input, true},
    {"depthwise3x3_back_weight", check_depthwise3x3_back_weight, bench_depthwise3x3_back_weight, true},
    {"maxpool3x3_back", check_maxpool3x3_back, bench_maxpool3x3_back, true},
    {"resize_back", check_resize_back, bench_resize_back, true},
};
#define OPERATIONS (sizeof(operations) / sizeof(*operations))

static const struct {
    const char *name;
    int isa;
} isas[] = {
    {"c", DMLCSR_ISA_C},           {"sse41", DMLCSR_ISA_SSE41}, {"avx2", DMLCSR_ISA_AVX2},
    {"avx512", DMLCSR_ISA_AVX512}, {"neon", DMLCSR_ISA_NEON},
};
#define ISAS (sizeof(isas) / sizeof(*isas))

typedef struct options {
    const char *isa, *only;
    bool bench, list;
    int effort;
    uint64_t seed;
} options;

/* ---- cases ------------------------------------------------------------------------------------------------------- */

static void end_case(kc_context *k)
{
    if (!k->name[0])
        return;
    kc_free_buffers(k);
    if (k->case_failed)
        k->failed++;
    else
        k->passed++;
    k->name[0] = '\0';
}

void kc_case(kc_context *k, const char *format, ...)
{
    end_case(k);
    k->case_failed = false;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(k->name, sizeof(k->name), format, arguments);
    va_end(arguments);
}

void kc_fail(kc_context *k, const char *format, ...)
{
    k->case_failed = true;
    if (k->reported++ >= MOST_REPORTS)
        return;
    printf("%sFAIL %s %s (%s): ", k->reported == 1 ? "\n" : "", k->op, k->table->name, k->name);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    static const char *const effort[] = {" --quick", "", " --exhaustive"};
    printf("\n     again: kernelcheck --isa %s --only %s --seed %" PRIu64 "%s\n", k->table->name, k->op, k->seed,
           effort[k->effort]);
    fflush(stdout);
}

/* ---- shared by the checks ---------------------------------------------------------------------------------------- */

float *kc_input(kc_context *k, size_t n, int side, kc_kind kind)
{
    float *data = kc_floats(k, n, side);
    kc_fill(k, data, n, kind);
    kc_seal(k, data);
    return data;
}

float *kc_copy(kc_context *k, const float *from, size_t n, int side)
{
    float *data = kc_floats(k, n, side);
    memcpy(data, from, n * sizeof(float));
    return data;
}

const dml_back_kernels *kc_back(const kc_context *k, const dml_kernels *table)
{
    return table == k->table ? &k->back : &k->back_c;
}

/* ---- crashes ----------------------------------------------------------------------------------------------------- */

static sigjmp_buf recovery;
static volatile sig_atomic_t recoverable;

static void crashed(int number)
{
    if (!recoverable) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    recoverable = 0;
    siglongjmp(recovery, number);
}

static void catch_crashes(void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE};
    struct sigaction action;
    memset(&action, 0, sizeof(action));
    action.sa_handler = crashed;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
        sigaction(signals[i], &action, NULL);
}

static const char *reason(int number)
{
    return number == SIGILL   ? "crashed: an instruction that this machine lacks"
           : number == SIGFPE ? "crashed: arithmetic exception"
                              : "crashed: accessed memory outside its buffers, unaligned, or wrote to an input";
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

dml_kernels kc_plain(int isa)
{
    static const struct {
        int isa;
        void (*fill)(dml_kernels *table);
    } levels[] = {
        {DMLCSR_ISA_C, dml_kernels_c},
#if defined(__x86_64__) || defined(__i386__)
        {DMLCSR_ISA_SSE41, dml_kernels_sse41},
        {DMLCSR_ISA_AVX2, dml_kernels_avx2},
        {DMLCSR_ISA_AVX512, dml_kernels_avx512},
#elif defined(__aarch64__)
        {DMLCSR_ISA_NEON, dml_kernels_neon},
#endif
    };
    dml_kernels table = {.isa = -1};
    for (size_t i = 0; i < sizeof(levels) / sizeof(*levels) && table.isa != isa; i++)
        levels[i].fill(&table);
    return table;
}

static void prepare(kc_context *k, const dml_kernels *table, const char *op)
{
    k->table = table;
    k->plain = kc_plain(table->isa);
    dml_back_kernels_init(&k->back, table->isa);
    k->op = op;
    k->reported = 0;
    k->state = k->seed;
    for (const char *p = op; *p; p++) /* the same numbers with and without --only, and for every instruction set */
        k->state = (k->state ^ (unsigned char)*p) * 0x100000001b3u;
}

static void check(kc_context *k, const dml_kernels *table, const operation *op)
{
    prepare(k, table, op->name);
    const unsigned before = k->passed + k->failed;
    int number = sigsetjmp(recovery, 1);
    if (number) {
        kc_fail(k, "%s", reason(number)); /* the rest of this operation on this instruction set is not run */
    } else {
        recoverable = 1;
        op->check(k);
    }
    recoverable = 0;
    end_case(k);
    if (k->passed + k->failed == before) {
        kc_case(k, "all");
        kc_fail(k, "nothing was tested");
        end_case(k);
    }
}

static bool chosen(const options *o, const operation *op)
{
    return !o->only || strcmp(o->only, op->name) == 0 || (op->training && strcmp(o->only, "back") == 0);
}

static void check_all(kc_context *k, const options *o, const dml_kernels *tables, size_t count)
{
    if (!o->only && !o->isa)
        check(k, k->c, &(operation){"tables", check_tables, NULL, false});
    for (size_t i = 0; i < OPERATIONS; i++) {
        if (!chosen(o, &operations[i]))
            continue;
        printf("%-24s", operations[i].name);
        fflush(stdout);
        for (size_t t = 0; t < count; t++) {
            unsigned passed = k->passed, failed = k->failed;
            check(k, &tables[t], &operations[i]);
            if (k->failed > failed)
                printf("%-24s", operations[i].name); /* the reports have broken the line */
            printf("  %s %u/%u", tables[t].name, k->passed - passed, k->passed - passed + k->failed - failed);
            fflush(stdout);
        }
        printf("\n");
    }
}

static void bench_all(kc_context *k, const options *o, const dml_kernels *tables, size_t count)
{
    printf("\n%-13s %-32s %-7s %12s %9s\n", "operation", "shape", "isa", "ns per call", "x C");
    for (size_t i = 0; i < OPERATIONS; i++) {
        for (size_t t = 0; chosen(o, &operations[i]) && t < count; t++) {
            prepare(k, &tables[t], operations[i].name);
            kc_case(k, "bench");
            operations[i].bench(k);
            kc_free_buffers(k);
            k->name[0] = '\0'; /* not a test */
        }
    }
}

/* ---- command line ------------------------------------------------------------------------------------------------ */

static const char usage[] =
    "usage: kernelcheck [--isa NAME] [--only OPERATION] [--seed N] [--quick | --exhaustive] [--bench] [--list]\n"
    "       --only back: all that only training needs\n";

static bool parse(options *o, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        char *end = NULL;
        if (strcmp(argv[i], "--bench") == 0)
            o->bench = true;
        else if (strcmp(argv[i], "--list") == 0)
            o->list = true;
        else if (strcmp(argv[i], "--quick") == 0)
            o->effort = KC_QUICK;
        else if (strcmp(argv[i], "--exhaustive") == 0)
            o->effort = KC_EXHAUSTIVE;
        else if (value && strcmp(argv[i], "--isa") == 0)
            o->isa = argv[++i];
        else if (value && strcmp(argv[i], "--only") == 0)
            o->only = argv[++i];
        else if (value && strcmp(argv[i], "--seed") == 0 && (o->seed = strtoull(value, &end, 0), *value && !*end))
            i++;
        else
            return false;
    }
    bool known = false;
    for (size_t i = 0; i < OPERATIONS; i++)
        known = known || chosen(o, &operations[i]);
    return known;
}

static int list(const dml_kernels *tables, size_t count)
{
    printf("operations:      ");
    for (size_t i = 0; i < OPERATIONS; i++)
        printf(" %s", operations[i].name);
    printf("\ninstruction sets:");
    for (size_t t = 0; t < count; t++)
        printf(" %s", tables[t].name);
    printf("\n");
    return 0;
}

int main(int argc, char **argv)
{
    options o = {.effort = KC_NORMAL, .seed = (uint64_t)time(NULL)};
    if (!parse(&o, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    dml_kernels c, tables[ISAS];
    size_t count = 0;
    if (!dml_kernels_init(&c, DMLCSR_ISA_C))
        return 1;
    for (size_t i = 0; i < ISAS; i++)
        if ((!o.isa || strcmp(o.isa, isas[i].name) == 0) && dml_kernels_init(&tables[count], isas[i].isa))
            count++;
    if (!count) {
        fprintf(stderr, "kernelcheck: this build or this machine has no instruction set '%s'\n", o.isa);
        return 1;
    }
    if (o.list)
        return list(tables, count);
    kc_context k = {.c = &c, .table = &c, .effort = o.effort, .seed = o.seed};
    dml_back_kernels_init(&k.back_c, c.isa);
    printf("seed %" PRIu64 "\n", k.seed);
    catch_crashes();
    check_all(&k, &o, tables, count);
    if (o.bench)
        bench_all(&k, &o, tables, count);
    printf("%u passed, %u failed\n", k.passed, k.failed);
    return k.failed ? 1 : 0;
}
