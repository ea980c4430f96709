#include "support/golden_labels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void golden_labels(uint32_t n, uint32_t size, int ignore, uint8_t *label)
{
    const size_t plane = (size_t)size * size;
    double *f = malloc(plane * sizeof *f);
    for (uint32_t b = 0; b < n; b++) {
        double low = INFINITY, high = -INFINITY;
        for (size_t i = 0; i < plane; i++) {
            const double x = (double)(i % size) / size, y = (double)(i / size) / size;
            f[i] = sin(5 * x + b) + cos(4 * y - b) + sin(3 * x * y * (b + 1));
            low = fmin(low, f[i]);
            high = fmax(high, f[i]);
        }
        for (size_t i = 0; i < plane; i++)
            label[b * plane + i] = (uint8_t)fmin(floor(19 * ((f[i] - low) / (high - low))), 18);
        if (ignore)
            memset(label + b * plane, 255, 3 * (size_t)size);
    }
    free(f);
}
