/* Picture to input tensor: a similarity with bilinear interpolation, as cv2.warpAffine does, but in floating point,
   where OpenCV rounds positions to 1/32 pixel and values to whole numbers. */
#include "image/warp.h"

#include <math.h>
#include <string.h>

#define BAND 8 /* rows per task */

/* The four pixels around a position, black where they do not exist. */
static inline void load_taps(const dml_pixels *pixels, int32_t left, int32_t top, bool nv12, float tap[4][3])
{
    for (int i = 0; i < 4; i++) {
        int32_t x = left + (i & 1), y = top + (i >> 1);
        if (x >= 0 && x < pixels->width && y >= 0 && y < pixels->height)
            dml_pixels_load(pixels, x, y, nv12, tap[i]);
        else
            memcpy(tap[i], pixels->black, sizeof tap[i]);
    }
}

/* Adds the interpolated values at (x, y), any finite position, to sum. */
static inline void add_sample(const dml_pixels *pixels, double x, double y, bool nv12, float *sum)
{
    float tap[4][3];
    if (!(x > -1.0 && x < pixels->width && y > -1.0 && y < pixels->height)) {
        for (int c = 0; c < 3; c++)
            sum[c] += pixels->black[c];
        return;
    }
    int32_t left = (int32_t)(x + 1.0) - 1, top = (int32_t)(y + 1.0) - 1; /* floor, without a call */
    float fx = (float)(x - left), fy = (float)(y - top);
    if (left >= 0 && left < pixels->width - 1 && top >= 0 && top < pixels->height - 1) {
        dml_pixels_load(pixels, left, top, nv12, tap[0]);
        dml_pixels_load(pixels, left + 1, top, nv12, tap[1]);
        dml_pixels_load(pixels, left, top + 1, nv12, tap[2]);
        dml_pixels_load(pixels, left + 1, top + 1, nv12, tap[3]);
    } else {
        load_taps(pixels, left, top, nv12, tap);
    }
    for (int c = 0; c < 3; c++) {
        float high = tap[0][c] + fx * (tap[1][c] - tap[0][c]);
        float low = tap[2][c] + fx * (tap[3][c] - tap[2][c]);
        sum[c] += high + fy * (low - high);
    }
}

/* The mean of samples x samples positions in the network pixel whose centre falls on (x, y). */
static inline void average(const dml_warp *warp, double x, double y, double reach, bool nv12, float *value)
{
    const dml_pixels *pixels = &warp->pixels;
    uint32_t n = warp->samples;
    memcpy(value, pixels->black, 3 * sizeof *value);
    if (x + reach <= -1.0 || x - reach >= pixels->width || y + reach <= -1.0 || y - reach >= pixels->height)
        return; /* nothing of it lies on the picture: a huge region costs no more than a small one */
    double a = warp->place.a, b = warp->place.b, step = 1.0 / n, first = 0.5 * step - 0.5;
    float sum[3] = { 0.0f, 0.0f, 0.0f };
    for (uint32_t j = 0; j < n; j++)
        for (uint32_t i = 0; i < n; i++) {
            double u = first + i * step, v = first + j * step;
            add_sample(pixels, x + a * u - b * v, y + b * u + a * v, nv12, sum);
        }
    for (int c = 0; c < 3; c++)
        value[c] = sum[c] / (float)(n * n);
}

static inline void warp_row(const dml_warp *warp, uint32_t v, bool nv12)
{
    const dml_pixels *pixels = &warp->pixels;
    double a = warp->place.a, b = warp->place.b;
    double x = warp->place.tx - b * v, y = warp->place.ty + a * v;
    double reach = 1.0 + fabs(a) + fabs(b); /* no sample is farther from the centre, nor any pixel it looks at */
    float *out = dml_tensor_at(warp->input, 0, v, 0);
    for (uint32_t u = 0; u < warp->input->w; u++, out += DML_BLOCK) {
        float value[3] = { 0.0f, 0.0f, 0.0f };
        if (warp->samples == 1)
            add_sample(pixels, x + a * u, y + b * u, nv12, value);
        else
            average(warp, x + a * u, y + b * u, reach, nv12, value);
        dml_pixels_store(pixels, value, out);
    }
}

void dml_warp_rows(const dml_warp *warp, uint32_t begin, uint32_t end)
{
    for (uint32_t v = begin; v < end; v++)
        if (warp->pixels.nv12)
            warp_row(warp, v, true);
        else
            warp_row(warp, v, false);
}

/* Rows of the border above row 0 and below the last one, and the columns beside rows begin .. end - 1. Cleared for each
   picture: the memory of the tensor may have served another layer since. */
static void clear_border(const dml_tensor *input, uint32_t begin, uint32_t end)
{
    size_t row = dml_tensor_row(input) * sizeof(float), side = (size_t)input->pad * DML_BLOCK * sizeof(float);
    ptrdiff_t pad = (ptrdiff_t)input->pad;
    if (!pad)
        return;
    if (begin == 0)
        memset(dml_tensor_at(input, 0, -pad, -pad), 0, row * input->pad);
    for (uint32_t v = begin; v < end; v++) {
        memset(dml_tensor_at(input, 0, v, -pad), 0, side);
        memset(dml_tensor_at(input, 0, v, (ptrdiff_t)input->w), 0, side);
    }
    if (end == input->h)
        memset(dml_tensor_at(input, 0, (ptrdiff_t)input->h, -pad), 0, row * input->pad);
}

static void warp_band(void *argument, uint32_t task, uint32_t thread)
{
    const dml_warp *warp = argument;
    uint32_t begin = task * BAND, end = begin + BAND < warp->input->h ? begin + BAND : warp->input->h;
    (void)thread;
    clear_border(warp->input, begin, end);
    if (warp->samples > 1 && warp->place.b == 0.0f && warp->place.a > 0.0f && warp->place.a <= DML_SAMPLES_MAX)
        dml_shrink_rows(warp, begin, end);
    else
        dml_warp_rows(warp, begin, end);
}

void dml_image_to_input(const dmlcsr_image *image, const dml_similarity *place, const dml_preprocess *preprocess,
                        bool fine, dml_pool *pool, const dml_tensor *input)
{
    dml_warp warp;
    double scale = hypot(place->a, place->b); /* picture pixels per network pixel */
    dml_pixels_init(&warp.pixels, image, preprocess);
    warp.place = *place;
    warp.input = input;
    warp.samples = 1;
    if (fine && scale > 1.5)
        warp.samples = scale < DML_SAMPLES_MAX ? (uint32_t)ceil(scale) : DML_SAMPLES_MAX;
    dml_pool_run(pool, warp_band, &warp, (input->h + BAND - 1) / BAND);
}
