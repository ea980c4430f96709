/* From single precision to fewer bits in AVX-512, sixteen values at a time. By integer arithmetic: the instructions of
 * AVX512-BF16 count subnormals as zero. */
#if !defined(__AVX512F__)
#error "narrow_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

void dml_to_bf16_avx512(const float *x, size_t n, uint16_t *y)
{
    const __m512i one = _mm512_set1_epi32(1), most = _mm512_set1_epi32(0x7fff), quiet = _mm512_set1_epi32(0x400000);
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        const __m512 v = _mm512_loadu_ps(x + i);
        const __m512i bits = _mm512_castps_si512(v), even = _mm512_and_si512(_mm512_srli_epi32(bits, 16), one);
        __m512i rounded = _mm512_add_epi32(bits, _mm512_add_epi32(even, most));
        rounded = _mm512_mask_or_epi32(rounded, _mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q), bits, quiet);
        _mm256_storeu_si256((__m256i *)(y + i), _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
    }
    dml_to_bf16_c(x + i, n - i, y + i);
}

void dml_to_u8_avx512(const float *x, size_t n, float gain, int32_t zero, uint8_t *y)
{
    const __m512 factor = _mm512_set1_ps(gain), low = _mm512_set1_ps(-256.0f), high = _mm512_set1_ps(256.0f);
    const __m512i shift = _mm512_set1_epi32(zero);
    for (size_t i = 0; i < n; i += 16) {
        __m512 v = _mm512_mul_ps(_mm512_loadu_ps(x + i), factor);
        v = _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(v, v, _CMP_ORD_Q), v); /* NaN: 0 */
        v = _mm512_min_ps(_mm512_max_ps(v, low), high);
        const __m512i level = _mm512_add_epi32(_mm512_cvtps_epi32(v), shift);
        _mm_storeu_si128((__m128i *)(y + i),
                         _mm512_cvtusepi32_epi8(_mm512_max_epi32(level, _mm512_setzero_si512())));
    }
}
