#include "image/pixel.h"

#include <string.h>

/* Where red, green and blue lie in a pixel of each packed format. */
static const struct {
    uint8_t step, red, green, blue;
} layouts[] = {
    [DMLCSR_RGB8] = { 3, 0, 1, 2 },
    [DMLCSR_BGR8] = { 3, 2, 1, 0 },
    [DMLCSR_RGBA8] = { 4, 0, 1, 2 },
    [DMLCSR_BGRA8] = { 4, 2, 1, 0 },
    [DMLCSR_GRAY8] = { 1, 0, 0, 0 },
    [DMLCSR_NV12] = { 1, 0, 0, 0 },
};

void dml_pixels_init(dml_pixels *pixels, const dmlcsr_image *image, const dml_preprocess *preprocess)
{
    memset(pixels, 0, sizeof *pixels);
    pixels->plane[0] = image->pixels;
    pixels->stride = image->stride;
    pixels->width = (int32_t)image->width;
    pixels->height = (int32_t)image->height;
    pixels->step = layouts[image->format].step;
    pixels->bgr = preprocess->bgr;
    pixels->offset[0] = preprocess->bgr ? layouts[image->format].blue : layouts[image->format].red;
    pixels->offset[1] = layouts[image->format].green;
    pixels->offset[2] = preprocess->bgr ? layouts[image->format].red : layouts[image->format].blue;
    if (image->format == DMLCSR_NV12) {
        pixels->nv12 = true;
        pixels->plane[1] = image->pixels + image->stride * image->height;
        pixels->black[0] = 16.0f;
        pixels->black[1] = pixels->black[2] = 128.0f;
    }
    for (int p = 0; p < 3; p++) {
        pixels->scale[p] = (float)(1.0 / (255.0 * preprocess->std[p]));
        pixels->shift[p] = (float)(-(double)preprocess->mean[p] / preprocess->std[p]);
    }
}

static float to_colour(float value)
{
    return value > 0.0f ? (value < 255.0f ? value : 255.0f) : 0.0f;
}

/* BT.601, limited range: Y 16 .. 235 and U, V 16 .. 240 around 128 to full-range colour. */
static void yuv_to_rgb(const float *yuv, float *rgb)
{
    float y = 255.0f / 219.0f * (yuv[0] - 16.0f);
    float u = 255.0f / 224.0f * (yuv[1] - 128.0f), v = 255.0f / 224.0f * (yuv[2] - 128.0f);
    rgb[0] = to_colour(y + 1.402f * v);
    rgb[1] = to_colour(y - 0.344136f * u - 0.714136f * v);
    rgb[2] = to_colour(y + 1.772f * u);
}

void dml_pixels_store(const dml_pixels *pixels, const float *value, float *out)
{
    float rgb[3];
    if (pixels->nv12) {
        yuv_to_rgb(value, rgb);
        float first = pixels->bgr ? rgb[2] : rgb[0], last = pixels->bgr ? rgb[0] : rgb[2];
        rgb[0] = first;
        rgb[2] = last;
        value = rgb;
    }
    memset(out, 0, DML_BLOCK * sizeof *out);
    for (int p = 0; p < 3; p++)
        out[p] = pixels->scale[p] * value[p] + pixels->shift[p];
}
