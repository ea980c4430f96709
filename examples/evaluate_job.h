/* One run of dmlcsr-evaluate: opened by evaluate_open.c, worked through by evaluate_run.c. */
#ifndef EXAMPLES_EVALUATE_JOB_H
#define EXAMPLES_EVALUATE_JOB_H

#include <pthread.h>

#include "evaluate.h"
#include "evaluate_sheet.h"
#include "progress.h"

typedef struct job {
    const request *asked;
    evaluation *found;
    dmlcsr *parser;
    listing files;
    uint32_t count;        /* pictures of this shard */
    evaluate_sheet sheet;
    pthread_mutex_t mutex; /* of all that follows, and of standard error */
    uint32_t next, done;
    bool failed;
    progress bar;
    char rate[32];
} job;

/* A line on standard error; the progress bar steps aside. */
void job_say(job *j, const char *sentence);

/* Parses and counts all pictures of the shard, up to `threads` at once. Returns -1 or the exit code. */
int job_work(job *j, uint32_t threads);

#endif
