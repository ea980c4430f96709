#include "evaluate_sheet.h"

#include <stdlib.h>
#include <string.h>

int evaluate_sheet_make(evaluate_sheet *s, const request *r, const dmlcsr *parser, const evaluation *e,
                        uint32_t pictures)
{
    uint32_t colors[SHEET_CLASSES] = { 0 };
    const char *names[SHEET_CLASSES];
    char title[400];
    note error;
    s->of = pictures;
    s->count = r->sheet_count < pictures ? r->sheet_count : pictures;
    s->classes = e->confusion.classes;
    s->edges = dmlcsr_has_edges(parser) != 0;
    for (uint32_t i = 0; i < s->classes; i++) {
        colors[i] = dmlcsr_class_color(parser, i);
        names[i] = e->names[i];
    }
    snprintf(title, sizeof title, "%.100s, set %.60s: model %.100s, protocol %s", e->data, e->set, e->model,
             e->protocol);
    if (sheet_make(&s->sheet, title, s->count, r->sheet_cell, s->edges, s->classes, colors, names, &error))
        return -1;
    fprintf(stderr, PROGRAM ": %s: %s\n", r->sheet, error.text);
    return EXIT_PICTURES;
}

/* The place of a picture on the sheet; `count` when it has none. */
static uint32_t place_of(const evaluate_sheet *s, uint32_t index)
{
    if (!s->count)
        return 0;
    uint32_t place = (uint32_t)(((uint64_t)index * s->count + s->of - 1) / s->of); /* the first at or behind it */
    return place < s->count && (uint64_t)place * s->of / s->count == index ? place : s->count;
}

bool evaluate_sheet_wants(const evaluate_sheet *s, uint32_t index)
{
    return place_of(s, index) < s->count;
}

static void write_caption(char *caption, size_t size, const char *file, const metrics *m)
{
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *dot = strrchr(name, '.');
    int length = dot && dot != name ? (int)(dot - name) : (int)strlen(name);
    snprintf(caption, size, "%.*s: mean F1 %.3f, right %.1f%%", length > 40 ? 40 : length, name, m->mean_f1,
             100 * m->accuracy);
}

bool evaluate_sheet_draw(evaluate_sheet *s, uint32_t index, const char *file, const picture *photo,
                         const uint8_t *labels, const evaluate_maps *maps, note *error)
{
    char caption[160];
    confusion alone;
    metrics *m = malloc(sizeof *m);
    bool ok = confusion_make(&alone, s->classes) && m;
    if (ok) {
        confusion_add(&alone, labels, maps->labels, (size_t)photo->width * photo->height);
        metrics_compute(m, &alone);
        write_caption(caption, sizeof caption, file, m);
    } else
        note_set(error, "there is not enough memory for a caption");
    sheet_row row = { caption, photo, labels, maps->labels, maps->binary_edge, maps->category_edge };
    ok = ok && sheet_draw(&s->sheet, place_of(s, index), &row, error);
    confusion_free(&alone);
    free(m);
    return ok;
}

int evaluate_sheet_save(const evaluate_sheet *s, const char *path)
{
    note error;
    if (sheet_save(&s->sheet, path, &error))
        return -1;
    fprintf(stderr, PROGRAM ": %s %s\n", path, error.text);
    return EXIT_PICTURES;
}

void evaluate_sheet_free(evaluate_sheet *s)
{
    sheet_free(&s->sheet);
}
