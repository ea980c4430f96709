/* The tables of kernels: what dml_kernels_init and dml_back_kernels_init promise. */
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "kernelcheck.h"
#include "kernels/cpu.h"

static const struct {
    const char *name;
    int isa;
} isas[] = {
    {"c", DMLCSR_ISA_C},           {"sse41", DMLCSR_ISA_SSE41}, {"avx2", DMLCSR_ISA_AVX2},
    {"avx512", DMLCSR_ISA_AVX512}, {"neon", DMLCSR_ISA_NEON},
};
#define ISAS (sizeof(isas) / sizeof(*isas))

static void check_back_table(kc_context *k, int isa)
{
    dml_back_kernels t;
    memset(&t, 0, sizeof(t));
    dml_back_kernels_init(&t, isa);
    if (!t.conv_back_weight || !t.moments || !t.norm || !t.norm_back_sums || !t.norm_back || !t.relu
        || !t.depthwise3x3_back_input || !t.depthwise3x3_back_weight || !t.maxpool3x3_back || !t.resize_back
        || !t.gate_back || !t.sgd)
        kc_fail(k, "lacks a kernel of training");
    if (isa != DMLCSR_ISA_C && t.conv_back_weight == k->back_c.conv_back_weight)
        kc_fail(k, "has the kernels of C for training");
}

static void check_low_precision(kc_context *k, const dml_kernels *t)
{
    if (!t->conv_bf16.run || !t->conv_u8.run || !t->to_bf16 || !t->to_u8 || !t->winograd_weight_bf16
        || !t->winograd_input_bf16)
        kc_fail(k, "lacks a kernel of fewer bits");
    const dml_conv_kernel all[] = {t->conv, t->conv_bf16, t->conv_u8};
    for (size_t i = 0; i < 3; i++)
        if (all[i].width < 1 || all[i].width > 14 || all[i].panels < 1 || all[i].panels > 2)
            kc_fail(k, "has tiles of %u pixels and %u panels", all[i].width, all[i].panels);
    if (t->isa != DMLCSR_ISA_C && (t->conv_bf16.run == k->c->conv_bf16.run || t->conv_u8.run == k->c->conv_u8.run
                                   || t->to_bf16 == k->c->to_bf16 || t->to_u8 == k->c->to_u8))
        kc_fail(k, "has the kernels of C for fewer bits");
}

/* What some machines have beside an instruction set. */
static const struct {
    int isa;
    dml_cpu_extra extra;
    bool bytes; /* conv_u8 is another then, else conv_bf16 */
    bool newer; /* the compilers of 2021 are the first to know it */
    const char *name;
} extras[] = {
    {DMLCSR_ISA_AVX2, DML_CPU_AVX_VNNI, true, true, "AVX-VNNI"},
    {DMLCSR_ISA_AVX512, DML_CPU_AVX512_BF16, false, false, "AVX512-BF16"},
    {DMLCSR_ISA_AVX512, DML_CPU_AVX512_VNNI, true, false, "AVX512-VNNI"},
    {DMLCSR_ISA_NEON, DML_CPU_NEON_DOT, true, false, "dot products"},
    {DMLCSR_ISA_NEON, DML_CPU_NEON_BF16, false, true, "BF16"},
};

/* Asked in another way than kernels/cpu.c does, where there is one. */
static bool machine_has(dml_cpu_extra extra)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_cpu_init();
    if (extra == DML_CPU_AVX512_BF16)
        return __builtin_cpu_supports("avx512bf16");
    if (extra == DML_CPU_AVX512_VNNI)
        return __builtin_cpu_supports("avx512vnni");
#endif
    return dml_cpu_has_extra(extra);
}

/* Extras are used where the machine has them, and nowhere else. */
static void check_extras(kc_context *k, const dml_kernels *t)
{
#if __GNUC__ >= 11 || __clang_major__ >= 12
    const bool newer = true;
#else
    const bool newer = false;
#endif
    const dml_kernels plain = kc_plain(t->isa);
    const bool used[] = {t->conv_bf16.run != plain.conv_bf16.run, t->conv_u8.run != plain.conv_u8.run};
    bool known[] = {false, false};
    for (size_t i = 0; i < sizeof(extras) / sizeof(*extras); i++) {
        if (extras[i].isa != t->isa)
            continue;
        known[extras[i].bytes] = true;
        if ((newer || !extras[i].newer) && used[extras[i].bytes] != machine_has(extras[i].extra))
            kc_fail(k, "%s: the machine has %s", extras[i].name, used[extras[i].bytes] ? "none" : "it, for nothing");
    }
    for (size_t i = 0; i < 2; i++)
        if (used[i] && !known[i])
            kc_fail(k, "is not made of its levels");
    if (plain.to_bf16 != t->to_bf16 || plain.to_u8 != t->to_u8 || plain.conv.run != t->conv.run)
        kc_fail(k, "is not made of its levels");
}

void check_tables(kc_context *k)
{
    kc_case(k, "instruction sets that do not exist");
    dml_kernels table;
    if (dml_kernels_init(&table, -1) || dml_kernels_init(&table, 99))
        kc_fail(k, "dml_kernels_init() accepted one");
    int best = DMLCSR_ISA_C;
    for (size_t i = 0; i < ISAS; i++) {
        if (!dml_kernels_init(&table, isas[i].isa))
            continue;
        best = isas[i].isa;
        kc_case(k, "table of %s", isas[i].name);
        if (table.isa != best || strcmp(table.name, isas[i].name) != 0)
            kc_fail(k, "says it is %s, %d", table.name, table.isa);
        if (!table.conv.run || !table.depthwise3x3 || !table.maxpool3x3 || !table.resize || !table.sample
            || !table.softmax || !table.argmax || !table.transpose16 || !table.from_f16 || !table.from_bf16)
            kc_fail(k, "lacks a kernel");
        check_low_precision(k, &table);
        check_extras(k, &table);
        check_back_table(k, isas[i].isa);
    }
    kc_case(k, "automatic choice");
    if (!dml_kernels_init(&table, DMLCSR_ISA_AUTO) || table.isa != best)
        kc_fail(k, "is not the best one");
}
