/* What is drawn for a picture. */
#include <math.h>

#include "train/data.h"

#define RADIANS (3.141592653589793 / 180.0)
#define BEST_QUALITY 95 /* of the traces of JPEG: above, they cannot be seen */

/* A place for each number, so that none moves another when it is switched on. */
enum {
    SCALE, TURNED, TURN, FLIP, MOVE_X, MOVE_Y, JITTER, BRIGHTNESS, CONTRAST, SATURATION, GREY, BLURRED, BLUR, BLOCKS,
    QUALITY, OCCLUDED
};

dml_change dml_change_none(void)
{
    return (dml_change){ .scale = 1.0, .brightness = 1.0f, .contrast = 1.0f, .saturation = 1.0f };
}

static double cut(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* -1 .. 1 */
static double either_way(const dml_draws *draws, uint64_t which)
{
    return 2.0 * dml_draw(draws, which) - 1.0;
}

static void draw_place(dml_change *c, const dmlcsr_augment *a, const dml_draws *draws)
{
    double scale = 1.0 + a->scale_deviation * dml_draw_normal(draws, SCALE);
    c->scale = cut(scale, 1.0 - a->scale_limit, 1.0 + a->scale_limit);
    if (dml_draw(draws, TURNED) < a->rotate)
        c->angle = RADIANS * cut(a->rotate_deviation * dml_draw_normal(draws, TURN), -a->rotate_limit, a->rotate_limit);
    c->flip = dml_draw(draws, FLIP) < a->flip;
    c->move_x = a->translate * either_way(draws, MOVE_X);
    c->move_y = a->translate * either_way(draws, MOVE_Y);
}

static void draw_colours(dml_change *c, const dmlcsr_augment *a, const dml_draws *draws)
{
    if (dml_draw(draws, JITTER) < a->jitter) {
        c->brightness = (float)(1.0 + a->brightness * either_way(draws, BRIGHTNESS));
        c->contrast = (float)(1.0 + a->contrast * either_way(draws, CONTRAST));
        c->saturation = (float)(1.0 + a->saturation * either_way(draws, SATURATION));
    }
    c->grey = dml_draw(draws, GREY) < a->grey;
    if (dml_draw(draws, BLURRED) < a->blur)
        c->blur = (float)(a->blur_limit * dml_draw(draws, BLUR));
    if (dml_draw(draws, BLOCKS) < a->blocks)
        c->quality = (float)(a->blocks_quality + (BEST_QUALITY - a->blocks_quality) * dml_draw(draws, QUALITY));
    c->occlude = dml_draw(draws, OCCLUDED) < a->occlude;
    c->occlude_ignore = a->occlude_ignore != 0;
}

dml_change dml_change_draw(const dmlcsr_augment *augment, uint64_t seed, uint32_t epoch, uint64_t position)
{
    dml_change change = dml_change_none();
    dml_draws draws = dml_draws_of(seed, epoch, position, DML_DRAWS_AUGMENT);
    draw_place(&change, augment, &draws);
    draw_colours(&change, augment, &draws);
    change.noise = dml_draws_of(seed, epoch, position, DML_DRAWS_OCCLUDER);
    return change;
}

bool dml_change_colours(const dml_change *c)
{
    bool jitter = c->brightness != 1.0f || c->contrast != 1.0f || c->saturation != 1.0f;
    return jitter || c->grey || c->blur > 0.0f || c->quality > 0.0f || c->occlude;
}
