/* PNG through libpng. */
#define _POSIX_C_SOURCE 200809L
#include "io.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#define LARGEST_CHUNK 8000000 /* bytes that one text, profile or EXIF chunk may unpack to */

typedef struct codec {
    png_structp png;
    png_infop info;
    note *error;
    note reason; /* what libpng said last */
    /* reading */
    picture *out;
    unsigned channels;
    uint32_t rows; /* decoded so far, over all passes */
    /* writing */
    FILE *file;
    const png_source *source;
} codec;

static void on_error(png_structp png, png_const_charp text)
{
    codec *c = png_get_error_ptr(png);
    note_set(&c->reason, "%s", text);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp text)
{
    (void)png; /* about colour profiles and the like: nothing that changes the pixels */
    (void)text;
}

/* 8 bits, RGB or RGBA, whatever the file has. */
static void ask_for_rgb(codec *c)
{
    int type = png_get_color_type(c->png, c->info);
    bool alpha = (type & PNG_COLOR_MASK_ALPHA) || png_get_valid(c->png, c->info, PNG_INFO_tRNS);
    png_set_expand(c->png);
    png_set_scale_16(c->png);
    if (!(type & PNG_COLOR_MASK_COLOR))
        png_set_gray_to_rgb(c->png);
    c->channels = alpha ? 4 : 3;
}

static void read_rows(codec *c)
{
    int passes = png_set_interlace_handling(c->png);
    png_read_update_info(c->png, c->info);
    size_t row_size = (size_t)c->out->width * c->channels;
    if (png_get_rowbytes(c->png, c->info) != row_size)
        png_error(c->png, "unexpected row size");
    memset(c->out->pixels, 255, row_size * c->out->height); /* white where a damaged file has nothing */
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < c->out->height; y++, c->rows++)
            png_read_row(c->png, NULL, c->out->pixels + row_size * y); /* coarse passes fill their blocks */
}

static int find_orientation(codec *c)
{
    int orientation = 1;
#ifdef PNG_eXIf_SUPPORTED
    png_uint_32 size = 0;
    png_bytep exif = NULL;
    if (png_get_eXIf_1(c->png, c->info, &size, &exif) && exif)
        orientation = exif_orientation(exif, size);
#else
    (void)c;
#endif
    return orientation;
}

/* Transparent pixels show white, as in most viewers. Packs four bytes to three, in place. */
static void blend_on_white(picture *p)
{
    size_t count = (size_t)p->width * p->height;
    const uint8_t *from = p->pixels;
    uint8_t *to = p->pixels;
    for (size_t i = 0; i < count; i++, from += 4, to += 3) {
        unsigned alpha = from[3];
        for (int c = 0; c < 3; c++)
            to[c] = (uint8_t)((from[c] * alpha + 255 * (255 - alpha) + 127) / 255);
    }
    uint8_t *smaller = realloc(p->pixels, count * 3);
    if (smaller)
        p->pixels = smaller;
}

/* False: an error before the first row. A later one is only a warning. */
static bool read_all(codec *c, int *orientation, FILE *file, uint64_t limit)
{
    if (setjmp(png_jmpbuf(c->png))) {
        if (c->rows == 0) {
            if (!c->error->text[0])
                note_set(c->error, "the PNG file is damaged: %s", c->reason.text);
            return false;
        }
        note_set(&c->out->warning, "the PNG file is damaged or ends too early (%s); what is missing is white or coarse",
                 c->reason.text);
        return true;
    }
    png_init_io(c->png, file);
    png_set_user_limits(c->png, 0x7fffffff, 0x7fffffff); /* picture_reserve() has the better message */
    png_set_chunk_malloc_max(c->png, LARGEST_CHUNK);
    png_read_info(c->png, c->info);
    ask_for_rgb(c);
    if (!picture_reserve(c->out, png_get_image_width(c->png, c->info), png_get_image_height(c->png, c->info),
                         c->channels, limit, c->error))
        png_longjmp(c->png, 1);
    *orientation = find_orientation(c);
    read_rows(c);
    png_read_end(c->png, c->info);
    *orientation = find_orientation(c); /* the chunk may also come last */
    return true;
}

