/* A contact sheet as a PNG file: what a model makes of a set's pictures, seen at a glance. */
#ifndef EXAMPLES_SHEET_H
#define EXAMPLES_SHEET_H

#include "io.h"

enum { SHEET_CLASSES = 256, SHEET_IGNORE = 255 };

/* One picture and what belongs to it, all in the size of the photo. What is NULL leaves its cell empty. */
typedef struct sheet_row {
    const char *caption;
    const picture *photo;
    const uint8_t *labels;        /* SHEET_IGNORE is shown in grey */
    const uint8_t *prediction;
    const float *binary_edge;     /* 0 to 1 */
    const uint8_t *category_edge; /* 0: none */
} sheet_row;

typedef struct sheet {
    picture page;
    uint32_t cell, rows, blocks, columns; /* side of a cell; rows in each of `blocks` blocks; cells in a row */
    uint32_t scale;                       /* pixels for a dot of the font */
    int32_t top, row_height, block_width;
    uint32_t colors[SHEET_CLASSES];
} sheet;

/*
 * An empty sheet for `count` pictures. `cell`: side of a cell in pixels, 32 to 1024; 0: 160. `edges`: with the two
 * cells for edges. `colors` (0xRRGGBB, the first is background) and `names` of the classes make the legend.
 */
bool sheet_make(sheet *s, const char *title, uint32_t count, uint32_t cell, bool edges, uint32_t classes,
                const uint32_t *colors, const char *const *names, note *error);
/* Draws picture number `index`. Several threads may draw different pictures at the same time. */
bool sheet_draw(sheet *s, uint32_t index, const sheet_row *row, note *error);
/* False, with a sentence that does not name the file. */
bool sheet_save(const sheet *s, const char *path, note *error);
void sheet_free(sheet *s);

#endif
