/* Winograd's F(4 x 4, 3 x 3), F(4 x 6) and F(6 x 6) for the instruction set ISA, with vectors as vector.h says: the
 * definition and all vector versions at once, with the same bits. kernels.h says what each does.
 *
 * For 4 outputs the interpolation points are 0, +-sqrt 2, +-sqrt 1/2 and infinity: squares that are each other's inverse
 * keep the constants near 1, and the rounding small (doc/numerics.md). For 6 they are 0, +-1, +-2, +-1/2 and infinity.
 * Each pair +-p shares its even and its odd part. */
#include <string.h>

#include "kernels/impl.h"
#include "kernels/vector.h"
#include "kernels/winograd.h"

/* The results go to 36 places far apart, more than the processor's own prefetching follows: each cache line is asked for
   while the lines before it are computed (without, input and weights take a third more of the time). */
#define AHEAD 4

#ifndef DML_DOUBLE
/* bfloat16 of a vector, in the upper halves of its lanes: to nearest, ties to even. A NaN whose payload lies in the lower
   half alone may become an infinity or a zero; no computation makes one. */
#ifdef REGISTER
typedef uint32_t words DML_VECTOR(REGISTER);
typedef uint16_t halves DML_VECTOR_ANYWHERE(REGISTER / 2, 2);
#else
typedef uint32_t words;
#endif

static inline words words_of(vector v)
{
    words w;
    memcpy(&w, &v, sizeof w);
    return w;
}

static inline vector vector_of(words w)
{
    vector v;
    memcpy(&v, &w, sizeof v);
    return v;
}

static inline words round_bf16(vector v)
{
    const words w = words_of(v);
    return w + 0x7fff + (w >> 16 & 1);
}

static inline void store_bf16(uint16_t *p, vector v)
{
#ifdef REGISTER
    *(halves *)p = DML_CONVERT(round_bf16(v) >> 16, halves);
#else
    *p = (uint16_t)(round_bf16(v) >> 16);
#endif
}

/* Pairs of bfloat16 from and to memory: the even one comes first. */
static inline void load_pairs(const uint16_t *p, vector *even, vector *odd)
{
#ifdef REGISTER
    words w;
    memcpy(&w, p, sizeof w);
    *even = vector_of(w << 16);
    *odd = vector_of(w & 0xffff0000);
#else
    *even = vector_of((words)p[0] << 16);
    *odd = vector_of((words)p[1] << 16);
#endif
}

static inline void store_pairs(uint16_t *p, vector even, vector odd)
{
#ifdef REGISTER
    const words w = round_bf16(even) >> 16 | (round_bf16(odd) & 0xffff0000);
    memcpy(p, &w, sizeof w);
#else
    p[0] = (uint16_t)(round_bf16(even) >> 16);
    p[1] = (uint16_t)(round_bf16(odd) >> 16);
#endif
}
#endif

/* The values of the points p and -p, which share their even and their odd part. */
static inline void put_pair(vector *to, size_t step, vector even, vector odd)
{
    to[0] = even + odd;
    to[step] = even - odd;
}

/* One row or column of G g: 3 values, `step` apart, to 6. */
static inline void weight_line_4(const vector *g, size_t step, vector *u, size_t u_step)
{
    const vector g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const vector even1 = (g0 + g2 + g2) * all(SIXTH), odd1 = g1 * all(ROOT * SIXTH);
    const vector even2 = (g0 + g0 + g2) * all(-THIRD), odd2 = g1 * all(-ROOT * THIRD);
    u[0] = g0;
    put_pair(u + u_step, u_step, even1, odd1);
    put_pair(u + 3 * u_step, u_step, even2, odd2);
    u[5 * u_step] = g2;
}

