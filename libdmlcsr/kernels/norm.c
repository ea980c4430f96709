/* Norms in training, forward: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

void dml_moments_c(const dml_real *x, uint32_t width, dml_real *mean, dml_real *m2)
{
    dml_real sum[DML_BLOCK] = {0}, square[DML_BLOCK] = {0};
    for (size_t p = 0; p < width; p++)
        for (size_t l = 0; l < DML_BLOCK; l++)
            sum[l] += x[p * DML_BLOCK + l];
    for (size_t l = 0; l < DML_BLOCK; l++)
        sum[l] /= (dml_real)width;
    for (size_t p = 0; p < width; p++)
        for (size_t l = 0; l < DML_BLOCK; l++) {
            const dml_real distance = x[p * DML_BLOCK + l] - sum[l];
            square[l] += distance * distance;
        }
    for (size_t l = 0; l < DML_BLOCK; l++) {
        mean[l] = sum[l];
        m2[l] = square[l];
    }
}

void dml_norm_c(const dml_norm_forward *f, const dml_real *x, const dml_real *r, uint32_t width, dml_real *u,
                dml_real *y)
{
    for (size_t p = 0; p < width; p++)
        for (size_t l = 0, i = p * DML_BLOCK; l < DML_BLOCK; l++, i++) {
            const dml_real v = f->gain[l] * x[i] + f->shift[l];
            const dml_real leaky = v > 0 ? v : f->slope * v;
            if (u)
                u[i] = leaky;
            if (!y)
                continue;
            const dml_real sum = f->scale * leaky + (r ? r[i] : 0);
            y[i] = f->relu ? (sum > 0 ? sum : 0) : sum; /* without ReLU a NaN stays one */
        }
}
