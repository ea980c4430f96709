#include "canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "font.h"

static void put(uint8_t *pixel, uint32_t color)
{
    pixel[0] = (uint8_t)(color >> 16);
    pixel[1] = (uint8_t)(color >> 8);
    pixel[2] = (uint8_t)color;
}

static uint8_t *at(const picture *p, int32_t x, int32_t y)
{
    return p->pixels + ((size_t)y * p->width + (size_t)x) * 3;
}

bool canvas_make(picture *out, uint32_t width, uint32_t height, uint32_t color, note *error)
{
    memset(out, 0, sizeof *out);
    if (!picture_reserve(out, width, height, 3, UINT64_MAX, error))
        return false;
    for (size_t i = 0; i < (size_t)width * height; i++)
        put(out->pixels + 3 * i, color);
    return true;
}

void canvas_fill(picture *to, int32_t x, int32_t y, int32_t width, int32_t height, uint32_t color)
{
    int32_t right = x + width < (int32_t)to->width ? x + width : (int32_t)to->width;
    int32_t low = y + height < (int32_t)to->height ? y + height : (int32_t)to->height;
    for (int32_t row = y > 0 ? y : 0; row < low; row++)
        for (int32_t column = x > 0 ? x : 0; column < right; column++)
            put(at(to, column, row), color);
}

/* ---- lines ---- */

static double distance_to_segment(double x, double y, const double from[2], const double along[2])
{
    double length = along[0] * along[0] + along[1] * along[1];
    double u = x - from[0], v = y - from[1];
    double t = length > 0 ? (u * along[0] + v * along[1]) / length : 0;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    return hypot(u - t * along[0], v - t * along[1]);
}

static int32_t inside(double value, uint32_t size)
{
    return value < 0 ? 0 : value > size - 1.0 ? (int32_t)size - 1 : (int32_t)value;
}

void canvas_line(picture *to, double x0, double y0, double x1, double y1, double thickness, uint32_t color)
{
    const double from[2] = { x0, y0 }, along[2] = { x1 - x0, y1 - y0 }, reach = thickness / 2 + 0.5;
    int32_t left = inside(fmin(x0, x1) - reach, to->width), right = inside(fmax(x0, x1) + reach + 1, to->width);
    int32_t top = inside(fmin(y0, y1) - reach, to->height), low = inside(fmax(y0, y1) + reach + 1, to->height);
    for (int32_t y = top; y <= low; y++)
        for (int32_t x = left; x <= right; x++) {
            double cover = reach - distance_to_segment(x, y, from, along);
            if (cover <= 0)
                continue;
            cover = cover > 1 ? 1 : cover;
            uint8_t *pixel = at(to, x, y);
            for (int c = 0; c < 3; c++) {
                double ink = color >> (16 - 8 * c) & 255;
                pixel[c] = (uint8_t)(pixel[c] + (ink - pixel[c]) * cover + 0.5);
            }
        }
}

/* ---- text ---- */

int32_t canvas_text_width(const char *text, uint32_t scale)
{
    size_t letters = strlen(text);
    return letters ? (int32_t)((letters * FONT_ADVANCE - (FONT_ADVANCE - FONT_WIDTH)) * scale) : 0;
}

void canvas_text(picture *to, int32_t x, int32_t y, uint32_t scale, uint32_t color, const char *text, unsigned most)
{
    const int32_t dot = (int32_t)scale;
    for (int32_t i = 0; text[i] && (!most || i < (int32_t)most); i++)
        for (int dy = 0; dy < FONT_HEIGHT; dy++)
            for (int dx = 0; dx < FONT_WIDTH; dx++)
                if (font_dot(text[i], dx, dy))
                    canvas_fill(to, x + (i * FONT_ADVANCE + dx) * dot, y + dy * dot, dot, dot, color);
}

/* ---- pictures ---- */

/* Mean of the box that the pixel (x, y) of width x height covers in `from`; pixels at its border count in part. */
static uint32_t mean(const picture *from, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    double sx = (double)from->width / width, sy = (double)from->height / height, sum[3] = { 0, 0, 0 };
    double left = x * sx, right = left + sx, top = y * sy, low = top + sy;
    for (uint32_t v = (uint32_t)top; v < from->height && v < low; v++) {
        double tall = fmin(v + 1.0, low) - fmax(v, top);
        for (uint32_t u = (uint32_t)left; u < from->width && u < right; u++) {
            double weight = tall * (fmin(u + 1.0, right) - fmax(u, left));
            const uint8_t *pixel = at(from, (int32_t)u, (int32_t)v);
            for (int c = 0; c < 3; c++)
                sum[c] += weight * pixel[c];
        }
    }
    uint32_t color = 0;
    for (int c = 0; c < 3; c++) {
        double value = sum[c] / (sx * sy) + 0.5;
        color = color << 8 | (uint32_t)(value > 255 ? 255 : value);
    }
    return color;
}

void canvas_paste(picture *to, int32_t x, int32_t y, uint32_t width, uint32_t height, const picture *from)
{
    for (uint32_t row = 0; row < height; row++)
        for (uint32_t column = 0; column < width; column++) {
            int32_t u = x + (int32_t)column, v = y + (int32_t)row;
            if (u >= 0 && v >= 0 && u < (int32_t)to->width && v < (int32_t)to->height)
                put(at(to, u, v), mean(from, column, row, width, height));
        }
}
