/* The tensor core: one table of functions per handle, filled for one instruction set when the handle is made.
 *
 * This folder is the only one with intrinsics. <op>.c holds the C definition of an operation; <op>_sse41.c, <op>_avx2.c,
 * <op>_avx512.c and <op>_neon.c hold vector versions, and the suffix selects the compile flags. kernels.c fills the
 * table with C first and lets each level overwrite what it does better.
 *
 * A kernel works on rows and tiles: it knows no shapes beyond its arguments, allocates nothing and cannot fail. Loop
 * nests, packing and threads are in ops/. "Block" is DML_BLOCK = 16 channels (base/tensor.h); all block pointers are
 * aligned to 64 bytes. */
#ifndef DML_KERNELS_H
#define DML_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/real.h"
#include "base/status.h"

/* ---- convolution --------------------------------------------------------------------------------------------------
 *
 * One tile: `width` neighbouring pixels of one output row, `panels` (1 or 2) blocks of output channels, some input
 * blocks. For output pixel p, panel o and lane l (all of 0 .. 15):
 *
 *     sum = first ? bias[o 16 + l] : y[o y_plane + p 16 + l]
 *     for b < blocks, i < kernel_h, j < kernel_w, k < (b == blocks - 1 ? tail : 16), in this order:
 *         sum += x[b x_plane + i x_row + j x_column + p step 16 + k] * w[o w_panel + ((b kernel_h + i) kernel_w + j) 256 + k 16 + l]
 *     if last: y = relu2(scale * leaky(sum) + r[o r_plane + p 16 + l]), else y = sum
 *
 * leaky(v) = v > 0 ? v : slope v (slope 1: none; 0: ReLU); r NULL: nothing is added; relu2(v) = max(v, 0) when `relu`,
 * else v. Every instruction set keeps the order of the sum, so that a result does not depend on the tile it fell into;
 * AVX2, AVX-512 and NEON use fused multiply-add, C and SSE4.1 round the product. */
typedef struct dml_conv_tile {
    const void *x;          /* dml_real: first pixel, first block, first tap */
    const void *w;          /* dml_real, packed: [panel][block][i][j][16 input channels][16 output channels] */
    const dml_real *bias;   /* panels * 16 */
    const dml_real *r;      /* residual, laid out like y, or NULL */
    dml_real *y;            /* first pixel, first panel */
    size_t x_plane, x_row, x_column; /* elements between input blocks, tap rows, tap columns (dilation included) */
    size_t w_panel;      /* elements between panels of w */
    size_t y_plane, r_plane; /* elements between blocks of y, of r */
    dml_real slope, scale;
    uint32_t blocks, tail; /* input blocks; channels used of the last one, 1 .. 16 */
    uint32_t kernel_h, kernel_w;
    uint32_t step;       /* stride of the convolution: 1 or 2 input pixels per output pixel */
    uint32_t width;      /* pixels, 1 .. width of the kernel */
    uint32_t panels;     /* 1 .. panels of the kernel */
    bool first, last, relu;
    const dml_real *unit; /* conv_u8: panels * 16, the value of one unit of a sum; else NULL */
} dml_conv_tile;

/* The same with fewer bits per factor, for inference alone. Distances count elements, as above, and `tail` does not
 * count: weights past the last channel are zero.
 *
 * conv_bf16: x and w are bfloat16, w packed [panel][block][i][j][8 pairs of input channels][16 output channels][2], and
 * the sum is of single precision. Products are exact there, fused or not (if none falls below 2^-149 or out of range);
 * of each pair the odd channel is added first. So an unfinished sum has the same bits everywhere but with the
 * instructions that some machines have for it, which count subnormals as zero: AVX512-BF16, and BF16 beside NEON, which
 * adds the two products of a pair to each other first, with roundings that err up to 2^-23.
 *
 * conv_u8: x is uint8, w int8, packed [panel][block][i][j][4 fours of input channels][16 output channels][4], and the
 * sum an int32, exact on every instruction set for up to DML_CONV_U8_MOST channels times taps. Always whole (first and
 * last):
 *     y = relu2(scale * leaky(unit[o 16 + l] * float(sum) + bias[o 16 + l]) + r)
 * Every operation rounds, but that AVX2, AVX-512 and NEON fuse the product with scale and the residual, as in conv:
 * without a residual every instruction set gives the same bits. */
#define DML_CONV_U8_MOST 65793 /* 2^31 - 1 divided by 255 * 128, the largest product */

typedef struct dml_conv_kernel {
    void (*run)(const dml_conv_tile *tile);
    uint32_t width, panels; /* most pixels and panels (1 or 2) of a tile */
    uint32_t slice;         /* most products of a sum that pay before it is laid aside: their weights stay in a cache */
} dml_conv_kernel;

