#include "sheet.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "canvas.h"
#include "font.h"
#include "overlay.h"

enum { PAPER = 0xf4f5f7, EMPTY = 0xe3e6ea, INK = 0x2b3138, FAINT = 0x6b7580, NOT_LABELLED = 0x8c8c8c };
enum { MARGIN = 16, GAP = 4, BLOCK_GAP = 24, CELL = 160, SWATCH_DOTS = 7, LEGEND_DOTS = 13 };
enum { LARGEST = 65535 }; /* side of a picture */

static const char *const headings[] = { "picture", "label", "prediction", "edge", "edge class" };

/* ---- the page ---- */

/* Blocks beside each other, so that the sheet is about as wide as it is high. */
static void arrange(sheet *s, uint32_t count)
{
    const double row_width = s->block_width, height = s->row_height;
    s->blocks = (uint32_t)lround(sqrt(count * height / row_width * 1.3));
    s->blocks = s->blocks < 1 ? 1 : s->blocks > count ? count : s->blocks;
    s->rows = (count + s->blocks - 1) / s->blocks;
    s->blocks = (count + s->rows - 1) / s->rows;
}

typedef struct legend {
    uint32_t classes;
    const uint32_t *colors;
    const char *const *names;
} legend;

static int32_t entry_width(const sheet *s, const char *name)
{
    return (SWATCH_DOTS + 4) * (int32_t)s->scale + canvas_text_width(name, s->scale) + 8 * (int32_t)s->scale;
}

/* Below each other as many lines as are needed; draws them, or (page is empty) only says how high they are. */
static int32_t place_legend(sheet *s, const legend *l, int32_t width, int32_t y)
{
    const int32_t dot = (int32_t)s->scale, line = LEGEND_DOTS * dot, start = y;
    int32_t x = MARGIN;
    for (uint32_t i = 1; i < l->classes; i++) { /* background is what has no colour */
        int32_t wide = entry_width(s, l->names[i]);
        if (x > MARGIN && x + wide > width - MARGIN) {
            x = MARGIN;
            y += line;
        }
        if (s->page.pixels) {
            canvas_fill(&s->page, x, y, SWATCH_DOTS * dot, SWATCH_DOTS * dot, INK);
            canvas_fill(&s->page, x + dot, y + dot, (SWATCH_DOTS - 2) * dot, (SWATCH_DOTS - 2) * dot, l->colors[i]);
            canvas_text(&s->page, x + (SWATCH_DOTS + 4) * dot, y, s->scale, INK, l->names[i], 0);
        }
        x += wide;
    }
    return y + line - start;
}

static int32_t block_left(const sheet *s, uint32_t block)
{
    return MARGIN + (int32_t)block * (s->block_width + BLOCK_GAP);
}

/* In each block a heading over every column: over the first block alone they would be far from the others. */
static void draw_headings(sheet *s)
{
    const int32_t y = s->top - (FONT_HEIGHT + 1) * (int32_t)s->scale;
    for (uint32_t block = 0; block < s->blocks; block++)
        for (uint32_t column = 0; column < s->columns; column++)
            canvas_text(&s->page, block_left(s, block) + (int32_t)(column * (s->cell + GAP)), y, s->scale, FAINT,
                        headings[column], s->cell / (FONT_ADVANCE * s->scale));
}

bool sheet_make(sheet *s, const char *title, uint32_t count, uint32_t cell, bool edges, uint32_t classes,
                const uint32_t *colors, const char *const *names, note *error)
{
    const legend l = { classes, colors, names };
    memset(s, 0, sizeof *s);
    s->cell = cell == 0 ? CELL : cell < 32 ? 32 : cell > 1024 ? 1024 : cell;
    s->scale = s->cell >= 120 ? 2 : 1;
    s->columns = edges ? 5 : 3;
    const int32_t dot = (int32_t)s->scale;
    s->block_width = (int32_t)(s->columns * (s->cell + GAP)) - GAP;
    s->row_height = (int32_t)s->cell + (FONT_HEIGHT + 6) * dot;
    arrange(s, count ? count : 1);
    int32_t width = block_left(s, s->blocks) - BLOCK_GAP + MARGIN, legend_top = MARGIN + (FONT_HEIGHT + 6) * dot;
    s->top = legend_top + place_legend(s, &l, width, 0) + (FONT_HEIGHT + 4) * dot;
    int32_t height = s->top + (int32_t)s->rows * s->row_height + MARGIN / 2;
    if (width > LARGEST || height > LARGEST) {
        note_set(error, "the sheet would be %d x %d pixels, more than %d on a side: show fewer pictures, or smaller ones",
                 (int)width, (int)height, LARGEST);
        return false;
    }
    if (!canvas_make(&s->page, (uint32_t)width, (uint32_t)height, PAPER, error))
        return false;
    memcpy(s->colors, colors, classes * sizeof *colors);
    s->colors[SHEET_IGNORE] = NOT_LABELLED;
    if (title)
        canvas_text(&s->page, MARGIN, MARGIN, s->scale, INK, title, 0);
    place_legend(s, &l, width, legend_top);
    draw_headings(s);
    return true;
}

