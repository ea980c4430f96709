/* One run of dmlcsr-evaluate: opened by evaluate_open.c, worked through by evaluate_run.c. */
#ifndef EXAMPLES_EVALUATE_JOB_H
#define EXAMPLES_EVALUATE_JOB_H

#include "evaluate.h"
#include "score.h"

typedef struct job {
    const request *asked;
    evaluation *found;
    listing files;
    score score; /* of the pictures of this shard */
} job;

/* Parses and counts all pictures of the shard, up to `threads` at once. Returns -1 or the exit code. */
int job_work(job *j, uint32_t threads);

#endif
