/* The contact sheet of a run over labelled pictures: which of them are on it, and what stands below them. */
#ifndef EXAMPLES_SCORE_SHEET_H
#define EXAMPLES_SCORE_SHEET_H

#include <dmlcsr/dmlcsr.h>

#include "sheet.h"

/* What the model made of a picture; where no edges were asked for, the last two are NULL. */
typedef struct score_maps {
    uint8_t *labels;
    float *binary_edge;
    uint8_t *category_edge;
} score_maps;

typedef struct score_sheet {
    sheet sheet;
    uint32_t count, of; /* so many of all pictures, evenly taken */
    uint32_t classes;
    bool edges;
} score_sheet;

/* For `count` (or fewer) of `of` pictures, with cells of that side (0: the usual one). In the colours of `parser`, and
   with edges when it has edge heads. */
bool score_sheet_make(score_sheet *s, const dmlcsr *parser, const char *title, uint32_t count, uint32_t of,
                      uint32_t cell, uint32_t classes, const char *const *names, note *error);
void score_sheet_free(score_sheet *s);

/* Whether picture number `index` is on the sheet. */
bool score_sheet_wants(const score_sheet *s, uint32_t index);
/* Several threads may draw different pictures at the same time. */
bool score_sheet_draw(score_sheet *s, uint32_t index, const char *file, const picture *photo, const uint8_t *labels,
                      const score_maps *maps, note *error);

#endif
