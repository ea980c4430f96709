/* One tile of a convolution of bfloat16 in AVX512-BF16: two input channels at once. */
#if !defined(__AVX512BF16__)
#error "conv_bf16_avx512bf16.c needs -mavx512bf16"
#endif

#include "kernels/conv_avx512.h"

#define element uint16_t
#define PER_LANE 2
#define sums __m512
#define DOT(sum, x, w) _mm512_dpbf16_ps(sum, (__m512bh)(x), (__m512bh)(w))
#define begin begin_single
#define end end_single
#define NAME dml_conv_bf16_avx512bf16
#include "kernels/conv_avx512_body.h"
