/* Float to half, in integers: the same on every machine. Both round to nearest, ties to even. */
#include <string.h>

#include "model/model.h"

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* bits >> shift, rounded; shift 1 .. 31. */
static uint32_t shift_round(uint32_t bits, uint32_t shift)
{
    uint32_t kept = bits >> shift, rest = bits & ((1u << shift) - 1), middle = 1u << (shift - 1);
    return kept + (rest > middle || (rest == middle && (kept & 1)));
}

uint16_t dml_f16_from_float(float value)
{
    const uint32_t bits = bits_of(value), sign = bits >> 16 & 0x8000, magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000) /* NaN stays NaN: quiet, with the upper part of its payload */
        return (uint16_t)(sign | 0x7E00 | (magnitude >> 13 & 0x1FF));
    if (magnitude >= 0x47800000) /* 65536 and above, infinity */
        return (uint16_t)(sign | 0x7C00);
    if (magnitude >= 0x38800000) /* normal: from exponent bias 127 to 15; rounding may carry up to infinity */
        return (uint16_t)(sign | shift_round(magnitude - 0x38000000, 13));
    if (magnitude < 0x33000000) /* below half of the smallest subnormal, 2^-25 */
        return (uint16_t)sign;
    const uint32_t exponent = magnitude >> 23, mantissa = (magnitude & 0x7FFFFF) | 0x800000;
    return (uint16_t)(sign | shift_round(mantissa, 126 - exponent)); /* in units of 2^-24 */
}

uint16_t dml_bf16_from_float(float value)
{
    const uint32_t bits = bits_of(value), magnitude = bits & 0x7FFFFFFF;
    if (magnitude > 0x7F800000)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)(bits >> 31 << 15 | shift_round(magnitude, 16));
}
