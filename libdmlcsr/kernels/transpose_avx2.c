/* Transposition of 16 x 16 in AVX2: 8 x 8 values at a time, pairs, then fours, then halves of registers. */
#ifndef __AVX2__
#error "transpose_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"

static inline void transpose8(const float *in, size_t in_row, float *out, size_t out_row)
{
    __m256 a[8], b[8];
    DML_UNROLL(8)
    for (size_t i = 0; i < 8; i++)
        a[i] = _mm256_loadu_ps(in + i * in_row);
    DML_UNROLL(8)
    for (size_t i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_ps(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_ps(a[i], a[i + 1]);
    }
    DML_UNROLL(8)
    for (size_t i = 0; i < 8; i += 4) { /* a[i + c]: columns c and c + 4 of rows i .. i + 3 */
        a[i] = _mm256_shuffle_ps(b[i], b[i + 2], _MM_SHUFFLE(1, 0, 1, 0));
        a[i + 1] = _mm256_shuffle_ps(b[i], b[i + 2], _MM_SHUFFLE(3, 2, 3, 2));
        a[i + 2] = _mm256_shuffle_ps(b[i + 1], b[i + 3], _MM_SHUFFLE(1, 0, 1, 0));
        a[i + 3] = _mm256_shuffle_ps(b[i + 1], b[i + 3], _MM_SHUFFLE(3, 2, 3, 2));
    }
    DML_UNROLL(4)
    for (size_t c = 0; c < 4; c++) {
        _mm256_storeu_ps(out + c * out_row, _mm256_permute2f128_ps(a[c], a[c + 4], 0x20));
        _mm256_storeu_ps(out + (c + 4) * out_row, _mm256_permute2f128_ps(a[c], a[c + 4], 0x31));
    }
}

void dml_transpose16_avx2(const float *in, size_t in_row, float *out, size_t out_row)
{
    transpose8(in, in_row, out, out_row);
    transpose8(in + 8, in_row, out + 8 * out_row, out_row);
    transpose8(in + 8 * in_row, in_row, out + 8, out_row);
    transpose8(in + 8 * in_row + 8, in_row, out + 8 * out_row + 8, out_row);
}
