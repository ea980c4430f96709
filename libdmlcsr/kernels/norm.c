/* Norms, and the other kernels of training that wait for memory, in plain C: the definition. */
#define ISA c
#include "kernels/norm_body.h"
