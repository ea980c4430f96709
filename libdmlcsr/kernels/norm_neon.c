/* Norms, and the other kernels of training that wait for memory, for NEON. */
#ifndef __ARM_NEON
#error "norm_neon.c needs NEON"
#endif

#define ISA neon
#define REGISTER 16
#include "kernels/norm_body.h"
#include "kernels/winograd_back_body.h"
