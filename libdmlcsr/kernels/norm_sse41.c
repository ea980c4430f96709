/* Norms, and the other kernels of training that wait for memory, for SSE4.1. */
#ifndef __SSE4_1__
#error "norm_sse41.c needs -msse4.1"
#endif

#define ISA sse41
#define REGISTER 16
#include "kernels/norm_body.h"
#include "kernels/winograd_back_body.h"
