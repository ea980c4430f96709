/* Softmax over the channels of each pixel: the definition. The sum runs down the blocks in 16 lanes, which are then
 * added in halves (l and l + 8, l and l + 4, ...); with the shared exponential (exp.h) every instruction set gives the
 * same bits. A NaN, an infinity or a pixel of nothing but -infinity makes all channels of the pixel NaN. */
#include "kernels/impl.h"

#include <math.h>
#include <string.h>

#include "base/tensor.h"
#include "kernels/exp.h"

/* e^(x - m) for x <= m */
#ifdef DML_DOUBLE
static dml_real exp_difference(dml_real x, dml_real m)
{
    return exp(x - m);
}
#else
static float exp_difference(float x, float m)
{
    float z = x - m;
    if (z < EXP_LOWEST)
        return 0.0f;
    float back = z - x;
    float error = (x - (z - back)) - (m + back);
    float shifted = z * EXP_LOG2E + EXP_ROUND;
    float n = shifted - EXP_ROUND;
    float r = ((z - n * EXP_LN2_HIGH) + error) - n * EXP_LN2_LOW;
    float q = (((EXP_C6 * r + EXP_C5) * r + EXP_C4) * r + EXP_C3) * r + EXP_C2;
    float e = (q * (r * r) + r) + 1.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof(bits));
    bits = (bits << 23) + 0x3f800000; /* 2^n */
    float power;
    memcpy(&power, &bits, sizeof(power));
    return e * power;
}
#endif

static dml_real add_lanes(dml_real *lane)
{
    for (size_t half = DML_BLOCK / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

void dml_softmax_c(const dml_real *x, uint32_t channels, size_t plane, uint32_t pixels, dml_real *y)
{
    size_t all = (size_t)dml_blocks(channels) * DML_BLOCK;
    for (size_t p = 0; p < pixels; p++, x += DML_BLOCK, y += DML_BLOCK) {
        dml_real m = -INFINITY;
        for (size_t c = 0; c < channels; c++) {
            dml_real v = x[c / DML_BLOCK * plane + c % DML_BLOCK];
            m = v > m ? v : m;
        }
        dml_real lane[DML_BLOCK] = {0};
        for (size_t c = 0; c < channels; c++) {
            size_t at = c / DML_BLOCK * plane + c % DML_BLOCK;
            dml_real e = exp_difference(x[at], m);
            y[at] = e;
            lane[c % DML_BLOCK] += e;
        }
        dml_real sum = add_lanes(lane);
        for (size_t c = 0; c < all; c++) {
            size_t at = c / DML_BLOCK * plane + c % DML_BLOCK;
            y[at] = c < channels ? y[at] / sum : 0.0f;
        }
    }
}