/* To 8. */
static inline void weight_line_6(const vector *g, size_t step, vector *u, size_t u_step)
{
    const vector g0 = g[0], g1 = g[step], g2 = g[2 * step];
    const vector even1 = (g0 + g2) * all(-2 * NINTH), odd1 = g1 * all(-2 * NINTH);
    const vector even2 = (g0 + g2 * all(4)) * all(NINETIETH), odd2 = g1 * all(2 * NINETIETH);
    const vector even3 = (g0 * all(4) + g2) * all(16 * NINETIETH), odd3 = g1 * all(32 * NINETIETH);
    u[0] = -g0;
    put_pair(u + u_step, u_step, even1, odd1);
    put_pair(u + 3 * u_step, u_step, even2, odd2);
    put_pair(u + 5 * u_step, u_step, even3, odd3);
    u[7 * u_step] = g2;
}

/* Here and below: of so many outputs, a constant where this is inlined. */
static inline void weight_line(const size_t outputs, const vector *g, size_t step, vector *u, size_t u_step)
{
    outputs == 4 ? weight_line_4(g, step, u, u_step) : weight_line_6(g, step, u, u_step);
}

/* G g G^T, `u` 36 values. Not inlined, since three copies of it would be larger than the rest of this file. */
DML_NOT_INLINE void weight_square_4x4(const vector *g, vector *u)
{
    vector half[6 * 3];
    for (size_t j = 0; j < 3; j++) /* columns: half is 6 x 3 */
        weight_line_4(g + j, 3, half + j, 3);
    for (size_t i = 0; i < 6; i++)
        weight_line_4(half + 3 * i, 1, u + 6 * i, 1);
}

/* The same for 6 columns, 8 to a row of `u`. */
DML_NOT_INLINE void weight_square(const vector *g, vector *u, size_t rows)
{
    vector half[8 * 3];
    DML_LOOP
    for (size_t j = 0; j < 3; j++)
        weight_line(rows, g + j, 3, half + j, 3);
    DML_LOOP
    for (size_t i = 0; i < rows + 2; i++)
        weight_line_6(half + 3 * i, 1, u + 8 * i, 1);
}

DML_INLINE void transform_weight(const dml_real *w, dml_real *u, size_t position, const size_t rows, const size_t columns)
{
    const size_t positions = (rows + 2) * (columns + 2);
    for (size_t k = 0; k < DML_BLOCK; k++)
        for (size_t h = 0; h < PARTS; h++) {
            vector g[9], square[8 * 8];
            for (size_t i = 0; i < 9; i++)
                g[i] = load(AT(w, i * DML_BLOCK + k));
            columns == 4 ? weight_square_4x4(g, square) : weight_square(g, square, rows);
            DML_LOOP
            for (size_t i = 0; i < positions; i++) {
                DML_PREFETCH_WRITE(AT(u, k + AHEAD) + i * position);
                store(AT(u, k) + i * position, square[i]);
            }
        }
}

#ifndef DML_DOUBLE
void KERNEL(winograd_weight_bf16)(const uint16_t *w, uint16_t *u, size_t position)
{
    for (size_t k = 0; k < DML_BLOCK; k += 2)
        for (size_t h = 0; h < PARTS; h++) {
            const size_t at = k * DML_BLOCK + 2 * h * LANES;
            vector even[9], odd[9], even_square[36], odd_square[36];
            for (size_t i = 0; i < 9; i++)
                load_pairs(w + i * DML_BLOCK * DML_BLOCK + at, &even[i], &odd[i]);
            weight_square_4x4(even, even_square);
            weight_square_4x4(odd, odd_square);
            for (size_t i = 0; i < 36; i++)
                store_pairs(u + i * position + at, even_square[i], odd_square[i]);
        }
}
#endif

/* One row or column of B^T d: 6 values to 6. */
static inline void input_line_4(const vector *d, size_t step, vector *v, size_t v_step)
{
    const vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const vector even1 = d4 - d2 * all(HALF), odd1 = (d3 - d1 * all(HALF)) * all(ROOT);
    const vector even2 = d4 - (d2 + d2), odd2 = (d3 - (d1 + d1)) * all(HALF_ROOT);
    v[0] = d0 - d2 * all(5 * HALF) + d4;
    put_pair(v + v_step, v_step, even1, odd1);
    put_pair(v + 3 * v_step, v_step, even2, odd2);
    v[5 * v_step] = d1 - d3 * all(5 * HALF) + d5;
}

