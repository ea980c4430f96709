/* Maximum over up to 3 x 3 values, step 2: the definition. Of two equal values, and next to a NaN, the earlier one
 * stays, first down a column and then from left to right; every instruction set does the same, bit for bit. */
#include "kernels/impl.h"

#include "base/tensor.h"

static dml_real column_max(const dml_real *const *row, uint32_t rows, size_t at)
{
    dml_real m = row[0][at];
    for (uint32_t i = 1; i < rows; i++)
        m = row[i][at] > m ? row[i][at] : m;
    return m;
}

void dml_maxpool3x3_c(const dml_real *const *row, uint32_t rows, uint32_t in_width, uint32_t width, dml_real *y)
{
    for (size_t p = 0; p < width; p++) {
        size_t first = p ? 2 * p - 1 : 0;
        size_t last = 2 * p + 1 < in_width ? 2 * p + 1 : 2 * p;
        for (size_t l = 0; l < DML_BLOCK; l++) {
            dml_real m = column_max(row, rows, first * DML_BLOCK + l);
            for (size_t c = first + 1; c <= last; c++) {
                dml_real v = column_max(row, rows, c * DML_BLOCK + l);
                m = v > m ? v : m;
            }
            y[p * DML_BLOCK + l] = m;
        }
    }
}
