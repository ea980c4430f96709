/* From logits to what the caller asked for. Private to image/. */
#ifndef DML_IMAGE_OUTPUT_H
#define DML_IMAGE_OUTPUT_H

#include "image/placement.h"
#include "image/sampler.h"

#define DML_BAND 8 /* picture rows per task */

/* A label map the caller owns, and how to write into it. */
typedef struct dml_label_target {
    uint8_t *labels; /* NULL: not wanted */
    size_t stride;
    uint32_t width, height;
    bool compose;
} dml_label_target;

/* The published protocol for one label map: argmax on the network's grid into `scratch`, then nearest neighbour. */
void dml_labels_compatible(const dml_tensor *logits, uint32_t size, const dml_inverse *inverse,
                           const dml_kernels *kernels, dml_pool *pool, uint8_t *scratch /* dml_image_scratch(size) */,
                           const dml_label_target *target);

/* One run of labels, and of background (NULL). */
void dml_put_labels(const dml_label_target *target, uint32_t x, uint32_t y, const uint8_t *label, uint32_t count);

#endif