/* 8 to 8. */
static inline void input_line_6(const vector *d, size_t step, vector *v, size_t v_step)
{
    const vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step], d4 = d[4 * step], d5 = d[5 * step];
    const vector d6 = d[6 * step], d7 = d[7 * step];
    const vector even1 = d2 - d4 * all(17 * QUARTER) + d6, odd1 = d1 - d3 * all(17 * QUARTER) + d5;
    const vector even2 = d2 * all(QUARTER) - d4 * all(5 * QUARTER) + d6;
    const vector odd2 = d1 * all(HALF) - d3 * all(5 * HALF) + (d5 + d5);
    const vector even3 = d2 * all(4) - d4 * all(5) + d6, odd3 = (d1 + d1) - d3 * all(5 * HALF) + d5 * all(HALF);
    v[0] = (d2 - d4) * all(21 * QUARTER) + (d6 - d0);
    put_pair(v + v_step, v_step, even1, odd1);
    put_pair(v + 3 * v_step, v_step, even2, odd2);
    put_pair(v + 5 * v_step, v_step, even3, odd3);
    v[7 * v_step] = (d3 - d5) * all(21 * QUARTER) + (d7 - d1);
}

static inline void input_line(const size_t outputs, const vector *d, size_t step, vector *v, size_t v_step)
{
    outputs == 4 ? input_line_4(d, step, v, v_step) : input_line_6(d, step, v, v_step);
}

/* B^T d B of lanes h LANES .. of the patch at x, `v` (rows + 2) x (columns + 2) values. */
DML_INLINE void input_square(const dml_real *x, size_t x_row, size_t x_column, size_t h, vector *v, const size_t rows,
                             const size_t columns)
{
    const size_t high = rows + 2, wide = columns + 2;
    vector d[8], half[8 * 8];
    DML_LOOP
    for (size_t j = 0; j < wide; j++) {
        for (size_t i = 0; i < high; i++)
            d[i] = load(AT(x + i * x_row + j * x_column, 0));
        input_line(rows, d, 1, half + j, wide);
    }
    DML_LOOP
    for (size_t i = 0; i < high; i++)
        input_line(columns, half + wide * i, 1, v + wide * i, 1);
}

/* Not inlined either. */
DML_NOT_INLINE void input_square_4x4(const dml_real *x, size_t x_row, size_t x_column, size_t h, vector *v)
{
    input_square(x, x_row, x_column, h, v, 4, 4);
}

DML_INLINE void transform_input(const dml_real *x, size_t x_row, size_t x_column, uint32_t tiles, dml_real *v,
                                size_t position, const size_t rows, const size_t columns)
{
    const size_t positions = (rows + 2) * (columns + 2);
    for (size_t t = 0; t < tiles; t++, x += columns * x_column, v += DML_BLOCK)
        for (size_t h = 0; h < PARTS; h++) {
            vector square[8 * 8];
            if (rows == 4 && columns == 4)
                input_square_4x4(x, x_row, x_column, h, square);
            else
                input_square(x, x_row, x_column, h, square, rows, columns);
            DML_LOOP
            for (size_t i = 0; i < positions; i++) {
                DML_PREFETCH_WRITE(AT(v, AHEAD) + i * position);
                store(AT(v, 0) + i * position, square[i]);
            }
        }
}

#ifndef DML_DOUBLE
void KERNEL(winograd_input_bf16)(const float *x, size_t x_row, size_t x_column, uint32_t tiles, void *result,
                                 size_t position)
{
    uint16_t *v = result;
    for (size_t t = 0; t < tiles; t++, x += DML_WINOGRAD * x_column, v += DML_BLOCK)
        for (size_t h = 0; h < PARTS; h++) {
            vector square[36];
            input_square_4x4(x, x_row, x_column, h, square);
            for (size_t i = 0; i < 36; i++)
                store_bf16(AT(v, 0) + i * position, square[i]);
        }
}
#endif

