/* One tile of a convolution in AVX2 with FMA. */
#include "kernels/conv_avx2.h"

/* One channel at a time: unrolled further, GCC 12 keeps sums in memory, and takes 8 % longer. */
DML_INLINE void accumulate(__m256 (*sum)[PARTS], const float *x, const float *w, size_t count, const size_t width,
                           const size_t step)
{
    DML_LOOP
    for (size_t k = 0; k < count; k++) {
        const __m256 low = _mm256_load_ps(w + k * DML_BLOCK), high = _mm256_load_ps(w + k * DML_BLOCK + LANES);
        DML_UNROLL(6)
        for (size_t p = 0; p < width; p++) {
            const __m256 value = _mm256_broadcast_ss(x + p * step * DML_BLOCK + k);
            sum[p][0] = _mm256_fmadd_ps(value, low, sum[p][0]);
            sum[p][1] = _mm256_fmadd_ps(value, high, sum[p][1]);
        }
    }
}

#define element float
#define sums __m256
#define begin begin_single
#define end end_single
#define END_ADDS
#define NAME dml_conv_avx2
#include "kernels/conv_body.h"
