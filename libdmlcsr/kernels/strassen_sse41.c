/* The sums of Strassen's product for SSE4.1. */
#ifndef __SSE4_1__
#error "strassen_sse41.c needs -msse4.1"
#endif

#define ISA sse41
#define REGISTER 16
#include "kernels/strassen_body.h"
