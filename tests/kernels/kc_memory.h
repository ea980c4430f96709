/* Between the files of the tester. */
#ifndef KC_MEMORY_H
#define KC_MEMORY_H

#include "kernelcheck.h"

/* Checks the bytes around the buffers of the case, and frees them. */
void kc_free_buffers(kc_context *k);

#endif