bool png_decode(picture *out, int *orientation, FILE *file, uint64_t limit, note *error)
{
    codec c;
    memset(&c, 0, sizeof c);
    error->text[0] = 0;
    c.out = out;
    c.error = error;
    c.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    c.info = c.png ? png_create_info_struct(c.png) : NULL;
    bool ok = c.info && read_all(&c, orientation, file, limit);
    if (!c.info)
        note_set(error, "there is not enough memory to read a PNG file");
    if (ok && c.channels == 4)
        blend_on_white(out);
    png_destroy_read_struct(&c.png, &c.info, NULL);
    return ok;
}

/* Palette indices, or grey values, as they are in the file. */
static bool read_labels(codec *c, FILE *file, uint64_t limit)
{
    if (setjmp(png_jmpbuf(c->png))) {
        if (!c->error->text[0])
            note_set(c->error, "the PNG file is damaged: %s", c->reason.text);
        return false;
    }
    png_init_io(c->png, file);
    png_set_user_limits(c->png, 0x7fffffff, 0x7fffffff);
    png_set_chunk_malloc_max(c->png, LARGEST_CHUNK);
    png_read_info(c->png, c->info);
    int type = png_get_color_type(c->png, c->info);
    if ((type != PNG_COLOR_TYPE_PALETTE && type != PNG_COLOR_TYPE_GRAY) || png_get_bit_depth(c->png, c->info) > 8) {
        note_set(c->error, "labels must be a PNG file with a palette or of 8-bit grey: one class id per pixel");
        return false;
    }
    png_set_packing(c->png); /* several pixels in a byte, where there are few classes */
    c->channels = 1;
    if (!picture_reserve(c->out, png_get_image_width(c->png, c->info), png_get_image_height(c->png, c->info), 1, limit,
                         c->error))
        return false;
    read_rows(c);
    png_read_end(c->png, c->info);
    return true;
}

bool png_decode_labels(picture *out, FILE *file, uint64_t limit, note *error)
{
    codec c;
    memset(&c, 0, sizeof c);
    error->text[0] = 0;
    c.out = out;
    c.error = error;
    c.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    c.info = c.png ? png_create_info_struct(c.png) : NULL;
    bool ok = c.info && read_labels(&c, file, limit);
    if (!c.info)
        note_set(error, "there is not enough memory to read a PNG file");
    png_destroy_read_struct(&c.png, &c.info, NULL);
    return ok;
}

static void write_palette(codec *c)
{
    png_color colors[256];
    for (unsigned i = 0; i < c->source->palette_size; i++) {
        uint32_t rgb = c->source->palette[i];
        colors[i].red = (png_byte)(rgb >> 16);
        colors[i].green = (png_byte)(rgb >> 8);
        colors[i].blue = (png_byte)rgb;
    }
    png_set_PLTE(c->png, c->info, colors, (int)c->source->palette_size);
}

static bool write_all(codec *c)
{
    const png_source *s = c->source;
    int type = s->channels == 3 ? PNG_COLOR_TYPE_RGB : s->palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_GRAY;
    if (setjmp(png_jmpbuf(c->png))) {
        note_set(c->error, "cannot be written: %s", ferror(c->file) ? strerror(errno) : c->reason.text);
        return false;
    }
    png_init_io(c->png, c->file);
    png_set_IHDR(c->png, c->info, s->width, s->height, 8, type, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (type == PNG_COLOR_TYPE_PALETTE)
        write_palette(c);
    png_set_compression_level(c->png, type == PNG_COLOR_TYPE_RGB ? 4 : 6);
    png_write_info(c->png, c->info);
    for (uint32_t y = 0; y < s->height; y++)
        png_write_row(c->png, s->pixels + (size_t)y * s->width * s->channels);
    png_write_end(c->png, c->info);
    return true;
}

static bool write_stream(FILE *file, const png_source *source, note *error)
{
    codec c;
    memset(&c, 0, sizeof c);
    c.file = file;
    c.source = source;
    c.error = error;
    c.png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &c, on_error, on_warning);
    c.info = c.png ? png_create_info_struct(c.png) : NULL;
    bool ok = c.info && write_all(&c);
    if (!c.info)
        note_set(error, "there is not enough memory to write a PNG file");
    png_destroy_write_struct(&c.png, &c.info);
    return ok;
}

bool png_save(const char *path, const png_source *source, note *error)
{
    replacement r;
    return replacement_open(&r, path, error) && replacement_close(&r, write_stream(r.file, source, error), error);
}
