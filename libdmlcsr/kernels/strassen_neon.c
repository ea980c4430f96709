/* The sums of Strassen's product for NEON. */
#ifndef __ARM_NEON
#error "strassen_neon.c needs NEON"
#endif

#define ISA neon
#define REGISTER 16
#include "kernels/strassen_body.h"
