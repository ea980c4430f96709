/* Bilinear interpolation of one channel block, along a row (resize) and at any positions (sample): the definition.
 * No instruction set fuses here, because loads are what it costs: all results are the same, bit for bit. */
#include "kernels/impl.h"

#include "base/tensor.h"

static dml_real lerp(dml_real a, dml_real b, dml_real f)
{
    return a + f * (b - a);
}

void dml_resize_c(const dml_real *a, const dml_real *b, dml_real row_fraction, const uint32_t *column,
                  const dml_real *fraction, const dml_real *gate, uint32_t width, dml_real *y)
{
    if (row_fraction == 0.0f)
        b = a; /* like the column right of the last one, the row below the last one need not exist */
    for (size_t p = 0; p < width; p++) {
        dml_real f = fraction[p];
        size_t left = (size_t)column[p] * DML_BLOCK;
        size_t right = f != 0.0f ? left + DML_BLOCK : left;
        for (size_t l = 0; l < DML_BLOCK; l++) {
            dml_real v = lerp(lerp(a[left + l], a[right + l], f), lerp(b[left + l], b[right + l], f), row_fraction);
            if (gate) {
                dml_real g = gate[p * DML_BLOCK + l];
                v = g * v + g;
            }
            y[p * DML_BLOCK + l] = v;
        }
    }
}

void dml_sample_c(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                  uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++) {
        const float *a = x + offset[p];
        const float *b = a + x_row;
        for (size_t l = 0; l < DML_BLOCK; l++) {
            float top = lerp(a[l], a[DML_BLOCK + l], fx[p]);
            float low = lerp(b[l], b[DML_BLOCK + l], fx[p]);
            y[p * DML_BLOCK + l] = lerp(top, low, fy[p]);
        }
    }
}
