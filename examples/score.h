/* Parses labelled pictures, several side by side, and counts which class was taken for which. */
#ifndef EXAMPLES_SCORE_H
#define EXAMPLES_SCORE_H

#include <pthread.h>
#include <signal.h>

#include <dmlcsr/dmlcsr.h>

#include "metrics.h"
#include "progress.h"
#include "score_sheet.h"

typedef struct score {
    /* set by score_init() */
    const char *program;          /* its name, in front of messages */
    bool quiet;                   /* no bar, no warnings */
    /* set by the caller */
    dmlcsr *parser;               /* freed by score_free() */
    uint32_t count, classes;      /* pictures, and classes of their labels */
    /* The files of a picture, below `count`. Called by several threads. */
    void (*files)(void *opaque, uint32_t index, const char **image, const char **label);
    void *opaque;
    score_sheet *sheet;           /* NULL: none is drawn */
    const volatile sig_atomic_t *stop; /* set by a signal: end as soon as possible; or NULL */
    /* what follows belongs to score_run(), behind the mutex, which standard error is, too */
    pthread_mutex_t mutex;
    uint32_t next, done;
    bool failed;
    progress bar;
    char rate[32];
} score;

void score_init(score *s, const char *program, bool quiet);
void score_free(score *s);

/* Threads asked for, or (0) one per core. */
uint32_t score_threads(uint32_t asked);

/* Adds all pictures to `found`. False, after a message, when one of them failed; also when it was stopped. */
bool score_run(score *s, confusion *found, uint32_t threads);

/* Adds up what each process of mpirun has found. */
void score_join(confusion *found);

/* A line on standard error; the progress bar steps aside. */
void score_say(score *s, const char *sentence);

#endif
