/* A made-up data set: eight drawn faces with their labels, pictures as JPEG and PNG in turn, labels as PNG with a palette.
 * usage: make_faces FOLDER        (which is there) with label_names.txt and train_list.txt
 *        make_faces FOLDER parts  the classes of LaPa and Helen, in FOLDER/images and FOLDER/labels, and no lists */
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
enum { PARTS = 11 }; /* background, skin, brows, eyes, nose, upper lip, inner mouth, lower lip, hair */

static const char *const class_name[CLASSES] = {"bg", "skin", "hair", "l_eye", "r_eye", "mouth"};
static const uint8_t colour[CLASSES][3] = {{60, 90, 130}, {224, 172, 138}, {70, 45, 25},
                                           {40, 70, 60},  {40, 70, 60},    {170, 50, 60}};

static const uint8_t part_colour[PARTS][3] = {{60, 90, 130}, {224, 172, 138}, {70, 45, 25},  {70, 45, 25},
                                              {40, 70, 60},  {40, 70, 60},    {190, 120, 90}, {190, 50, 70},
                                              {90, 15, 25},  {210, 80, 100},  {70, 45, 25}};

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

/* The same face, larger, with all parts. Left is the person's. */
static int part_at(int face, int x, int y)
{
    const double cx = 44 + face, cy = 46 + face, r = 34 + .5 * face, u = (x - cx) / r, v = (y - cy) / r;
    const int mirrored = u < 0;
    const double side = mirrored ? -u : u, lips = v - .55;
    if (inside(side, v, .4, -.52, .26, .1))
        return mirrored ? 3 : 2;
    if (inside(side, v, .4, -.22, .2, .15))
        return mirrored ? 5 : 4;
    if (inside(u, v, 0, .08, .14, .26))
        return 6;
    if (inside(u, lips, 0, 0, .28, .09))
        return 8;
    if (inside(u, lips, 0, 0, .44, .26))
        return lips < 0 ? 7 : 9;
    if (inside(u, v, 0, .12, .85, 1))
        return 1;
    return inside(u, v, 0, -.1, 1.1, 1.25) ? 10 : 0;
}

static void draw(int face, int parts, uint8_t *rgb, uint8_t *label)
{
    uint32_t random = 77u + (uint32_t)face;
    for (int i = 0; i < SIDE * SIDE; i++) {
        const int c = parts ? part_at(face, i % SIDE, i / SIDE) : class_at(face, i % SIDE, i / SIDE);
        const uint8_t *ink = parts ? part_colour[c] : colour[c];
        label[i] = (uint8_t)c;
        for (int k = 0; k < 3; k++) {
            random = random * 1664525u + 1013904223u;
            rgb[3 * i + k] = (uint8_t)(ink[k] + (int)(random >> 28) - 8 + 3 * face);
        }
    }
}

static void write_png(const char *path, const uint8_t *pixels, int palette)
{
    FILE *file = open_file(path);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_color colours[PARTS];
    if (setjmp(png_jmpbuf(png)))
        exit(1);
    png_init_io(png, file);
    png_set_IHDR(png, info, SIDE, SIDE, 8, palette ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    for (int i = 0; i < PARTS; i++)
        colours[i] = (png_color){part_colour[i][0], part_colour[i][1], part_colour[i][2]};
    if (palette)
        png_set_PLTE(png, info, colours, PARTS);
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

static void write_names(const char *folder)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/label_names.txt", folder);
    FILE *file = open_file(path);
    for (int i = 0; i < CLASSES; i++)
        fprintf(file, "%s\n", class_name[i]);
    fclose(file);
}

/* One face: all in one folder, or in images/ and labels/. */
static void write_face(const char *folder, int i, int parts)
{
    static uint8_t rgb[SIDE * SIDE * 3], label[SIDE * SIDE];
    char path[1024];
    draw(i, parts, rgb, label);
    snprintf(path, sizeof path, parts ? "%s/images/face%d.%s" : "%s/face%d.%s", folder, i, i % 2 ? "png" : "jpg");
    if (i % 2)
        write_png(path, rgb, 0);
    else
        write_jpeg(path, rgb);
    snprintf(path, sizeof path, parts ? "%s/labels/face%d.png" : "%s/label%d.png", folder, i);
    write_png(path, label, 1);
}

int main(int argc, char **argv)
{
    char path[1024];
    const int parts = argc == 3 && strcmp(argv[2], "parts") == 0;
    if (argc != 2 && !parts)
        return 2;
    for (int i = 0; i < FACES; i++)
        write_face(argv[1], i, parts);
    if (parts)
        return 0;
    write_names(argv[1]);
    snprintf(path, sizeof path, "%s/train_list.txt", argv[1]);
    FILE *list = open_file(path);
    for (int i = 0; i < FACES; i++)
        fprintf(list, "face%d.%s label%d.png\n", i, i % 2 ? "png" : "jpg", i);
    fclose(list);
    return 0;
}
