/* The kernels of norm.c, norm_back.c and pointwise_back.c for the instruction set named by ISA: sixteen lanes side by
 * side, which the compiler turns into the registers that this file's flags allow. They wait for memory, so one body
 * serves all; and with the same operations in the same order, all give the same bits. */
#include <stdbool.h>

#include "base/tensor.h"
#include "kernels/back_impl.h"

#define NAME_(op, isa) dml_##op##_##isa
#define NAME(op, isa) NAME_(op, isa)
#define KERNEL(op) NAME(op, ISA)
#define LANES for (size_t l = 0; l < DML_BLOCK; l++)

/* ---- statistics ---------------------------------------------------------------------------------------------------- */

void KERNEL(moments)(const dml_real *x, uint32_t width, dml_real *mean, dml_real *m2)
{
    dml_real sum[DML_BLOCK] = {0}, square[DML_BLOCK] = {0};
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK)
        LANES sum[l] += x[p + l];
    LANES sum[l] /= (dml_real)width;
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK)
        LANES
        {
            const dml_real d = x[p + l] - sum[l];
            square[l] += d * d;
        }
    LANES mean[l] = sum[l];
    LANES m2[l] = square[l];
}

/* ---- forward ------------------------------------------------------------------------------------------------------- */

static inline __attribute__((always_inline)) void norm(const dml_norm_forward *f, const dml_real *x, const dml_real *r,
                                                       uint32_t width, dml_real *u, dml_real *y, const bool keep,
                                                       const bool write, const bool residual)
{
    dml_real gain[DML_BLOCK], shift[DML_BLOCK];
    const dml_real slope = f->slope, scale = f->scale, floor = f->relu ? 0 : -(dml_real)__builtin_inff();
    LANES gain[l] = f->gain[l];
    LANES shift[l] = f->shift[l];
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK) {
        dml_real v[DML_BLOCK];
        LANES v[l] = gain[l] * x[p + l] + shift[l];
        LANES v[l] = v[l] > 0 ? v[l] : slope * v[l];
        if (keep)
            LANES u[p + l] = v[l];
        if (!write)
            continue;
        LANES v[l] = residual ? scale * v[l] + r[p + l] : scale * v[l];
        LANES y[p + l] = v[l] > floor ? v[l] : floor;
    }
}

void KERNEL(norm)(const dml_norm_forward *f, const dml_real *x, const dml_real *r, uint32_t width, dml_real *u,
                  dml_real *y)
{
    if (u && !y)
        norm(f, x, r, width, u, y, true, false, false);
    else if (u && r)
        norm(f, x, r, width, u, y, true, true, true);
    else if (u)
        norm(f, x, r, width, u, y, true, true, false);
    else if (y && r)
        norm(f, x, r, width, u, y, false, true, true);
    else if (y)
        norm(f, x, r, width, u, y, false, true, false);
}

/* ---- back ---------------------------------------------------------------------------------------------------------- */

/* v and d of dml_norm_back for the lanes of a pixel at offset p. */
#define PULL(p)                                                                       \
    LANES d[l] = masked ? (mask[(p) + l] > 0 ? dy[(p) + l] : 0) : dy[(p) + l];         \
    LANES xh[l] = (t[(p) + l] > 0 ? t[(p) + l] : t[(p) + l] * inverse) * gain[l] + shift[l]; \
    LANES dv[l] = t[(p) + l] > 0 ? d[l] : slope * d[l]

static inline __attribute__((always_inline)) void back_sums(const dml_norm_back *b, const dml_real *dy,
                                                            const dml_real *mask, const dml_real *t, uint32_t width,
                                                            dml_real *sum, dml_real *dr, bool add, const bool masked)
{
    dml_real gain[DML_BLOCK], shift[DML_BLOCK], s[3][DML_BLOCK], d[DML_BLOCK], xh[DML_BLOCK], dv[DML_BLOCK];
    const dml_real slope = b->slope, inverse = b->inverse_slope;
    LANES gain[l] = b->xh_gain[l];
    LANES shift[l] = b->xh_shift[l];
    for (size_t i = 0; i < 3; i++)
        LANES s[i][l] = sum[i * DML_BLOCK + l];
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK) {
        PULL(p);
        LANES s[0][l] += dv[l];
        LANES s[1][l] += dv[l] * xh[l];
        LANES s[2][l] += d[l] * t[p + l];
        if (dr && add)
            LANES dr[p + l] += d[l];
        else if (dr)
            LANES dr[p + l] = d[l];
    }
    for (size_t i = 0; i < 3; i++)
        LANES sum[i * DML_BLOCK + l] = s[i][l];
}

void KERNEL(norm_back_sums)(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                            uint32_t width, dml_real *sum, dml_real *dr, bool add)
{
    if (mask)
        back_sums(b, dy, mask, t, width, sum, dr, add, true);
    else
        back_sums(b, dy, mask, t, width, sum, dr, add, false);
}

static inline __attribute__((always_inline)) void back(const dml_norm_back *b, const dml_real *dy,
                                                       const dml_real *mask, const dml_real *t, uint32_t width,
                                                       dml_real *dx, const bool masked)
{
    dml_real gain[DML_BLOCK], shift[DML_BLOCK], k[3][DML_BLOCK], d[DML_BLOCK], xh[DML_BLOCK], dv[DML_BLOCK];
    const dml_real slope = b->slope, inverse = b->inverse_slope;
    LANES gain[l] = b->xh_gain[l];
    LANES shift[l] = b->xh_shift[l];
    LANES k[0][l] = b->k_dv[l];
    LANES k[1][l] = b->k_xh[l];
    LANES k[2][l] = b->k_one[l];
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK) {
        PULL(p);
        LANES dx[p + l] = k[0][l] * dv[l] + k[1][l] * xh[l] + k[2][l];
    }
}

