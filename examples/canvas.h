/* What charts and contact sheets are drawn with: a picture in memory, with text, lines and other pictures on it. */
#ifndef EXAMPLES_CANVAS_H
#define EXAMPLES_CANVAS_H

#include "io.h"

/* A picture of one colour (0xRRGGBB); freed with picture_free(). */
bool canvas_make(picture *out, uint32_t width, uint32_t height, uint32_t color, note *error);

/* All that follows is cut at the borders of the picture. */
void canvas_fill(picture *to, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t color);
/* A line with round ends, its edges smoothed; of one point: a disc. Pixel centres have whole coordinates. */
void canvas_line(picture *to, double x0, double y0, double x1, double y1, double thickness, uint32_t color);
/* At most `most` letters (0: all of them), `scale` pixels for each dot; (x, y) is the top left corner. */
void canvas_text(picture *to, int32_t x, int32_t y, uint32_t scale, uint32_t color, const char *text, unsigned most);
int32_t canvas_text_width(const char *text, uint32_t scale);
/* `from` in a size of width x height: each pixel is the mean of those that it covers. */
void canvas_paste(picture *to, int32_t x, int32_t y, uint32_t width, uint32_t height, const picture *from);

#endif
