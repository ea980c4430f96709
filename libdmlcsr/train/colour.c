/* What augmentation does to colours. */
#include <math.h>

#include "train/data.h"

static float grey_of(const dml_canvas *c, size_t at)
{
    return 0.299f * c->plane[0][at] + 0.587f * c->plane[1][at] + 0.114f * c->plane[2][at];
}

/* Of the pixels that show the picture. */
static float mean_grey(const dml_canvas *c)
{
    double sum = 0.0;
    size_t count = 0, pixels = (size_t)c->size * c->size;
    for (size_t i = 0; i < pixels; i++)
        if (c->inside[i]) {
            sum += grey_of(c, i);
            count++;
        }
    return count ? (float)(sum / (double)count) : 0.0f;
}

static void jitter(const dml_canvas *c, const dml_change *change)
{
    size_t pixels = (size_t)c->size * c->size;
    float middle = mean_grey(c) * change->brightness;
    float saturation = change->grey ? 0.0f : change->saturation;
    for (size_t i = 0; i < pixels; i++) {
        for (int p = 0; p < 3; p++) {
            float value = middle + change->contrast * (c->plane[p][i] * change->brightness - middle);
            c->plane[p][i] = fminf(fmaxf(value, 0.0f), 255.0f);
        }
        float grey = grey_of(c, i);
        for (int p = 0; p < 3; p++)
            c->plane[p][i] = grey + saturation * (c->plane[p][i] - grey);
    }
}

/* ---- the occluder ---- */

/* Places of its numbers; those of its pixels follow. */
enum { ROUND, WIDTH, HEIGHT, CENTRE_X, CENTRE_Y, COLOUR, TEXTURE = COLOUR + 3, PIXELS };

static bool hides(double dx, double dy, bool round)
{
    return round ? dx * dx + dy * dy <= 1.0 : fabs(dx) <= 1.0 && fabs(dy) <= 1.0;
}

/* A flat colour with noise, which no part of a face looks like. */
static void occlude(const dml_canvas *c, const dml_change *change)
{
    const dml_draws *draws = &change->noise;
    bool round = dml_draw(draws, ROUND) < 0.5;
    double half_w = c->size * (0.05 + 0.15 * dml_draw(draws, WIDTH));
    double half_h = c->size * (0.05 + 0.15 * dml_draw(draws, HEIGHT));
    double x = c->size * dml_draw(draws, CENTRE_X), y = c->size * dml_draw(draws, CENTRE_Y);
    double texture = 100.0 * dml_draw(draws, TEXTURE);
    for (uint32_t v = 0; v < c->size; v++)
        for (uint32_t u = 0; u < c->size; u++) {
            size_t at = (size_t)v * c->size + u;
            if (!hides((u - x) / half_w, (v - y) / half_h, round))
                continue;
            for (uint64_t p = 0; p < 3; p++)
                c->plane[p][at] = (float)(255.0 * dml_draw(draws, COLOUR + p)
                                          + texture * (dml_draw(draws, PIXELS + 3 * at + p) - 0.5));
            c->inside[at] = 1;
            if (change->occlude_ignore)
                c->label[at] = DML_IGNORE;
        }
}

/* Colours stay colours, and what is outside the picture stays black. */
static void tidy(const dml_canvas *c)
{
    size_t pixels = (size_t)c->size * c->size;
    for (int p = 0; p < 3; p++)
        for (size_t i = 0; i < pixels; i++)
            c->plane[p][i] = c->inside[i] ? fminf(fmaxf(c->plane[p][i], 0.0f), 255.0f) : 0.0f;
}

void dml_colour_change(const dml_canvas *canvas, const dml_change *change)
{
    jitter(canvas, change);
    for (int p = 0; p < 3 && change->blur > 0.0f; p++)
        dml_blur(canvas->plane[p], canvas->size, change->blur, canvas->room);
    if (change->quality > 0.0f)
        dml_blocks_traces(canvas, change->quality);
    if (change->occlude)
        occlude(canvas, change);
    tidy(canvas);
}
