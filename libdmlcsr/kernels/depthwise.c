/* Depthwise 3 x 3 convolution of one channel block: the definition. The vector versions keep the order of the sum;
 * SSE4.1 rounds every product like this one, AVX2, AVX-512 and NEON fuse product and addition. */
#include "kernels/impl.h"

#include "base/tensor.h"

void dml_depthwise3x3_c(const dml_real *x, size_t x_row, const dml_real *w, const dml_real *bias, dml_real slope,
                        uint32_t step, uint32_t width, dml_real *y)
{
    for (size_t p = 0; p < width; p++) {
        for (size_t l = 0; l < DML_BLOCK; l++) {
            dml_real sum = bias[l];
            for (size_t i = 0; i < 3; i++)
                for (size_t j = 0; j < 3; j++)
                    sum += x[i * x_row + (p * step + j) * DML_BLOCK + l] * w[(3 * i + j) * DML_BLOCK + l];
            y[p * DML_BLOCK + l] = sum > 0.0f ? sum : slope * sum;
        }
    }
}
