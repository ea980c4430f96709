/* The matrices of Winograd convolution as they follow from its points (kernels/winograd_body.h). */
#include "kc_winograd.h"

#include <math.h>

#define ROOT 1.4142135623730950488 /* of 2 */

/* One less than the matrices have rows: the last is infinity. */
typedef struct points {
    size_t count;
    double at[7];
} points;

static points points_of(size_t outputs)
{
    static const points for_4 = {5, {0, ROOT, -ROOT, ROOT / 2, -ROOT / 2}}, for_6 = {7, {0, 1, -1, 2, -2, .5, -.5}};
    return outputs == 4 ? for_4 : for_6;
}

/* The coefficients of the product of (x - point) over all points but `without` (their count: none). */
static void polynomial(const points *p, size_t without, double *c)
{
    size_t degree = 0;
    c[0] = 1;
    for (size_t i = 1; i <= p->count; i++)
        c[i] = 0;
    for (size_t q = 0; q < p->count; q++) {
        if (q == without)
            continue;
        for (size_t i = ++degree; i > 0; i--)
            c[i] = c[i - 1] - p->at[q] * c[i];
        c[0] *= -p->at[q];
    }
}

kc_matrix kc_input_matrix(size_t outputs) /* B^T */
{
    const points p = points_of(outputs);
    kc_matrix m = {p.count + 1, p.count + 1, {{0}}};
    for (size_t i = 0; i <= p.count; i++)
        polynomial(&p, i, m.at[i]);
    return m;
}

kc_matrix kc_weight_matrix(size_t outputs) /* G */
{
    const points p = points_of(outputs);
    kc_matrix m = {p.count + 1, 3, {{0}}};
    for (size_t i = 0; i < p.count; i++) {
        double scale = 1;
        for (size_t q = 0; q < p.count; q++)
            scale *= q == i ? 1 : p.at[i] - p.at[q];
        for (size_t j = 0; j < 3; j++)
            m.at[i][j] = pow(p.at[i], (double)j) / scale;
    }
    m.at[p.count][2] = 1;
    return m;
}

kc_matrix kc_output_matrix(size_t outputs) /* A^T */
{
    const points p = points_of(outputs);
    kc_matrix m = {outputs, p.count + 1, {{0}}};
    for (size_t i = 0; i < outputs; i++)
        for (size_t q = 0; q < p.count; q++)
            m.at[i][q] = pow(p.at[q], (double)i);
    m.at[outputs - 1][p.count] = 1;
    return m;
}

kc_matrix kc_transposed(kc_matrix a)
{
    kc_matrix t = {a.columns, a.rows, {{0}}};
    for (size_t i = 0; i < a.rows; i++)
        for (size_t j = 0; j < a.columns; j++)
            t.at[j][i] = a.at[i][j];
    return t;
}

double kc_sandwich(const kc_matrix *left, const kc_matrix *right, const float *x, size_t row, size_t column, size_t i,
                   size_t j, double *magnitude)
{
    double sum = 0;
    *magnitude = 0;
    for (size_t r = 0; r < left->columns; r++)
        for (size_t c = 0; c < right->columns; c++) {
            const double product = left->at[i][r] * right->at[j][c] * x[r * row + c * column];
            sum += product;
            *magnitude += fabs(product);
        }
    return sum;
}

double kc_winograd_bound(double magnitude)
{
    const size_t roundings = 16; /* most of a value: two constants and six operations on each of two ways */
    return kc_gamma(roundings) * magnitude + 64 * KC_TINY;
}
