/* One tile of a convolution of bfloat16 in AVX2: factors become single precision on the way in, which is a shift for
 * the even channel of a pair and a mask for the odd one. Products are exact, so FMA gives the bits of C. */
#include "kernels/conv_avx2.h"

/* Half a pair: the same channel of all pixels, whose value of pixel p is at wide[p 16]. */
DML_INLINE void add_channel(__m256 (*sum)[PARTS], const float *wide, __m256i low, __m256i high, const size_t width)
{
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        const __m256 value = _mm256_broadcast_ss(wide + p * DML_BLOCK);
        sum[p][0] = _mm256_fmadd_ps(value, _mm256_castsi256_ps(low), sum[p][0]);
        sum[p][1] = _mm256_fmadd_ps(value, _mm256_castsi256_ps(high), sum[p][1]);
    }
}

DML_INLINE void accumulate(__m256 (*sum)[PARTS], const uint16_t *x, const uint16_t *w, size_t count, const size_t width,
                           const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    const __m256i upper = _mm256_set1_epi32((int)0xffff0000);
    _Alignas(32) float wide[WIDTH * DML_BLOCK];
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++)
        DML_UNROLL(2)
        for (size_t l = 0; l < DML_BLOCK; l += LANES) {
            const __m128i half = _mm_loadu_si128((const __m128i *)(x + p * step * DML_BLOCK + l));
            const __m256i single = _mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16);
            _mm256_store_si256((__m256i *)(wide + p * DML_BLOCK + l), single);
        }
    DML_LOOP
    for (size_t k = 0; k < DML_BLOCK; k += 2) {
        const __m256i *pair = (const __m256i *)(w + k * DML_BLOCK);
        add_channel(sum, wide + k + 1, _mm256_and_si256(_mm256_load_si256(pair), upper),
                    _mm256_and_si256(_mm256_load_si256(pair + 1), upper), width);
        DML_RELOAD(); /* no register is left to keep the pairs in: loads them again */
        add_channel(sum, wide + k, _mm256_slli_epi32(_mm256_load_si256(pair), 16),
                    _mm256_slli_epi32(_mm256_load_si256(pair + 1), 16), width);
    }
}

#define element uint16_t
#define sums __m256
#define begin begin_single
#define end end_single
#define END_ADDS
#define NAME dml_conv_bf16_avx2
#include "kernels/conv_body.h"
