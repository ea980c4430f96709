/* Bilinear interpolation in SSE4.1, four channels at a time. Product and sum are rounded one by one: same bits as C. */
#ifndef __SSE4_1__
#error "resize_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4

static inline __m128 lerp(__m128 a, __m128 b, __m128 f)
{
    return _mm_add_ps(a, _mm_mul_ps(f, _mm_sub_ps(b, a)));
}

/* Between the pixels at `left` and `right` of two rows. */
static inline __m128 bilinear(const float *a, const float *b, size_t left, size_t right, __m128 f, __m128 g)
{
    const __m128 top = lerp(_mm_loadu_ps(a + left), _mm_loadu_ps(a + right), f);
    const __m128 low = lerp(_mm_loadu_ps(b + left), _mm_loadu_ps(b + right), f);
    return lerp(top, low, g);
}

void dml_resize_sse41(const float *a, const float *b, float row_fraction, const uint32_t *column,
                      const float *fraction, const float *gate, uint32_t width, float *y)
{
    const __m128 g = _mm_set1_ps(row_fraction);
    if (row_fraction == 0.0f)
        b = a; /* the row below the last one need not exist */
    for (size_t p = 0; p < width; p++) {
        const size_t left = (size_t)column[p] * DML_BLOCK;
        const size_t right = fraction[p] != 0.0f ? left + DML_BLOCK : left;
        const __m128 f = _mm_set1_ps(fraction[p]);
        DML_UNROLL(4)
        for (size_t l = 0; l < DML_BLOCK; l += LANES) {
            __m128 v = bilinear(a, b, left + l, right + l, f, g);
            if (gate) {
                const __m128 own = _mm_loadu_ps(gate + p * DML_BLOCK + l);
                v = _mm_add_ps(_mm_mul_ps(own, v), own);
            }
            _mm_storeu_ps(y + p * DML_BLOCK + l, v);
        }
    }
}

void dml_sample_sse41(const float *x, size_t x_row, const uint32_t *offset, const float *fx, const float *fy,
                      uint32_t width, float *y)
{
    for (size_t p = 0; p < width; p++) {
        const float *a = x + offset[p];
        const __m128 f = _mm_set1_ps(fx[p]), g = _mm_set1_ps(fy[p]);
        DML_UNROLL(4)
        for (size_t l = 0; l < DML_BLOCK; l += LANES)
            _mm_storeu_ps(y + p * DML_BLOCK + l, bilinear(a, a + x_row, l, DML_BLOCK + l, f, g));
    }
}
