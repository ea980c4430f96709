/* One tile of a convolution of bytes in SSE4.1. pmaddubsw would do the most at once, but cuts sums of two products to
 * 16 bits. So bytes become 16 bits wide: the even channels of a four, then the odd ones, and pmaddwd takes the two of
 * each. */
#include "kernels/conv_sse41.h"

#define PAIR 8 /* 16-bit values: a pair of channels, four times */

/* The 16 channels of a pixel: 4 even pairs, 4 odd ones. */
DML_INLINE void spread(int16_t *pairs, const uint8_t *x)
{
    const __m128i bytes = _mm_loadu_si128((const __m128i *)x);
    __m128i *to = (__m128i *)pairs;
    DML_UNROLL(2)
    for (size_t i = 0; i < 2; i++, to += 4) {
        const __m128i wide = i ? _mm_srli_epi16(bytes, 8) : _mm_and_si128(bytes, _mm_set1_epi16(0xff));
        _mm_store_si128(to, _mm_shuffle_epi32(wide, 0x00));
        _mm_store_si128(to + 1, _mm_shuffle_epi32(wide, 0x55));
        _mm_store_si128(to + 2, _mm_shuffle_epi32(wide, 0xaa));
        _mm_store_si128(to + 3, _mm_shuffle_epi32(wide, 0xff));
    }
}

/* Two channels of a four, of part q of all pixels. */
DML_INLINE void add_pair(__m128i (*sum)[PARTS], size_t q, const int16_t *pairs, __m128i weight, const size_t width)
{
    DML_UNROLL(3)
    for (size_t p = 0; p < width; p++) {
        const __m128i value = _mm_load_si128((const __m128i *)(pairs + p * 2 * 4 * PAIR));
        sum[p][q] = _mm_add_epi32(sum[p][q], _mm_madd_epi16(weight, value));
        /* a sum as it is: GCC would add products to products first, and has no registers to keep them in */
        DML_KEEP(sum[p][q]);
    }
}

DML_INLINE void accumulate(__m128i (*sum)[PARTS], const uint8_t *x, const uint8_t *w, size_t count, const size_t width,
                           const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    _Alignas(16) int16_t pairs[WIDTH * 2 * 4 * PAIR];
    for (size_t p = 0; p < width; p++)
        spread(pairs + p * 2 * 4 * PAIR, x + p * step * DML_BLOCK);
    DML_LOOP
    for (size_t k = 0; k < 4; k++) {
        const __m128i *four = (const __m128i *)(w + k * 4 * DML_BLOCK);
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++) {
            const __m128i weight = _mm_load_si128(four + q);
            add_pair(sum, q, pairs + k * PAIR, _mm_srai_epi16(_mm_slli_epi16(weight, 8), 8), width);
            add_pair(sum, q, pairs + (4 + k) * PAIR, _mm_srai_epi16(weight, 8), width);
        }
    }
}

/* Sums begin with 0, and get their unit and the bias at the end. */
DML_INLINE void begin(const dml_conv_tile *t, __m128i (*sum)[PARTS], const size_t width)
{
    (void)t;
    DML_UNROLL(3)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = _mm_setzero_si128();
    }
}

DML_INLINE void end(const dml_conv_tile *t, __m128i (*sum)[PARTS], const size_t width, float *out)
{
    DML_UNROLL(4)
    for (size_t q = 0; q < PARTS; q++) {
        const __m128 unit = _mm_load_ps(t->unit + q * LANES), bias = _mm_load_ps(t->bias + q * LANES);
        DML_UNROLL(3)
        for (size_t p = 0; p < width; p++) {
            const __m128 product = _mm_mul_ps(_mm_cvtepi32_ps(sum[p][q]), unit);
            _mm_store_ps(out + p * DML_BLOCK + q * LANES, _mm_add_ps(product, bias));
        }
    }
}

#define element uint8_t
#define sums __m128i
#define NAME dml_conv_u8_sse41
#include "kernels/conv_body.h"
