/* One tile of a convolution in SSE4.1. Products are rounded. */
#include "kernels/conv_sse41.h"

DML_INLINE void accumulate(__m128 (*sum)[PARTS], const float *x, const float *w, size_t count, const size_t width,
                           const size_t step)
{
    DML_LOOP
    for (size_t k = 0; k < count; k++) {
        DML_UNROLL(3)
        for (size_t p = 0; p < width; p++) {
            const __m128 value = _mm_set1_ps(x[p * step * DML_BLOCK + k]);
            DML_UNROLL(4)
            for (size_t q = 0; q < PARTS; q++)
                sum[p][q] = _mm_add_ps(sum[p][q], _mm_mul_ps(value, _mm_load_ps(w + k * DML_BLOCK + q * LANES)));
        }
    }
}

#define element float
#define sums __m128
#define begin begin_single
#define end end_single
#define NAME dml_conv_sse41
#include "kernels/conv_body.h"
