/* The sums of Strassen's product for AVX2. */
#ifndef __AVX2__
#error "strassen_avx2.c needs -mavx2"
#endif

#define ISA avx2
#define REGISTER 32
#include "kernels/strassen_body.h"
