/* Norms in training, back: the definition. */
#include "base/tensor.h"
#include "kernels/back_impl.h"

/* d, dv and xh of dml_norm_back, for lane l of the pixel with value i. */
typedef struct lane {
    dml_real d, dv, xh;
} lane;

static inline lane pull(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t, size_t l,
                        size_t i)
{
    const bool positive = t[i] > 0;
    const dml_real v = positive ? t[i] : t[i] * b->inverse_slope;
    const dml_real d = !mask || mask[i] > 0 ? dy[i] : 0;
    return (lane){d, positive ? d : b->slope * d, v * b->xh_gain[l] + b->xh_shift[l]};
}

void dml_norm_back_sums_c(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                          uint32_t width, dml_real *sum, dml_real *dr, bool add)
{
    for (size_t p = 0; p < width; p++)
        for (size_t l = 0, i = p * DML_BLOCK; l < DML_BLOCK; l++, i++) {
            const lane a = pull(b, dy, mask, t, l, i);
            sum[l] += a.dv;
            sum[DML_BLOCK + l] += a.dv * a.xh;
            sum[2 * DML_BLOCK + l] += a.d * t[i];
            if (dr)
                dr[i] = add ? dr[i] + a.d : a.d;
        }
}

void dml_norm_back_c(const dml_norm_back *b, const dml_real *dy, const dml_real *mask, const dml_real *t,
                     uint32_t width, dml_real *dx)
{
    for (size_t p = 0; p < width; p++)
        for (size_t l = 0, i = p * DML_BLOCK; l < DML_BLOCK; l++, i++) {
            const lane a = pull(b, dy, mask, t, l, i);
            dx[i] = b->k_dv[l] * a.dv + b->k_xh[l] * a.xh + b->k_one[l];
        }
}
