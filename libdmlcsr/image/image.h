/* Between the caller's pictures and the network's tensors. */
#ifndef DML_IMAGE_H
#define DML_IMAGE_H

#include "base/status.h"
#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/kernels.h"

/* A similarity from the network's input grid to the picture: x = a u - b v + tx, y = b u + a v + ty. */
typedef struct dml_similarity {
    float a, b, tx, ty;
} dml_similarity;

/* What the weights expect, from the model's metadata. */
typedef struct dml_preprocess {
    float mean[3], std[3]; /* of planes 0, 1, 2, for values in 0 .. 1 */
    bool bgr;              /* plane 0 is blue */
} dml_preprocess;

/* Checks what a caller gave: format, size, stride, NULL. */
int dml_image_check(const dmlcsr_image *image, dml_error *error);
/* Also: finite, size > 0. NULL is fine. */
int dml_region_check(const dmlcsr_region *region, dml_error *error);
/* Also: at least one output, strides, matte_classes within the classes, edges. Fills strides of 0 with their default.
   On an error the result is untouched. */
int dml_result_check(dmlcsr_result *result, const dmlcsr_image *image, uint32_t classes, bool edges, dml_error *error);

/* The published placement: S = max(w, h) - 1; centre ((w-1)/2, (h-1)/2) -> (size/2, size/2); scale size / S. */
dml_similarity dml_similarity_whole(uint32_t width, uint32_t height, uint32_t size);
dml_similarity dml_similarity_region(const dmlcsr_region *region, uint32_t size);

/* Warps, normalises and writes the input tensor (3 x size x size). Outside the picture is black before normalisation.
   fine: where the picture shrinks by more than 1.5, averages several bilinear samples per pixel instead of one. */
void dml_image_to_input(const dmlcsr_image *image, const dml_similarity *place, const dml_preprocess *preprocess,
                        bool fine, dml_pool *pool, const dml_tensor *input);

/* The network's outputs on its own grid; the edge maps may be NULL. */
typedef struct dml_logits {
    const dml_tensor *parsing, *binary_edge, *category_edge;
    uint32_t size; /* of the input square they belong to */
} dml_logits;

/* Bytes of scratch that dml_image_result needs at that input size, for logits of the size that dml_net_size says. */
size_t dml_image_scratch(uint32_t size);

/* Fills every output that `result` (checked) asks for. */
void dml_image_result(const dml_logits *logits, const dml_similarity *place, int geometry, bool whole,
                      const dmlcsr_image *image, const dml_kernels *kernels, dml_pool *pool, uint8_t *scratch,
                      dmlcsr_result *result);

#endif
