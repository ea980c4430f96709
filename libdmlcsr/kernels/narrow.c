/* From single precision to fewer bits: the definition. */
#include "kernels/impl.h"

#include <string.h>

void dml_to_bf16_c(const float *x, size_t n, uint16_t *y)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, x + i, sizeof bits);
        if ((bits & 0x7fffffff) > 0x7f800000)
            y[i] = (uint16_t)(bits >> 16 | 0x40); /* NaN: quiet, its payload cut */
        else
            y[i] = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    }
}

void dml_to_u8_c(const float *x, size_t n, float gain, int32_t zero, uint8_t *y)
{
    const float shift = 0x1.8p23f; /* adding it rounds to an integer, ties to even */
    for (size_t i = 0; i < n; i++) {
        float v = x[i] * gain;
        v = v > -256.0f ? v : v <= -256.0f ? -256.0f : 0.0f; /* the last is NaN */
        v = v < 256.0f ? v : 256.0f;
        const int32_t level = (int32_t)((v + shift) - shift) + zero;
        y[i] = (uint8_t)(level < 0 ? 0 : level > 255 ? 255 : level);
    }
}
