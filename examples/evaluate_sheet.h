/* The contact sheet of dmlcsr-evaluate: which pictures are on it, and what stands below them. */
#ifndef EXAMPLES_EVALUATE_SHEET_H
#define EXAMPLES_EVALUATE_SHEET_H

#include "evaluate.h"
#include "sheet.h"

/* What the model made of a picture; without edge heads the last two are NULL. */
typedef struct evaluate_maps {
    uint8_t *labels;
    float *binary_edge;
    uint8_t *category_edge;
} evaluate_maps;

typedef struct evaluate_sheet {
    sheet sheet;
    uint32_t count, of; /* so many of all pictures, evenly taken */
    uint32_t classes;
    bool edges;
} evaluate_sheet;

/* Returns -1, or the exit code after a message; so does saving. */
int evaluate_sheet_make(evaluate_sheet *s, const request *r, const dmlcsr *parser, const evaluation *e,
                        uint32_t pictures);
int evaluate_sheet_save(const evaluate_sheet *s, const char *path);
void evaluate_sheet_free(evaluate_sheet *s);

/* Whether picture number `index` is on the sheet. */
bool evaluate_sheet_wants(const evaluate_sheet *s, uint32_t index);
bool evaluate_sheet_draw(evaluate_sheet *s, uint32_t index, const char *file, const picture *photo,
                         const uint8_t *labels, const evaluate_maps *maps, note *error);

#endif
