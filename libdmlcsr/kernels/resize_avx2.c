/* Bilinear interpolation in AVX2, eight channels at a time. Product and sum are rounded one by one: same bits as C. */
#ifndef __AVX2__
#error "resize_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 8

static inline __m256 lerp(__m256 a, __m256 b, __m256 f)
{
    return _mm256_add_ps(a, _mm256_mul_ps(f, _mm256_sub_ps(b, a)));
}

/* Between the pixels at `left` and `right` of two rows. */
static inline __m256 bilinear(const float *a, const float *b, size_t left, size_t right, __m256 f, __m256 g)
{
    const __m256 top = lerp(_mm256_loadu_ps(a + left), _mm256_loadu_ps(a + right), f);
    const __m256 low = lerp(_mm256_loadu_ps(b + left), _mm256_loadu_ps(b + right), f);
    return lerp(top, low, g);
}

void dml_resize_avx2(const float *a, const float *b, float row_fraction, const uint32_t *column,
                     const float *fraction, const float *gate, uint32_t width, float *y)
{
    const __m256 g = _mm256_set1_ps(row_fraction);
    if (row_fraction == 0.0f)
        b = a; /* the row below the last one need not exist */
    for (size_t p = 0; p < width; p++) {
        const size_t left = (size_t)column[p] * DML_BLOCK;
        const size_t right = fraction[p] != 0.0f ? left + DML_BLOCK : left;
        const __m256 f = _mm256_set1_ps(fraction[p]);
        DML_UNROLL(2)
        for (size_t l = 0; l < DML_BLOCK; l += LANES) {
            __m256 v = bilinear(a, b, left + l, right + l, f, g);
            if (gate) {
                const __m256 own = _mm256_loadu_ps(gate + p * DML_BLOCK + l);
                v = _mm256_add_ps(_mm256_mul_ps(own, v), own);
            }
            _mm256_storeu_ps(y + p * DML_BLOCK + l, v);
        }
    }
}

void dml_sample_avx2(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                     uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++) {
        const float *a = x + offset[p];
        const __m256 f = _mm256_set1_ps(fx[p]), g = _mm256_set1_ps(fy[p]);
        DML_UNROLL(2)
        for (size_t l = 0; l < DML_BLOCK; l += LANES)
            _mm256_storeu_ps(y + p * DML_BLOCK + l, bilinear(a, a + x_row, l, DML_BLOCK + l, f, g));
    }
}
