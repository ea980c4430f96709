/* Gradients of the depthwise 3 x 3 convolution: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

void dml_depthwise3x3_back_input_c(const dml_real *dy, const dml_real *w, size_t x_row, uint32_t step, uint32_t width,
                                   dml_real *dx)
{
    for (size_t p = 0; p < width; p++)
        for (size_t i = 0; i < 3; i++)
            for (size_t j = 0; j < 3; j++)
                for (size_t l = 0; l < DML_BLOCK; l++)
                    dx[i * x_row + (p * step + j) * DML_BLOCK + l] +=
                        dy[p * DML_BLOCK + l] * w[(3 * i + j) * DML_BLOCK + l];
}

void dml_depthwise3x3_back_weight_c(const dml_real *x, size_t x_row, const dml_real *dy, uint32_t step, uint32_t width,
                                    dml_real *dw)
{
    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            dml_real sum[DML_BLOCK];
            for (size_t l = 0; l < DML_BLOCK; l++)
                sum[l] = dw[(3 * i + j) * DML_BLOCK + l];
            for (size_t p = 0; p < width; p++)
                for (size_t l = 0; l < DML_BLOCK; l++)
                    sum[l] += dy[p * DML_BLOCK + l] * x[i * x_row + (p * step + j) * DML_BLOCK + l];
            for (size_t l = 0; l < DML_BLOCK; l++)
                dw[(3 * i + j) * DML_BLOCK + l] = sum[l];
        }
}
