/* One tile of a convolution in AVX-512. */
#include "kernels/conv_avx512.h"

#define element float
#define PER_LANE 1
#define sums __m512
#define DOT(sum, x, w) _mm512_fmadd_ps(_mm512_castsi512_ps(x), _mm512_castsi512_ps(w), sum)
#define ADD(sum, r) _mm512_add_ps(sum, r)
#define begin begin_single
#define end end_single
#define NAME dml_conv_avx512
#include "kernels/conv_avx512_body.h"
