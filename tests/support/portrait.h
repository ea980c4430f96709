/* A made-up picture that has something in every place: smooth, colourful, different in each pixel. */
#ifndef TEST_PORTRAIT_H
#define TEST_PORTRAIT_H

#include "dmlcsr/dmlcsr.h"

/* RGB8, width * height * 3 bytes, to be freed; fills in `image`. */
uint8_t *portrait(dmlcsr_image *image, uint32_t width, uint32_t height);

#endif
