/* What treats every value alike: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

void dml_relu_c(const dml_real *x, uint32_t width, dml_real *y)
{
    for (size_t i = 0; i < (size_t)width * DML_BLOCK; i++)
        y[i] = x[i] > 0 ? x[i] : 0;
}

void dml_gate_back_c(const dml_real *dy, const dml_real *f, const dml_real *up, size_t n, dml_real *dup, dml_real *df,
                     bool add)
{
    for (size_t i = 0; i < n; i++) {
        const dml_real to_f = dy[i] * (up[i] + 1);
        dup[i] = dy[i] * f[i];
        df[i] = add ? df[i] + to_f : to_f;
    }
}

void dml_sgd_c(const dml_real *g, dml_real clip, dml_real decay, dml_real momentum, dml_real rate, size_t n,
               dml_real *m, dml_real *w)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = momentum * m[i] + (clip * g[i] + decay * w[i]);
        w[i] -= rate * m[i];
    }
}
