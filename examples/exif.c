/* EXIF: the one tag that matters here, and what it asks for. */
#include "io.h"

#include <stdlib.h>
#include <string.h>

typedef struct tiff {
    const uint8_t *bytes;
    size_t size;
    bool big_endian;
} tiff;

/* Both give 0 past the end: a value that no tag of interest has. */
static uint32_t get16(const tiff *t, size_t at)
{
    if (at > t->size || t->size - at < 2)
        return 0;
    const uint8_t *b = t->bytes + at;
    return t->big_endian ? (uint32_t)b[0] << 8 | b[1] : (uint32_t)b[1] << 8 | b[0];
}

static uint32_t get32(const tiff *t, size_t at)
{
    uint32_t first = get16(t, at), second = get16(t, at + 2);
    return t->big_endian ? first << 16 | second : second << 16 | first;
}

int exif_orientation(const uint8_t *bytes, size_t size)
{
    enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY = 12 };
    if (size < 8 || (memcmp(bytes, "II*\0", 4) != 0 && memcmp(bytes, "MM\0*", 4) != 0))
        return 1;
    tiff t = { bytes, size, bytes[0] == 'M' };
    size_t directory = get32(&t, 4);
    uint32_t entries = get16(&t, directory);
    for (uint32_t i = 0; i < entries; i++) {
        size_t entry = directory + 2 + (size_t)ENTRY * i;
        if (get16(&t, entry) != TAG_ORIENTATION || get16(&t, entry + 2) != TYPE_SHORT)
            continue;
        uint32_t value = get16(&t, entry + 8);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

bool picture_turn(picture *p, int orientation, note *error)
{
    if (orientation <= 1 || orientation > 8)
        return true;
    /* From where in the stored picture the upright pixel (x, y) comes. */
    bool swap = orientation >= 5;
    bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    uint32_t width = swap ? p->height : p->width, height = swap ? p->width : p->height;
    uint8_t *turned = malloc((size_t)width * height * 3), *to = turned;
    if (!turned) {
        note_set(error, "there is not enough memory to turn %u x %u pixels upright", p->width, p->height);
        return false;
    }
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++, to += 3) {
            uint32_t column = swap ? y : x, row = swap ? x : y;
            if (from_right)
                column = p->width - 1 - column;
            if (from_bottom)
                row = p->height - 1 - row;
            memcpy(to, p->pixels + ((size_t)row * p->width + column) * 3, 3);
        }
    }
    free(p->pixels);
    p->pixels = turned;
    p->width = width;
    p->height = height;
    return true;
}
