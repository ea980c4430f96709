/* The functions behind the table of back.h, one declaration for each operation and instruction set; see impl.h. */
#ifndef DML_KERNELS_BACK_IMPL_H
#define DML_KERNELS_BACK_IMPL_H

#include "kernels/back.h"

#define DML_DECLARE_BACK_KERNELS(isa)                                                                                \
    void dml_conv_back_weight_##isa(const dml_real *x, size_t x_row, uint32_t step, const dml_real *dy,              \
                                    size_t dy_row, uint32_t rows, uint32_t width, dml_real *dw);                     \
    dml_winograd_patch dml_winograd_output_back_##isa;                                                               \
    void dml_winograd_weight_back_##isa(const dml_real *du, size_t position, dml_real *dw);                          \
    void dml_moments_##isa(const dml_real *x, uint32_t width, dml_real *mean, dml_real *m2);                         \
    void dml_norm_##isa(const dml_norm_forward *f, const dml_real *x, const dml_real *r, uint32_t width,             \
                        dml_real *u, dml_real *y);                                                                   \
    void dml_norm_back_sums_##isa(const dml_norm_back *b, const dml_real *dy, const dml_real *mask,                  \
                                  const dml_real *t, uint32_t width, dml_real *sum, dml_real *dr, bool add);         \
    void dml_norm_back_##isa(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,    \
                             uint32_t width, dml_real *dx);                                                          \
    void dml_relu_##isa(const dml_real *x, uint32_t width, dml_real *y);                                             \
    void dml_depthwise3x3_back_input_##isa(const dml_real *dy, const dml_real *w, size_t x_row, uint32_t step,       \
                                           uint32_t width, dml_real *dx);                                            \
    void dml_depthwise3x3_back_weight_##isa(const dml_real *x, size_t x_row, const dml_real *dy, uint32_t step,      \
                                            uint32_t width, dml_real *dw);                                           \
    void dml_maxpool3x3_back_##isa(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width,     \
                                   const dml_real *y, const dml_real *dy, dml_real *const *drow);                    \
    void dml_resize_back_##isa(const dml_real *dy, dml_real row_fraction, const uint32_t *column,                    \
                               const dml_real *fraction, uint32_t width, dml_real *da, dml_real *db);                \
    void dml_gate_back_##isa(const dml_real *dy, const dml_real *f, const dml_real *up, size_t n, dml_real *dup,     \
                             dml_real *df, bool add);                                                                \
    void dml_sgd_##isa(const dml_real *g, dml_real clip, dml_real decay, dml_real momentum, dml_real rate, size_t n, \
                       dml_real *m, dml_real *w)

DML_DECLARE_BACK_KERNELS(c);
DML_DECLARE_BACK_KERNELS(sse41);
DML_DECLARE_BACK_KERNELS(avx2);
DML_DECLARE_BACK_KERNELS(avx512);
DML_DECLARE_BACK_KERNELS(neon);

#endif
