#include "overlay.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "font.h"

enum {
    BLEND = 140,      /* of 256: how much of the class colour lies over the grey of the photo inside a part */
    LINE = 230,       /* the same on the border of a part */
    PANEL = 250,      /* grey value of the legend's ground */
    INK = 40,         /* grey value of its letters */
    ROW_DOTS = 13,    /* height of a line of the legend, in dots of the font */
    MARGIN_DOTS = 5,
    SWATCH_DOTS = 9,
    SHARE_LETTERS = 6 /* "100 %", "<0.1%" and a blank */
};

/* Where things are, in pixels. A dot of the font is `scale` pixels wide. */
typedef struct layout {
    uint32_t scale, rows, columns, column_width, width, height;
} layout;

static unsigned longest_name(const legend_entry *entries, unsigned count)
{
    size_t longest = 0;
    for (unsigned i = 0; i < count; i++)
        if (strlen(entries[i].name) > longest)
            longest = strlen(entries[i].name);
    return longest > 24 ? 24 : (unsigned)longest;
}

/* The legend grows with the picture; what does not fit below each other goes into further columns. */
static layout arrange(const picture *photo, const legend_entry *entries, unsigned count)
{
    uint32_t shorter = photo->width < photo->height ? photo->width : photo->height;
    layout l = { 1, 0, 0, 0, 0, photo->height };
    if (count == 0)
        return l;
    l.scale = shorter / 400 > 1 ? shorter / 400 : 1;
    uint32_t row = ROW_DOTS * l.scale, margin = MARGIN_DOTS * l.scale;
    l.rows = photo->height > 2 * margin + row ? (photo->height - 2 * margin) / row : 1;
    if (l.rows < 8)
        l.rows = 8; /* a very flat picture: the panel may be taller than it */
    if (l.rows > count)
        l.rows = count;
    l.columns = (count + l.rows - 1) / l.rows;
    uint32_t letters = longest_name(entries, count) + 1 + SHARE_LETTERS;
    l.column_width = (SWATCH_DOTS + 2 * MARGIN_DOTS + letters * FONT_ADVANCE) * l.scale;
    l.width = l.columns * l.column_width + margin;
    if (l.height < l.rows * row + 2 * margin)
        l.height = l.rows * row + 2 * margin;
    return l;
}

static uint8_t mix(unsigned below, unsigned above, unsigned share)
{
    return (uint8_t)((below * (256 - share) + above * share + 128) >> 8);
}

/* Whether another class is within `reach` pixels above, below, left or right. */
static bool on_border(const uint8_t *labels, uint32_t width, uint32_t height, uint32_t x, uint32_t y, uint32_t reach)
{
    const uint8_t *here = labels + (size_t)y * width + x;
    for (uint32_t d = 1; d <= reach; d++) {
        if ((x >= d && here[-(ptrdiff_t)d] != *here) || (x + d < width && here[d] != *here))
            return true;
        if ((y >= d && *(here - (size_t)d * width) != *here) || (y + d < height && here[(size_t)d * width] != *here))
            return true;
    }
    return false;
}

static void blend(picture *out, const picture *photo, const uint8_t *labels, const uint32_t colors[256])
{
    uint32_t shorter = photo->width < photo->height ? photo->width : photo->height;
    uint32_t reach = shorter / 700 > 1 ? shorter / 700 : 1;
    for (uint32_t y = 0; y < photo->height; y++) {
        const uint8_t *from = photo->pixels + (size_t)y * photo->width * 3;
        uint8_t *to = out->pixels + (size_t)y * out->width * 3;
        for (uint32_t x = 0; x < photo->width; x++, from += 3, to += 3) {
            uint8_t label = labels[(size_t)y * photo->width + x];
            uint32_t color = colors[label];
            if (label == 0) {
                memcpy(to, from, 3);
                continue;
            }
            /* Over the photo's own colours, a brown class on brown hair could not be seen. */
            unsigned share = on_border(labels, photo->width, photo->height, x, y, reach) ? LINE : BLEND;
            unsigned grey = (from[0] * 77u + from[1] * 150u + from[2] * 29u) >> 8;
            to[0] = mix(grey, color >> 16 & 255, share);
            to[1] = mix(grey, color >> 8 & 255, share);
            to[2] = mix(grey, color & 255, share);
        }
    }
}

