/* Class lists: names, and which parts of a face each class covers. */
#ifndef DML_IMAGE_SCHEMES_H
#define DML_IMAGE_SCHEMES_H

#include <stdbool.h>
#include <stdint.h>

/* A class is a set of parts, as bits. 0: a class of which nothing is known. */
typedef uint32_t dml_parts;

typedef struct dml_scheme {
    const char *name;
    int side; /* DMLCSR_SIDE_... */
    uint32_t count;
    const struct dml_scheme_class {
        const char *name;
        dml_parts parts;
    } *classes;
} dml_scheme;

/* NULL when there is no such scheme. */
const dml_scheme *dml_scheme_get(int scheme);
uint32_t dml_scheme_count(void);

/* The parts that a name means, in any spelling of the schemes; 0 when it is unknown. */
dml_parts dml_parts_named(const char *name);

/* Left becomes right, and right left. */
dml_parts dml_parts_mirrored(dml_parts parts);

#endif
