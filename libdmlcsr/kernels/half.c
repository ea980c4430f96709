/* Half precision to single, as stored in model files (little-endian, any alignment): the definition. Every half value
 * is a single value, so the only choice is what becomes of a NaN: its payload stays and it turns quiet, which is what
 * the instructions of x86 and Arm do. */
#include "kernels/impl.h"

#include <string.h>

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

static uint32_t half_at(const unsigned char *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static float single_of_f16(uint32_t half)
{
    uint32_t sign = (half & 0x8000) << 16;
    uint32_t exponent = half >> 10 & 0x1f;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 0x1f) /* infinity and NaN */
        return float_of_bits(sign | 0x7f800000 | fraction << 13 | (fraction ? 0x00400000 : 0));
    if (exponent)
        return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float magnitude = (float)fraction * 0x1p-24f; /* zero and subnormal: exact in single precision */
    return sign ? -magnitude : magnitude;
}

void dml_from_f16_c(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    for (size_t i = 0; i < n; i++)
        out[i] = single_of_f16(half_at(bytes + 2 * i));
}

void dml_from_bf16_c(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = half_at(bytes + 2 * i) << 16; /* the upper half of a single; a NaN stays as it is */
        memcpy(out + i, &bits, sizeof(bits));
    }
}
