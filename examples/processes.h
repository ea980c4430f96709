/* Several processes, perhaps on several machines, that share one job: MPI, where the program was built with it (make
 * MPI=yes) and started by mpirun. Else this process is the only one, and all of this does nothing. */
#ifndef EXAMPLES_PROCESSES_H
#define EXAMPLES_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dmlcsr/train.h"

/* Joins the others; `program` begins messages and is kept. What processes other than the first print on standard output
   is dropped from here on. False, after a message, when it fails. */
bool processes_start(const char *program);
/* To be called by all before they return from main. */
void processes_stop(void);

uint32_t processes_rank(void); /* from 0; 0 is the one that writes and prints */
uint32_t processes_count(void);

/* Something went wrong here, which the others cannot know: names this process and ends all of them with `status`.
   Returns only when there is no other. */
void processes_end_all(int status);

/* The rest is called by all of them, in the same order. Who waits for the others sleeps. */

int processes_worst(int status);                /* the largest; where some fail (above 0), some not, these name themselves */
bool processes_any(bool mine);                  /* whether one of them says so */
void processes_sum(uint64_t *values, size_t n); /* over all of them */
double processes_longest(double seconds);       /* of all of them */
bool processes_same(const char *name, const char *value); /* whether all have the first one's value: else says both */

/* What a trainer needs to be one of several; NULL when there is one process. */
const dmlcsr_communicator *processes_communicator(void);

#endif
