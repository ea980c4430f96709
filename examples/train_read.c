#define _POSIX_C_SOURCE 200809L
#include "train_read.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io.h"

#define NO_LIMIT UINT64_MAX /* whoever made the set meant its pictures to be read */
#define MOST_WARNINGS 100

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

/* Once for each file, not once an epoch. Called by several threads. */
static void warn(const char *path, const char *text)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static const char *told[MOST_WARNINGS]; /* the data set's own strings: one for each file */
    static size_t count;
    bool known = false;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        known = known || told[i] == path;
    if (!known && count < MOST_WARNINGS) {
        told[count++] = path;
        fprintf(stderr, "%sdmlcsr-train: %s: warning: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", path, text);
        if (count == MOST_WARNINGS)
            fprintf(stderr, "dmlcsr-train: warning: other photographs may be damaged, too; no more are named\n");
    }
    pthread_mutex_unlock(&lock);
}

static int read_image(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    picture p;
    note error;
    (void)opaque;
    bool ok = picture_read(&p, path, NO_LIMIT, &error);
    if (ok && p.warning.text[0])
        warn(path, p.warning.text);
    return finish(ok, &p, &error, out);
}

static int read_label(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    picture p;
    note error;
    (void)opaque;
    bool ok = labels_read(&p, path, NO_LIMIT, &error);
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
