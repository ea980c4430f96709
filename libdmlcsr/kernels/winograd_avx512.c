/* The transforms of Winograd convolution for AVX-512. */
#if !defined(__AVX512F__) || !defined(__AVX512DQ__)
#error "winograd_avx512.c needs -mavx512f -mavx512dq"
#endif

#define ISA avx512
#define REGISTER 64
#include "kernels/winograd_body.h"
