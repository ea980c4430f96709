/* Max pooling in AVX2, eight channels at a time. The maximum of a column serves two pixels. Same bits as C:
 * the instruction gives its second operand for equal values and next to a NaN. */
#ifndef __AVX2__
#error "maxpool_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"

#define LANES 8

static inline __m256 column_max(const float *a, const float *b, const float *c, size_t at)
{
    __m256 m = _mm256_max_ps(_mm256_loadu_ps(b + at), _mm256_loadu_ps(a + at));
    return _mm256_max_ps(_mm256_loadu_ps(c + at), m);
}

void dml_maxpool3x3_avx2(const float *const *row, uint32_t rows, uint32_t in_width, uint32_t width, float *y)
{
    const float *a = row[0]; /* a row that is missing is another one again */
    const float *b = rows > 1 ? row[1] : a;
    const float *c = rows > 2 ? row[2] : b;
    for (size_t l = 0; l < DML_BLOCK; l += LANES) {
        __m256 left = column_max(a, b, c, l); /* nothing is left of it: column 0 twice is as good as once */
        for (size_t p = 0; p < width; p++) {
            __m256 m = _mm256_max_ps(column_max(a, b, c, 2 * p * DML_BLOCK + l), left);
            if (2 * p + 1 < in_width) {
                left = column_max(a, b, c, (2 * p + 1) * DML_BLOCK + l);
                m = _mm256_max_ps(left, m);
            }
            _mm256_storeu_ps(y + p * DML_BLOCK + l, m);
        }
    }
}