/* ---- Winograd ------------------------------------------------------------------------------------------------------
 *
 * A 3 x 3 convolution with stride 1, in tiles of 4 x 4 output pixels: Y = A^T ((G g G^T) . (B^T d B)) A, where d is the
 * 6 x 6 input pixels that a tile reads, and the dot is 36 products of matrices (input channels x output channels), one
 * for each position of the 6 x 6. Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016; the
 * points are ours (winograd_body.h). The transforms use no fused multiply-add: the same bits on every instruction set.
 *
 * Larger tiles have fewer products for an output, and err more. Where rows and columns differ, so do the matrices on the
 * left and on the right. */

typedef enum dml_winograd_form { /* rows x columns of output pixels of a tile */
    DML_WINOGRAD_4X4,
    DML_WINOGRAD_4X6,
    DML_WINOGRAD_6X6,
    DML_WINOGRAD_FORMS
} dml_winograd_form;

#define DML_WINOGRAD 4            /* pixels of a side of a tile of 4 x 4, which training takes alone */
#define DML_WINOGRAD_POSITIONS 36

static inline uint32_t dml_winograd_rows(dml_winograd_form form)
{
    return form == DML_WINOGRAD_6X6 ? 6 : 4;
}

static inline uint32_t dml_winograd_columns(dml_winograd_form form)
{
    return form == DML_WINOGRAD_4X4 ? 4 : 6;
}

static inline uint32_t dml_winograd_positions(dml_winograd_form form)
{
    return (dml_winograd_rows(form) + 2) * (dml_winograd_columns(form) + 2);
}

/* One tile and panel on its way out: with m of position i j at m[position ((columns of the form + 2) i + j) + l],
       sum = (first ? bias[l] : y) + (A^T m A)[row][column]
   and y = last ? relu2(scale * leaky(sum)) : sum, as in dml_conv_tile. */
typedef struct dml_winograd_tile {
    const dml_real *m;
    size_t position;
    const dml_real *bias;
    dml_real *y;             /* first pixel */
    size_t y_row, y_column;  /* elements between pixels of the tile */
    uint32_t rows, columns;  /* pixels of the tile that exist, at most the form's */
    dml_real slope, scale;
    bool first, last, relu;
} dml_winograd_tile;

/* A transform of patches of pixels; what v has elements of is said where it is used. */
typedef void dml_winograd_patch(const dml_real *x, size_t x_row, size_t x_column, uint32_t tiles, void *v,
                                size_t position);

/* The transforms of a form, with positions counted as in dml_winograd_tile. */
typedef struct dml_winograd_kernel {
    /* G g G^T of one packed block: weight k, l of position i j goes to u[position of i j + 16 k + l]. */
    void (*weight)(const dml_real *w, dml_real *u, size_t position);
    /* B^T d B of `tiles` tiles of a row, one block of channels: tile t to v[position of i j + 16 t + l], where v has
       dml_real. x is the first of the pixels that the first tile reads, 2 more each way than it has. */
    dml_winograd_patch *input;
    void (*output)(const dml_winograd_tile *tile);
} dml_winograd_kernel;

/* ---- Strassen ------------------------------------------------------------------------------------------------------
 *
 * Seven products of quarters of two matrices instead of eight (Strassen, "Gaussian elimination is not optimal",
 * Numerische Mathematik 13, 1969):
 *     M1 = (A11 + A22) (B11 + B22)    M2 = (A21 + A22) B11           C11 = M1 + M4 - M5 + M7    C12 = M3 + M5
 *     M3 = A11 (B12 - B22)            M4 = A22 (B21 - B11)           C21 = M2 + M4              C22 = M1 - M2 + M3 + M6
 *     M5 = (A11 + A12) B22            M6 = (A21 - A11) (B11 + B12)
 *     M7 = (A12 - A22) (B21 + B22)
 * Of the weights, upper and lower halves are output channels, of the input, left and right ones are pixels. */

enum { DML_STRASSEN_SUMS = 5, DML_STRASSEN_PRODUCTS = 7 };

/* Pixels on their way out, of one panel of the upper half and its partner of the lower one. */
typedef struct dml_strassen_tile {
    const dml_real *m;
    size_t step;          /* elements between products */
    const dml_real *bias; /* of the upper panel */
    const dml_real *r;    /* residual, or NULL; may be y */
    dml_real *y;          /* first pixel, upper panel, left half */
    size_t bias_down;     /* elements to the lower panel's bias */
    size_t right, down;   /* elements of y to the right and to the lower half */
    size_t r_right, r_down;
    dml_real slope, scale;
    uint32_t width;       /* pixels */
    bool relu;
} dml_strassen_tile;

/* ---- the table ---------------------------------------------------------------------------------------------------- */

