/* bfloat16 to single in SSE4.1, eight values at a time. IEEE half precision needs F16C, which comes with AVX2. */
#ifndef __SSE4_1__
#error "half_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

void dml_from_bf16_sse41(const void *in, size_t n, float *out)
{
    const unsigned char *bytes = in;
    const __m128i zero = _mm_setzero_si128();
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        const __m128i v = _mm_loadu_si128((const __m128i *)(bytes + 2 * i));
        _mm_storeu_si128((__m128i *)(out + i), _mm_unpacklo_epi16(zero, v));
        _mm_storeu_si128((__m128i *)(out + i + 4), _mm_unpackhi_epi16(zero, v));
    }
    dml_from_bf16_c(bytes + 2 * i, n - i, out + i);
}
