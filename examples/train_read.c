#include "train_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

#define NO_LIMIT UINT64_MAX /* whoever made the set meant its pictures to be read */

/* Hands a picture's memory over. */
static int finish(bool ok, picture *from, const note *error, dmlcsr_bitmap *out)
{
    if (!ok) {
        picture_free(from);
        snprintf(out->error, sizeof out->error, "%.255s", error->text);
        return 1;
    }
    out->pixels = from->pixels;
    out->width = from->width;
    out->height = from->height;
    return 0;
}

static int read_image(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    picture p;
    note error;
    (void)opaque;
    bool ok = picture_read(&p, path, NO_LIMIT, &error);
    return finish(ok, &p, &error, out);
}

static int read_label(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    picture p;
    note error;
    (void)opaque;
    memset(&p, 0, sizeof p);
    FILE *file = fopen(path, "rb");
    if (!file) {
        note_set(&error, "cannot be opened: %s", strerror(errno));
        return finish(false, &p, &error, out);
    }
    bool ok = png_decode_labels(&p, file, NO_LIMIT, &error);
    fclose(file);
    return finish(ok, &p, &error, out);
}

static void release(void *opaque, dmlcsr_bitmap *bitmap)
{
    (void)opaque;
    free(bitmap->pixels);
}

void train_decoder(dmlcsr_decoder *decoder)
{
    dmlcsr_decoder_init(decoder);
    decoder->image = read_image;
    decoder->label = read_label;
    decoder->release = release;
}
