/* Norms, and the other kernels of training that wait for memory, for AVX-512. */
#if !defined(__AVX512F__) || !defined(__AVX512DQ__)
#error "norm_avx512.c needs -mavx512f -mavx512dq"
#endif

#define ISA avx512
#define REGISTER 64
#include "kernels/norm_body.h"
#include "kernels/winograd_back_body.h"
