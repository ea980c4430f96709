#include <float.h>
#include <math.h>

#include "image/placement.h"

#define CONTEXT 2.0 /* the framing of the training data: a face fills about half of the picture's side */

static float to_float(double value)
{
    return (float)fmin(fmax(value, -FLT_MAX), FLT_MAX);
}

/* Turns by `rotation` and scales by `scale` about the point that network pixel (middle, middle) falls on. The result is
   always finite and can be inverted, however wild the numbers. */
static dml_similarity similarity(double scale, double rotation, double middle, double center_x, double center_y)
{
    scale = fmin(fmax(scale, FLT_MIN), FLT_MAX);
    double a = scale * cos(rotation), b = scale * sin(rotation);
    dml_similarity place;
    place.a = to_float(a);
    place.b = to_float(b);
    place.tx = to_float(center_x - (a - b) * middle);
    place.ty = to_float(center_y - (a + b) * middle);
    return place;
}

dml_similarity dml_similarity_whole(uint32_t width, uint32_t height, uint32_t size)
{
    uint32_t side = width > height ? width : height;
    double extent = side > 1 ? side - 1.0 : 1.0; /* one pixel has no extent: any scale shows it */
    return similarity(extent / size, 0.0, size / 2.0, (width - 1.0) / 2.0, (height - 1.0) / 2.0);
}

/* Unlike the published placement, which puts the centre at size / 2, the square's centre falls between the pixels
   0 and size - 1 of the grid: the network's pixels then cover exactly the square, and a mirrored picture gives the
   mirrored input. */
dml_similarity dml_similarity_region(const dmlcsr_region *region, uint32_t size)
{
    double context = region->context > 0.0f ? region->context : CONTEXT;
    return similarity(region->size * context / size, region->rotation, (size - 1.0) / 2.0, region->center_x,
                      region->center_y);
}

dml_inverse dml_similarity_invert(const dml_similarity *place)
{
    double a = place->a, b = place->b, tx = place->tx, ty = place->ty;
    double square = a * a + b * b;
    dml_inverse inverse;
    inverse.a = a / square;
    inverse.b = b / square;
    inverse.tu = -(inverse.a * tx + inverse.b * ty);
    inverse.tv = -(inverse.a * ty - inverse.b * tx);
    return inverse;
}

/* Cuts [begin, end] down to the x where low <= start + x step < high; the ends may be off by rounding. */
static void cut(double start, double step, double low, double high, double *begin, double *end)
{
    if (step == 0.0) {
        if (!(start >= low && start < high))
            *end = 0.0;
        return;
    }
    double first = (low - start) / step, last = (high - start) / step;
    *begin = fmax(*begin, ceil(fmin(first, last)));
    *end = fmin(*end, ceil(fmax(first, last)));
}

static bool inside(const dml_inverse *inverse, double u, double v, uint32_t x, uint32_t size)
{
    u += inverse->a * x;
    v -= inverse->b * x;
    return u >= -0.5 && u < size - 0.5 && v >= -0.5 && v < size - 0.5;
}

void dml_inverse_span(const dml_inverse *inverse, uint32_t y, uint32_t width, uint32_t size, uint32_t *begin,
                      uint32_t *end)
{
    double u = inverse->b * y + inverse->tu, v = inverse->a * y + inverse->tv;
    double low = 0.0, high = width;
    cut(u, inverse->a, -0.5, size - 0.5, &low, &high);
    cut(v, -inverse->b, -0.5, size - 0.5, &low, &high);
    uint32_t from = low < width ? (uint32_t)low : width;
    uint32_t to = high > from ? (uint32_t)high : from;
    /* The division above rounds: the test itself has the last word at both ends. It is monotonous in x. */
    while (from > 0 && inside(inverse, u, v, from - 1, size))
        from--;
    while (to < width && inside(inverse, u, v, to, size))
        to++;
    while (from < to && !inside(inverse, u, v, from, size))
        from++;
    while (to > from && !inside(inverse, u, v, to - 1, size))
        to--;
    *begin = from;
    *end = to;
}
