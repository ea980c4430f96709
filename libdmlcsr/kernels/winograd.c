/* The transforms of Winograd convolution: the definition. */
#define ISA c
#include "kernels/winograd_body.h"
