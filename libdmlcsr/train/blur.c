/* Gaussian blur of a plane. */
#include <math.h>

#include "train/data.h"

#define REACH_MAX 30 /* pixels on each side: three deviations of 10 pixels */

/* tap[0 .. reach] of one side; their sum over both sides is 1. */
static int make_taps(float deviation, float *tap)
{
    int reach = (int)ceilf(3.0f * deviation);
    reach = reach < REACH_MAX ? reach : REACH_MAX;
    float sum = 0.0f;
    for (int i = 0; i <= reach; i++) {
        tap[i] = expf(-(float)(i * i) / (2.0f * deviation * deviation));
        sum += i ? 2.0f * tap[i] : tap[i];
    }
    for (int i = 0; i <= reach; i++)
        tap[i] /= sum;
    return reach;
}

/* Along lines whose pixels are `step` apart; the border repeats. */
static void blur_line(const float *from, float *to, int size, size_t step, const float *tap, int reach)
{
    for (int i = 0; i < size; i++) {
        float sum = tap[0] * from[(size_t)i * step];
        for (int k = 1; k <= reach; k++) {
            int before = i - k > 0 ? i - k : 0, behind = i + k < size ? i + k : size - 1;
            sum += tap[k] * (from[(size_t)before * step] + from[(size_t)behind * step]);
        }
        to[(size_t)i * step] = sum;
    }
}

void dml_blur(float *plane, uint32_t size, float deviation, float *room)
{
    float tap[REACH_MAX + 1];
    if (deviation < 0.05f)
        return; /* less than can be seen, and no division by next to nothing */
    int reach = make_taps(deviation, tap);
    for (uint32_t i = 0; i < size; i++)
        blur_line(plane + (size_t)i * size, room + (size_t)i * size, (int)size, 1, tap, reach);
    for (uint32_t i = 0; i < size; i++)
        blur_line(room + i, plane + i, (int)size, size, tap, reach);
}
