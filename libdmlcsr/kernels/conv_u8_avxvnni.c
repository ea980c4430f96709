/* One tile of a convolution of bytes in AVX-VNNI: four input channels at once. */
#if !defined(__AVXVNNI__)
#error "conv_u8_avxvnni.c needs -mavxvnni"
#endif

#include "kernels/conv_avx2.h"


DML_INLINE void accumulate(__m256i (*sum)[PARTS], const uint8_t *x, const uint8_t *w, size_t count, const size_t width,
                           const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    DML_LOOP
    for (size_t k = 0; k < DML_BLOCK; k += 4) {
        const __m256i *weight = (const __m256i *)(w + k * DML_BLOCK);
        const __m256i low = _mm256_load_si256(weight), high = _mm256_load_si256(weight + 1);
        DML_UNROLL(6)
        for (size_t p = 0; p < width; p++) {
            const __m256i value = _mm256_set1_epi32(dml_load_32(x + p * step * DML_BLOCK + k));
            sum[p][0] = _mm256_dpbusd_avx_epi32(sum[p][0], value, low);
            sum[p][1] = _mm256_dpbusd_avx_epi32(sum[p][1], value, high);
            /* in registers: GCC 12 would store each of them each time, for later */
            DML_KEEP(sum[p][0]);
            DML_KEEP(sum[p][1]);
        }
    }
}

#define element uint8_t
#define sums __m256i
#define begin begin_whole
#define end end_whole
#define NAME dml_conv_u8_avxvnni
#include "kernels/conv_body.h"
