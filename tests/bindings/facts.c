/*
 * What the C library says, in lines that the programs in other languages must write as well: facts MODEL PHOTO.
 * PHOTO: 512 x 256 pixels of 3 bytes; without it, the lines about faces are missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include <dmlcsr/classes.h>
#include <dmlcsr/dmlcsr.h>
#include <dmlcsr/mask.h>

#define WIDTH 512
#define HEIGHT 256
#define PIXELS (WIDTH * HEIGHT)
#define MOST 9
#define COLUMNS 67
#define ROWS 53
#define CELLS (COLUMNS * ROWS)

/* Another one for every map that has a label elsewhere. */
static unsigned long sum(const uint8_t *map, size_t size)
{
    unsigned long all = 0;
    for (size_t i = 0; i < size; i++)
        all += map[i] * (unsigned long)(i % 251 + 1);
    return all;
}

static void classes(const dmlcsr *parser)
{
    for (uint32_t k = 0; k < dmlcsr_class_count(parser); k++)
        printf("fact: class %u %s %06x\n", (unsigned)k, dmlcsr_class_name(parser, k),
               (unsigned)dmlcsr_class_color(parser, k));
}

static int faces(dmlcsr *parser, const char *path)
{
    static uint8_t pixels[3 * PIXELS], labels[PIXELS];
    const dmlcsr_image image = { pixels, WIDTH, HEIGHT, 3 * WIDTH, DMLCSR_RGB8 };
    dmlcsr_face face[MOST];
    dmlcsr_find_options options;
    size_t count;
    FILE *file = fopen(path, "rb");
    if (!file || fread(pixels, 1, sizeof pixels, file) != sizeof pixels)
        return 1;
    fclose(file);
    dmlcsr_find_options_init(&options);
    options.smallest = 40;
    if (dmlcsr_find_faces(parser, &image, &options, face, MOST, &count) != DMLCSR_OK || count < 2 || count > MOST)
        return 1;
    for (size_t i = 0; i < count; i++) {
        dmlcsr_region region;
        dmlcsr_result result;
        dmlcsr_face_region(&face[i], &region);
        dmlcsr_result_init(&result);
        result.flags = DMLCSR_COMPOSE;
        result.labels = labels;
        if (dmlcsr_parse_region(parser, &image, &region, &result) != DMLCSR_OK)
            return 1;
        printf("fact: face %.2f %.2f %.2f %.4f, %.2f %.2f %.2f %.2f, %.6f\n", (double)face[i].center_x,
               (double)face[i].center_y, (double)face[i].size, (double)face[i].rotation, (double)face[i].left,
               (double)face[i].top, (double)face[i].right, (double)face[i].bottom, (double)face[i].confidence);
    }
    printf("fact: labels of all faces %lu\n", sum(labels, PIXELS));
    return 0;
}

static void tables(const dmlcsr *parser)
{
    uint8_t map[256];
    for (int s = 0; s < (int)dmlcsr_scheme_count(); s++) {
        const char *name = dmlcsr_scheme_name(s);
        printf("fact: scheme %d is %s, side %d\n", s, name, dmlcsr_scheme_side(s));
        for (uint32_t k = 0; k < dmlcsr_scheme_class_count(s); k++)
            printf("fact: class %u of %s is %s %06x\n", (unsigned)k, name, dmlcsr_scheme_class_name(s, k),
                   (unsigned)dmlcsr_scheme_class_color(s, k));
        if (dmlcsr_class_map(parser, s, DMLCSR_SIDE_PICTURE, 255, map) == DMLCSR_OK)
            printf("fact: model to %s %lu\n", name, sum(map, 256));
        if (dmlcsr_scheme_map(s, DMLCSR_SCHEME_LAPA, DMLCSR_SIDE_UNKNOWN, 3, map) == DMLCSR_OK)
            printf("fact: %s to lapa %lu\n", name, sum(map, 256));
        if (dmlcsr_scheme_mirror(s, map) == DMLCSR_OK)
            printf("fact: %s mirrored %lu\n", name, sum(map, 256));
    }
    if (dmlcsr_class_map(parser, DMLCSR_SCHEME_OWN, DMLCSR_SIDE_PICTURE, 0, map) == DMLCSR_OK)
        printf("fact: model's left that of the picture %lu\n", sum(map, 256));
    if (dmlcsr_class_mirror(parser, map) == DMLCSR_OK)
        printf("fact: model mirrored %lu\n", sum(map, 256));
}

static void masks(void)
{
    static uint8_t labels[CELLS], matte[CELLS], mask[CELLS], out[CELLS], map[256];
    const dmlcsr_plane of_labels = { labels, COLUMNS, ROWS, 0 }, of_matte = { matte, COLUMNS, ROWS, 0 };
    const dmlcsr_plane of_mask = { mask, COLUMNS, ROWS, 0 }, of_out = { out, COLUMNS, ROWS, 0 };
    const size_t size = dmlcsr_mask_scratch(COLUMNS, ROWS);
    void *scratch = malloc(size);
    for (int i = 0; i < 256; i++)
        map[i] = (uint8_t)(7 * i);
    for (int i = 0; i < CELLS; i++) {
        labels[i] = (uint8_t)((i % COLUMNS / 9 + i / COLUMNS / 7) % 19);
        matte[i] = (uint8_t)(7 * (i % COLUMNS) + 5 * (i / COLUMNS));
    }
    if (dmlcsr_remap(&of_labels, map, &of_out) == DMLCSR_OK)
        printf("fact: remapped %lu\n", sum(out, CELLS));
    if (dmlcsr_mask_select(&of_labels, 1 << 3 | 1 << 11, &of_mask) == DMLCSR_OK)
        printf("fact: selected %lu\n", sum(mask, CELLS));
    if (dmlcsr_mask_grow(&of_mask, 3.5f, scratch, size, &of_out) == DMLCSR_OK)
        printf("fact: grown %lu\n", sum(out, CELLS));
    if (dmlcsr_mask_shrink(&of_mask, 2.25f, scratch, size, &of_out) == DMLCSR_OK)
        printf("fact: shrunk %lu\n", sum(out, CELLS));
    if (dmlcsr_mask_feather(&of_mask, 6.5f, scratch, size, &of_out) == DMLCSR_OK)
        printf("fact: feathered %lu\n", sum(out, CELLS));
    if (dmlcsr_mask_clean(&of_matte, 9.5f, scratch, size, &of_out) == DMLCSR_OK)
        printf("fact: cleaned %lu\n", sum(out, CELLS));
    free(scratch);
}

int main(int argc, char **argv)
{
    dmlcsr *parser = NULL;
    if (argc < 2 || dmlcsr_create(&parser, argv[1], NULL) != DMLCSR_OK)
        return 1;
    classes(parser);
    tables(parser);
    masks();
    const int failed = argc > 2 && faces(parser, argv[2]);
    dmlcsr_free(parser);
    return failed;
}
