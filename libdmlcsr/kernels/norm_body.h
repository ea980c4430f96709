/* The vector versions of norm.c, norm_back.c, pointwise_back.c, depthwise_back.c, maxpool_back.c and resize_back.c, for
 * the instruction set ISA with registers of REGISTER bytes. They wait for memory, so one body in the compilers' own
 * vectors (vector.h) serves all; the operations and their order are those of C, so the bits are, too. */
#include <stdbool.h>

#include "kernels/back_impl.h"
#include "kernels/vector.h"

/* ---- norm, forward ----------------------------------------------------------------------------------------------- */

void KERNEL(moments)(const float *x, uint32_t width, float *mean, float *m2)
{
    vector sum[PARTS], square[PARTS];
    EACH_PART sum[h] = square[h] = (vector){0};
    for (size_t p = 0; p < width; p++)
        EACH_PART sum[h] += load(AT(x, p));
    EACH_PART sum[h] /= all((float)width);
    for (size_t p = 0; p < width; p++)
        EACH_PART
        {
            const vector distance = load(AT(x, p)) - sum[h];
            square[h] += distance * distance;
        }
    EACH_PART store(AT(mean, 0), sum[h]);
    EACH_PART store(AT(m2, 0), square[h]);
}

void KERNEL(norm)(const dml_norm_forward *f, const float *x, const float *r, uint32_t width, float *u, float *y)
{
    const vector slope = all(f->slope), scale = all(f->scale);
    const choice open = (choice){0} - !f->relu; /* what passes whatever its sign */
    vector gain[PARTS], shift[PARTS];
    EACH_PART gain[h] = load(AT(f->gain, 0));
    EACH_PART shift[h] = load(AT(f->shift, 0));
    for (size_t p = 0; p < width; p++)
        EACH_PART
        {
            const vector v = gain[h] * load(AT(x, p)) + shift[h];
            const vector leaky = choose(positive(v), v, slope * v);
            if (u)
                store(AT(u, p), leaky);
            if (!y)
                continue;
            const vector sum = scale * leaky + (r ? load(AT(r, p)) : (vector){0});
            store(AT(y, p), only(positive(sum) | open, sum));
        }
}

/* ---- norm, back -------------------------------------------------------------------------------------------------- */

/* d, dv, xh of dml_norm_back, and t. */
typedef struct pulled {
    vector d, dv, xh, t;
} pulled;

static inline pulled pull(const dml_norm_back *b, const float *dy, const float *mask, const float *t, vector gain,
                          vector shift)
{
    pulled a = {.d = load(dy), .t = load(t)};
    const choice linear = positive(a.t);
    if (mask)
        a.d = only(positive(load(mask)), a.d);
    a.dv = choose(linear, a.d, all(b->slope) * a.d);
    a.xh = choose(linear, a.t, a.t * all(b->inverse_slope)) * gain + shift;
    return a;
}

void KERNEL(norm_back_sums)(const dml_norm_back *b, const float *dy, const float *mask, const float *t, uint32_t width,
                            float *sum, float *dr, bool add)
{
    const dml_norm_back own = *b; /* a store to dr cannot change it */
    vector gain[PARTS], shift[PARTS], s[3][PARTS];
    EACH_PART gain[h] = load(AT(b->xh_gain, 0));
    EACH_PART shift[h] = load(AT(b->xh_shift, 0));
    for (size_t i = 0; i < 3; i++)
        EACH_PART s[i][h] = load(AT(sum, i));
    for (size_t p = 0; p < width; p++)
        EACH_PART
        {
            const pulled a = pull(&own, AT(dy, p), mask ? AT(mask, p) : NULL, AT(t, p), gain[h], shift[h]);
            s[0][h] += a.dv;
            s[1][h] += a.dv * a.xh;
            s[2][h] += a.d * a.t;
            if (dr)
                store(AT(dr, p), add ? load(AT(dr, p)) + a.d : a.d);
        }
    for (size_t i = 0; i < 3; i++)
        EACH_PART store(AT(sum, i), s[i][h]);
}

void KERNEL(norm_back)(const dml_norm_back *b, const float *dy, const float *mask, const float *t, uint32_t width,
                       float *dx)
{
    const dml_norm_back own = *b;
    vector gain[PARTS], shift[PARTS], k_dv[PARTS], k_xh[PARTS], k_one[PARTS];
    EACH_PART gain[h] = load(AT(b->xh_gain, 0));
    EACH_PART shift[h] = load(AT(b->xh_shift, 0));
    EACH_PART k_dv[h] = load(AT(b->k_dv, 0));
    EACH_PART k_xh[h] = load(AT(b->k_xh, 0));
    EACH_PART k_one[h] = load(AT(b->k_one, 0));
    for (size_t p = 0; p < width; p++)
        EACH_PART
        {
            const pulled a = pull(&own, AT(dy, p), mask ? AT(mask, p) : NULL, AT(t, p), gain[h], shift[h]);
            store(AT(dx, p), k_dv[h] * a.dv + k_xh[h] * a.xh + k_one[h]);
        }
}

