/*
 * Makes pictures of every kind that dmlcsr-parse reads, for its test: make_pictures DIR.
 *
 * DIR/png/NAME.png and DIR/jpeg/NAME.jpg hold one crude face in many encodings, DIR/twin/NAME.png the pixels that a
 * reader should see, as plain RGB. The face is made of 8 x 8 blocks of one colour each: such blocks pass a JPEG of
 * quality 100 unharmed, so even JPEG files have exact twins where no colour conversion rounds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jpeglib.h>
#include <png.h>

enum { CELL = 8, COLUMNS = 32, ROWS = 40, WIDTH = CELL * COLUMNS, HEIGHT = CELL * ROWS };

static const uint8_t colors[16][3] = {
    { 150, 170, 200 }, { 60, 40, 30 },    { 225, 180, 150 }, { 40, 60, 120 },   { 240, 240, 240 }, { 180, 60, 70 },
    { 70, 50, 40 },    { 205, 155, 125 }, { 90, 120, 90 },   { 10, 10, 10 },    { 255, 255, 255 }, { 215, 165, 140 },
    { 200, 150, 120 }, { 120, 140, 170 }, { 255, 200, 0 },   { 30, 30, 60 },
};

static const char *folder;

static void die(const char *what)
{
    fprintf(stderr, "make_pictures: %s\n", what);
    exit(1);
}

static FILE *create(const char *kind, const char *name, const char *ending)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s/%s.%s", folder, kind, name, ending);
    FILE *file = fopen(path, "wb");
    if (!file)
        die(path);
    return file;
}

/* ---- the face ---- */

static int in_ellipse(int x, int y, int cx, int cy, int rx, int ry)
{
    int dx = x - cx, dy = y - cy;
    return dx * dx * ry * ry + dy * dy * rx * rx <= rx * rx * ry * ry;
}

/* Colour of the cell; not symmetric, so that every wrong turn shows. */
static int cell(int x, int y)
{
    if (y == 18 && (x == 12 || x == 20))
        return 3; /* eyes */
    if (y == 18 && (x == 11 || x == 13 || x == 19 || x == 21))
        return 4;
    if (y == 15 && ((x >= 10 && x <= 13) || (x >= 19 && x <= 22)))
        return 6; /* brows */
    if (y >= 19 && y <= 23 && x >= 15 && x <= 17)
        return y == 23 ? 12 : 11; /* nose */
    if (y >= 26 && y <= 27 && x >= 13 && x <= 19)
        return 5; /* lips */
    if (in_ellipse(x, y, 16, 20, 8, 11))
        return y < 12 ? 1 : 2; /* fringe, skin */
    if (in_ellipse(x, y, 16, 15, 11, 13))
        return 1; /* hair */
    if (y >= 28 && y <= 34 && x >= 12 && x <= 20)
        return 7; /* neck */
    if (y > 33 && in_ellipse(x, y, 16, 40, 15, 7))
        return x < 16 ? 8 : 15; /* cloth */
    if (x < 4 && y < 6)
        return 14;
    return x > 24 ? 13 : x < 3 && y > 30 ? 9 : 0;
}

static int pixel(int x, int y)
{
    return cell(x / CELL, y / CELL);
}

static int grey_of(int index)
{
    const uint8_t *c = colors[index];
    return (c[0] * 77 + c[1] * 150 + c[2] * 29) >> 8;
}

/* ---- PNG ---- */

typedef struct kind {
    const char *name;
    int type, depth;
    int transparent; /* alpha that is not full everywhere, or a tRNS chunk */
} kind;

static const kind kinds[] = {
    { "grey1", PNG_COLOR_TYPE_GRAY, 1, 0 },          { "grey2", PNG_COLOR_TYPE_GRAY, 2, 0 },
    { "grey4", PNG_COLOR_TYPE_GRAY, 4, 0 },          { "grey8", PNG_COLOR_TYPE_GRAY, 8, 0 },
    { "grey16", PNG_COLOR_TYPE_GRAY, 16, 0 },        { "grey8-trns", PNG_COLOR_TYPE_GRAY, 8, 1 },
    { "palette1", PNG_COLOR_TYPE_PALETTE, 1, 0 },    { "palette2", PNG_COLOR_TYPE_PALETTE, 2, 0 },
    { "palette4", PNG_COLOR_TYPE_PALETTE, 4, 0 },    { "palette8", PNG_COLOR_TYPE_PALETTE, 8, 0 },
    { "palette4-trns", PNG_COLOR_TYPE_PALETTE, 4, 1 }, { "palette8-trns", PNG_COLOR_TYPE_PALETTE, 8, 1 },
    { "rgb8", PNG_COLOR_TYPE_RGB, 8, 0 },            { "rgb16", PNG_COLOR_TYPE_RGB, 16, 0 },
    { "rgb8-trns", PNG_COLOR_TYPE_RGB, 8, 1 },       { "rgb16-trns", PNG_COLOR_TYPE_RGB, 16, 1 },
    { "grey-alpha8", PNG_COLOR_TYPE_GRAY_ALPHA, 8, 1 }, { "grey-alpha16", PNG_COLOR_TYPE_GRAY_ALPHA, 16, 1 },
    { "rgba8", PNG_COLOR_TYPE_RGB_ALPHA, 8, 0 },     { "rgba8-half", PNG_COLOR_TYPE_RGB_ALPHA, 8, 1 },
    { "rgba16-half", PNG_COLOR_TYPE_RGB_ALPHA, 16, 1 },
};

