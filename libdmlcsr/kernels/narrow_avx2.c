/* From single precision to fewer bits in AVX2, sixteen values at a time; C does the rest, with the same bits. */
#ifndef __AVX2__
#error "narrow_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

/* The bfloat16 of 8 values, in 32 bits each. */
static inline __m256i round_bf16(const float *x)
{
    const __m256 v = _mm256_loadu_ps(x);
    const __m256i bits = _mm256_castps_si256(v);
    const __m256i even = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(bits, _mm256_add_epi32(even, _mm256_set1_epi32(0x7fff)));
    const __m256i quiet = _mm256_or_si256(bits, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(v, v, _CMP_UNORD_Q));
    return _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
}

void dml_to_bf16_avx2(const float *x, size_t n, uint16_t *y)
{
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m256i packed = _mm256_packus_epi32(round_bf16(x + i), round_bf16(x + i + 8)); /* quarters 0 2 1 3 */
        _mm256_storeu_si256((__m256i *)(y + i), _mm256_permute4x64_epi64(packed, 0xd8));
    }
    dml_to_bf16_c(x + i, n - i, y + i);
}

/* The levels of 8 values, not yet cut to a byte. */
static inline __m256i level(const float *x, __m256 gain, __m256i zero)
{
    __m256 v = _mm256_mul_ps(_mm256_loadu_ps(x), gain);
    v = _mm256_and_ps(v, _mm256_cmp_ps(v, v, _CMP_ORD_Q)); /* NaN: 0 */
    v = _mm256_min_ps(_mm256_max_ps(v, _mm256_set1_ps(-256.0f)), _mm256_set1_ps(256.0f));
    return _mm256_add_epi32(_mm256_cvtps_epi32(v), zero);
}

void dml_to_u8_avx2(const float *x, size_t n, float gain, int32_t zero, uint8_t *y)
{
    const __m256 factor = _mm256_set1_ps(gain);
    const __m256i shift = _mm256_set1_epi32(zero);
    for (size_t i = 0; i < n; i += 16) {
        const __m256i packed = _mm256_packs_epi32(level(x + i, factor, shift), level(x + i + 8, factor, shift));
        const __m256i ordered = _mm256_permute4x64_epi64(packed, 0xd8);
        _mm_storeu_si128((__m128i *)(y + i),
                         _mm_packus_epi16(_mm256_castsi256_si128(ordered), _mm256_extracti128_si256(ordered, 1)));
    }
}