static void fill(picture *out, uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t color)
{
    for (uint32_t row = y; row < y + height && row < out->height; row++) {
        uint8_t *to = out->pixels + ((size_t)row * out->width + x) * 3;
        for (uint32_t i = 0; i < width && x + i < out->width; i++, to += 3) {
            to[0] = (uint8_t)(color >> 16);
            to[1] = (uint8_t)(color >> 8);
            to[2] = (uint8_t)color;
        }
    }
}

static void write_text(picture *out, uint32_t x, uint32_t y, uint32_t scale, const char *text, unsigned most)
{
    for (unsigned i = 0; text[i] && i < most; i++)
        for (int dy = 0; dy < FONT_HEIGHT; dy++)
            for (int dx = 0; dx < FONT_WIDTH; dx++)
                if (font_dot(text[i], dx, dy))
                    fill(out, x + (i * FONT_ADVANCE + (uint32_t)dx) * scale, y + (uint32_t)dy * scale, scale, scale,
                         INK * 0x10101u);
}

/* The squares that the network saw, in dashes of black and white: what lies outside was not looked at. */
static void draw_frame(picture *out, const picture *photo, const frame *square)
{
    uint32_t shorter = photo->width < photo->height ? photo->width : photo->height;
    uint32_t thick = shorter / 700 > 1 ? shorter / 700 : 1, dash = 5 * thick;
    for (int side = 0; side < 4; side++) {
        const float *from = square->corners[side], *to = square->corners[(side + 1) % 4];
        float length = hypotf(to[0] - from[0], to[1] - from[1]);
        for (float at = 0; at < length && length < 1e6f; at++) {
            float x = from[0] + (to[0] - from[0]) * at / length, y = from[1] + (to[1] - from[1]) * at / length;
            if (x < 0 || y < 0 || x >= (float)photo->width || y >= (float)photo->height || (uint32_t)at / dash % 3 == 2)
                continue;
            uint32_t left = (uint32_t)x, wide = left + thick > photo->width ? photo->width - left : thick;
            uint32_t top = (uint32_t)y, high = top + thick > photo->height ? photo->height - top : thick;
            fill(out, left, top, wide, high, (uint32_t)at / dash % 3 ? 0x202020 : 0xf0f0f0);
        }
    }
}

static void share_text(double share, char text[16])
{
    if (share > 0 && share < 0.0005)
        snprintf(text, 16, "<0.1%%");
    else
        snprintf(text, 16, share < 0.9995 ? "%4.1f%%" : "%4.0f%%", share * 100);
}

static void draw_legend(picture *out, const layout *l, uint32_t left, const legend_entry *entries, unsigned count)
{
    uint32_t s = l->scale, letters = longest_name(entries, count);
    for (unsigned i = 0; i < count; i++) {
        char share[16];
        uint32_t x = left + MARGIN_DOTS * s + i / l->rows * l->column_width;
        uint32_t y = MARGIN_DOTS * s + i % l->rows * ROW_DOTS * s;
        fill(out, x, y + s, SWATCH_DOTS * s, SWATCH_DOTS * s, INK * 0x10101u);
        fill(out, x + s, y + 2 * s, (SWATCH_DOTS - 2) * s, (SWATCH_DOTS - 2) * s, entries[i].color);
        uint32_t text_x = x + (SWATCH_DOTS + MARGIN_DOTS) * s;
        write_text(out, text_x, y + 2 * s, s, entries[i].name, letters);
        share_text(entries[i].share, share);
        write_text(out, text_x + (letters + 1) * FONT_ADVANCE * s, y + 2 * s, s, share, SHARE_LETTERS);
    }
}

bool overlay_make(picture *out, const picture *photo, const uint8_t *labels, const uint32_t colors[256],
                  const frame *frames, size_t frame_count, const legend_entry *entries, unsigned count, note *error)
{
    layout l = arrange(photo, entries, count);
    memset(out, 0, sizeof *out);
    out->width = photo->width + l.width;
    out->height = l.height;
    size_t size = (size_t)out->width * out->height * 3;
    out->pixels = malloc(size);
    if (!out->pixels) {
        note_set(error, "there is not enough memory for an overlay of %u x %u pixels", out->width, out->height);
        return false;
    }
    memset(out->pixels, PANEL, size);
    blend(out, photo, labels, colors);
    for (size_t i = 0; i < frame_count; i++)
        draw_frame(out, photo, &frames[i]);
    draw_legend(out, &l, photo->width, entries, count);
    return true;
}
