/* Reading one pair of a labelled set: a photograph and its labels, in one size. */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

#define NO_LIMIT UINT64_MAX /* whoever made the set meant its pictures to be read */
#define IGNORE 255

/* Where the pixel `i` of a side with `to` pixels lies on one with `from`: between two pixels, so far from the first. */
typedef struct place {
    uint32_t first, second;
    float part;
} place;

static place place_of(uint32_t i, uint32_t from, uint32_t to)
{
    double x = (i + 0.5) * from / to - 0.5;
    x = x < 0 ? 0 : x > from - 1.0 ? from - 1.0 : x;
    uint32_t first = (uint32_t)x, second = first + 1 < from ? first + 1 : first;
    return (place){ first, second, (float)(x - first) };
}

bool picture_resize(picture *p, uint32_t width, uint32_t height, note *error)
{
    picture out = { NULL, 0, 0, p->warning };
    if (!picture_reserve(&out, width, height, 3, NO_LIMIT, error))
        return false;
    for (uint32_t y = 0; y < height; y++) {
        place v = place_of(y, p->height, height);
        const uint8_t *top = p->pixels + (size_t)v.first * p->width * 3;
        const uint8_t *low = p->pixels + (size_t)v.second * p->width * 3;
        for (uint32_t x = 0; x < width; x++) {
            place u = place_of(x, p->width, width);
            for (uint32_t c = 0; c < 3; c++) {
                float a = top[3 * u.first + c], b = low[3 * u.first + c];
                a += u.part * (top[3 * u.second + c] - a);
                b += u.part * (low[3 * u.second + c] - b);
                out.pixels[((size_t)y * width + x) * 3 + c] = (uint8_t)(a + v.part * (b - a) + 0.5f);
            }
        }
    }
    free(p->pixels);
    *p = out;
    return true;
}

static bool check_labels(const picture *labels, uint32_t classes, note *error)
{
    size_t count = (size_t)labels->width * labels->height;
    for (size_t i = 0; i < count; i++) {
        if (labels->pixels[i] < classes || labels->pixels[i] == IGNORE)
            continue;
        note_set(error, "the pixel x = %zu, y = %zu has class id %u, but the classes are 0 to %u (and %d for ignore)",
                 i % labels->width, i / labels->width, labels->pixels[i], classes - 1, IGNORE);
        return false;
    }
    return true;
}

/* The same field of view: as wide for their height, but for sides that were rounded when one of them was reduced.
   libdmlcsr-train asks the same. */
static bool same_shape(const picture *photo, const picture *labels)
{
    const uint64_t across = (uint64_t)photo->width * labels->height, down = (uint64_t)photo->height * labels->width;
    const uint64_t photo_sides = (uint64_t)photo->width + photo->height;
    const uint64_t label_sides = (uint64_t)labels->width + labels->height;
    return (across > down ? across - down : down - across) <= (photo_sides > label_sides ? photo_sides : label_sides);
}

bool pair_load(const char *image, const char *label, uint32_t classes, picture *photo, picture *labels, note *error)
{
    const char *path = label;
    note reason = { "" };
    memset(photo, 0, sizeof *photo);
    bool ok = labels_read(labels, path, NO_LIMIT, &reason) && check_labels(labels, classes, &reason);
    if (ok) {
        path = image;
        ok = picture_read(photo, path, NO_LIMIT, &reason);
    }
    if (ok && !same_shape(photo, labels)) {
        note_set(&reason, "is %u x %u pixels, but its labels %.200s are %u x %u", photo->width, photo->height, label,
                 labels->width, labels->height);
        ok = false;
    }
    if (ok && (photo->width != labels->width || photo->height != labels->height))
        ok = picture_resize(photo, labels->width, labels->height, &reason);
    if (ok)
        return true;
    note_set(error, "%.250s: %.250s", path, reason.text);
    picture_free(photo);
    picture_free(labels);
    return false;
}
