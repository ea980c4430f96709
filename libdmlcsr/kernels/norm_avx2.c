/* Norms, and the other kernels of training that wait for memory, for AVX2. */
#ifndef __AVX2__
#error "norm_avx2.c needs -mavx2"
#endif

#define ISA avx2
#define REGISTER 32
#include "kernels/norm_body.h"
#include "kernels/winograd_back_body.h"
