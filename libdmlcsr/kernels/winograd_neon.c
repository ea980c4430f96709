/* The transforms of Winograd convolution for NEON. */
#ifndef __ARM_NEON
#error "winograd_neon.c needs NEON"
#endif

#define ISA neon
#define REGISTER 16
#include "kernels/winograd_body.h"
