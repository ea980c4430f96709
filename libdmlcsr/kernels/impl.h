/* The functions behind the table: one declaration for each operation and instruction set. What each does is said in
 * kernels.h; not every one exists (kernels.c takes the ones that do, cpu.c decides which of them may run). */
#ifndef DML_KERNELS_IMPL_H
#define DML_KERNELS_IMPL_H

#include "kernels/kernels.h"

#include <string.h>

#define DML_DECLARE_WINOGRAD(form_isa)                                                                               \
    void dml_winograd_weight_##form_isa(const dml_real *w, dml_real *u, size_t position);                            \
    dml_winograd_patch dml_winograd_input_##form_isa;                                                                \
    void dml_winograd_output_##form_isa(const dml_winograd_tile *tile)

#define DML_DECLARE_KERNELS(isa)                                                                                     \
    void dml_conv_##isa(const dml_conv_tile *tile);                                                                  \
    DML_DECLARE_WINOGRAD(4x4_##isa);                                                                                 \
    DML_DECLARE_WINOGRAD(4x6_##isa);                                                                                 \
    DML_DECLARE_WINOGRAD(6x6_##isa);                                                                                 \
    void dml_strassen_sums_##isa(const dml_real *x11, size_t right, size_t down, size_t n, dml_real *s,              \
                                 size_t step);                                                                       \
    void dml_strassen_output_##isa(const dml_strassen_tile *tile);                                                   \
    void dml_depthwise3x3_##isa(const dml_real *x, size_t x_row, const dml_real *w, const dml_real *bias,            \
                                dml_real slope, uint32_t step, uint32_t width, dml_real *y);                         \
    void dml_maxpool3x3_##isa(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width,          \
                              dml_real *y);                                                                          \
    void dml_resize_##isa(const dml_real *a, const dml_real *b, dml_real row_fraction, const uint32_t *column,       \
                          const dml_real *fraction, const dml_real *gate, uint32_t width, dml_real *y);              \
    void dml_sample_##isa(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,    \
                          uint32_t width, float *y);                                                                 \
    void dml_softmax_##isa(const dml_real *x, uint32_t channels, size_t plane, uint32_t pixels, dml_real *y);        \
    void dml_argmax_##isa(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label);         \
    void dml_transpose16_##isa(const dml_real *in, size_t in_row, dml_real *out, size_t out_row);                    \
    void dml_from_f16_##isa(const void *in, size_t n, float *out);                                                   \
    void dml_from_bf16_##isa(const void *in, size_t n, float *out);                                                  \
    void dml_conv_bf16_##isa(const dml_conv_tile *tile);                                                             \
    void dml_conv_u8_##isa(const dml_conv_tile *tile);                                                               \
    void dml_to_bf16_##isa(const float *x, size_t n, uint16_t *y);                                                   \
    void dml_to_u8_##isa(const float *x, size_t n, float gain, int32_t zero, uint8_t *y);                            \
    void dml_winograd_weight_bf16_##isa(const uint16_t *w, uint16_t *u, size_t position);                            \
    dml_winograd_patch dml_winograd_input_bf16_##isa

DML_DECLARE_KERNELS(c);
DML_DECLARE_KERNELS(sse41);
DML_DECLARE_KERNELS(avx2);
DML_DECLARE_KERNELS(avxvnni);
DML_DECLARE_KERNELS(avx512);
DML_DECLARE_KERNELS(avx512bf16);
DML_DECLARE_KERNELS(avx512vnni);
DML_DECLARE_KERNELS(neon);
DML_DECLARE_KERNELS(neondot);
DML_DECLARE_KERNELS(neonbf16);

/* Factors that lie side by side, as one number that an instruction can spread over its lanes. */
static inline int32_t dml_load_32(const void *factors)
{
    int32_t word;
    memcpy(&word, factors, sizeof word);
    return word;
}

#endif
