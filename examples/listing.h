/* Which photographs and label pictures make up a labelled set, what its classes are called, and reading a pair. */
#ifndef EXAMPLES_LISTING_H
#define EXAMPLES_LISTING_H

#include "io.h"

/* LISTING_AUTO: by label_names.txt, or where there is none, by the number of classes. */
enum { LISTING_AUTO = 0, LISTING_CELEBAMASK_HQ, LISTING_LAPA, LISTING_HELEN };

typedef struct listing_pair {
    char *image, *label; /* paths, with the root in front */
} listing_pair;

typedef struct listing {
    listing_pair *pairs;
    size_t count;
    char **names;          /* of the classes, background first */
    uint32_t classes;
    const char *title;     /* of the kind of data: "CelebAMask-HQ", or "label_names.txt" */
} listing;

/* LISTING_... of "auto", "celebamask-hq", "lapa" or "helen"; -1 for another text. */
int listing_kind(const char *name);

/*
 * Reads root/set_list.txt (a line for each pair, "images/x.jpg labels/x.png", paths below root or from "/" on, a third one
 * is not used), or where there is none, pairs the files of root/set/images and root/set/labels by their names without
 * ends. All of this as libdmlcsr-train does, so that what can be trained on can be evaluated.
 * Class names come from root/label_names.txt, which must fit to the kind. LISTING_AUTO without that file takes the
 * list of `classes` names that is known (19: CelebAMask-HQ, 11: LaPa and Helen). A file that is missing is found now.
 */
bool listing_read(listing *out, const char *root, const char *set, int kind, uint32_t classes, note *error);
void listing_free(listing *l);

/*
 * Reads a pair: the photograph, resized to the size of its labels when it has another one (of the same shape), and the
 * labels, one byte per pixel, each below `classes` or 255. Sentences name the file, and the pixel where it is one.
 */
bool pair_load(const char *image, const char *label, uint32_t classes, picture *photo, picture *labels, note *error);

/* Another size, bilinear, pixels taken as little squares (not as points on a grid). */
bool picture_resize(picture *p, uint32_t width, uint32_t height, note *error);

#endif
