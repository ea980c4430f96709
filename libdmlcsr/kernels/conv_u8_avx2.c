/* One tile of a convolution of bytes in AVX2. vpmaddubsw would do the most at once, but cuts sums of two products to 16
 * bits. So bytes become 16 bits wide: the even channels of a four, then the odd ones, and vpmaddwd takes the two of
 * each. */
#include "kernels/conv_avx2.h"


/* Two channels of a four, whose values of pixel p are at pairs[p 16]. */
DML_INLINE void add_pair(__m256i (*sum)[PARTS], const int16_t *pairs, __m256i low, __m256i high, const size_t width)
{
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        const __m256i value = _mm256_set1_epi32(dml_load_32(pairs + p * DML_BLOCK));
        sum[p][0] = _mm256_add_epi32(sum[p][0], _mm256_madd_epi16(value, low));
        sum[p][1] = _mm256_add_epi32(sum[p][1], _mm256_madd_epi16(value, high));
        /* a sum as it is: GCC would add products to products first, and has no registers to keep them in */
        DML_KEEP(sum[p][0]);
        DML_KEEP(sum[p][1]);
    }
}

DML_INLINE __m256i even(__m256i w)
{
    return _mm256_srai_epi16(_mm256_slli_epi16(w, 8), 8);
}

DML_INLINE __m256i odd(__m256i w)
{
    return _mm256_srai_epi16(w, 8);
}

DML_INLINE void accumulate(__m256i (*sum)[PARTS], const uint8_t *x, const uint8_t *w, size_t count, const size_t width,
                           const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    _Alignas(32) int16_t pairs[WIDTH * DML_BLOCK]; /* per pixel: 8 even channels, 8 odd ones */
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        const __m128i bytes = _mm_loadu_si128((const __m128i *)(x + p * step * DML_BLOCK));
        __m128i *pixel = (__m128i *)(pairs + p * DML_BLOCK);
        _mm_store_si128(pixel, _mm_and_si128(bytes, _mm_set1_epi16(0xff)));
        _mm_store_si128(pixel + 1, _mm_srli_epi16(bytes, 8));
    }
    DML_LOOP
    for (size_t k = 0; k < DML_BLOCK; k += 4) {
        const __m256i *four = (const __m256i *)(w + k * DML_BLOCK);
        add_pair(sum, pairs + k / 2, even(_mm256_load_si256(four)), even(_mm256_load_si256(four + 1)), width);
        DML_RELOAD(); /* no register is left to keep the fours in: loads them again */
        add_pair(sum, pairs + 8 + k / 2, odd(_mm256_load_si256(four)), odd(_mm256_load_si256(four + 1)), width);
    }
}

#define element uint8_t
#define sums __m256i
#define begin begin_whole
#define end end_whole
#define NAME dml_conv_u8_avx2
#include "kernels/conv_body.h"
