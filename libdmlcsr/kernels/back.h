/* The kernels that only training needs: a second table beside kernels.h, so that a program that only parses does not
 * carry them. The same rules: <op>.c is the definition, vector versions in <op>_<isa>.c, rows and tiles of blocks of 16
 * channels, nothing allocated, nothing can fail. Pointers to pixels are aligned to 64 bytes.
 *
 * Elementwise kernels give the same bits on every instruction set (no fused multiply-add in them: they wait for memory).
 * Sums over pixels run in 16 lanes, pixel after pixel, in the order written here. */
#ifndef DML_KERNELS_BACK_H
#define DML_KERNELS_BACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* How an activated norm goes from its input to its output, for one block; all vectors have 16 values. */
typedef struct dml_norm_forward {
    const dml_real *gain, *shift; /* u = leaky(gain x + shift) */
    dml_real slope;               /* leaky(v) = v > 0 ? v : slope v; 1: linear */
    dml_real scale;               /* y = relu?(scale u + r) */
    bool relu;
} dml_norm_forward;

/* What the way back needs, for one block. The normalised value xh is found from what was kept, t:
       v  = t > 0 ? t : t * inverse_slope        (inverse_slope 1: t is linear in xh)
       xh = v * xh_gain + xh_shift
   so t is the activated output (inplace ABN: xh_gain = 1 / gamma, xh_shift = -beta / gamma, inverse_slope = 1 / slope), or
   the norm's input (xh_gain = 1 / sqrt(var + eps), xh_shift = -mean xh_gain, inverse_slope = 1).
   d  = mask ? (mask > 0 ? dy : 0) : dy           the ReLU after the sum
   dv = t > 0 ? d : slope d                       the leaky ReLU */
typedef struct dml_norm_back {
    const dml_real *xh_gain, *xh_shift;
    dml_real slope, inverse_slope;
    const dml_real *k_dv, *k_xh, *k_one; /* dx = k_dv dv + k_xh xh + k_one; see norm_back */
} dml_norm_back;

typedef struct dml_back_kernels {
    /* Gradient of a convolution's weights, one tap, one block of input channels, one panel of output channels:
           dw[k 16 + l] += sum over rows i, pixels p of x[i x_row + p step 16 + k] * dy[i dy_row + p 16 + l]
       for k, l in 0 .. 15, i in 0 .. rows-1, p in 0 .. width-1, added in this order onto dw (i outer, p inner). AVX2,
       AVX-512 and NEON fuse; C and SSE4.1 round the product. dw is aligned to 64 bytes. */
    void (*conv_back_weight)(const dml_real *x, size_t x_row, uint32_t step, const dml_real *dy, size_t dy_row,
                             uint32_t rows, uint32_t width, dml_real *dw);

    /* Adjoints of winograd_output and winograd_weight (kernels.h), for the gradient of the weights. Of `tiles` tiles of a
       row, each 4 x 4 pixels of dy, dm[position (6 i + j) + 16 t + l] = (A dy A^T)[i][j]; and, for one packed block,
       dw[16 (16 (3 i + j) + k) + l] += (G^T du G)[i][j], with du at position (6 i + j) + 16 k + l. */
    dml_winograd_patch *winograd_output_back; /* dm: dml_real */
    void (*winograd_weight_back)(const dml_real *du, size_t position, dml_real *dw);

    /* Mean and sum of squared distances from it, of `width` pixels, lane by lane:
           mean[l] = (sum over p of x[p 16 + l]) / width;  m2[l] = sum over p of (x[p 16 + l] - mean[l])^2 */
    void (*moments)(const dml_real *x, uint32_t width, dml_real *mean /* 16 */, dml_real *m2 /* 16 */);

    /* u = leaky(gain x + shift), y = relu?(scale u + r), as dml_norm_forward says; r NULL: 0. u or y may be NULL (not
       wanted); u may be x; y may be r. */
    void (*norm)(const dml_norm_forward *f, const dml_real *x, const dml_real *r, uint32_t width, dml_real *u,
                 dml_real *y);

    /* First pass of the way back. With d, dv, xh of dml_norm_back:
           sum[0][l] += dv;  sum[1][l] += dv * xh;  sum[2][l] += d * t        over the pixels, lane by lane, in order
       and, when dr is not NULL, dr = d (add: dr += d), where r's gradient goes. sum: 3 x 16. */
    void (*norm_back_sums)(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                           uint32_t width, dml_real *sum, dml_real *dr, bool add);

    /* Second pass: dx = k_dv * dv + k_xh * xh + k_one, left to right. dx may be dy. */
    void (*norm_back)(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                      uint32_t width, dml_real *dx);

    /* y = x > 0 ? x : 0 */
    void (*relu)(const dml_real *x, uint32_t width, dml_real *y);

    /* Depthwise 3 x 3, one block, one row of dy: spreads it over the rows of dx,
           dx[i x_row + (p step + j) 16 + l] += dy[p 16 + l] * w[(3 i + j) 16 + l]    for i, j < 3, p < width
       (dx at the place that depthwise3x3 reads as x: the border takes what falls outside), and */
    void (*depthwise3x3_back_input)(const dml_real *dy, const dml_real *w, size_t x_row, uint32_t step, uint32_t width,
                                    dml_real *dx);
    /* dw[(3 i + j) 16 + l] += sum over p of dy[p 16 + l] * x[i x_row + (p step + j) 16 + l] */
    void (*depthwise3x3_back_weight)(const dml_real *x, size_t x_row, const dml_real *dy, uint32_t step, uint32_t width,
                                     dml_real *dw /* 9 x 16 */);

    /* Maximum over 3 x 3, step 2, one block, one output row: gives dy to the first pixel, row by row and from left to
       right, that equals y. row[0 .. rows-1] as in maxpool3x3; drow the same rows of dx, +=. */
    void (*maxpool3x3_back)(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width,
                            const dml_real *y, const dml_real *dy, dml_real *const *drow);

    /* Adjoint of resize without gate, one block, one output row: with c, f, g as there,
           t = dy[p 16 + l] (1 - g);  s = dy[p 16 + l] g
           da[16 c + l] += t (1 - f);  da[16 (c + 1) + l] += t f;  db likewise with s
       Where f is 0 column c + 1 is not touched, where g is 0 db is not. da and db may be the same row when g is 0. */
    void (*resize_back)(const dml_real *dy, dml_real row_fraction, const uint32_t *column, const dml_real *fraction,
                        uint32_t width, dml_real *da, dml_real *db);

    /* The gate of the graph module, y = f up + f, over n values (a multiple of 16): dup = dy f;
       df = dy (up + 1) (add: df += that) */
    void (*gate_back)(const dml_real *dy, const dml_real *f, const dml_real *up, size_t n, dml_real *dup, dml_real *df,
                      bool add);

    /* One step of SGD over n values (a multiple of 16): m = momentum m + (clip g + decay w); w -= rate m */
    void (*sgd)(const dml_real *g, dml_real clip, dml_real decay, dml_real momentum, dml_real rate, size_t n,
                dml_real *m, dml_real *w);
} dml_back_kernels;

/* Fills the table for a DMLCSR_ISA_... that dml_kernels_init() has accepted (not AUTO). */
void dml_back_kernels_init(dml_back_kernels *table, int isa);

#endif
