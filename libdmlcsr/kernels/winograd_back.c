/* The adjoints of the transforms of Winograd convolution: the definition. */
#define ISA c
#include "kernels/winograd_back_body.h"
