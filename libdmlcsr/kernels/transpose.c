/* Transposition of 16 x 16 values: the definition. */
#include "kernels/impl.h"

void dml_transpose16_c(const dml_real *in, size_t in_row, dml_real *out, size_t out_row)
{
    for (size_t r = 0; r < 16; r++)
        for (size_t c = 0; c < 16; c++)
            out[c * out_row + r] = in[r * in_row + c];
}
