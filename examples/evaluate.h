/* What the parts of dmlcsr-evaluate share: what was asked for, and what was found. */
#ifndef EXAMPLES_EVALUATE_H
#define EXAMPLES_EVALUATE_H

#include <signal.h>

#include <dmlcsr/dmlcsr.h>

#include "io.h"
#include "listing.h"
#include "metrics.h"
#include "options.h"
#include "score_sheet.h"

#define PROGRAM "dmlcsr-evaluate"

typedef struct request {
    const char *data, *set;
    int kind;                         /* LISTING_... */
    const char *model;                /* NULL: the one in the library */
    int geometry;                     /* DMLCSR_GEOMETRY_COMPATIBLE is protocol dml-csr, _FINE is logits */
    uint32_t size, threads;
    int isa, precision;
    uint32_t limit;                   /* the first so many pictures; 0: all */
    uint32_t shard, shards;           /* this one (from 1) of so many */
    const char *json;                 /* file, "-" for standard output, or NULL */
    const char *sheet;
    uint32_t sheet_count, sheet_cell;
    bool confusion, quiet, merge;
    const char *parsing;              /* the last option that says how pictures are parsed, or which, or NULL */
    char **files;                     /* to merge */
    size_t file_count;
} request;

/* Returns -1 to go on, or the exit code. */
int request_read(request *r, int argc, char **argv);

typedef struct evaluation {
    char *model, *data, *set, *kind, *isa, *precision;
    const char *protocol;    /* "dml-csr" or "logits" */
    uint32_t input_size, threads, limit;
    double seconds;          /* of all shards together */
    char **names;            /* of the classes: confusion.classes of them */
    confusion confusion;
    uint32_t shards;         /* the set was split into so many */
    bool *done;              /* which of them are in the matrix */
    score_sheet sheet;       /* drawn on the way, when one was asked for */
} evaluation;

extern const char *const protocol_names[2]; /* by DMLCSR_GEOMETRY_... */

/* Sets what identifies an evaluation; false: there is not enough memory. */
bool evaluation_make(evaluation *e, uint32_t classes, const char *const *names, uint32_t shards);
void evaluation_free(evaluation *e);

/* Parses the pictures that were asked for. Returns -1 when all went well, or the exit code, after a message. */
int evaluation_run(evaluation *e, const request *r);
/* Reads the JSON files and adds them up; the same. */
int evaluation_merge(evaluation *e, const request *r);

/* Adds up what the processes of mpirun have found; the same. */
int evaluation_join(evaluation *e);

void report_table(FILE *out, const evaluation *e, bool with_confusion);
void report_json(FILE *out, const evaluation *e);

/* The signal that asked us to stop, or 0. */
extern volatile sig_atomic_t evaluate_stopped;

#endif
