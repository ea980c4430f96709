/* The tables of kernels: what dml_kernels_init and dml_back_kernels_init promise. */
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "kernelcheck.h"

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
        if (!table.conv || !table.depthwise3x3 || !table.maxpool3x3 || !table.resize || !table.sample || !table.softmax
            || !table.argmax || !table.transpose16 || !table.from_f16 || !table.from_bf16)
            kc_fail(k, "lacks a kernel");
        check_back_table(k, isas[i].isa);
    }
    kc_case(k, "automatic choice");
    if (!dml_kernels_init(&table, DMLCSR_ISA_AUTO) || table.isa != best)
        kc_fail(k, "is not the best one");
}
