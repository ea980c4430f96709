/*
 * Looks into PNG files, for the tests of the programs.
 *
 *   check_png info FILE           prints: width height depth type palette-entries distinct-values largest-value
 *   check_png palette FILE        prints the palette as hexadecimal numbers
 *   check_png same A B            status 0 when size, type and all samples are equal
 *   check_png agree A B PERCENT   status 0 when at least so many samples are equal
 *   check_png composed A B AB     status 0 when AB is B where B is not 0, else A
 *   check_png differ A B          status 0 when at least one sample differs
 *   check_png where FILE A B      prints right or left: where the middle of the pixels of value A lies, seen from that
 *                                 of value B; status 1 when one of the two does not occur
 *   check_png ppm FILE OUT        writes an RGB picture as binary PPM
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

typedef struct map {
    uint32_t width, height;
    int depth, type, palette_size;
    png_color palette[256];
    uint8_t *samples;
    size_t count;
} map;

static map load(const char *path)
{
    map m;
    memset(&m, 0, sizeof m);
    FILE *file = fopen(path, "rb");
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png ? png_create_info_struct(png) : NULL;
    if (!file || !info || setjmp(png_jmpbuf(png))) {
        fprintf(stderr, "check_png: %s cannot be read\n", path);
        exit(2);
    }
    png_init_io(png, file);
    png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
    png_colorp palette = NULL;
    m.width = png_get_image_width(png, info);
    m.height = png_get_image_height(png, info);
    m.depth = png_get_bit_depth(png, info);
    m.type = png_get_color_type(png, info);
    if (png_get_PLTE(png, info, &palette, &m.palette_size))
        memcpy(m.palette, palette, sizeof *palette * (size_t)m.palette_size);
    size_t row = png_get_rowbytes(png, info);
    m.count = row * m.height;
    m.samples = malloc(m.count);
    for (uint32_t y = 0; m.samples && y < m.height; y++)
        memcpy(m.samples + row * y, png_get_rows(png, info)[y], row);
    png_destroy_read_struct(&png, &info, NULL);
    fclose(file);
    if (!m.samples)
        exit(2);
    return m;
}

static int print_info(const map *m)
{
    int seen[256] = { 0 }, distinct = 0, largest = 0;
    for (size_t i = 0; i < m->count; i++) {
        distinct += !seen[m->samples[i]]++;
        if (m->samples[i] > largest)
            largest = m->samples[i];
    }
    const char *type = m->type == PNG_COLOR_TYPE_PALETTE ? "palette" : m->type == PNG_COLOR_TYPE_GRAY ? "grey" : "rgb";
    printf("%u %u %d %s %d %d %d\n", m->width, m->height, m->depth, type, m->palette_size, distinct, largest);
    return 0;
}

static int print_palette(const map *m)
{
    for (int i = 0; i < m->palette_size; i++)
        printf("%02x%02x%02x\n", m->palette[i].red, m->palette[i].green, m->palette[i].blue);
    return 0;
}

static int write_ppm(const map *m, const char *path)
{
    FILE *file = fopen(path, "wb");
    if (!file || m->type != PNG_COLOR_TYPE_RGB || m->depth != 8)
        return 2;
    fprintf(file, "P6\n%u %u\n255\n", m->width, m->height);
    fwrite(m->samples, 1, m->count, file);
    return fclose(file) == 0 ? 0 : 2;
}

static size_t equal_samples(const map *a, const map *b)
{
    size_t equal = 0;
    if (a->width != b->width || a->height != b->height || a->type != b->type || a->count != b->count) {
        printf("%u x %u type %d against %u x %u type %d\n", a->width, a->height, a->type, b->width, b->height, b->type);
        exit(1);
    }
    for (size_t i = 0; i < a->count; i++)
        equal += a->samples[i] == b->samples[i];
    return equal;
}

static int check_composed(const map *a, const map *b, const map *ab)
{
    size_t wrong = 0;
    equal_samples(a, b);
    equal_samples(a, ab);
    for (size_t i = 0; i < a->count; i++)
        wrong += ab->samples[i] != (b->samples[i] ? b->samples[i] : a->samples[i]);
    if (wrong)
        printf("%zu of %zu pixels are not composed\n", wrong, a->count);
    return wrong != 0;
}

static int compare(int argc, char **argv)
{
    map a = load(argv[2]), b = load(argv[3]);
    if (strcmp(argv[1], "composed") == 0 && argc == 5) {
        map ab = load(argv[4]);
        return check_composed(&a, &b, &ab);
    }
    size_t equal = equal_samples(&a, &b);
    if (strcmp(argv[1], "differ") == 0)
        return equal == a.count;
    double wanted = argc == 5 ? atof(argv[4]) : 100, percent = 100.0 * (double)equal / (double)a.count;
    if (argc == 5 ? percent >= wanted : equal == a.count)
        return 0;
    printf("%.3f %% of the samples are equal, %zu differ\n", percent, a.count - equal);
    return 1;
}

/* Mean column of a value, or -1. */
static double middle(const map *m, int value)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < m->count; i++)
        if (m->samples[i] == value) {
            sum += (double)(i % m->width);
            count++;
        }
    return count > 0 ? sum / count : -1;
}

static int print_where(const map *m, int a, int b)
{
    double of_a = middle(m, a), of_b = middle(m, b);
    if (m->count != (size_t)m->width * m->height || of_a < 0 || of_b < 0 || of_a == of_b)
        return 1;
    puts(of_a > of_b ? "right" : "left");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "info") == 0) {
        map m = load(argv[2]);
        return print_info(&m);
    }
    if (argc >= 3 && strcmp(argv[1], "palette") == 0) {
        map m = load(argv[2]);
        return print_palette(&m);
    }
    if (argc == 5 && strcmp(argv[1], "where") == 0) {
        map m = load(argv[2]);
        return print_where(&m, atoi(argv[3]), atoi(argv[4]));
    }
    if (argc == 4 && strcmp(argv[1], "ppm") == 0) {
        map m = load(argv[2]);
        return write_ppm(&m, argv[3]);
    }
    if (argc >= 4)
        return compare(argc, argv);
    fprintf(stderr, "check_png: see the comment at its top\n");
    return 2;
}