static int alpha_of(const kind *k, int index, int x, int y)
{
    if (!k->transparent)
        return 255;
    if (k->type == PNG_COLOR_TYPE_PALETTE)
        return index < 4 ? 80 * index : 255;
    if (!(k->type & PNG_COLOR_MASK_ALPHA)) /* one transparent colour */
        return k->type == PNG_COLOR_TYPE_GRAY ? (grey_of(index) == grey_of(0) ? 0 : 255) : index == 0 ? 0 : 255;
    return (x / CELL * 37 + y / CELL * 11) & 255;
}

/* What is stored for a pixel, channel by channel; returns how many there are. */
static int samples(const kind *k, int index, int x, int y, int out[4])
{
    int n = 0;
    if (k->type == PNG_COLOR_TYPE_PALETTE) {
        out[0] = index & ((1 << k->depth) - 1);
        return 1;
    }
    if (k->type & PNG_COLOR_MASK_COLOR)
        for (; n < 3; n++)
            out[n] = colors[index][n];
    else
        out[n++] = k->depth < 8 ? grey_of(index) >> (8 - k->depth) : grey_of(index);
    if (k->type & PNG_COLOR_MASK_ALPHA)
        out[n++] = alpha_of(k, index, x, y);
    return n;
}

/* What a reader should make of it: on white where it is transparent. */
static void expected(const kind *k, int index, int x, int y, uint8_t rgb[3])
{
    int all = (1 << k->depth) - 1;
    int alpha = alpha_of(k, k->type == PNG_COLOR_TYPE_PALETTE ? index & all : index, x, y);
    for (int c = 0; c < 3; c++) {
        int value = colors[index][c];
        if (k->type == PNG_COLOR_TYPE_PALETTE)
            value = colors[index & all & 15][c];
        else if (!(k->type & PNG_COLOR_MASK_COLOR))
            value = k->depth < 8 ? (grey_of(index) >> (8 - k->depth)) * 255 / all : grey_of(index);
        rgb[c] = (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
    }
}

static void store(uint8_t *row, int depth, int position, int value)
{
    if (depth == 16) {
        row[2 * position] = row[2 * position + 1] = (uint8_t)value; /* value * 257 */
    } else if (depth == 8) {
        row[position] = (uint8_t)value;
    } else {
        int bit = position * depth;
        row[bit / 8] = (uint8_t)(row[bit / 8] | value << (8 - depth - bit % 8));
    }
}

static void describe(png_structp png, png_infop info, const kind *k, int interlaced)
{
    png_set_IHDR(png, info, WIDTH, HEIGHT, k->depth, k->type, interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (k->type == PNG_COLOR_TYPE_PALETTE) {
        png_color palette[16];
        png_byte alpha[4] = { 0, 80, 160, 240 };
        int count = k->depth < 4 ? 1 << k->depth : 16;
        for (int i = 0; i < count; i++) {
            palette[i].red = colors[i][0];
            palette[i].green = colors[i][1];
            palette[i].blue = colors[i][2];
        }
        png_set_PLTE(png, info, palette, count);
        if (k->transparent)
            png_set_tRNS(png, info, alpha, 4, NULL);
    } else if (k->transparent && !(k->type & PNG_COLOR_MASK_ALPHA)) {
        int scale = k->depth == 16 ? 257 : 1;
        png_color_16 clear = { 0, 0, 0, 0, 0 };
        clear.red = (png_uint_16)(colors[0][0] * scale);
        clear.green = (png_uint_16)(colors[0][1] * scale);
        clear.blue = (png_uint_16)(colors[0][2] * scale);
        clear.gray = (png_uint_16)(grey_of(0) * scale);
        png_set_tRNS(png, info, NULL, 0, &clear);
    }
}

static void write_rows(png_structp png, png_infop info, int width, int height, png_bytep rows)
{
    png_bytep pointers[WIDTH > HEIGHT ? WIDTH : HEIGHT];
    size_t size = png_get_rowbytes(png, info);
    (void)width;
    for (int y = 0; y < height; y++)
        pointers[y] = rows + size * (size_t)y;
    png_set_rows(png, info, pointers);
    png_write_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
}

static void write_kind(const kind *k, int interlaced)
{
    static uint8_t rows[HEIGHT * WIDTH * 8];
    char name[64];
    snprintf(name, sizeof name, "%s%s", k->name, interlaced ? "-interlaced" : "");
    FILE *file = create("png", name, "png");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    describe(png, info, k, interlaced);
    size_t size = png_get_rowbytes(png, info);
    memset(rows, 0, sizeof rows);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            int values[4], n = samples(k, pixel(x, y), x, y, values);
            for (int c = 0; c < n; c++)
                store(rows + size * (size_t)y, k->depth, x * n + c, values[c]);
        }
    }
    write_rows(png, info, WIDTH, HEIGHT, rows);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

/* An RGB PNG, with an EXIF block when `exif` has one. */
static void write_rgb(const char *where, const char *name, int width, int height, uint8_t *rgb, uint8_t *exif, int size)
{
    FILE *file = create(where, name, "png");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (exif)
        png_set_eXIf_1(png, info, (png_uint_32)size, exif);
    write_rows(png, info, width, height, rgb);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void write_twin(const char *name, const kind *k)
{
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            expected(k, pixel(x, y), x, y, rgb + (y * WIDTH + x) * 3);
    write_rgb("twin", name, WIDTH, HEIGHT, rgb, NULL, 0);
}

/* The header of a picture of 20000 x 20000, and hardly anything behind it. */
static void write_huge_png(void)
{
    FILE *file = create("bad", "huge", "png");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, 20000, 20000, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    png_write_chunk(png, (png_const_bytep)"IDAT", (png_const_bytep)"nothing", 7);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

/* ---- EXIF ---- */

/* Where the stored pixel (row, column) is seen, as the EXIF standard words it: "the 0th row is at the visual ..." */
static void seen_at(int orientation, int row, int column, int *x, int *y)
{
    static const int from_right[9] = { 0, 0, 1, 1, 0, 0, 1, 1, 0 }, from_bottom[9] = { 0, 0, 0, 1, 1, 0, 0, 1, 1 };
    *x = orientation >= 5 ? row : column;
    *y = orientation >= 5 ? column : row;
    if (from_right[orientation])
        *x = WIDTH - 1 - *x;
    if (from_bottom[orientation])
        *y = HEIGHT - 1 - *y;
}

/* One directory with one other tag before the orientation. */
static int exif_block(uint8_t *out, int orientation, int big)
{
    const uint8_t little_bytes[] = { 'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0, 0x03, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0,
                                     0x12, 1, 3, 0, 1, 0, 0, 0, (uint8_t)orientation, 0, 0, 0, 0, 0, 0, 0 };
    const uint8_t big_bytes[] = { 'M', 'M', 0, 42, 0, 0, 0, 8, 0, 2, 1, 0x03, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0,
                                  1, 0x12, 0, 3, 0, 0, 0, 1, 0, (uint8_t)orientation, 0, 0, 0, 0, 0, 0 };
    memcpy(out, big ? big_bytes : little_bytes, sizeof big_bytes);
    return (int)sizeof big_bytes;
}

/* RGB as stored under that orientation. */
static void turned(int orientation, uint8_t *rgb, int *width, int *height)
{
    *width = orientation >= 5 ? HEIGHT : WIDTH;
    *height = orientation >= 5 ? WIDTH : HEIGHT;
    for (int row = 0; row < *height; row++) {
        for (int column = 0; column < *width; column++) {
            int x, y;
            seen_at(orientation, row, column, &x, &y);
            memcpy(rgb + (row * *width + column) * 3, colors[pixel(x, y)], 3);
        }
    }
}

/* ---- JPEG ---- */

typedef struct jpeg_kind {
    const char *name;
    J_COLOR_SPACE in, stored;
    int inverted, adobe, progressive, orientation; /* orientation 0: no EXIF */
} jpeg_kind;

static int jpeg_row(const jpeg_kind *k, const uint8_t *rgb, int width, uint8_t *row)
{
    int n = k->in == JCS_CMYK ? 4 : k->in == JCS_GRAYSCALE ? 1 : 3;
    for (int x = 0; x < width; x++, rgb += 3) {
        for (int c = 0; c < 3 && n >= 3; c++)
            row[x * n + c] = k->inverted || n == 3 ? rgb[c] : (uint8_t)(255 - rgb[c]);
        if (n == 4)
            row[x * 4 + 3] = k->inverted ? 255 : 0;
        if (n == 1)
            row[x] = (uint8_t)((rgb[0] * 77 + rgb[1] * 150 + rgb[2] * 29) >> 8);
    }
    return n;
}

static void write_jpeg(const jpeg_kind *k)
{
    static uint8_t rgb[HEIGHT * WIDTH * 3], row[4 * (WIDTH + HEIGHT)];
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    int width, height;
    turned(k->orientation ? k->orientation : 1, rgb, &width, &height);
    FILE *file = create("jpeg", k->name, "jpg");
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = jpeg_row(k, rgb, 0, row);
    jpeg.in_color_space = k->in;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k->stored);
    jpeg_set_quality(&jpeg, 100, TRUE);
    for (int c = 0; c < jpeg.num_components; c++)
        jpeg.comp_info[c].h_samp_factor = jpeg.comp_info[c].v_samp_factor = 1;
    jpeg.write_Adobe_marker = k->adobe ? TRUE : FALSE;
    if (k->progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    if (k->orientation) {
        uint8_t block[64] = "Exif\0";
        int size = exif_block(block + 6, k->orientation, k->orientation & 1);
        jpeg_write_marker(&jpeg, JPEG_APP0 + 1, block, (unsigned)size + 6);
    }
    for (int y = 0; y < height; y++) {
        JSAMPROW rows[1] = { row };
        jpeg_row(k, rgb + y * width * 3, width, row);
        jpeg_write_scanlines(&jpeg, rows, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

/* A small JPEG whose header claims 60000 x 60000. */
static void write_huge_jpeg(void)
{
    char path[1024];
    static uint8_t bytes[1 << 20];
    snprintf(path, sizeof path, "%s/jpeg/grey.jpg", folder);
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    for (size_t i = 0; i + 9 < size; i++) {
        if (bytes[i] == 0xff && bytes[i + 1] == 0xc0) {
            bytes[i + 5] = bytes[i + 7] = 60000 >> 8;
            bytes[i + 6] = bytes[i + 8] = 60000 & 255;
            break;
        }
    }
    file = create("bad", "huge", "jpg");
    if (fwrite(bytes, 1, size, file) != size)
        die("huge.jpg");
    fclose(file);
}

static void write_orientations(void)
{
    static uint8_t rgb[HEIGHT * WIDTH * 3];
    static const kind plain = { "", PNG_COLOR_TYPE_RGB, 8, 0 };
    for (int o = 1; o <= 8; o++) {
        char name[32];
        uint8_t exif[64];
        int width, height, size = exif_block(exif, o, o & 1);
        snprintf(name, sizeof name, "exif%d", o);
        turned(o, rgb, &width, &height);
        write_rgb("png", name, width, height, rgb, exif, size);
        write_twin(name, &plain);
        snprintf(name, sizeof name, "orientation%d", o);
        write_jpeg(&(jpeg_kind){ name, JCS_RGB, JCS_RGB, 0, 1, 0, o });
        write_twin(name, &plain);
        snprintf(name, sizeof name, "usual%d", o);
        write_jpeg(&(jpeg_kind){ name, JCS_RGB, JCS_YCbCr, 0, 0, o & 1, o });
    }
}

int main(int argc, char **argv)
{
    static const jpeg_kind exact[] = {
        { "grey", JCS_GRAYSCALE, JCS_GRAYSCALE, 0, 0, 0, 0 },  { "rgb", JCS_RGB, JCS_RGB, 0, 1, 0, 0 },
        { "cmyk-adobe", JCS_CMYK, JCS_CMYK, 1, 1, 0, 0 },      { "cmyk-plain", JCS_CMYK, JCS_CMYK, 0, 0, 0, 0 },
        { "cmyk-turned", JCS_CMYK, JCS_CMYK, 1, 1, 1, 6 },
    };
    static const jpeg_kind near[] = { { "ycck", JCS_CMYK, JCS_YCCK, 1, 1, 0, 0 },
                                      { "progressive", JCS_RGB, JCS_YCbCr, 0, 0, 1, 0 } };
    static const kind plain = { "", PNG_COLOR_TYPE_RGB, 8, 0 }, grey = { "", PNG_COLOR_TYPE_GRAY, 8, 0 };
    static const char *const parts[] = { "png", "jpeg", "twin", "bad" };
    if (argc != 2)
        die("usage: make_pictures DIR");
    folder = argv[1];
    mkdir(folder, 0777);
    for (int i = 0; i < 4; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", folder, parts[i]);
        mkdir(path, 0777);
    }
    for (size_t i = 0; i < 2 * (sizeof kinds / sizeof *kinds); i++) {
        char name[64];
        snprintf(name, sizeof name, "%s%s", kinds[i / 2].name, i % 2 ? "-interlaced" : "");
        write_kind(&kinds[i / 2], i % 2);
        write_twin(name, &kinds[i / 2]);
    }
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        write_jpeg(&exact[i]);
        write_twin(exact[i].name, i ? &plain : &grey);
    }
    for (size_t i = 0; i < sizeof near / sizeof *near; i++)
        write_jpeg(&near[i]);
    write_orientations();
    write_huge_png();
    write_huge_jpeg();
    return 0;
}
