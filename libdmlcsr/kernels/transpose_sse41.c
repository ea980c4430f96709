/* Transposition of 16 x 16 in SSE4.1: 4 x 4 values at a time. */
#ifndef __SSE4_1__
#error "transpose_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

void dml_transpose16_sse41(const float *in, size_t in_row, float *out, size_t out_row)
{
    for (size_t r = 0; r < 16; r += 4) {
        for (size_t c = 0; c < 16; c += 4) {
            const float *from = in + r * in_row + c;
            float *to = out + c * out_row + r;
            __m128 a = _mm_loadu_ps(from), b = _mm_loadu_ps(from + in_row);
            __m128 d = _mm_loadu_ps(from + 2 * in_row), e = _mm_loadu_ps(from + 3 * in_row);
            _MM_TRANSPOSE4_PS(a, b, d, e);
            _mm_storeu_ps(to, a);
            _mm_storeu_ps(to + out_row, b);
            _mm_storeu_ps(to + 2 * out_row, d);
            _mm_storeu_ps(to + 3 * out_row, e);
        }
    }
}
