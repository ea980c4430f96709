/* What the files of the data side share: from lists on disk to batches. */
#ifndef DML_TRAIN_DATA_H
#define DML_TRAIN_DATA_H

#include "dmlcsr/train.h"
#include "train/strings.h"

#define DML_IGNORE 255 /* label of pixels where nothing counts */

struct dmlcsr_dataset {
    dml_memory memory;
    dmlcsr_decoder decoder; /* without functions when the set is only looked at */
    dml_strings paths;      /* photograph and labels of each pair, in turn */
    dml_strings names;      /* of the classes */
    uint32_t count;         /* pairs */
    uint8_t mirror[256];    /* class after a flip; whatever is no class stays */
};

/* ---- lists and classes ---- */

/* Writes the sentence where a caller wants it, cut to its room. */
void dml_give_error(const dml_error *error, char *to, size_t size);

/* The next line of a text, without blanks at its ends; false at the end. */
typedef struct dml_lines {
    const char *at, *end;   /* what has not been read */
    const char *line;
    size_t length;
    unsigned number;        /* from 1 on */
} dml_lines;
bool dml_lines_next(dml_lines *lines);
bool dml_is_blank(char c);

/* list.c: fills set->paths from a list, or from folders. */
int dml_list_read(dmlcsr_dataset *set, const char *root, const char *list_path, dml_error *error);
int dml_folders_read(dmlcsr_dataset *set, const char *root, const char *name, dml_error *error);

/* DMLCSR_ERROR_IO unless there is a file; `where` comes first in the sentence. */
int dml_file_check(const char *path, const char *where, dml_error *error);

/* classes.c: fills set->names and set->mirror. */
int dml_classes_read(dmlcsr_dataset *set, const dmlcsr_dataset_options *options, dml_error *error);

/* dataset.c: as dmlcsr_dataset_read(). */
int dml_pair_read(const dmlcsr_dataset *set, uint32_t index, dmlcsr_bitmap *image, dmlcsr_bitmap *label,
                  dml_error *error);

/* ---- random numbers (draw.c) ---- */

/* Numbers that are computed from their place, not from those before: any of them can be had at any time. */
typedef struct dml_draws {
    uint64_t key;
} dml_draws;

/* What the numbers are for: two uses never share them. */
enum { DML_DRAWS_ORDER, DML_DRAWS_AUGMENT, DML_DRAWS_OCCLUDER, DML_DRAWS_NOISE };

dml_draws dml_draws_of(uint64_t seed, uint64_t epoch, uint64_t position, uint64_t purpose);
uint64_t dml_draw_bits(const dml_draws *draws, uint64_t which);
double dml_draw(const dml_draws *draws, uint64_t which);        /* uniform in [0, 1) */
double dml_draw_normal(const dml_draws *draws, uint64_t which); /* shares no number with dml_draw() */

/* order[0 .. n-1] = a permutation of 0 .. n-1 that belongs to seed and epoch. */
void dml_draw_order(uint64_t seed, uint64_t epoch, uint32_t n, uint32_t *order);

/* ---- sources: decoded pairs, maybe reduced (source.c) ---- */

typedef struct dml_source {
    uint8_t *image;               /* R, G, B */
    uint8_t *label;
    uint32_t image_w, image_h, label_w, label_h;
    uint32_t w, h;                /* of the labels in the file: the grid that placements speak of */
    size_t bytes;
} dml_source;

/* One block, for dml_release(). side: 0, or none is above it afterwards. */
int dml_source_load(dml_source **out, const dmlcsr_dataset *set, uint32_t index, uint32_t side,
                    const dmlcsr_label_noise *noise, dml_memory *memory, dml_error *error);

/* Means over the area of each new pixel; room: 3 w floats (reduce.c). */
void dml_reduce_image(const uint8_t *from, uint32_t w, uint32_t h, uint8_t *to, uint32_t to_w, uint32_t to_h,
                      float *room);
void dml_reduce_label(const uint8_t *from, uint32_t w, uint32_t h, uint8_t *to, uint32_t to_w, uint32_t to_h);

/* noise.c: changes a label map as the header of the library says; `room`: w h bytes. Fails only without memory. */
int dml_label_noise(const dmlcsr_label_noise *noise, uint32_t index, uint32_t classes, uint8_t *label, uint32_t w,
                    uint32_t h, uint8_t *room, dml_memory *memory);

/* ---- what happens to a picture ---- */

/* The numbers drawn for one picture (augment.c). */
typedef struct dml_change {
    double scale, angle;          /* radians */
    double move_x, move_y;        /* share of S */
    bool flip, grey, occlude, occlude_ignore;
    float brightness, contrast, saturation; /* factors: 1 leaves it */
    float blur;                   /* deviation in pixels: 0 leaves it */
    float quality;                /* of the traces of JPEG: 0 leaves it */
    dml_draws noise;              /* of the occluder */
} dml_change;

dml_change dml_change_none(void);
dml_change dml_change_draw(const dmlcsr_augment *augment, uint64_t seed, uint32_t epoch, uint64_t position);

/* True when colours change, so that what is outside the picture has to be known. */
bool dml_change_colours(const dml_change *change);

/* From pixels of the input square to those of a picture: x = m[0] u + m[1] v + m[2], y = m[3] u + m[4] v + m[5]. */
typedef struct dml_affine {
    double m[6];
} dml_affine;

/* view.c: to the grid of the labels in the file. */
dml_affine dml_view_place(uint32_t w, uint32_t h, uint32_t size, const dml_change *change);

/* Fills the planes of R, G and B with colours 0 .. 255, black outside. */
void dml_view_image(const dml_source *source, const dml_affine *place, uint32_t size, float *const plane[3]);

/* mirror: what becomes of each class. inside (may be NULL): 1 where the nearest pixel exists. */
void dml_view_label(const dml_source *source, const dml_affine *place, uint32_t size, const uint8_t *mirror,
                    uint8_t *label, uint8_t *inside);

/* A view under work. */
typedef struct dml_canvas {
    float *plane[3];              /* of R, G, B: size x size, colours 0 .. 255 */
    uint8_t *label, *inside;
    uint32_t size;
    float *room;                  /* size x size */
} dml_canvas;

/* colour.c, blur.c, blocks.c: what dml_change says about colours, in the order of the header of the library. */
void dml_colour_change(const dml_canvas *canvas, const dml_change *change);
void dml_blur(float *plane, uint32_t size, float deviation, float *room);
void dml_blocks_traces(const dml_canvas *canvas, float quality);

#endif
