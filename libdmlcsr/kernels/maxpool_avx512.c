/* Max pooling in AVX-512, a pixel at a time. The maximum of a column serves two pixels. Same bits as C:
 * the instruction gives its second operand for equal values and next to a NaN. */
#ifndef __AVX512F__
#error "maxpool_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"

static inline __m512 column_max(const float *a, const float *b, const float *c, size_t at)
{
    __m512 m = _mm512_max_ps(_mm512_loadu_ps(b + at), _mm512_loadu_ps(a + at));
    return _mm512_max_ps(_mm512_loadu_ps(c + at), m);
}

void dml_maxpool3x3_avx512(const float *const *row, uint32_t rows, uint32_t in_width, uint32_t width, float *y)
{
    const float *a = row[0]; /* a row that is missing is another one again */
    const float *b = rows > 1 ? row[1] : a;
    const float *c = rows > 2 ? row[2] : b;
    __m512 left = column_max(a, b, c, 0); /* nothing is left of it: column 0 twice is as good as once */
    for (size_t p = 0; p < width; p++) {
        __m512 m = _mm512_max_ps(column_max(a, b, c, 2 * p * DML_BLOCK), left);
        if (2 * p + 1 < in_width) {
            left = column_max(a, b, c, (2 * p + 1) * DML_BLOCK);
            m = _mm512_max_ps(left, m);
        }
        _mm512_storeu_ps(y + p * DML_BLOCK, m);
    }
}
