/* What was found in one picture, for people (a table) and programs (JSON). */
#ifndef EXAMPLES_REPORT_H
#define EXAMPLES_REPORT_H

#include <stdio.h>

#include "args.h"
#include "io.h"

typedef struct class_statistics {
    uint64_t pixels;
    uint32_t left, top, right, bottom; /* of the pixels, right and bottom included; only when there are some */
} class_statistics;

/* One picture that has been parsed. */
typedef struct findings {
    const char *file;
    const picture *photo;
    const uint8_t *labels;
    const bool *shown; /* 256 flags: which classes are reported */
    class_statistics of[256];
    const dmlcsr_region *regions; /* that were parsed, or none: the whole picture */
    size_t region_count;
    const dmlcsr_face *faces;     /* what was found there; NULL when the regions were given */
    double seconds_read, seconds_parse, seconds_write;
    char **written; /* names of files */
    size_t written_count;
} findings;

/* Fills `of` from the labels. */
void findings_count(findings *f);
double findings_share(const findings *f, unsigned label);

void report_table(FILE *out, const class_list *classes, const findings *f);
void report_json(FILE *out, const dmlcsr *parser, const class_list *classes, const arguments *a, const findings *f);
/* The JSON line of a picture that failed. */
void report_json_error(FILE *out, const char *file, const char *sentence);

#endif
