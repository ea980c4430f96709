/* The faces of a picture, as regions to parse. */
#ifndef EXAMPLES_FIND_H
#define EXAMPLES_FIND_H

#include <dmlcsr/dmlcsr.h>

#include "io.h"

/* Largest first, which is also the order in which they are composed. */
typedef struct face_list {
    dmlcsr_face *faces;
    dmlcsr_region *regions; /* of the same faces */
    size_t count;
} face_list;

/* smallest: in pixels, or 0 for the library's own idea. An empty list is no failure. */
bool faces_find(face_list *list, dmlcsr *parser, const picture *photo, float smallest, note *error);
void faces_free(face_list *list);

#endif
