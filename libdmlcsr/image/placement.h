/* The way back from the picture to the network's input grid. Private to image/. */
#ifndef DML_IMAGE_PLACEMENT_H
#define DML_IMAGE_PLACEMENT_H

#include "image/image.h"

/* u = a x + b y + tu, v = -b x + a y + tv. In double: a coordinate of a large picture leaves a float few bits for the
   fraction, and u and v are differences of large numbers. */
typedef struct dml_inverse {
    double a, b, tu, tv;
} dml_inverse;

dml_inverse dml_similarity_invert(const dml_similarity *place);

/* The pixels begin <= x < end of picture row y whose nearest network pixel exists: -0.5 <= u, v < size - 0.5. They are
   one interval, since the square is convex. begin == end: none. */
void dml_inverse_span(const dml_inverse *inverse, uint32_t y, uint32_t width, uint32_t size, uint32_t *begin,
                      uint32_t *end);

#endif
