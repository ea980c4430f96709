/* The sums of Strassen's product for AVX-512. */
#if !defined(__AVX512F__) || !defined(__AVX512DQ__)
#error "strassen_avx512.c needs -mavx512f -mavx512dq"
#endif

#define ISA avx512
#define REGISTER 64
#include "kernels/strassen_body.h"
