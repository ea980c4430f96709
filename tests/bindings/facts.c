/*
 * What the C library says, in lines that the programs in other languages must write as well: facts MODEL PHOTO.
 * PHOTO: 512 x 256 pixels of 3 bytes; without it, the lines about faces are missing.
 */
#include <stdio.h>
#include <stdlib.h>

#include <dmlcsr/dmlcsr.h>

#define WIDTH 512
#define HEIGHT 256
#define PIXELS (WIDTH * HEIGHT)
#define MOST 9

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

int main(int argc, char **argv)
{
    dmlcsr *parser = NULL;
    if (argc < 2 || dmlcsr_create(&parser, argv[1], NULL) != DMLCSR_OK)
        return 1;
    classes(parser);
    const int failed = argc > 2 && faces(parser, argv[2]);
    dmlcsr_free(parser);
    return failed;
}
