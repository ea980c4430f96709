/* Pictures in (JPEG and PNG) and out (PNG), and how files are written. */
#ifndef EXAMPLES_IO_H
#define EXAMPLES_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A sentence for people: why something failed, or what was odd. */
typedef struct note {
    char text[512];
} note;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void note_set(note *n, const char *format, ...);

/* A picture as it is seen: upright, RGB, rows without gaps. */
typedef struct picture {
    uint8_t *pixels;
    uint32_t width, height;
    note warning; /* empty, or what was wrong with a file that could be read all the same */
} picture;

/*
 * Reads a JPEG or PNG file; the content decides, not the name. Pictures of more than `limit` pixels are refused before
 * memory is taken for them. On failure `out` is empty and `error` has a sentence without the file's name.
 */
bool picture_read(picture *out, const char *path, uint64_t limit, note *error);
void picture_free(picture *p);

/* The same for a label map, as png_decode_labels() reads it. */
bool labels_read(picture *out, const char *path, uint64_t limit, note *error);

/* The two decoders: from the start of `file`, pixels as stored, orientation (1 to 8) beside them. */
bool jpeg_decode(picture *out, int *orientation, FILE *file, uint64_t limit, note *error);
bool png_decode(picture *out, int *orientation, FILE *file, uint64_t limit, note *error);

/* A label map: one byte per pixel, the palette index or grey value that is in the file. Other kinds of PNG, and files
   that end too early, are refused. */
bool png_decode_labels(picture *out, FILE *file, uint64_t limit, note *error);

/* For the decoders: takes memory for a picture of that size unless it is above the limit. */
bool picture_reserve(picture *out, uint64_t width, uint64_t height, unsigned channels, uint64_t limit, note *error);

/* EXIF orientation from a TIFF block ("II*\0..." or "MM\0*..."); 1 when there is none. Safe on any bytes. */
int exif_orientation(const uint8_t *tiff, size_t size);
/* Turns a picture that was stored with that orientation upright. */
bool picture_turn(picture *p, int orientation, note *error);

/* What png_save() writes: 8 bits per channel, rows without gaps. */
typedef struct png_source {
    const uint8_t *pixels;
    uint32_t width, height;
    unsigned channels;       /* 1 (grey or palette) or 3 (RGB) */
    const uint32_t *palette; /* 0xRRGGBB, or NULL */
    unsigned palette_size;   /* 1 to 256 */
} png_source;

/* As a replacement, see below. */
bool png_save(const char *path, const png_source *source, note *error);

/* A file that takes its place when it is whole: `path` is either complete or as it was before. */
typedef struct replacement {
    FILE *file;
    const char *path;
    bool replace; /* false: a device or a pipe is written to, never replaced */
    char temporary[4096];
} replacement;

/* Opens a new file beside `path`, for writing; `path` is kept. Sentences do not name it. */
bool replacement_open(replacement *r, const char *path, note *error);
/* Puts the file in its place, or (not `ok`, of which `error` says more already) forgets it. */
bool replacement_close(replacement *r, bool ok, note *error);

/* Whether a file can be written there. What is there stays as it is. */
bool replacement_try(const char *path, note *error);

/* Whether two names are of one file, which may not be there yet: the same name in the same folder. */
bool same_file(const char *a, const char *b);

#endif
