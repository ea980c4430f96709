/* What the checks of Winograd's transforms compare with. */
#ifndef KC_WINOGRAD_H
#define KC_WINOGRAD_H

#include "kernelcheck.h"

typedef struct kc_matrix {
    size_t rows, columns;
    double at[8][8];
} kc_matrix;

/* For 4 or 6 outputs. */
kc_matrix kc_input_matrix(size_t outputs);  /* B^T, outputs + 2 squared */
kc_matrix kc_weight_matrix(size_t outputs); /* G, outputs + 2 x 3 */
kc_matrix kc_output_matrix(size_t outputs); /* A^T, outputs x outputs + 2 */
kc_matrix kc_transposed(kc_matrix a);

/* (left x right^T)[i][j] and the same of all magnitudes; x[r][c] is at x[r row + c column]. */
double kc_sandwich(const kc_matrix *left, const kc_matrix *right, const float *x, size_t row, size_t column, size_t i,
                   size_t j, double *magnitude);

/* What such a value may be off by in single precision. */
double kc_winograd_bound(double magnitude);

#endif
