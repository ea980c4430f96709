/* The files that dmlcsr-parse writes: their names, and what is in them. */
#ifndef EXAMPLES_OUTPUTS_H
#define EXAMPLES_OUTPUTS_H

#include <sys/stat.h>

#include "args.h"
#include "io.h"
#include "report.h"

/* What the library delivered for one picture; what was not asked for is NULL. */
typedef struct maps {
    uint8_t *labels;        /* already reduced to the classes asked for */
    uint8_t *matte;
    float *binary_edge;
    uint8_t *category_edge;
} maps;

typedef struct outputs {
    const arguments *asked;
    bool label, overlay;    /* asked for, or the default */
    struct stat *inputs;    /* of the photos, sorted by device and inode: none of them may be overwritten */
    size_t input_count;
} outputs;

/* Makes the folders; false, with a sentence, when two photos would write the same file, or a folder cannot be made. */
bool outputs_prepare(outputs *o, const arguments *a, note *error);
void outputs_free(outputs *o);

/* False, with a sentence, when two outputs of a photo would be in one file. `shown`: the classes that get a mask. */
bool outputs_check(const outputs *o, const class_list *classes, const bool shown[256], note *error);

/* Writes all files of one picture and adds their names to `f`. */
bool outputs_write(const outputs *o, const class_list *classes, const maps *m, findings *f, note *error);

#endif