/* ---- value by value ---------------------------------------------------------------------------------------------- */

void KERNEL(relu)(const float *x, uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++)
        EACH_PART
        {
            const vector v = load(AT(x, p));
            store(AT(y, p), only(positive(v), v));
        }
}

void KERNEL(gate_back)(const float *dy, const float *f, const float *up, size_t n, float *dup, float *df, bool add)
{
    for (size_t p = 0; p < n / DML_BLOCK; p++)
        EACH_PART
        {
            const vector d = load(AT(dy, p)), to_f = d * (load(AT(up, p)) + all(1));
            store(AT(dup, p), d * load(AT(f, p)));
            store(AT(df, p), add ? load(AT(df, p)) + to_f : to_f);
        }
}

void KERNEL(sgd)(const float *g, float clip, float decay, float momentum, float rate, size_t n, float *m, float *w)
{
    for (size_t p = 0; p < n / DML_BLOCK; p++)
        EACH_PART
        {
            const vector old = load(AT(w, p)), force = all(clip) * load(AT(g, p)) + all(decay) * old;
            const vector speed = all(momentum) * load(AT(m, p)) + force;
            store(AT(m, p), speed);
            store(AT(w, p), old - all(rate) * speed);
        }
}

/* ---- depthwise, maximum, resize ---------------------------------------------------------------------------------- */

void KERNEL(depthwise3x3_back_input)(const float *dy, const float *w, size_t x_row, uint32_t step, uint32_t width,
                                     float *dx)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t p = 0; p < width; p++)
            for (size_t j = 0; j < 3; j++) {
                float *to = dx + i * x_row;
                EACH_PART
                {
                    const vector product = load(AT(dy, p)) * load(AT(w, 3 * i + j));
                    store(AT(to, p * step + j), load(AT(to, p * step + j)) + product);
                }
            }
}

void KERNEL(depthwise3x3_back_weight)(const float *x, size_t x_row, const float *dy, uint32_t step, uint32_t width,
                                      float *dw)
{
    for (size_t i = 0; i < 3; i++) {
        vector sum[3][PARTS];
        for (size_t j = 0; j < 3; j++)
            EACH_PART sum[j][h] = load(AT(dw, 3 * i + j));
        for (size_t p = 0; p < width; p++)
            for (size_t j = 0; j < 3; j++)
                EACH_PART sum[j][h] += load(AT(dy, p)) * load(AT(x + i * x_row, p * step + j));
        for (size_t j = 0; j < 3; j++)
            EACH_PART store(AT(dw, 3 * i + j), sum[j][h]);
    }
}

void KERNEL(maxpool3x3_back)(const float *const *row, uint32_t rows, uint32_t in_width, uint32_t width, const float *y,
                             const float *dy, float *const *drow)
{
    for (size_t p = 0; p < width; p++) {
        const size_t first = p ? 2 * p - 1 : 0, last = 2 * p + 1 < in_width ? 2 * p + 1 : 2 * p;
        choice waiting[PARTS]; /* lanes that have not found their pixel yet */
        EACH_PART waiting[h] = ~(choice){0};
        for (size_t i = 0; i < rows; i++)
            for (size_t c = first; c <= last; c++)
                EACH_PART
                {
                    const choice here = (load(AT(row[i], c)) == load(AT(y, p))) & waiting[h];
                    const vector old = load(AT(drow[i], c));
                    store(AT(drow[i], c), choose(here, old + load(AT(dy, p)), old));
                    waiting[h] &= ~here;
                }
    }
}

void KERNEL(resize_back)(const float *dy, float row_fraction, const uint32_t *column, const float *fraction,
                         uint32_t width, float *da, float *db)
{
    float *const to[2] = {da, db};
    const float share[2] = {1 - row_fraction, row_fraction};
    const size_t rows = row_fraction != 0 ? 2 : 1;
    for (size_t p = 0; p < width; p++) {
        const size_t c = column[p];
        const float f = fraction[p];
        for (size_t i = 0; i < rows; i++) {
            vector v[PARTS];
            EACH_PART v[h] = load(AT(dy, p)) * all(share[i]);
            EACH_PART store(AT(to[i], c), load(AT(to[i], c)) + v[h] * all(1 - f));
            if (f != 0)
                EACH_PART store(AT(to[i], c + 1), load(AT(to[i], c + 1)) + v[h] * all(f));
        }
    }
}
