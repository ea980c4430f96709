/* One tile of a convolution of bfloat16 in SSE4.1: factors become single precision on the way in, which is a shift for
 * the even channel of a pair and a mask for the odd one. Products are exact. */
#include "kernels/conv_sse41.h"

/* The 16 channels of a pixel, each four times: an operand in memory is all that the registers leave room for. */
DML_INLINE void spread(float *wide, const uint16_t *x)
{
    DML_UNROLL(4)
    for (size_t k = 0; k < DML_BLOCK; k += 4, wide += 4 * LANES) {
        const __m128i half = _mm_loadl_epi64((const __m128i *)(x + k));
        const __m128 four = _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), half));
        _mm_store_ps(wide, _mm_shuffle_ps(four, four, 0x00));
        _mm_store_ps(wide + LANES, _mm_shuffle_ps(four, four, 0x55));
        _mm_store_ps(wide + 2 * LANES, _mm_shuffle_ps(four, four, 0xaa));
        _mm_store_ps(wide + 3 * LANES, _mm_shuffle_ps(four, four, 0xff));
    }
}

/* One channel of part q of all pixels. */
DML_INLINE void add_channel(__m128 (*sum)[PARTS], size_t q, const float *wide, __m128i weight, const size_t width)
{
    DML_UNROLL(3)
    for (size_t p = 0; p < width; p++) {
        const __m128 value = _mm_load_ps(wide + p * DML_BLOCK * LANES);
        sum[p][q] = _mm_add_ps(sum[p][q], _mm_mul_ps(_mm_castsi128_ps(weight), value));
    }
}

DML_INLINE void accumulate(__m128 (*sum)[PARTS], const uint16_t *x, const uint16_t *w, size_t count, const size_t width,
                           const size_t step)
{
    (void)count; /* weights past the last channel are zero */
    const __m128i upper = _mm_set1_epi32((int)0xffff0000);
    _Alignas(16) float wide[WIDTH * DML_BLOCK * LANES];
    for (size_t p = 0; p < width; p++)
        spread(wide + p * DML_BLOCK * LANES, x + p * step * DML_BLOCK);
    DML_LOOP
    for (size_t k = 0; k < DML_BLOCK; k += 2) {
        const __m128i *pair = (const __m128i *)(w + k * DML_BLOCK);
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++) {
            const __m128i weight = _mm_load_si128(pair + q);
            add_channel(sum, q, wide + (k + 1) * LANES, _mm_and_si128(weight, upper), width);
            add_channel(sum, q, wide + k * LANES, _mm_slli_epi32(weight, 16), width);
        }
    }
}

#define element uint16_t
#define sums __m128
#define begin begin_single
#define end end_single
#define NAME dml_conv_bf16_sse41
#include "kernels/conv_body.h"