void KERNEL(norm_back)(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                       uint32_t width, dml_real *dx)
{
    if (mask)
        back(b, dy, mask, t, width, dx, true);
    else
        back(b, dy, mask, t, width, dx, false);
}

/* ---- value by value ------------------------------------------------------------------------------------------------ */

void KERNEL(relu)(const dml_real *x, uint32_t width, dml_real *y)
{
    for (size_t p = 0; p < width * (size_t)DML_BLOCK; p += DML_BLOCK)
        LANES y[p + l] = x[p + l] > 0 ? x[p + l] : 0;
}

void KERNEL(add)(const dml_real *x, size_t n, dml_real *y)
{
    for (size_t p = 0; p < n; p += DML_BLOCK)
        LANES y[p + l] += x[p + l];
}

void KERNEL(gate_back)(const dml_real *dy, const dml_real *f, const dml_real *up, size_t n, dml_real *dup, dml_real *df,
                       bool add)
{
    for (size_t p = 0; p < n; p += DML_BLOCK) {
        dml_real to_f[DML_BLOCK], to_up[DML_BLOCK];
        LANES to_f[l] = dy[p + l] * (up[p + l] + 1);
        LANES to_up[l] = dy[p + l] * f[p + l];
        LANES df[p + l] = add ? df[p + l] + to_f[l] : to_f[l];
        LANES dup[p + l] = to_up[l];
    }
}

void KERNEL(sgd)(const dml_real *g, dml_real clip, dml_real decay, dml_real momentum, dml_real rate, size_t n, dml_real *m,
                 dml_real *w)
{
    for (size_t p = 0; p < n; p += DML_BLOCK)
        LANES
        {
            m[p + l] = momentum * m[p + l] + (clip * g[p + l] + decay * w[p + l]);
            w[p + l] -= rate * m[p + l];
        }
}

/* ---- depthwise, maximum, resize ------------------------------------------------------------------------------------ */

void KERNEL(depthwise3x3_back_input)(const dml_real *dy, const dml_real *w, size_t x_row, uint32_t step, uint32_t width,
                                     dml_real *dx)
{
    for (size_t p = 0; p < width; p++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++) {
                dml_real *to = dx + i * x_row + (p * step + j) * DML_BLOCK;
                LANES to[l] += dy[p * DML_BLOCK + l] * w[(3 * i + j) * DML_BLOCK + l];
            }
}

void KERNEL(depthwise3x3_back_weight)(const dml_real *x, size_t x_row, const dml_real *dy, uint32_t step, uint32_t width,
                                      dml_real *dw)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            dml_real sum[DML_BLOCK];
            LANES sum[l] = dw[(3 * i + j) * DML_BLOCK + l];
            for (size_t p = 0; p < width; p++)
                LANES sum[l] += dy[p * DML_BLOCK + l] * x[i * x_row + (p * step + j) * DML_BLOCK + l];
            LANES dw[(3 * i + j) * DML_BLOCK + l] = sum[l];
        }
}

void KERNEL(maxpool3x3_back)(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width,
                             const dml_real *y, const dml_real *dy, dml_real *const *drow)
{
    for (size_t p = 0; p < width; p++) {
        const size_t first = p ? 2 * p - 1 : 0, last = 2 * p + 1 < in_width ? 2 * p + 1 : 2 * p;
        dml_real left[DML_BLOCK]; /* what has not found its pixel yet */
        LANES left[l] = dy[p * DML_BLOCK + l];
        for (size_t i = 0; i < rows; i++)
            for (size_t c = first * DML_BLOCK; c <= last * DML_BLOCK; c += DML_BLOCK)
                LANES
                {
                    const bool here = row[i][c + l] == y[p * DML_BLOCK + l];
                    drow[i][c + l] += here ? left[l] : 0;
                    left[l] = here ? 0 : left[l];
                }
    }
}

void KERNEL(resize_back)(const dml_real *dy, dml_real row_fraction, const uint32_t *column, const dml_real *fraction,
                         uint32_t width, dml_real *da, dml_real *db)
{
    const dml_real g = row_fraction;
    for (size_t p = 0; p < width; p++) {
        const dml_real *d = dy + p * DML_BLOCK, f = fraction[p];
        dml_real *a = da + (size_t)column[p] * DML_BLOCK, *b = db + (size_t)column[p] * DML_BLOCK;
        dml_real top[DML_BLOCK], low[DML_BLOCK], left[DML_BLOCK], right[DML_BLOCK];
        LANES top[l] = d[l] * (1 - g);
        LANES low[l] = d[l] * g;
        LANES left[l] = top[l] * (1 - f);
        LANES right[l] = top[l] * f;
        LANES a[l] += left[l];
        if (f != 0)
            LANES a[DML_BLOCK + l] += right[l];
        if (g == 0)
            continue;
        LANES left[l] = low[l] * (1 - f);
        LANES right[l] = low[l] * f;
        LANES b[l] += left[l];
        if (f != 0)
            LANES b[DML_BLOCK + l] += right[l];
    }
}
