/* Half precision to single in AVX2 with F16C, sixteen values at a time; C does the rest, with the same bits. */
#if !defined(__AVX2__) || !defined(__F16C__)
#error "half_avx2.c needs -mavx2 -mf16c"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

static inline __m128i load8(const unsigned char *p)
{
    return _mm_loadu_si128((const __m128i *)p);
}

void dml_from_f16_avx2(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 16 <= n; i += 16) {
        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(load8(bytes + 2 * i)));
        _mm256_storeu_ps(out + i + 8, _mm256_cvtph_ps(load8(bytes + 2 * i + 16)));
    }
    dml_from_f16_c(bytes + 2 * i, n - i, out + i);
}

void dml_from_bf16_avx2(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m256i bits = _mm256_slli_epi32(_mm256_cvtepu16_epi32(load8(bytes + 2 * i)), 16);
        _mm256_storeu_si256((__m256i *)(out + i), bits);
    }
    dml_from_bf16_c(bytes + 2 * i, n - i, out + i);
}