/* One row or column of A^T m: 6 values to 4. */
static inline void output_line_4(const vector *m, size_t step, vector *y, size_t y_step)
{
    const vector sum1 = m[step] + m[2 * step], odd1 = (m[step] - m[2 * step]) * all(ROOT);
    const vector sum2 = m[3 * step] + m[4 * step], odd2 = (m[3 * step] - m[4 * step]) * all(HALF_ROOT);
    y[0] = m[0] + sum1 + sum2;
    y[y_step] = odd1 + odd2;
    y[2 * y_step] = sum1 + sum1 + sum2 * all(HALF);
    y[3 * y_step] = odd1 + odd1 + odd2 * all(HALF) + m[5 * step];
}

/* 8 to 6. */
static inline void output_line_6(const vector *m, size_t step, vector *y, size_t y_step)
{
    const vector sum1 = m[step] + m[2 * step], odd1 = m[step] - m[2 * step];
    const vector sum2 = m[3 * step] + m[4 * step], odd2 = m[3 * step] - m[4 * step];
    const vector sum3 = m[5 * step] + m[6 * step], odd3 = m[5 * step] - m[6 * step];
    y[0] = m[0] + sum1 + (sum2 + sum3);
    y[y_step] = odd1 + (odd2 * all(2) + odd3 * all(HALF));
    y[2 * y_step] = sum1 + (sum2 * all(4) + sum3 * all(HALF / 2));
    y[3 * y_step] = odd1 + (odd2 * all(8) + odd3 * all(HALF / 4));
    y[4 * y_step] = sum1 + (sum2 * all(16) + sum3 * all(HALF / 8));
    y[5 * y_step] = odd1 + m[7 * step] + (odd2 * all(32) + odd3 * all(HALF / 16));
}

static inline void output_line(const size_t outputs, const vector *m, size_t step, vector *y, size_t y_step)
{
    outputs == 4 ? output_line_4(m, step, y, y_step) : output_line_6(m, step, y, y_step);
}

static inline vector finish(const dml_winograd_tile *t, vector v)
{
    v = all(t->scale) * choose(positive(v), v, all(t->slope) * v);
    return t->relu ? choose(positive(v), v, all(0)) : v;
}

DML_INLINE void transform_output(const dml_winograd_tile *t, const size_t rows, const size_t columns)
{
    const size_t high = rows + 2, wide = columns + 2, there = t->columns < columns ? t->columns : columns;
    for (size_t h = 0; h < PARTS; h++) {
        vector m[8], half[6 * 8], line[6];
        const vector bias = load(AT(t->bias, 0));
        DML_LOOP
        for (size_t j = 0; j < wide; j++) { /* columns: half is rows x wide */
            for (size_t i = 0; i < high; i++)
                m[i] = load(AT(t->m, 0) + (wide * i + j) * t->position);
            output_line(rows, m, 1, half + j, wide);
        }
        DML_LOOP
        for (size_t i = 0; i < t->rows; i++) {
            output_line(columns, half + wide * i, 1, line, 1);
            DML_LOOP
            for (size_t j = 0; j < there; j++) {
                dml_real *y = AT(t->y + i * t->y_row + j * t->y_column, 0);
                const vector sum = line[j] + (t->first ? bias : load(y));
                store(y, t->last ? finish(t, sum) : sum);
            }
        }
    }
}

#define FORM(form, rows, columns)                                                                                    \
    void KERNEL(winograd_weight_##form)(const dml_real *w, dml_real *u, size_t position)                             \
    {                                                                                                                \
        transform_weight(w, u, position, rows, columns);                                                             \
    }                                                                                                                \
    void KERNEL(winograd_input_##form)(const dml_real *x, size_t x_row, size_t x_column, uint32_t tiles, void *v,    \
                                       size_t position)                                                              \
    {                                                                                                                \
        transform_input(x, x_row, x_column, tiles, v, position, rows, columns);                                      \
    }                                                                                                                \
    void KERNEL(winograd_output_##form)(const dml_winograd_tile *t)                                                  \
    {                                                                                                                \
        transform_output(t, rows, columns);                                                                          \
    }

FORM(4x4, 4, 4)
FORM(4x6, 4, 6)
FORM(6x6, 6, 6)
