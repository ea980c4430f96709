/* One tile of a convolution of bytes in AVX512-VNNI: four input channels at once. */
#if !defined(__AVX512VNNI__)
#error "conv_u8_avx512vnni.c needs -mavx512vnni"
#endif

#include "kernels/conv_avx512.h"

INLINE __m512i begin_whole(const dml_conv_tile *t, size_t o, size_t p)
{
    (void)t, (void)o, (void)p;
    return _mm512_setzero_si512();
}

INLINE void store_whole(const dml_conv_tile *t, __m512i sum, size_t o, size_t p)
{
    const __m512 product = _mm512_mul_ps(_mm512_cvtepi32_ps(sum), _mm512_load_ps(t->unit + o * DML_BLOCK));
    finish(t, _mm512_add_ps(product, _mm512_load_ps(t->bias + o * DML_BLOCK)), o, p);
}

#define element uint8_t
#define PER_LANE 4
#define sums __m512i
#define DOT(sum, x, w) _mm512_dpbusd_epi32(sum, x, w)
#define begin begin_whole
#define store store_whole
#define NAME dml_conv_u8_avx512vnni
#include "kernels/conv_avx512_body.h"
