/* The transforms of Winograd convolution for AVX2. */
#ifndef __AVX2__
#error "winograd_avx2.c needs -mavx2"
#endif

#define ISA avx2
#define REGISTER 32
#include "kernels/winograd_body.h"
