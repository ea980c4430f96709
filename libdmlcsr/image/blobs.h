/* Connected regions of a plane. */
#ifndef DML_IMAGE_BLOBS_H
#define DML_IMAGE_BLOBS_H

#include <stddef.h>
#include <stdint.h>

/* Cells that touch, also at a corner, and are above the level. */
typedef struct dml_blob {
    double mass;                       /* sum of the values */
    double x, y;                       /* their centre of mass, in cells */
    uint32_t left, top, right, bottom; /* first and last column and row */
    uint32_t cells;
} dml_blob;

/* Elements of the scratch memory for width * height cells. */
size_t dml_blobs_scratch(uint32_t width, uint32_t height);

/* Writes the `most` blobs of the largest mass, largest first (of equal ones the one that begins higher up, or farther to
   the left), and returns how many these are. NaN is below every level. */
uint32_t dml_blobs_find(const float *plane /* height width */, uint32_t width, uint32_t height, float level,
                        uint32_t *scratch, dml_blob *blobs, uint32_t most);

#endif
