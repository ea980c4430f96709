/* One warp from the picture to the network's input: placement and augmentation at once. */
#include <math.h>
#include <string.h>

#include "train/data.h"

#define SHRINK 1.5      /* from here on, one bilinear sample per pixel would miss pixels of the picture */
#define SAMPLES_MAX 16  /* per side of a pixel */

/* The angle turns the picture clockwise on the screen (y points down), so that a step to the right of the input goes
   against that in the picture. */
dml_affine dml_view_place(uint32_t w, uint32_t h, uint32_t size, const dml_change *change)
{
    uint32_t longer = w > h ? w : h;
    double extent = longer > 1 ? longer - 1.0 : 1.0, middle = size / 2.0;
    double scale = extent / size * change->scale, a = scale * cos(change->angle), b = scale * sin(change->angle);
    double left = middle + change->move_x * size, top = middle + change->move_y * size; /* where the centre falls */
    dml_affine p = { { a, b, 0.0, -b, a, 0.0 } };
    p.m[2] = (w - 1.0) / 2.0 - a * left - b * top;
    p.m[5] = (h - 1.0) / 2.0 + b * left - a * top;
    if (change->flip) { /* x becomes w - 1 - x */
        p.m[0] = -p.m[0];
        p.m[1] = -p.m[1];
        p.m[2] = w - 1.0 - p.m[2];
    }
    return p;
}

/* From the grid of w x h to another one of the same field of view. */
static dml_affine to_grid(const dml_affine *place, uint32_t w, uint32_t h, uint32_t grid_w, uint32_t grid_h)
{
    dml_affine p = *place;
    double scale_x = (double)grid_w / w, scale_y = (double)grid_h / h;
    for (int i = 0; i < 3; i++) {
        p.m[i] *= scale_x;
        p.m[3 + i] *= scale_y;
    }
    p.m[2] += 0.5 * scale_x - 0.5;
    p.m[5] += 0.5 * scale_y - 0.5;
    return p;
}

/* ---- photographs ---- */

/* Adds the three colours at (x, y), which has pixels of the picture on all sides, to sum. */
static inline void add_inside(const dml_source *s, double x, double y, float *sum)
{
    int32_t left = (int32_t)x, top = (int32_t)y;
    float fx = (float)(x - left), fy = (float)(y - top);
    size_t row = (size_t)s->image_w * 3;
    const uint8_t *at = s->image + (size_t)top * row + (size_t)left * 3, *below = at + row;
    for (int c = 0; c < 3; c++) {
        float high = (float)at[c] + fx * (float)(at[c + 3] - at[c]);
        float low = (float)below[c] + fx * (float)(below[c + 3] - below[c]);
        sum[c] += high + fy * (low - high);
    }
}

/* The same at any finite position; what is not there is black. */
static void add_anywhere(const dml_source *s, double x, double y, float *sum)
{
    int32_t w = (int32_t)s->image_w, h = (int32_t)s->image_h;
    if (!(x > -1.0 && x < w && y > -1.0 && y < h))
        return;
    int32_t left = (int32_t)(x + 1.0) - 1, top = (int32_t)(y + 1.0) - 1; /* floor, without a call */
    float fx = (float)(x - left), fy = (float)(y - top);
    for (int i = 0; i < 4; i++) {
        int32_t column = left + (i & 1), line = top + (i >> 1);
        float weight = (i & 1 ? fx : 1.0f - fx) * (i >> 1 ? fy : 1.0f - fy);
        if (column >= 0 && column < w && line >= 0 && line < h)
            for (int c = 0; c < 3; c++)
                sum[c] += weight * s->image[((size_t)line * (size_t)w + (size_t)column) * 3 + (size_t)c];
    }
}

/* The n x n samples of a pixel of the input lie at its centre and these offsets. */
typedef struct samples {
    uint32_t count;
    double x[SAMPLES_MAX * SAMPLES_MAX], y[SAMPLES_MAX * SAMPLES_MAX];
    double reach_x, reach_y; /* the farthest */
} samples;

/* The mean of the samples in the pixel whose centre falls on (x, y). */
static inline void average(const dml_source *s, const samples *offset, double x, double y, float *value)
{
    double last_x = s->image_w - 1.0, last_y = s->image_h - 1.0;
    float sum[3] = { 0.0f, 0.0f, 0.0f };
    if (x - offset->reach_x >= 0.0 && x + offset->reach_x < last_x && y - offset->reach_y >= 0.0
        && y + offset->reach_y < last_y)
        for (uint32_t i = 0; i < offset->count; i++)
            add_inside(s, x + offset->x[i], y + offset->y[i], sum);
    else
        for (uint32_t i = 0; i < offset->count; i++)
            add_anywhere(s, x + offset->x[i], y + offset->y[i], sum);
    for (int c = 0; c < 3; c++)
        value[c] = sum[c] / (float)offset->count;
}

static void samples_init(samples *offset, const double *m)
{
    double scale = fmax(hypot(m[0], m[3]), hypot(m[1], m[4]));
    uint32_t n = 1;
    if (scale > SHRINK)
        n = scale < SAMPLES_MAX ? (uint32_t)ceil(scale - 1e-9) : SAMPLES_MAX; /* a turned 2 is not a 3 */
    double step = 1.0 / n, first = 0.5 * step - 0.5;
    offset->count = n * n;
    offset->reach_x = offset->reach_y = 0.0;
    for (uint32_t i = 0; i < n * n; i++) {
        double u = first + i % n * step, v = first + i / n * step;
        offset->x[i] = m[0] * u + m[1] * v;
        offset->y[i] = m[3] * u + m[4] * v;
        offset->reach_x = fmax(offset->reach_x, fabs(offset->x[i]));
        offset->reach_y = fmax(offset->reach_y, fabs(offset->y[i]));
    }
}

void dml_view_image(const dml_source *source, const dml_affine *place, uint32_t size, float *const plane[3])
{
    dml_affine p = to_grid(place, source->w, source->h, source->image_w, source->image_h);
    const double *m = p.m;
    samples offset;
    samples_init(&offset, m);
    for (uint32_t v = 0; v < size; v++) {
        double x = m[1] * v + m[2], y = m[4] * v + m[5];
        for (uint32_t u = 0; u < size; u++) {
            float value[3];
            size_t at = (size_t)v * size + u;
            average(source, &offset, x + m[0] * u, y + m[3] * u, value);
            for (int c = 0; c < 3; c++)
                plane[c][at] = value[c];
        }
    }
}

/* ---- labels ---- */

void dml_view_label(const dml_source *source, const dml_affine *place, uint32_t size, const uint8_t *mirror,
                    uint8_t *label, uint8_t *inside)
{
    dml_affine p = to_grid(place, source->w, source->h, source->label_w, source->label_h);
    const double *m = p.m;
    double w = source->label_w, h = source->label_h;
    for (uint32_t v = 0; v < size; v++)
        for (uint32_t u = 0; u < size; u++) {
            size_t at = (size_t)v * size + u;
            double x = m[1] * v + m[2] + m[0] * u + 0.5, y = m[4] * v + m[5] + m[3] * u + 0.5;
            bool there = x >= 0.0 && x < w && y >= 0.0 && y < h;
            label[at] = there ? mirror[source->label[(size_t)y * source->label_w + (size_t)x]] : DML_IGNORE;
            if (inside)
                inside[at] = there;
        }
}
