/* Convolutions 3 x 3 with stride 1 by Winograd's F(4 x 4, 3 x 3), a quarter of the products of a direct one, or in larger
 * tiles (kernels/kernels.h has the formula). A dilation is that many pictures, interleaved.
 *
 * The tiles of all images are cut into bands and the input channels into slices, so that the transformed input of one
 * slice of a band fits a cache; its size is that of the room, not of the network. Weights are transformed when they are
 * used: four times their size never exists, unless conv->transformed was made before. Bands and slices depend on the
 * shapes alone, so results do not depend on the number of threads. */
#ifndef DML_OPS_WINOGRAD_H
#define DML_OPS_WINOGRAD_H

#include "ops/conv.h"

/* The tiles of n images of h x w output pixels. */
typedef struct dml_winograd_tiles {
    uint32_t n, h, w, dilation;
    uint32_t high, wide; /* output pixels of a tile */
    uint32_t rows;      /* rows of tiles in all images and phases */
    uint32_t columns;   /* tiles of a row */
    uint32_t bands;     /* parts that the rows are cut into */
    uint32_t band_rows; /* most rows of a band */
} dml_winograd_tiles;

/* band_tiles: most of a band, if that is a row at least. */
dml_winograd_tiles dml_winograd_cut(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t band_tiles);

/* First pixel of a row of tiles. */
typedef struct dml_winograd_row {
    uint32_t image, y, x;
} dml_winograd_row;

dml_winograd_row dml_winograd_row_at(const dml_winograd_tiles *tiles, uint32_t row);

/* How many of the `size` pixels from `first` on, `dilation` apart, a side of `side` pixels has. */
uint32_t dml_winograd_inside(uint32_t size, uint32_t first, uint32_t dilation, uint32_t side);

/* A transform that reads patches of pixels, each a tile after the one before. */
typedef struct dml_winograd_patches {
    dml_winograd_patch *transform;
    size_t bytes;    /* of an element of v */
    uint32_t around; /* pixels before and after a tile that its patch has, too, which may be outside the picture */
} dml_winograd_patches;

/* Transforms rows [first, end) of tiles, one block of channels: the first tile of `first` to v. What lies outside the
   picture counts as zero. */
void dml_winograd_transform(const dml_winograd_tiles *tiles, const dml_winograd_patches *p, const dml_batch *x,
                            uint32_t block, uint32_t first, uint32_t end, void *v, size_t position);

/* The largest tiles that err within the bounds of doc/numerics.md, for inference; training takes 4 x 4, the default. */
dml_winograd_form dml_winograd_form_of(const dml_conv_shape *shape);

/* Whether this way is faster than the direct one, for n images with outputs of h x w. */
bool dml_winograd_pays(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w);

/* Elements (of single precision) of room that it needs; 0 where it does not pay. */
size_t dml_winograd_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads);

/* Elements (of the format) of the transformed weights; 0 where this way is slower for outputs of any size. */
size_t dml_winograd_weight_size(const dml_conv_shape *shape);
/* Makes them, for conv->transformed: [panel][position][block][16 in][16 out]. */
void dml_winograd_transform_weights(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, void *transformed);

/* Blocks [block, block + blocks) of a panel, positions so many elements apart. */
void dml_winograd_transform_panel(const dml_conv *conv, const dml_kernels *kernels, uint32_t panel, uint32_t block,
                                  uint32_t blocks, void *u, size_t position);

/* As dml_conv_run() without a residual, for a whole batch; the shape's format is single precision or bfloat16. */
void dml_winograd_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_batch *x,
                      const dml_batch *y, dml_real *room);

#endif
