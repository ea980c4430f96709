/*
 * The picture readers of dmlcsr-parse without the rest, for its test.
 *
 *   read_pictures same A B           status 0 when both files give the same pixels
 *   read_pictures near A B SPAN      status 0 when no channel differs by more than SPAN
 *   read_pictures damage FILE TMP N  cuts and garbles FILE in N ways, written to TMP: every one must be refused with a
 *                                    sentence or read into a picture (memory errors are for a sanitizer to find)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"

#define LIMIT 100000000u

static picture load(const char *path)
{
    picture p;
    note error;
    if (!picture_read(&p, path, LIMIT, &error)) {
        printf("%s: %s\n", path, error.text);
        exit(2);
    }
    if (p.warning.text[0])
        printf("%s: %s\n", path, p.warning.text);
    return p;
}

static int compare(const char *left, const char *right, int span)
{
    picture a = load(left), b = load(right);
    size_t wrong = 0;
    if (a.width != b.width || a.height != b.height) {
        printf("%u x %u against %u x %u\n", a.width, a.height, b.width, b.height);
        return 1;
    }
    for (size_t i = 0; i < (size_t)a.width * a.height * 3; i++)
        wrong += abs(a.pixels[i] - b.pixels[i]) > span;
    if (wrong)
        printf("%s and %s differ in %zu of %zu samples\n", left, right, wrong, (size_t)a.width * a.height * 3);
    picture_free(&a);
    picture_free(&b);
    return wrong != 0;
}

static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Every third one is cut, the others have one to eight bytes changed, most of them near the start. */
static size_t spoil(uint8_t *bytes, size_t size, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 1;
    if (seed % 3 == 0)
        return next(&state) % size;
    for (uint32_t i = next(&state) % 8 + 1; i > 0; i--) {
        size_t range = next(&state) % 4 && size > 700 ? 700 : size;
        bytes[next(&state) % range] = (uint8_t)next(&state);
    }
    return size;
}

static int damage(const char *path, const char *temporary, uint32_t count)
{
    static uint8_t bytes[1 << 20], copy[1 << 20];
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    unsigned read = 0, refused = 0;
    if (file)
        fclose(file);
    for (uint32_t seed = 0; size && seed < count; seed++) {
        picture p;
        note error = { "" };
        memcpy(copy, bytes, size);
        size_t left = spoil(copy, size, seed);
        if (!(file = fopen(temporary, "wb")) || fwrite(copy, 1, left, file) != left || fclose(file) != 0)
            return 2;
        bool ok = picture_read(&p, temporary, 1000000, &error);
        if (ok ? !p.pixels || !p.width || !p.height : !error.text[0] || p.pixels) {
            printf("%s, seed %u: neither a picture nor an error\n", path, seed);
            return 1;
        }
        *(ok ? &read : &refused) += 1;
        picture_free(&p);
    }
    printf("%s: %u read, %u refused\n", path, read, refused);
    return size && read && refused ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "same") == 0)
        return compare(argv[2], argv[3], 0);
    if (argc == 5 && strcmp(argv[1], "near") == 0)
        return compare(argv[2], argv[3], atoi(argv[4]));
    if (argc == 5 && strcmp(argv[1], "damage") == 0)
        return damage(argv[2], argv[3], (uint32_t)atoi(argv[4]));
    return 2;
}
