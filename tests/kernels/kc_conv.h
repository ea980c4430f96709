/* What the checks of convolutions share. */
#ifndef KC_CONV_H
#define KC_CONV_H

#include "kernels/kernels.h"

/* A tile of any size, in pieces that the kernel takes. bytes: of an element of x and w. */
void kc_conv_run(const dml_conv_kernel *kernel, const dml_conv_tile *tile, size_t bytes);

#endif
