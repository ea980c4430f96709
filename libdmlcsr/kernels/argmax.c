/* Index of the largest channel of each pixel: the definition. A NaN is never greater than anything, and so counts as
 * -infinity; when nothing is above that, the answer is channel 0. */
#include "kernels/impl.h"

#include <math.h>

#include "base/tensor.h"

void dml_argmax_c(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label)
{
    for (size_t p = 0; p < pixels; p++) {
        float best = -INFINITY;
        uint32_t index = 0;
        for (uint32_t c = 0; c < channels; c++) {
            float v = x[c / DML_BLOCK * plane + p * DML_BLOCK + c % DML_BLOCK];
            if (v > best) {
                best = v;
                index = c;
            }
        }
        label[p] = (uint8_t)index;
    }
}
