#include "support/portrait.h"

#include <math.h>
#include <stdlib.h>

uint8_t *portrait(dmlcsr_image *image, uint32_t width, uint32_t height)
{
    uint8_t *pixels = malloc((size_t)width * height * 3), *at = pixels;
    if (!pixels)
        exit(2);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            double u = (double)x / width - .5, v = (double)y / height - .5, r = u * u * 1.6 + v * v;
            double face = r < .12 ? 1.0 : 0.0, shade = 20.0 * sin(40.0 * u) * cos(31.0 * v);
            *at++ = (uint8_t)(60.0 + 140.0 * face + shade);
            *at++ = (uint8_t)(80.0 + 80.0 * face + shade);
            *at++ = (uint8_t)(120.0 - 20.0 * face + shade);
        }
    *image = (dmlcsr_image){pixels, width, height, 3 * (size_t)width, DMLCSR_RGB8};
    return pixels;
}
