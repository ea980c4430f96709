/* The table of kernels: C fills it, and each level overwrites what it does better. */
#include "kernels/kernels.h"

#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "kernels/cpu.h"
#include "kernels/impl.h"

#if defined(DML_DOUBLE) /* C alone */
#elif defined(__x86_64__) || defined(__i386__)
#define DML_BUILD_X86 1
#elif defined(__aarch64__)
#define DML_BUILD_NEON 1
#endif

/* Slices of sums, found by measurement: the weights of 8 blocks of a 3 x 3 stay in a second cache of 1 MiB. AVX2 reads
   weights so often, once for 6 pixels, that they should stay in the first one: a panel of 18 blocks is 18 KiB. */
#define SLICE 1152
#define AVX2_SLICE 288

#define WINOGRAD_FORM(form_isa) \
    {dml_winograd_weight_##form_isa, dml_winograd_input_##form_isa, dml_winograd_output_##form_isa}
#define WINOGRAD(table, isa)                                                                                           \
    memcpy((table)->winograd,                                                                                          \
           (const dml_winograd_kernel[]){WINOGRAD_FORM(4x4_##isa), WINOGRAD_FORM(4x6_##isa), WINOGRAD_FORM(6x6_##isa)}, \
           sizeof (table)->winograd)

void dml_kernels_c(dml_kernels *table)
{
    table->isa = DMLCSR_ISA_C;
    table->name = "c";
    table->conv = (dml_conv_kernel){dml_conv_c, 8, 2, SLICE};
    WINOGRAD(table, c);
    table->strassen_sums = dml_strassen_sums_c;
    table->strassen_output = dml_strassen_output_c;
#ifndef DML_DOUBLE
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_c, 8, 2, SLICE};
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_c, 8, 2, SLICE};
    table->to_bf16 = dml_to_bf16_c;
    table->to_u8 = dml_to_u8_c;
    table->winograd_weight_bf16 = dml_winograd_weight_bf16_c;
    table->winograd_input_bf16 = dml_winograd_input_bf16_c;
#endif
    table->depthwise3x3 = dml_depthwise3x3_c;
    table->maxpool3x3 = dml_maxpool3x3_c;
    table->resize = dml_resize_c;
    table->sample = dml_sample_c;
    table->softmax = dml_softmax_c;
    table->argmax = dml_argmax_c;
    table->transpose16 = dml_transpose16_c;
    table->from_f16 = dml_from_f16_c;
    table->from_bf16 = dml_from_bf16_c;
}

#ifdef DML_BUILD_X86

void dml_kernels_sse41(dml_kernels *table)
{
    table->isa = DMLCSR_ISA_SSE41;
    table->name = "sse41";
    table->conv = (dml_conv_kernel){dml_conv_sse41, 3, 1, SLICE};
    WINOGRAD(table, sse41);
    table->strassen_sums = dml_strassen_sums_sse41;
    table->strassen_output = dml_strassen_output_sse41;
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_sse41, 3, 1, SLICE};
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_sse41, 3, 1, SLICE};
    table->to_bf16 = dml_to_bf16_sse41;
    table->to_u8 = dml_to_u8_sse41;
    table->winograd_weight_bf16 = dml_winograd_weight_bf16_sse41;
    table->winograd_input_bf16 = dml_winograd_input_bf16_sse41;
    table->depthwise3x3 = dml_depthwise3x3_sse41;
    table->maxpool3x3 = dml_maxpool3x3_sse41;
    table->resize = dml_resize_sse41;
    table->sample = dml_sample_sse41;
    table->softmax = dml_softmax_sse41;
    table->argmax = dml_argmax_sse41;
    table->transpose16 = dml_transpose16_sse41;
    table->from_bf16 = dml_from_bf16_sse41;
}

void dml_kernels_avx2(dml_kernels *table)
{
    table->isa = DMLCSR_ISA_AVX2;
    table->name = "avx2";
    table->conv = (dml_conv_kernel){dml_conv_avx2, 6, 2, AVX2_SLICE};
    WINOGRAD(table, avx2);
    table->strassen_sums = dml_strassen_sums_avx2;
    table->strassen_output = dml_strassen_output_avx2;
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_avx2, 6, 1, SLICE};
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_avx2, 6, 1, SLICE};
    table->to_bf16 = dml_to_bf16_avx2;
    table->to_u8 = dml_to_u8_avx2;
    table->winograd_weight_bf16 = dml_winograd_weight_bf16_avx2;
    table->winograd_input_bf16 = dml_winograd_input_bf16_avx2;
    table->depthwise3x3 = dml_depthwise3x3_avx2;
    table->maxpool3x3 = dml_maxpool3x3_avx2;
    table->resize = dml_resize_avx2;
    table->sample = dml_sample_avx2;
    table->softmax = dml_softmax_avx2;
    table->argmax = dml_argmax_avx2;
    table->transpose16 = dml_transpose16_avx2;
    table->from_f16 = dml_from_f16_avx2;
    table->from_bf16 = dml_from_bf16_avx2;
}

#ifdef DML_WITH_avxvnni
static void fill_avxvnni(dml_kernels *table)
{
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_avxvnni, 6, 1, SLICE};
}
#endif

