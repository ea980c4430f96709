/* The transforms of Winograd convolution for SSE4.1. */
#ifndef __SSE4_1__
#error "winograd_sse41.c needs -msse4.1"
#endif

#define ISA sse41
#define REGISTER 16
#include "kernels/winograd_body.h"
