/* The traces that JPEG leaves: 8 x 8 blocks whose cosine transform is rounded. Nothing is coded. */
#include <math.h>
#include <string.h>

#include "train/data.h"

#define SIDE 8
#define BLOCK (SIDE * SIDE)
#define PI 3.141592653589793

/* Steps of quality 50 for brightness and for colour, from the JPEG standard (ITU-T T.81, annex K). */
static const uint8_t steps_of[2][BLOCK] = {
    { 16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,  14, 13, 16, 24, 40,  57,  69,  56,
      14, 17, 22, 29, 51,  87,  80,  62,  18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
      49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99 },
    { 17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99,
      47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
      99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99 },
};

typedef struct codec {
    float cosine[BLOCK];   /* row k: the k-th cosine, of length 1 */
    float step[2][BLOCK];
} codec;

static void codec_init(codec *c, float quality)
{
    float percent = quality < 50.0f ? 5000.0f / quality : 200.0f - 2.0f * quality;
    for (int k = 0; k < SIDE; k++)
        for (int i = 0; i < SIDE; i++)
            c->cosine[k * SIDE + i] = (float)(sqrt((k ? 2.0 : 1.0) / SIDE) * cos(PI * k * (2 * i + 1) / (2 * SIDE)));
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < BLOCK; i++)
            c->step[t][i] = fmaxf(steps_of[t][i] * percent / 100.0f, 1.0f);
}

/* out = M x M^T, or M^T x M on the way back */
static void transform(const float *cosine, bool back, const float *x, float *out)
{
    float half[BLOCK];
    int along = back ? 1 : SIDE, across = back ? SIDE : 1;
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++) {
            float sum = 0.0f;
            for (int i = 0; i < SIDE; i++)
                sum += cosine[r * along + i * across] * x[i * SIDE + c];
            half[r * SIDE + c] = sum;
        }
    for (int r = 0; r < SIDE; r++)
        for (int c = 0; c < SIDE; c++) {
            float sum = 0.0f;
            for (int i = 0; i < SIDE; i++)
                sum += half[r * SIDE + i] * cosine[c * along + i * across];
            out[r * SIDE + c] = sum;
        }
}

static void round_block(const codec *c, int table, float *block)
{
    float wave[BLOCK];
    transform(c->cosine, false, block, wave);
    for (int i = 0; i < BLOCK; i++)
        wave[i] = c->step[table][i] * rintf(wave[i] / c->step[table][i]);
    transform(c->cosine, true, wave, block);
}

/* A block at (x, y) as brightness and two colours; beyond the border, the border. */
static void load(const dml_canvas *canvas, uint32_t x, uint32_t y, float block[3][BLOCK])
{
    uint32_t last = canvas->size - 1;
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t column = x + i % SIDE, line = y + i / SIDE;
        size_t at = (size_t)(line < last ? line : last) * canvas->size + (column < last ? column : last);
        float r = canvas->plane[0][at], g = canvas->plane[1][at], b = canvas->plane[2][at];
        block[0][i] = 0.299f * r + 0.587f * g + 0.114f * b;
        block[1][i] = -0.168736f * r - 0.331264f * g + 0.5f * b;
        block[2][i] = 0.5f * r - 0.418688f * g - 0.081312f * b;
    }
}

static void store(const dml_canvas *canvas, uint32_t x, uint32_t y, float block[3][BLOCK])
{
    for (uint32_t i = 0; i < BLOCK; i++) {
        uint32_t column = x + i % SIDE, line = y + i / SIDE;
        if (column >= canvas->size || line >= canvas->size)
            continue;
        size_t at = (size_t)line * canvas->size + column;
        canvas->plane[0][at] = block[0][i] + 1.402f * block[2][i];
        canvas->plane[1][at] = block[0][i] - 0.344136f * block[1][i] - 0.714136f * block[2][i];
        canvas->plane[2][at] = block[0][i] + 1.772f * block[1][i];
    }
}

void dml_blocks_traces(const dml_canvas *canvas, float quality)
{
    codec c;
    float block[3][BLOCK];
    codec_init(&c, quality);
    for (uint32_t y = 0; y < canvas->size; y += SIDE)
        for (uint32_t x = 0; x < canvas->size; x += SIDE) {
            load(canvas, x, y, block);
            for (int i = 0; i < 3; i++)
                round_block(&c, i > 0, block[i]);
            store(canvas, x, y, block);
        }
}
