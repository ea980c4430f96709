/* Norms, and the other kernels of training that wait for memory, for AVX-512. */
#if !defined(__AVX512F__) || !defined(__AVX512VL__)
#error "norm_avx512.c needs -mavx512f -mavx512vl"
#endif

#define ISA avx512
#include "kernels/norm_body.h"