typedef struct dml_kernels {
    int isa;          /* DMLCSR_ISA_... */
    const char *name; /* "c", "sse41", "avx2", "avx512", "neon" */

    dml_conv_kernel conv;

    dml_winograd_kernel winograd[DML_WINOGRAD_FORMS];

    /* The sums that the products want, of n values each (a multiple of 16): s[0 .. n) = x11 + x22, then, `step` elements
       further each, x21 + x22, x11 + x12, x21 - x11 and x12 - x22. They are those of A and those of B. */
    void (*strassen_sums)(const dml_real *x11, size_t right, size_t down, size_t n, dml_real *s, size_t step);
    /* C11 .. C22 to y: y = relu2(scale * leaky(bias + C) + r), as in dml_conv_tile. */
    void (*strassen_output)(const dml_strassen_tile *tile);

    /* Fewer bits. A bfloat16 is rounded to nearest, ties to even, the same bits on every instruction set (a NaN loses
       the lower half and turns quiet); of pairs the even channel comes first in memory. */
    dml_conv_kernel conv_bf16, conv_u8;
    void (*to_bf16)(const float *x, size_t n, uint16_t *y);
    /* round(x * gain) + zero, ties to even, cut to 0 .. 255; x * gain that is NaN counts as 0. zero: 0 .. 255; n: a
       multiple of 16 */
    void (*to_u8)(const float *x, size_t n, float gain, int32_t zero, uint8_t *y);
    /* As weight and input of winograd[DML_WINOGRAD_4X4], with bfloat16 weights (packed as for conv_bf16) and results:
       weights k, k + 1 and l to the pair u[position (6 i + j) + 16 k + 2 l]. */
    void (*winograd_weight_bf16)(const uint16_t *w, uint16_t *u, size_t position);
    dml_winograd_patch *winograd_input_bf16;

    /* Depthwise 3 x 3 over one block, one output row: y[p 16 + l] = leaky(bias[l] + sum over i, j < 3 of
       x[i x_row + (p step + j) 16 + l] * w[(3 i + j) 16 + l]), in this order. w: 9 x 16. */
    void (*depthwise3x3)(const dml_real *x, size_t x_row, const dml_real *w, const dml_real *bias, dml_real slope,
                         uint32_t step, uint32_t width, dml_real *y);

    /* Maximum over 3 columns, step 2, and the rows row[0 .. rows-1] (1 .. 3 of them), one block, one output row. Column
       c of an input row is at row[i] + 16 c, c in 0 .. in_width - 1; output pixel p looks at columns 2p-1, 2p, 2p+1 that
       exist. */
    void (*maxpool3x3)(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width, dml_real *y);

    /* One row of a bilinear resize of one block: with c = column[p], f = fraction[p], g = row_fraction:
           top = a[16 c + l] + f (a[16 (c + 1) + l] - a[16 c + l]);   low = the same of b;   v = top + g (low - top)
       and y[p 16 + l] = v, or gate[p 16 + l] * v + gate[p 16 + l] when gate is not NULL (the graph module's f * l + f).
       Where f is 0, column c + 1 is not read (it may not exist); where g is 0, b is not (it may be anything). Every
       instruction set gives the same bits, here and in sample, softmax and maxpool3x3. */
    void (*resize)(const dml_real *a, const dml_real *b, dml_real row_fraction, const uint32_t *column,
                   const dml_real *fraction, const dml_real *gate, uint32_t width, dml_real *y);

    /* Bilinear samples of one block at any positions: with a = x + offset[p], f = fx[p], g = fy[p] (both in [0, 1]):
           top = a[l] + f (a[16 + l] - a[l]);  low = the same at a + x_row;  y[p 16 + l] = top + g (low - top)
       All four pixels must exist. */
    void (*sample)(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                   uint32_t width, float *y);

    /* Softmax over `channels` channels of `pixels` pixels: block k of a pixel is at x + k plane + 16 pixel. Channels past
       the last are written as 0. May run in place (y == x). Relative error of a value at most 2e-6. */
    void (*softmax)(const dml_real *x, uint32_t channels, size_t plane, uint32_t pixels, dml_real *y);

    /* Index of the largest of `channels` channels of `pixels` pixels; the lowest index among equals. NaN counts as
       -infinity. channels at most 256. */
    void (*argmax)(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label);

    /* out[c 16 + r] = in[r 16 + c]: 16 x 16 values, rows `in_row` / `out_row` elements apart. */
    void (*transpose16)(const dml_real *in, size_t in_row, dml_real *out, size_t out_row);

    /* Half precision to single: n values, any alignment. */
    void (*from_f16)(const void *in, size_t n, float *out);
    void (*from_bf16)(const void *in, size_t n, float *out);
} dml_kernels;

/* The names of DMLCSR_ISA_... */
#define DML_ISAS (DMLCSR_ISA_NEON + 1)
extern const char *const dml_isa_names[DML_ISAS];

/* Fills the table for DMLCSR_ISA_... (AUTO: the best there is). False when the build or the machine lacks it. */
bool dml_kernels_init(dml_kernels *table, int isa);

/* The same for what a caller asks for: DMLCSR_ERROR_ISA with the name of what is missing. */
int dml_kernels_create(dml_kernels *table, int isa, dml_error *error);

/* Each level overwrites what it does better than the one below. Only the levels of this build are defined. */
void dml_kernels_c(dml_kernels *table);
void dml_kernels_sse41(dml_kernels *table);
void dml_kernels_avx2(dml_kernels *table);
void dml_kernels_avx512(dml_kernels *table);
void dml_kernels_neon(dml_kernels *table);

#endif
