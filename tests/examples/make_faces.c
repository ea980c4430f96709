/* A made-up data set: eight drawn faces with their labels, pictures as JPEG and PNG in turn, labels as PNG with a palette.
 * usage: make_faces FOLDER (which is there) */
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <png.h>

#define SIDE 96
#define FACES 8

enum { BACKGROUND, SKIN, HAIR, L_EYE, R_EYE, MOUTH, CLASSES };

static const char *const class_name[CLASSES] = {"bg", "skin", "hair", "l_eye", "r_eye", "mouth"};
static const uint8_t colour[CLASSES][3] = {{60, 90, 130}, {224, 172, 138}, {70, 45, 25},
                                           {40, 70, 60},  {40, 70, 60},    {170, 50, 60}};

static FILE *open_file(const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

static int inside(double x, double y, double cx, double cy, double rx, double ry)
{
    const double u = (x - cx) / rx, v = (y - cy) / ry;
    return u * u + v * v < 1;
}

/* Faces differ in place and size. */
static int class_at(int face, int x, int y)
{
    const double cx = 40 + 2.5 * face, cy = 52 - 1.5 * face, r = 22 + face;
    if (inside(x, y, cx - .4 * r, cy - .2 * r, .2 * r, .13 * r))
        return R_EYE;
    if (inside(x, y, cx + .4 * r, cy - .2 * r, .2 * r, .13 * r))
        return L_EYE;
    if (inside(x, y, cx, cy + .5 * r, .4 * r, .15 * r))
        return MOUTH;
    if (inside(x, y, cx, cy + .15 * r, .85 * r, r))
        return SKIN;
    return inside(x, y, cx, cy - .1 * r, 1.1 * r, 1.25 * r) ? HAIR : BACKGROUND;
}

static void draw(int face, uint8_t *rgb, uint8_t *label)
{
    uint32_t random = 77u + (uint32_t)face;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int c = class_at(face, i % SIDE, i / SIDE);
        label[i] = (uint8_t)c;
        for (int k = 0; k < 3; k++) {
            random = random * 1664525u + 1013904223u;
            rgb[3 * i + k] = (uint8_t)(colour[c][k] + (int)(random >> 28) - 8 + 3 * face);
        }
    }
}

static void write_png(const char *path, const uint8_t *pixels, int palette)
{
    FILE *file = open_file(path);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color colours[CLASSES];
    if (setjmp(png_jmpbuf(png)))
        exit(1);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, 8, palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < CLASSES; i++)
        colours[i] = (png_color){colour[i][0], colour[i][1], colour[i][2]};
    if (palette)
        png_set_PLTE(png, info, colours, CLASSES);
    png_write_info(png, info);
    for (int y = 0; y < SIDE; y++)
        png_write_row(png, pixels + (size_t)y * SIDE * (palette ? 1 : 3));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void write_jpeg(const char *path, const uint8_t *rgb)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    FILE *file = open_file(path);
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_stdio_dest(&c, file);
    c.image_width = c.image_height = SIDE;
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 95, TRUE);
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < SIDE; y++) {
        JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + (size_t)y * SIDE * 3);
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    fclose(file);
}

int main(int argc, char **argv)
{
    static uint8_t rgb[SIDE * SIDE * 3], label[SIDE * SIDE];
    char path[1024];
    if (argc != 2)
        return 2;
    snprintf(path, sizeof path, "%s/label_names.txt", argv[1]);
    FILE *file = open_file(path);
    for (int i = 0; i < CLASSES; i++)
        fprintf(file, "%s\n", class_name[i]);
    fclose(file);
    snprintf(path, sizeof path, "%s/train_list.txt", argv[1]);
    FILE *list = open_file(path);
    for (int i = 0; i < FACES; i++) {
        const char *end = i % 2 ? "png" : "jpg";
        draw(i, rgb, label);
        fprintf(list, "face%d.%s label%d.png\n", i, end, i);
        snprintf(path, sizeof path, "%s/face%d.%s", argv[1], i, end);
        if (i % 2)
            write_png(path, rgb, 0);
        else
            write_jpeg(path, rgb);
        snprintf(path, sizeof path, "%s/label%d.png", argv[1], i);
        write_png(path, label, 1);
    }
    fclose(list);
    return 0;
}
