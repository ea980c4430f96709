/*
 * Two faces in one picture for the tests of the bindings: photo PHOTO OUT. A piece of the photograph, 512 x 512, and
 * beside it all of it at half its size, mirrored and lower, so that the two differ in all that is said of them.
 */
#include <stdio.h>
#include <string.h>

#include "io.h"

#define SIDE 512
#define WIDTH 512
#define HEIGHT 256

/* Mean of step x step pixels. */
static uint8_t mean(const picture *p, uint32_t x, uint32_t y, uint32_t channel, uint32_t step)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < step * step; i++)
        sum += p->pixels[3 * ((y * step + i / step) * p->width + x * step + i % step) + channel];
    return (uint8_t)(sum / (step * step));
}

int main(int argc, char **argv)
{
    static uint8_t out[HEIGHT][WIDTH][3];
    picture photo;
    note error;
    if (argc < 3 || !picture_read(&photo, argv[1], SIDE * SIDE, &error) || photo.width != SIDE || photo.height != SIDE)
        return 1;
    memset(out, 90, sizeof out);
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t i = 0; i < 3 * 256; i++) {
            out[y][i / 3][i % 3] = mean(&photo, i / 3 + 97, y, i % 3, 1);
            if (y >= 60)
                out[y][WIDTH - 1 - i / 3][i % 3] = mean(&photo, i / 3, y - 60, i % 3, 2);
        }
    picture_free(&photo);
    FILE *file = fopen(argv[2], "wb");
    const bool written = file && fwrite(out, 1, sizeof out, file) == sizeof out;
    return (file && fclose(file)) || !written;
}
