/**
 * @file mask.h
 * What is done with a label map once it is there: other ids, masks of some classes, larger, smaller and softer masks.
 *
 * Rules that hold for every function here:
 *
 * - **Planes.** One byte per pixel. Input and output have the same size. The output may be the input itself (the same
 *   pixels and stride); any other overlap is an error.
 * - **Masks.** A pixel is on from 128, off below; what is written is 0 and 255, and between for soft edges.
 * - **Distances** are Euclidean, between pixel centres, and exact. Nothing is known of what lies beyond the picture:
 *   its border neither adds to a mask nor takes from it.
 * - **Memory.** Nothing is allocated. Functions that need scratch memory take dmlcsr_mask_scratch() bytes, aligned to
 *   8 (as malloc() gives), that overlap neither plane; what is in them does not matter. The time is in proportion to
 *   the pixels, whatever the radius.
 * - **Errors.** DMLCSR_ERROR_ARGUMENT, and the output is untouched; no sentence.
 * - **Threads.** From anywhere, at any time.
 */
#ifndef DMLCSR_MASK_H
#define DMLCSR_MASK_H

#include "dmlcsr.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A label map or a mask. Frozen: this struct never changes. @since 0.2 */
typedef struct dmlcsr_plane {
    uint8_t *pixels;        /**< top left pixel; an input is only read */
    uint32_t width, height; /**< in pixels, 1 to 65535 */
    size_t stride;          /**< bytes from one row to the next, at least width; 0: width */
} dmlcsr_plane;

/**
 * Replaces every label by its entry in a table, such as dmlcsr_class_map() makes.
 * @param labels  class ids
 * @param map     256 ids
 * @param out     receives the new ids
 * @return DMLCSR_OK or ERROR_ARGUMENT
 * @since 0.2
 */
DMLCSR_API int dmlcsr_remap(const dmlcsr_plane *labels, const uint8_t *map /* 256 */, const dmlcsr_plane *out);

/**
 * A mask of some classes: 255 where the label is one of them, 0 elsewhere.
 * @param labels   class ids
 * @param classes  bit k set: class k is in the mask
 * @param out      receives the mask
 * @return DMLCSR_OK or ERROR_ARGUMENT
 * @since 0.2
 */
DMLCSR_API int dmlcsr_mask_select(const dmlcsr_plane *labels, uint64_t classes, const dmlcsr_plane *out);

/** Bytes of scratch memory for a plane of that size; 0 when a side is not 1 to 65535, or it is too much. @since 0.2 */
DMLCSR_API size_t dmlcsr_mask_scratch(uint32_t width, uint32_t height);

/**
 * Grows a mask: 255 where a pixel that is on lies within `radius` pixels (the pixel itself is at distance 0).
 * @param mask          the mask
 * @param radius        0 or above, finite
 * @param scratch       dmlcsr_mask_scratch() bytes
 * @param scratch_size  how many there are; more is fine
 * @param out           receives the mask
 * @return DMLCSR_OK or ERROR_ARGUMENT
 * @since 0.2
 */
DMLCSR_API int dmlcsr_mask_grow(const dmlcsr_plane *mask, float radius, void *scratch, size_t scratch_size,
                                const dmlcsr_plane *out);

/**
 * Shrinks a mask: 255 where no pixel that is off lies within `radius` pixels. Else as dmlcsr_mask_grow().
 * @since 0.2
 */
DMLCSR_API int dmlcsr_mask_shrink(const dmlcsr_plane *mask, float radius, void *scratch, size_t scratch_size,
                                  const dmlcsr_plane *out);

/**
 * Softens a mask's edge. d is the distance of a pixel to the edge: that to the nearest pixel of the other kind, less
 * 1/2, and negative for pixels that are off. The result is round(255 * (1/2 + d / width)), held to 0 to 255.
 * @param mask          the mask
 * @param width         pixels from 0 to 255, half of them on each side of the edge; 0 or above, finite; 0: a hard edge
 * @param scratch       dmlcsr_mask_scratch() bytes
 * @param scratch_size  how many there are; more is fine
 * @param out           receives the mask
 * @return DMLCSR_OK or ERROR_ARGUMENT
 * @since 0.2
 */
DMLCSR_API int dmlcsr_mask_feather(const dmlcsr_plane *mask, float width, void *scratch, size_t scratch_size,
                                   const dmlcsr_plane *out);

/**
 * Cleans a soft matte (dmlcsr_result.matte) away from its edge, which is where it crosses 128: it stays as it is at
 * the edge, becomes fully on or off at a distance of band / 2, and goes over from one to the other in between. So
 * strands at the border of hair stay soft, while haze on the background and thin spots inside are gone. With d as for
 * dmlcsr_mask_feather(), t = min(1, |d| / (band / 2)), and solid = 255 or 0 for pixels that are on or off, the result
 * is round(matte + t * (solid - matte)).
 * @param matte         the matte
 * @param band          pixels, 0 or above, finite; 0: a hard mask
 * @param scratch       dmlcsr_mask_scratch() bytes
 * @param scratch_size  how many there are; more is fine
 * @param out           receives the matte
 * @return DMLCSR_OK or ERROR_ARGUMENT
 * @since 0.2
 */
DMLCSR_API int dmlcsr_mask_clean(const dmlcsr_plane *matte, float band, void *scratch, size_t scratch_size,
                                 const dmlcsr_plane *out);

#ifdef __cplusplus
}
#endif

#endif
