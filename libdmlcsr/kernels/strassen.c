/* The sums of Strassen's product: the definition. */
#define ISA c
#include "kernels/strassen_body.h"
