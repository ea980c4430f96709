/* In place of convert_photos.c where nothing can read pictures. */
#include "convert.h"

#include <stdio.h>

int read_photos(request *r)
{
    if (!r->photo_count)
        return EXIT_FINE;
    fputs(PROGRAM ": --calibrate: this build cannot read pictures: it was made without libpng and libjpeg\n", stderr);
    return EXIT_USAGE;
}

void forget_photos(request *r)
{
    (void)r;
}
