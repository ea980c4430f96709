/* A caller's picture as three values per pixel, whatever its format. Private to image/. */
#ifndef DML_IMAGE_PIXEL_H
#define DML_IMAGE_PIXEL_H

#include "image/image.h"

/* A packed format has one plane, and offset[p] is where the value of network plane p lies in a pixel (grey: thrice the
   same). NV12 has two, and its three values are Y, U and V: interpolating and averaging them is the same as doing so
   with colours, so that the conversion is left to the end, once per network pixel. */
typedef struct dml_pixels {
    const uint8_t *plane[2]; /* top left; [1]: interleaved U V of NV12 */
    size_t stride;
    int32_t width, height;
    uint32_t step;      /* bytes from one pixel to the next in plane 0 */
    uint32_t offset[3];
    bool nv12, bgr;
    float black[3];     /* the values of black, which is what lies outside the picture */
    float scale[3], shift[3]; /* network plane p = scale[p] * colour + shift[p], colour in 0 .. 255 */
} dml_pixels;

void dml_pixels_init(dml_pixels *pixels, const dmlcsr_image *image, const dml_preprocess *preprocess);

/* The three values of a pixel that exists. */
static inline void dml_pixels_load(const dml_pixels *pixels, int32_t x, int32_t y, bool nv12, float *value)
{
    if (nv12) {
        const uint8_t *chroma = pixels->plane[1] + (size_t)(y >> 1) * pixels->stride + (size_t)(x & ~1);
        value[0] = pixels->plane[0][(size_t)y * pixels->stride + (size_t)x];
        value[1] = chroma[0];
        value[2] = chroma[1];
    } else {
        const uint8_t *at = pixels->plane[0] + (size_t)y * pixels->stride + (size_t)x * pixels->step;
        value[0] = at[pixels->offset[0]];
        value[1] = at[pixels->offset[1]];
        value[2] = at[pixels->offset[2]];
    }
}

/* Converts, normalises and writes one pixel of the input tensor, all 16 lanes. */
void dml_pixels_store(const dml_pixels *pixels, const float *value /* 3 */, float *out /* DML_BLOCK */);

#endif
