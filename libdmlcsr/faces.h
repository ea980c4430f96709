/* Finding faces in a picture with the network itself: a scan from coarse to fine, and a closer look at what it finds. */
#ifndef DML_FACES_H
#define DML_FACES_H

#include "handle.h"
#include "image/blobs.h"
#include "image/face_fit.h"
#include "image/part_map.h"

#define DML_FACES_MOST 1000   /* in one picture */
#define DML_FACES_REFUSED 256 /* places that are remembered as no face, so that they are not looked at again and again */
/* Of the smallest face that was asked for: what is measured so much smaller may be as large, since a face is measured to a
   tenth. */
#define DML_FACES_SMALLER .88

/* A face in the picture's pixels. */
typedef struct dml_found {
    dml_face_frame frame;
    double confidence;
    double left, top, right, bottom;
} dml_found;

/* What a handle keeps for the search: made at the first call, and freed with the handle. */
typedef struct dml_finder {
    dml_roles roles;
    dml_part_map coarse, fine; /* of a window of the scan, and of one face */
    uint32_t *scratch;         /* for blobs */
    dml_found *found;
    dml_face_frame *refused;   /* a ring */
} dml_finder;

/* One search. */
typedef struct dml_search {
    dmlcsr *handle;
    const dmlcsr_image *image;
    dml_finder *finder;
    double smallest, threshold;
    uint32_t count;   /* faces found */
    uint32_t refused; /* places refused, all of them */
    double done;      /* of the whole, 0 to 1 */
} dml_search;

int dml_finder_create(dml_finder **out, dmlcsr *handle);
void dml_finder_free(dml_finder *finder, dml_memory *memory);

/* Runs the network on a square and fills the map; to_picture receives the way from its cells to the picture. */
int dml_search_look(dml_search *search, const dml_face_frame *square, dml_part_map *map, dml_similarity *to_picture);

/* Looks at a face that may be at `frame` until it is sure where it is, and whether. Adds it to the list, or to what is
   refused. (faces_refine.c) */
int dml_search_refine(dml_search *search, dml_face_frame frame);

/* The whole scan. (faces_scan.c) */
int dml_search_scan(dml_search *search);

/* dmlcsr_find_faces(): all arguments but the handle are unchecked. */
int dml_find_faces(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_find_options *options, dmlcsr_face *faces,
                   size_t capacity, size_t *count);

/* A frame of one grid as the similarity shows it. */
dml_face_frame dml_face_frame_map(const dml_similarity *map, const dml_face_frame *frame);
dml_face_frame dml_face_frame_unmap(const dml_similarity *map, const dml_face_frame *frame);

#endif
