/* From single precision to fewer bits in SSE4.1, eight or sixteen values at a time; C does the rest, with the same
 * bits. */
#ifndef __SSE4_1__
#error "narrow_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

/* The bfloat16 of 4 values, in 32 bits each. */
static inline __m128i round_bf16(const float *x)
{
    const __m128 v = _mm_loadu_ps(x);
    const __m128i bits = _mm_castps_si128(v), even = _mm_and_si128(_mm_srli_epi32(bits, 16), _mm_set1_epi32(1));
    const __m128i rounded = _mm_add_epi32(bits, _mm_add_epi32(even, _mm_set1_epi32(0x7fff)));
    const __m128i quiet = _mm_or_si128(bits, _mm_set1_epi32(0x400000));
    return _mm_srli_epi32(_mm_blendv_epi8(rounded, quiet, _mm_castps_si128(_mm_cmpunord_ps(v, v))), 16);
}

void dml_to_bf16_sse41(const float *x, size_t n, uint16_t *y)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8)
        _mm_storeu_si128((__m128i *)(y + i), _mm_packus_epi32(round_bf16(x + i), round_bf16(x + i + 4)));
    dml_to_bf16_c(x + i, n - i, y + i);
}

/* The levels of 4 values, not yet cut to a byte. */
static inline __m128i level(const float *x, __m128 gain, __m128i zero)
{
    __m128 v = _mm_mul_ps(_mm_loadu_ps(x), gain);
    v = _mm_and_ps(v, _mm_cmpord_ps(v, v)); /* NaN: 0 */
    v = _mm_min_ps(_mm_max_ps(v, _mm_set1_ps(-256.0f)), _mm_set1_ps(256.0f));
    return _mm_add_epi32(_mm_cvtps_epi32(v), zero);
}

void dml_to_u8_sse41(const float *x, size_t n, float gain, int32_t zero, uint8_t *y)
{
    const __m128 factor = _mm_set1_ps(gain);
    const __m128i shift = _mm_set1_epi32(zero);
    for (size_t i = 0; i < n; i += 16) {
        const __m128i first = _mm_packs_epi32(level(x + i, factor, shift), level(x + i + 4, factor, shift));
        const __m128i second = _mm_packs_epi32(level(x + i + 8, factor, shift), level(x + i + 12, factor, shift));
        _mm_storeu_si128((__m128i *)(y + i), _mm_packus_epi16(first, second));
    }
}
