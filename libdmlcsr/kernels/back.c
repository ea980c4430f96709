/* The table of the kernels that only training needs. Every level has all of them. */
#include "kernels/back.h"

#include "dmlcsr/dmlcsr.h"
#include "kernels/back_impl.h"

#define FILL(table, level)                                                       \
    *(table) = (dml_back_kernels)                                                \
    {                                                                            \
        .conv_back_weight = dml_conv_back_weight_##level,                        \
        .winograd_output_back = dml_winograd_output_back_##level,                \
        .winograd_weight_back = dml_winograd_weight_back_##level,                \
        .moments = dml_moments_##level,                                          \
        .norm = dml_norm_##level,                                                \
        .norm_back_sums = dml_norm_back_sums_##level,                            \
        .norm_back = dml_norm_back_##level,                                      \
        .relu = dml_relu_##level,                                                \
        .depthwise3x3_back_input = dml_depthwise3x3_back_input_##level,          \
        .depthwise3x3_back_weight = dml_depthwise3x3_back_weight_##level,        \
        .maxpool3x3_back = dml_maxpool3x3_back_##level,                          \
        .resize_back = dml_resize_back_##level,                                  \
        .gate_back = dml_gate_back_##level,                                      \
        .sgd = dml_sgd_##level,                                                  \
    }

void dml_back_kernels_init(dml_back_kernels *table, int isa)
{
    switch (isa) {
#if defined(DML_DOUBLE) /* C alone */
#elif defined(__x86_64__) || defined(__i386__)
    case DMLCSR_ISA_SSE41: FILL(table, sse41); return;
    case DMLCSR_ISA_AVX2: FILL(table, avx2); return;
    case DMLCSR_ISA_AVX512: FILL(table, avx512); return;
#elif defined(__aarch64__)
    case DMLCSR_ISA_NEON: FILL(table, neon); return;
#endif
    default: FILL(table, c); return;
    }
}
