/* Lovasz-Softmax of one class (Berman, Triki and Blaschko, CVPR 2018): the Jaccard loss, made convex over the errors. */
#ifndef DML_TRAIN_LOVASZ_H
#define DML_TRAIN_LOVASZ_H

#include <stddef.h>
#include <stdint.h>

#include "base/real.h"

/* An error with its side in the sign: p for a pixel that is not of the class, -(1 - p) for one that is (-0 is of it);
   this for a pixel that does not count. */
#define DML_LOVASZ_IGNORED 2

/* Bytes of room for n pixels; n at most UINT32_MAX. */
size_t dml_lovasz_room(size_t n);

/* The loss over all n errors, of which `positive` (> 0) are of the class. gradient: factor times the derivative with
   respect to p, for the errors [first, first + count); 0 where ignored. It may be those errors' own memory. The order of
   the errors counts as constant; equal ones are in the order of their pixels. */
double dml_lovasz(const dml_real *error, size_t n, double positive, double factor, size_t first, size_t count,
                  dml_real *gradient, void *room);

#endif
