/* The matrices of Winograd convolution as they follow from its points (kernels/winograd_body.h). */
#include "kc_winograd.h"

#include <math.h>

#define ROOT 1.4142135623730950488 /* of 2 */
static const double point[5] = {0, ROOT, -ROOT, ROOT / 2, -ROOT / 2}; /* the sixth is infinity */

/* The coefficients of the product of (x - point) over all points but `without` (5: all five). */
static void polynomial(size_t without, double *c)
{
    size_t degree = 0;
    c[0] = 1;
    for (size_t i = 1; i < 6; i++)
        c[i] = 0;
    for (size_t p = 0; p < 5; p++) {
        if (p == without)
            continue;
        for (size_t i = ++degree; i > 0; i--)
            c[i] = c[i - 1] - point[p] * c[i];
        c[0] *= -point[p];
    }
}

kc_matrix kc_input_matrix(void) /* B^T */
{
    kc_matrix m = {6, 6, {{0}}};
    for (size_t p = 0; p < 6; p++)
        polynomial(p, m.at[p]);
    return m;
}

kc_matrix kc_weight_matrix(void) /* G */
{
    kc_matrix m = {6, 3, {{0}}};
    for (size_t p = 0; p < 5; p++) {
        double scale = 1;
        for (size_t q = 0; q < 5; q++)
            scale *= q == p ? 1 : point[p] - point[q];
        for (size_t i = 0; i < 3; i++)
            m.at[p][i] = pow(point[p], (double)i) / scale;
    }
    m.at[5][2] = 1;
    return m;
}

kc_matrix kc_output_matrix(void) /* A^T */
{
    kc_matrix m = {4, 6, {{0}}};
    for (size_t i = 0; i < 4; i++)
        for (size_t p = 0; p < 5; p++)
            m.at[i][p] = pow(point[p], (double)i);
    m.at[3][5] = 1;
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

double kc_sandwich(const kc_matrix *m, const float *x, size_t row, size_t column, size_t i, size_t j, double *magnitude)
{
    double sum = 0;
    *magnitude = 0;
    for (size_t r = 0; r < m->columns; r++)
        for (size_t c = 0; c < m->columns; c++) {
            const double product = m->at[i][r] * m->at[j][c] * x[r * row + c * column];
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
