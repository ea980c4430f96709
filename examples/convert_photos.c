/* Pictures that calibrate a model. */
#include "convert.h"

#include <stdio.h>
#include <stdlib.h>

#include "io.h"

#define MOST_PIXELS 100000000u

int read_photos(request *r)
{
    note error;
    dmlcsr_image *images = calloc(r->photo_count + 1, sizeof *images);
    r->options.calibration = images;
    if (!images) {
        fputs(PROGRAM ": no memory\n", stderr);
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < r->photo_count; i++) {
        picture p;
        if (!picture_read(&p, r->photos[i], MOST_PIXELS, &error)) {
            fprintf(stderr, PROGRAM ": %s: %s\n", r->photos[i], error.text);
            forget_photos(r);
            return EXIT_FAILED;
        }
        images[r->options.calibration_count++] =
            (dmlcsr_image){ .pixels = p.pixels, .width = p.width, .height = p.height, .format = DMLCSR_RGB8,
                            .stride = (size_t)3 * p.width };
    }
    return EXIT_FINE;
}

void forget_photos(request *r)
{
    for (size_t i = 0; i < r->options.calibration_count; i++)
        free((void *)r->options.calibration[i].pixels);
    free((void *)r->options.calibration);
    r->options.calibration = NULL;
    r->options.calibration_count = 0;
}
