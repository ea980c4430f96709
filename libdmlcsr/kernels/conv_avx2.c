/* One tile of a convolution in AVX2 with FMA. */
#include "kernels/conv_avx2.h"

/* What the input channel at x adds to the pixels. */
DML_INLINE void add_channel(__m256 (*sum)[PARTS], const float *x, const float *w, const size_t width, const size_t step)
{
    const __m256 low = _mm256_load_ps(w), high = _mm256_load_ps(w + LANES);
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        const __m256 value = _mm256_broadcast_ss(x + p * step * DML_BLOCK);
        sum[p][0] = _mm256_fmadd_ps(value, low, sum[p][0]);
        sum[p][1] = _mm256_fmadd_ps(value, high, sum[p][1]);
    }
}

/* Two channels at a time. Of four, GCC 12 keeps sums in memory, and takes 8 % longer; of one, what the loop adds is one
   instruction in seven, and a core that two programs share has none to spare. Strides of 2 are rare, and not worth the
   code. */
DML_INLINE void accumulate(__m256 (*sum)[PARTS], const float *x, const float *w, size_t count, const size_t width,
                           const size_t step)
{
    const size_t pairs = step == 1 ? count / 2 * 2 : 0;
    size_t k = 0;
    DML_LOOP
    for (; k < pairs; k += 2) {
        /* the pixels that follow, a line for each pair: most likely the next tile */
        _mm_prefetch((const char *)(x + (width + k / 2) * DML_BLOCK), _MM_HINT_T0);
        add_channel(sum, x + k, w + k * DML_BLOCK, width, step);
        add_channel(sum, x + k + 1, w + (k + 1) * DML_BLOCK, width, step);
    }
    DML_LOOP
    for (; k < count; k++)
        add_channel(sum, x + k, w + k * DML_BLOCK, width, step);
}

#define element float
#define sums __m256
#define begin begin_single
#define end end_single
#define END_ADDS
#define NAME dml_conv_avx2
#include "kernels/conv_body.h"
