/* What the checks of Winograd's transforms compare with. */
#ifndef KC_WINOGRAD_H
#define KC_WINOGRAD_H

#include "kernelcheck.h"

/* A matrix of at most 6 x 6. */
typedef struct kc_matrix {
    size_t rows, columns;
    double at[6][6];
} kc_matrix;

kc_matrix kc_input_matrix(void);  /* B^T, 6 x 6 */
kc_matrix kc_weight_matrix(void); /* G, 6 x 3 */
kc_matrix kc_output_matrix(void); /* A^T, 4 x 6 */
kc_matrix kc_transposed(kc_matrix a);

/* (m x m^T)[i][j] and the same of all magnitudes; x[r][c] is at x[r row + c column]. */
double kc_sandwich(const kc_matrix *m, const float *x, size_t row, size_t column, size_t i, size_t j, double *magnitude);

/* What such a value may be off by in single precision. */
double kc_winograd_bound(double magnitude);

#endif
