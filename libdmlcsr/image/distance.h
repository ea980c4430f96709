/* Exact Euclidean distances to the pixels of a mask and to those off it, row by row, in time per pixel. */
#ifndef DML_IMAGE_DISTANCE_H
#define DML_IMAGE_DISTANCE_H

#include "dmlcsr/mask.h"

#define DML_FAR INT64_MAX /* there is no such pixel in the picture */

/* What lies in the scratch memory. */
typedef struct dml_distances {
    uint32_t width, height;
    int64_t *to_on, *to_off; /* of the row last asked for: squared distance to the nearest pixel that is on, off */
    uint32_t *at, *from;     /* the parabolas of a row: where each stands, and the first pixel where it is lowest */
    uint16_t *column_on, *column_off; /* per pixel: distance to the nearest such pixel of its column */
} dml_distances;

/* Bytes of scratch memory, 0 when that does not fit into size_t. */
size_t dml_distances_size(uint32_t width, uint32_t height);

/* Reads the whole mask (stride filled in): it may be overwritten from then on. `scratch` is aligned to 8. */
void dml_distances_init(dml_distances *d, const dmlcsr_plane *mask, void *scratch);

/* Fills to_on or to_off of row y. */
void dml_distances_to_on(dml_distances *d, uint32_t y);
void dml_distances_to_off(dml_distances *d, uint32_t y);

#endif
