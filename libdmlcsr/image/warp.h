/* The two ways of filling rows of the input tensor. Private to image/. */
#ifndef DML_IMAGE_WARP_H
#define DML_IMAGE_WARP_H

#include "image/pixel.h"

/* Most samples per side of a network pixel. Sixteen are enough for a picture of 7,500 pixels at 473; beyond, the grid
   of samples gets sparse, and a picture of any size takes bounded time. */
#define DML_SAMPLES_MAX 16

typedef struct dml_warp {
    dml_pixels pixels;
    dml_similarity place;
    uint32_t samples; /* per side of a network pixel: 1 is plain bilinear interpolation */
    const dml_tensor *input;
} dml_warp;

/* Both fill rows begin .. end - 1, without the border. */
void dml_warp_rows(const dml_warp *warp, uint32_t begin, uint32_t end);

/* The same for place.b == 0, 0 < place.a <= DML_SAMPLES_MAX, samples > 1, where the samples of a pixel form a grid
   along the picture's rows and columns: the sum separates, and each row of the picture is read once per network row
   instead of once per sample. */
void dml_shrink_rows(const dml_warp *warp, uint32_t begin, uint32_t end);

#endif
