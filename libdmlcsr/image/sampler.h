/* Logits at any position of the network's input square. Private to image/. */
#ifndef DML_IMAGE_SAMPLER_H
#define DML_IMAGE_SAMPLER_H

#include "image/image.h"

#define DML_CHUNK 32         /* positions at a time: the values stay in the first-level cache */
#define DML_LABELS 256       /* most classes: a label is a byte */
#define DML_CHUNK_PLANE (DML_CHUNK * DML_BLOCK) /* elements between the blocks of a chunk */
#define DML_CHUNK_SIZE (DML_LABELS / DML_BLOCK * DML_CHUNK_PLANE) /* elements of a chunk */

/* Bilinear samples of all channels at `count` (at most DML_CHUNK) positions (u, v) of the size x size input square,
   with the corners of the square on the corners of the logits (align_corners). Positions beyond the square, and NaN,
   are moved to its border. Pixel p of block k is at values + k DML_CHUNK_PLANE + 16 p. The logits must have at least
   2 x 2 pixels: the smallest input gives 5 x 5. */
void dml_logits_sample(const dml_tensor *logits, uint32_t size, const dml_kernels *kernels, const double *u,
                       const double *v, uint32_t count, float *values /* aligned to 64 bytes */);

/* The best class at each pixel of the logits themselves. */
void dml_labels_coarse(const dml_tensor *logits, const dml_kernels *kernels, dml_pool *pool,
                       uint8_t *coarse /* h w of the logits */);

/* The best class at each position, as argmax over dml_logits_sample() would find it. Where the four pixels around a
   position agree on a class, that class also wins every mean of them, and nothing is sampled: most of a face is like
   that. `values` is scratch. */
void dml_labels_sample(const dml_tensor *logits, const uint8_t *coarse, uint32_t size, const dml_kernels *kernels,
                       const double *u, const double *v, uint32_t count, float *values, uint8_t *label);

#endif
