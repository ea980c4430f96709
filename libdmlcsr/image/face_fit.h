/* Where a face is, from where its parts are. */
#ifndef DML_IMAGE_FACE_FIT_H
#define DML_IMAGE_FACE_FIT_H

#include <stdbool.h>

#include "image/part_map.h"

/* A face as dmlcsr_region has it, in whatever unit: cells of a map, or pixels of a picture. */
typedef struct dml_face_frame {
    double x, y, size, rotation;
} dml_face_frame;

/* How much there is of a part, as a share of what an average face has, and its centre in the frame: right and down from
   the middle, in face sizes. */
typedef struct dml_face_part {
    double share, u, v;
    double spread; /* mean squared distance from the centre */
} dml_face_part;

typedef struct dml_face_parts {
    dml_face_part left_eye, right_eye, glasses, nose, mouth, skin; /* left in the picture; skin: the whole face */
    double stray; /* eyes, nose and mouth that are not in their places, as a share of those that are */
    double sure;  /* mean probability where there is an eye, a nose or a mouth */
} dml_face_parts;

/* Looks for each part near the place where a face in that frame has it. */
void dml_face_measure(const dml_part_map *map, const dml_face_frame *frame, dml_face_parts *parts);

/* The frame that the parts, measured in `frame`, ask for: the framing of the training data, which lies in the distances
   between eyes and mouth. False when there are too few parts to tell. */
bool dml_face_fit(const dml_face_parts *parts, const dml_face_frame *frame, dml_face_frame *fitted);

/* Measures and fits until both agree, and leaves the parts as they are in the frame at the end. False as above. */
bool dml_face_settle(const dml_part_map *map, dml_face_frame *frame, dml_face_parts *parts);

/* Frames of a face whose nose, or mouth, has that centre and area: where to begin. */
dml_face_frame dml_face_from_nose(double x, double y, double area);
dml_face_frame dml_face_from_mouth(double x, double y, double area);

/* How sure it is that these are the parts of one face, measured in a frame that fits: 0 to 1. */
double dml_face_confidence(const dml_face_parts *parts);

#endif
