#include "score_sheet.h"

#include <stdlib.h>
#include <string.h>

#include "metrics.h"

bool score_sheet_make(score_sheet *s, const dmlcsr *parser, const char *title, uint32_t count, uint32_t of,
                      uint32_t cell, uint32_t classes, const char *const *names, note *error)
{
    uint32_t colors[SHEET_CLASSES] = { 0 };
    s->of = of;
    s->count = count < of ? count : of;
    s->classes = classes;
    s->edges = dmlcsr_has_edges(parser) != 0;
    for (uint32_t i = 0; i < classes; i++)
        colors[i] = dmlcsr_class_color(parser, i);
    return sheet_make(&s->sheet, title, s->count, cell, s->edges, classes, colors, names, error);
}

void score_sheet_free(score_sheet *s)
{
    sheet_free(&s->sheet);
}

/* The place of a picture on the sheet; `count` when it has none. */
static uint32_t place_of(const score_sheet *s, uint32_t index)
{
    if (!s->count)
        return 0;
    uint32_t place = (uint32_t)(((uint64_t)index * s->count + s->of - 1) / s->of); /* the first at or behind it */
    return place < s->count && (uint64_t)place * s->of / s->count == index ? place : s->count;
}

bool score_sheet_wants(const score_sheet *s, uint32_t index)
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

bool score_sheet_draw(score_sheet *s, uint32_t index, const char *file, const picture *photo, const uint8_t *labels,
                      const score_maps *maps, note *error)
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
