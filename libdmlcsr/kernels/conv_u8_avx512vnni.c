/* One tile of a convolution of bytes in AVX512-VNNI: four input channels at once. */
#if !defined(__AVX512VNNI__)
#error "conv_u8_avx512vnni.c needs -mavx512vnni"
#endif

#include "kernels/conv_avx512.h"

DML_INLINE void begin_whole(const dml_conv_tile *t, __m512i *sum, const size_t width, size_t o)
{
    (void)t, (void)o;
    DML_UNROLL(14)
    for (size_t p = 0; p < width; p++)
        sum[p] = _mm512_setzero_si512();
}

DML_INLINE __m512 end_whole(__m512 sum, __m512 unit, __m512 bias)
{
    return _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_castps_si512(sum)), unit), bias);
}

#define element uint8_t
#define PER_LANE 4
#define sums __m512i
#define DOT(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#define begin begin_whole
#define end end_whole
#define NAME dml_conv_u8_avx512vnni
#include "kernels/conv_avx512_body.h"
