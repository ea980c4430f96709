/* Bilinear interpolation in AVX-512, a pixel at a time. Product and sum are rounded one by one: same bits as C. */
#ifndef __AVX512F__
#error "resize_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"

static inline __m512 lerp(__m512 a, __m512 b, __m512 f)
{
    return _mm512_add_ps(a, _mm512_mul_ps(f, _mm512_sub_ps(b, a)));
}

/* Between the pixels at `left` and `right` of two rows. */
static inline __m512 bilinear(const float *a, const float *b, size_t left, size_t right, __m512 f, __m512 g)
{
    const __m512 top = lerp(_mm512_loadu_ps(a + left), _mm512_loadu_ps(a + right), f);
    const __m512 low = lerp(_mm512_loadu_ps(b + left), _mm512_loadu_ps(b + right), f);
    return lerp(top, low, g);
}

void dml_resize_avx512(const float *a, const float *b, float row_fraction, const uint32_t *column,
                       const float *fraction, const float *gate, uint32_t width, float *y)
{
    const __m512 g = _mm512_set1_ps(row_fraction);
    if (row_fraction == 0.0f)
        b = a; /* the row below the last one need not exist */
    for (size_t p = 0; p < width; p++) {
        const size_t left = (size_t)column[p] * DML_BLOCK;
        const size_t right = fraction[p] != 0.0f ? left + DML_BLOCK : left;
        const __m512 f = _mm512_set1_ps(fraction[p]);
        __m512 v = bilinear(a, b, left, right, f, g);
        if (gate) {
            const __m512 own = _mm512_loadu_ps(gate + p * DML_BLOCK);
            v = _mm512_add_ps(_mm512_mul_ps(own, v), own);
        }
        _mm512_storeu_ps(y + p * DML_BLOCK, v);
    }
}

void dml_sample_avx512(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                       uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++) {
        const float *a = x + offset[p];
        const __m512 f = _mm512_set1_ps(fx[p]), g = _mm512_set1_ps(fy[p]);
        _mm512_storeu_ps(y + p * DML_BLOCK, bilinear(a, a + x_row, 0, DML_BLOCK, f, g));
    }
}
