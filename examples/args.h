/* What the user asked dmlcsr-parse for. */
#ifndef EXAMPLES_ARGS_H
#define EXAMPLES_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "class_list.h"
#include "options.h"

#define PROGRAM "dmlcsr-parse"

typedef struct arguments {
    char **photos;
    size_t photo_count;
    const char *output;  /* folder for files whose place was not given */
    const char *label;   /* file or folder, or NULL; the next ones likewise */
    const char *overlay;
    const char *masks;
    const char *matte;   /* class names with commas */
    const char *classes; /* class names with commas, or NULL for all */
    const char *model;   /* NULL: the one in the library */
    bool json, edges, quiet, verbose, legend;
    uint32_t threads, size;
    int isa, precision, geometry;
    bool pack;
    int scheme, side;    /* DMLCSR_SCHEME_OWN and DMLCSR_SIDE_UNKNOWN: as the model has it */
    float grow, shrink, feather; /* of masks, in pixels */
    dmlcsr_region *regions;
    size_t region_count;
    bool faces;          /* find them */
    float smallest;      /* of these, in pixels, or 0 */
    double limit; /* megapixels */
} arguments;

/* Returns -1 to go on, or the exit code (after --help, --version, or a message about what is wrong). */
int arguments_read(arguments *a, int argc, char **argv);
void arguments_free(arguments *a);

/* The classes named in a list "skin,hair" or "1,13" as a set; false, with a message, when one is not there. */
bool classes_find(const class_list *classes, const char *option, const char *list, bool chosen[256]);

#endif
