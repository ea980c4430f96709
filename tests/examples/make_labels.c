/*
 * Changes pictures of a labelled set in ways whose effect on scores is known, for the test of dmlcsr-evaluate.
 *
 *   make_labels paint IN OUT X Y WIDTH HEIGHT ID   a rectangle of a label picture gets one class; prints of how
 *                                                  many pixels this is another one than before
 *   make_labels replace IN OUT FROM TO             a class becomes another one; prints how many pixels
 *   make_labels count IN ID                        prints how many pixels a class has
 *   make_labels double IN OUT                      a photograph of twice the size: each pixel becomes four
 *   make_labels top IN OUT ROWS                    a photograph's first rows
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct map {
    uint32_t width, height;
    uint8_t *ids;
} map;

static void die(const char *what)
{
    fprintf(stderr, "make_labels: %s\n", what);
    exit(2);
}

/* Palette indices or grey values, as they are in the file. */
static map load(const char *path)
{
    map m;
    FILE *file = fopen(path, "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!file || !info || setjmp(png_jmpbuf(png)))
        die(path);
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_PACKING, NULL);
    m.width = png_get_image_width(png, info);
    m.height = png_get_image_height(png, info);
    m.ids = malloc((size_t)m.width * m.height);
    png_bytepp rows = png_get_rows(png, info);
    for (uint32_t y = 0; y < m.height; y++)
        memcpy(m.ids + (size_t)y * m.width, rows[y], m.width);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    return m;
}

static void save(const char *path, const void *pixels, uint32_t width, uint32_t height, uint32_t format)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    image.width = width;
    image.height = height;
    image.format = format;
    if (!png_image_write_to_file(&image, path, 0, pixels, 0, NULL))
        die(path);
}

static size_t paint(map *m, const uint32_t box[4], uint8_t id)
{
    size_t changed = 0;
    for (uint32_t y = box[1]; y < box[1] + box[3] && y < m->height; y++)
        for (uint32_t x = box[0]; x < box[0] + box[2] && x < m->width; x++) {
            uint8_t *pixel = &m->ids[(size_t)y * m->width + x];
            changed += *pixel != id;
            *pixel = id;
        }
    return changed;
}

static size_t replace(map *m, uint8_t from, uint8_t to)
{
    size_t changed = 0;
    for (size_t i = 0; i < (size_t)m->width * m->height; i++)
        if (m->ids[i] == from) {
            m->ids[i] = to;
            changed++;
        }
    return changed;
}

static uint8_t *load_photo(const char *in, size_t *width, size_t *height)
{
    png_image image;
    memset(&image, 0, sizeof image);
    image.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_file(&image, in))
        die(in);
    image.format = PNG_FORMAT_RGB;
    uint8_t *pixels = malloc(PNG_IMAGE_SIZE(image));
    if (!png_image_finish_read(&image, NULL, pixels, 0, NULL))
        die(in);
    *width = image.width;
    *height = image.height;
    return pixels;
}

static void top(const char *in, const char *out, size_t rows)
{
    size_t width, height;
    uint8_t *pixels = load_photo(in, &width, &height);
    save(out, pixels, (uint32_t)width, (uint32_t)(rows < height ? rows : height), PNG_FORMAT_RGB);
    free(pixels);
}

static void double_size(const char *in, const char *out)
{
    size_t width, height;
    uint8_t *small = load_photo(in, &width, &height), *large = malloc(width * height * 12);
    for (size_t y = 0; y < 2 * height; y++)
        for (size_t x = 0; x < 2 * width; x++)
            memcpy(large + (y * 2 * width + x) * 3, small + (y / 2 * width + x / 2) * 3, 3);
    save(out, large, (uint32_t)(2 * width), (uint32_t)(2 * height), PNG_FORMAT_RGB);
    free(small);
    free(large);
}

int main(int argc, char **argv)
{
    size_t count = 0;
    if (argc == 4 && strcmp(argv[1], "double") == 0) {
        double_size(argv[2], argv[3]);
        return 0;
    }
    if (argc == 5 && strcmp(argv[1], "top") == 0) {
        top(argv[2], argv[3], (size_t)atoi(argv[4]));
        return 0;
    }
    if (argc < 4)
        die("see the comment in the source");
    map m = load(argv[2]);
    if (strcmp(argv[1], "paint") == 0 && argc == 9) {
        uint32_t box[4];
        for (int i = 0; i < 4; i++)
            box[i] = (uint32_t)atoi(argv[4 + i]);
        count = paint(&m, box, (uint8_t)atoi(argv[8]));
    } else if (strcmp(argv[1], "replace") == 0 && argc == 6)
        count = replace(&m, (uint8_t)atoi(argv[4]), (uint8_t)atoi(argv[5]));
    else if (strcmp(argv[1], "count") == 0 && argc == 4)
        count = replace(&m, (uint8_t)atoi(argv[3]), 0);
    else
        die("see the comment in the source");
    if (argc > 4)
        save(argv[3], m.ids, m.width, m.height, PNG_FORMAT_GRAY);
    printf("%zu\n", count);
    free(m.ids);
    return 0;
}