/* ---- cells ---- */

/* Fits a picture into a cell, in the middle. */
static void paste(sheet *s, int32_t x, int32_t y, const picture *from)
{
    uint32_t longer = from->width > from->height ? from->width : from->height;
    uint32_t width = (uint32_t)((uint64_t)from->width * s->cell / longer);
    uint32_t height = (uint32_t)((uint64_t)from->height * s->cell / longer);
    width = width ? width : 1;
    height = height ? height : 1;
    canvas_paste(&s->page, x + (int32_t)(s->cell - width) / 2, y + (int32_t)(s->cell - height) / 2, width, height,
                 from);
}

static bool draw_overlay(sheet *s, int32_t x, int32_t y, const picture *photo, const uint8_t *labels, note *error)
{
    picture cell;
    if (!overlay_make(&cell, photo, labels, s->colors, NULL, 0, NULL, 0, error))
        return false;
    paste(s, x, y, &cell);
    picture_free(&cell);
    return true;
}

/* Edges are a pixel or two wide: they are drawn in full size, and the mean makes them faint but whole when shrunk. */
static bool draw_edges(sheet *s, int32_t x, int32_t y, const sheet_row *row, bool category, note *error)
{
    picture cell;
    const size_t count = (size_t)row->photo->width * row->photo->height;
    if (!canvas_make(&cell, row->photo->width, row->photo->height, 0, error))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t color = category ? s->colors[row->category_edge[i]]
                                  : 0x010101u * (uint32_t)(row->binary_edge[i] * 255 + 0.5f);
        for (int c = 0; c < 3; c++)
            cell.pixels[3 * i + (size_t)c] = (uint8_t)(color >> (16 - 8 * c));
    }
    paste(s, x, y, &cell);
    picture_free(&cell);
    return true;
}

static bool draw_cell(sheet *s, uint32_t column, int32_t x, int32_t y, const sheet_row *row, note *error)
{
    switch (column) {
    case 0: paste(s, x, y, row->photo); return true;
    case 1: return !row->labels || draw_overlay(s, x, y, row->photo, row->labels, error);
    case 2: return !row->prediction || draw_overlay(s, x, y, row->photo, row->prediction, error);
    case 3: return !row->binary_edge || draw_edges(s, x, y, row, false, error);
    default: return !row->category_edge || draw_edges(s, x, y, row, true, error);
    }
}

bool sheet_draw(sheet *s, uint32_t index, const sheet_row *row, note *error)
{
    const int32_t left = block_left(s, index / s->rows), y = s->top + (int32_t)(index % s->rows) * s->row_height;
    bool ok = index < s->rows * s->blocks;
    if (!ok)
        note_set(error, "the sheet has no place for picture %u", index + 1);
    for (uint32_t column = 0; ok && column < s->columns; column++) {
        int32_t x = left + (int32_t)(column * (s->cell + GAP));
        canvas_fill(&s->page, x, y, (int32_t)s->cell, (int32_t)s->cell, EMPTY);
        ok = draw_cell(s, column, x, y, row, error);
    }
    if (ok && row->caption)
        canvas_text(&s->page, left, y + (int32_t)(s->cell + 2 * s->scale), s->scale, INK, row->caption,
                    (unsigned)s->block_width / (FONT_ADVANCE * s->scale));
    return ok;
}

bool sheet_save(const sheet *s, const char *path, note *error)
{
    png_source source = { s->page.pixels, s->page.width, s->page.height, 3, NULL, 0 };
    return png_save(path, &source, error);
}

void sheet_free(sheet *s)
{
    picture_free(&s->page);
}
