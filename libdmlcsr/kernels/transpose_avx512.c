/* Transposition of 16 x 16 in AVX-512: pairs, then fours, then quarters of registers, twice. */
#ifndef __AVX512F__
#error "transpose_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"

/* Within each quarter: 4 x 4 values of rows i .. i + 3. a[i + c] then holds the columns c, c + 4, c + 8 and c + 12. */
static inline void transpose_quarters(__m512 *a)
{
    const __m512 b0 = _mm512_unpacklo_ps(a[0], a[1]), b1 = _mm512_unpackhi_ps(a[0], a[1]);
    const __m512 b2 = _mm512_unpacklo_ps(a[2], a[3]), b3 = _mm512_unpackhi_ps(a[2], a[3]);
    a[0] = _mm512_shuffle_ps(b0, b2, _MM_SHUFFLE(1, 0, 1, 0));
    a[1] = _mm512_shuffle_ps(b0, b2, _MM_SHUFFLE(3, 2, 3, 2));
    a[2] = _mm512_shuffle_ps(b1, b3, _MM_SHUFFLE(1, 0, 1, 0));
    a[3] = _mm512_shuffle_ps(b1, b3, _MM_SHUFFLE(3, 2, 3, 2));
}

void dml_transpose16_avx512(const float *in, size_t in_row, float *out, size_t out_row)
{
    __m512 a[16];
    DML_UNROLL(16)
    for (size_t r = 0; r < 16; r++)
        a[r] = _mm512_loadu_ps(in + r * in_row);
    DML_UNROLL(16)
    for (size_t r = 0; r < 16; r += 4)
        transpose_quarters(a + r);
    DML_UNROLL(4)
    for (size_t c = 0; c < 4; c++) {
        const __m512 a_even = _mm512_shuffle_f32x4(a[c], a[c + 4], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 a_odd = _mm512_shuffle_f32x4(a[c], a[c + 4], _MM_SHUFFLE(3, 1, 3, 1));
        const __m512 b_even = _mm512_shuffle_f32x4(a[c + 8], a[c + 12], _MM_SHUFFLE(2, 0, 2, 0));
        const __m512 b_odd = _mm512_shuffle_f32x4(a[c + 8], a[c + 12], _MM_SHUFFLE(3, 1, 3, 1));
        _mm512_storeu_ps(out + c * out_row, _mm512_shuffle_f32x4(a_even, b_even, _MM_SHUFFLE(2, 0, 2, 0)));
        _mm512_storeu_ps(out + (c + 4) * out_row, _mm512_shuffle_f32x4(a_odd, b_odd, _MM_SHUFFLE(2, 0, 2, 0)));
        _mm512_storeu_ps(out + (c + 8) * out_row, _mm512_shuffle_f32x4(a_even, b_even, _MM_SHUFFLE(3, 1, 3, 1)));
        _mm512_storeu_ps(out + (c + 12) * out_row, _mm512_shuffle_f32x4(a_odd, b_odd, _MM_SHUFFLE(3, 1, 3, 1)));
    }
}
