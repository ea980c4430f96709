/* Half precision to single in AVX-512, sixteen values at a time; a mask loads and stores the rest. */
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512VL__)
#error "half_avx512.c needs -mavx512f -mavx512bw -mavx512vl"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

static inline __m512i widen_bf16(__m256i v)
{
    return _mm512_slli_epi32(_mm512_cvtepu16_epi32(v), 16);
}

void dml_from_f16_avx512(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_ps(out + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)(bytes + 2 * i))));
    if (i == n)
        return; /* even with an empty mask, touching memory that is not there costs hundreds of cycles */
    const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
    _mm512_mask_storeu_ps(out + i, rest, _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(rest, bytes + 2 * i)));
}

void dml_from_bf16_avx512(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 16 <= n; i += 16)
        _mm512_storeu_si512(out + i, widen_bf16(_mm256_loadu_si256((const __m256i *)(bytes + 2 * i))));
    if (i == n)
        return; /* even with an empty mask, touching memory that is not there costs hundreds of cycles */
    const __mmask16 rest = (__mmask16)((1u << (n - i)) - 1);
    _mm512_mask_storeu_epi32(out + i, rest, widen_bf16(_mm256_maskz_loadu_epi16(rest, bytes + 2 * i)));
}
