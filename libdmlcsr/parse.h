/* From a picture to what a result asks for. */
#ifndef DML_PARSE_H
#define DML_PARSE_H

#include "handle.h"

/* Called before the result is written, when the network has run: where the order of several results matters. */
typedef struct dml_turn {
    void (*wait)(void *opaque);
    void *opaque;
} dml_turn;

/* dmlcsr_parse_region(): checks all arguments but the handle, then runs. turn: NULL or told. */
int dml_parse(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region, dmlcsr_result *result,
              const dml_turn *turn);

/* dmlcsr_parse_many(); jobs is not NULL unless count is 0, which is below 2^32. (many.c) */
int dml_parse_many(dmlcsr *handle, dmlcsr_job *jobs, size_t count);

/* The network with the caller's progress callback, unless that counts jobs. */
int dml_parse_network(dmlcsr *handle, dml_net *net, bool edges);

#endif
