/* Parses a binary PPM picture: minimal PHOTO.ppm. Build: cc minimal.c $(pkg-config --cflags --libs dmlcsr) */
#include <stdio.h>
#include <stdlib.h>

#include <dmlcsr/dmlcsr.h>

/* P6, width, height, 255, then RGB bytes; NULL when the file is something else. */
static uint8_t *read_ppm(const char *path, uint32_t *width, uint32_t *height)
{
    FILE *file = path ? fopen(path, "rb") : NULL;
    uint8_t *pixels = NULL;
    unsigned w, h;
    if (file && fscanf(file, "P6%*[ \t\r\n]%5u%5u%*u", &w, &h) == 2 && w && h && w < 65536 && h < 65536 &&
        fgetc(file) != EOF && (pixels = malloc((size_t)w * h * 3)) && fread(pixels, (size_t)w * 3, h, file) != h) {
        free(pixels);
        pixels = NULL;
    }
    if (file)
        fclose(file);
    if (pixels) {
        *width = w;
        *height = h;
    }
    return pixels;
}

int main(int argc, char **argv)
{
    uint32_t width = 0, height = 0;
    uint8_t *pixels = read_ppm(argc > 1 ? argv[1] : NULL, &width, &height);
    uint8_t *labels = pixels ? malloc((size_t)width * height) : NULL;
    dmlcsr *parser = NULL;
    int status = labels ? dmlcsr_create(&parser, NULL, NULL) : DMLCSR_ERROR_IO;
    if (status == DMLCSR_OK) {
        dmlcsr_image photo = { pixels, width, height, (size_t)width * 3, DMLCSR_RGB8 };
        status = dmlcsr_parse(parser, &photo, labels, width);
    }
    if (status == DMLCSR_OK) {
        size_t count[256] = { 0 }, all = (size_t)width * height;
        for (size_t i = 0; i < all; i++)
            count[labels[i]]++;
        for (uint32_t k = 0; k < dmlcsr_class_count(parser); k++)
            if (count[k])
                printf("%-12s %6.2f %%\n", dmlcsr_class_name(parser, k), 100.0 * (double)count[k] / (double)all);
    } else {
        fprintf(stderr, "minimal: %s\n", pixels ? dmlcsr_strerror(status) : "usage: minimal PHOTO.ppm (binary)");
    }
    dmlcsr_free(parser);
    free(labels);
    free(pixels);
    return status == DMLCSR_OK ? 0 : 1;
}
