/* A small bitmap font for legends, drawn for this program. */
#ifndef EXAMPLES_FONT_H
#define EXAMPLES_FONT_H

#include <stdbool.h>

enum { FONT_WIDTH = 5, FONT_HEIGHT = 9, FONT_ADVANCE = 6 };

/* Whether the dot (x, y) of a character is set; capitals look like small letters, unknown characters are boxes. */
bool font_dot(char character, int x, int y);

#endif