void dml_kernels_avx512(dml_kernels *table)
{
    table->isa = DMLCSR_ISA_AVX512;
    table->name = "avx512";
    table->conv = (dml_conv_kernel){dml_conv_avx512, 14, 2, SLICE};
    WINOGRAD(table, avx512);
    table->strassen_sums = dml_strassen_sums_avx512;
    table->strassen_output = dml_strassen_output_avx512;
    table->to_bf16 = dml_to_bf16_avx512;
    table->to_u8 = dml_to_u8_avx512;
    table->winograd_weight_bf16 = dml_winograd_weight_bf16_avx512;
    table->winograd_input_bf16 = dml_winograd_input_bf16_avx512;
    table->depthwise3x3 = dml_depthwise3x3_avx512;
    table->maxpool3x3 = dml_maxpool3x3_avx512;
    table->resize = dml_resize_avx512;
    table->sample = dml_sample_avx512;
    table->softmax = dml_softmax_avx512;
    table->argmax = dml_argmax_avx512;
    table->transpose16 = dml_transpose16_avx512;
    table->from_f16 = dml_from_f16_avx512;
    table->from_bf16 = dml_from_bf16_avx512;
}

static void fill_avx512bf16(dml_kernels *table)
{
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_avx512bf16, 14, 2, SLICE};
}

static void fill_avx512vnni(dml_kernels *table)
{
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_avx512vnni, 14, 2, SLICE};
}

#endif

#ifdef DML_BUILD_NEON

void dml_kernels_neon(dml_kernels *table)
{
    table->isa = DMLCSR_ISA_NEON;
    table->name = "neon";
    table->conv = (dml_conv_kernel){dml_conv_neon, 5, 1, SLICE};
    WINOGRAD(table, neon);
    table->strassen_sums = dml_strassen_sums_neon;
    table->strassen_output = dml_strassen_output_neon;
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_neon, 5, 1, SLICE};
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_neon, 5, 1, SLICE};
    table->to_bf16 = dml_to_bf16_neon;
    table->to_u8 = dml_to_u8_neon;
    table->winograd_weight_bf16 = dml_winograd_weight_bf16_neon;
    table->winograd_input_bf16 = dml_winograd_input_bf16_neon;
    table->depthwise3x3 = dml_depthwise3x3_neon;
    table->maxpool3x3 = dml_maxpool3x3_neon;
    table->resize = dml_resize_neon;
    table->sample = dml_sample_neon;
    table->softmax = dml_softmax_neon;
    table->argmax = dml_argmax_neon;
    table->transpose16 = dml_transpose16_neon;
    table->from_f16 = dml_from_f16_neon;
    table->from_bf16 = dml_from_bf16_neon;
}

static void fill_neondot(dml_kernels *table)
{
    table->conv_u8 = (dml_conv_kernel){dml_conv_u8_neondot, 5, 1, SLICE};
}

#ifdef DML_WITH_neonbf16
static void fill_neonbf16(dml_kernels *table)
{
    table->conv_bf16 = (dml_conv_kernel){dml_conv_bf16_neonbf16, 5, 1, SLICE};
}
#endif

#endif

/* The levels of this build, lowest first. A level stands on those before it; extras are left out where a machine lacks
   them. */
static const struct level {
    int isa;
    dml_cpu_extra extra;
    void (*fill)(dml_kernels *table);
} levels[] = {
    {DMLCSR_ISA_C, DML_CPU_PLAIN, dml_kernels_c},
#ifdef DML_BUILD_X86
    {DMLCSR_ISA_SSE41, DML_CPU_PLAIN, dml_kernels_sse41},
    {DMLCSR_ISA_AVX2, DML_CPU_PLAIN, dml_kernels_avx2},
#ifdef DML_WITH_avxvnni
    {DMLCSR_ISA_AVX2, DML_CPU_AVX_VNNI, fill_avxvnni},
#endif
    {DMLCSR_ISA_AVX512, DML_CPU_PLAIN, dml_kernels_avx512},
    {DMLCSR_ISA_AVX512, DML_CPU_AVX512_BF16, fill_avx512bf16},
    {DMLCSR_ISA_AVX512, DML_CPU_AVX512_VNNI, fill_avx512vnni},
#endif
#ifdef DML_BUILD_NEON
    {DMLCSR_ISA_NEON, DML_CPU_PLAIN, dml_kernels_neon},
    {DMLCSR_ISA_NEON, DML_CPU_NEON_DOT, fill_neondot},
#ifdef DML_WITH_neonbf16
    {DMLCSR_ISA_NEON, DML_CPU_NEON_BF16, fill_neonbf16},
#endif
#endif
};

const char *const dml_isa_names[DML_ISAS] = {"auto", "c", "sse41", "avx2", "avx512", "neon"};

bool dml_kernels_init(dml_kernels *table, int isa)
{
    bool found = false;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        if (isa == DMLCSR_ISA_AUTO ? dml_cpu_has(levels[i].isa) : isa == levels[i].isa && dml_cpu_has(isa))
            found = true;
    }
    if (!found)
        return false;
    bool reached = false;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0] && dml_cpu_has(levels[i].isa); i++) {
        if (reached && levels[i].isa != isa)
            break;
        if (dml_cpu_has_extra(levels[i].extra))
            levels[i].fill(table);
        reached = levels[i].isa == isa;
    }
    return true;
}

int dml_kernels_create(dml_kernels *table, int isa, dml_error *error)
{
    if (dml_kernels_init(table, isa))
        return DMLCSR_OK;
    return dml_fail(error, DMLCSR_ERROR_ISA, "instruction set %d (%s) is not available, on this machine or in this build",
                    isa, isa >= 0 && isa < DML_ISAS ? dml_isa_names[isa] : "unknown");
}
