/* Gradient of a convolution's weights, one tap of one pair of blocks: the definition. */
#include "kernels/back_impl.h"

#include "base/compiler.h"
#include "base/tensor.h"

void dml_conv_back_weight_c(const dml_real *x, size_t x_row, uint32_t step, const dml_real *dy, size_t dy_row,
                            uint32_t rows, uint32_t width, dml_real *dw)
{
    for (size_t k = 0; k < DML_BLOCK; k++) {
        dml_real sum[DML_BLOCK];
        for (size_t l = 0; l < DML_BLOCK; l++)
            sum[l] = dw[k * DML_BLOCK + l];
        for (size_t i = 0; i < rows; i++)
            for (size_t p = 0; p < width; p++) {
                const dml_real value = x[i * x_row + p * step * DML_BLOCK + k], *d = dy + i * dy_row + p * DML_BLOCK;
                DML_LOOP
                for (size_t l = 0; l < DML_BLOCK; l++)
                    sum[l] += value * d[l];
            }
        for (size_t l = 0; l < DML_BLOCK; l++)
            dw[k * DML_BLOCK + l] = sum[l];
    }
}
