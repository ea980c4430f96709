/* Gradient of the 3 x 3 maximum: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

void dml_maxpool3x3_back_c(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width,
                           const dml_real *y, const dml_real *dy, dml_real *const *drow)
{
    for (size_t p = 0; p < width; p++) {
        const size_t first = p ? 2 * p - 1 : 0, last = 2 * p + 1 < in_width ? 2 * p + 1 : 2 * p;
        for (size_t l = 0; l < DML_BLOCK; l++) {
            bool given = false; /* and never, when y is NaN, which equals nothing */
            for (size_t i = 0; i < rows && !given; i++)
                for (size_t c = first; c <= last && !given; c++)
                    if (row[i][c * DML_BLOCK + l] == y[p * DML_BLOCK + l]) {
                        drow[i][c * DML_BLOCK + l] += dy[p * DML_BLOCK + l];
                        given = true;
                    }
        }
    }
}
