/* Adjoint of the bilinear resize: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

/* What a pixel gives to a row, `share` of it: to a column and its right neighbour. */
static inline void give(const dml_real *dy, dml_real share, dml_real fraction, dml_real *to)
{
    for (size_t l = 0; l < DML_BLOCK; l++)
        to[l] += dy[l] * share * (1 - fraction);
    for (size_t l = 0; l < DML_BLOCK && fraction != 0; l++)
        to[DML_BLOCK + l] += dy[l] * share * fraction;
}

void dml_resize_back_c(const dml_real *dy, dml_real row_fraction, const uint32_t *column, const dml_real *fraction,
                       uint32_t width, dml_real *da, dml_real *db)
{
    for (size_t p = 0; p < width; p++) {
        const size_t at = (size_t)column[p] * DML_BLOCK;
        give(dy + p * DML_BLOCK, 1 - row_fraction, fraction[p], da + at);
        if (row_fraction != 0)
            give(dy + p * DML_BLOCK, row_fraction, fraction[p], db + at);
    }
}
