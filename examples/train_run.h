/* A training run: its data, its trainer, where it stands, and what it leaves in its folder. */
#ifndef EXAMPLES_TRAIN_RUN_H
#define EXAMPLES_TRAIN_RUN_H

#include "progress.h"
#include "train_score.h"
#include "train_settings.h"

typedef struct run {
    const settings *s;
    dmlcsr_dataset *train, *validate; /* validate: NULL when nothing is evaluated */
    dmlcsr_loader *loader;
    dmlcsr_trainer *trainer;
    dmlcsr_schedule schedule;
    uint32_t epoch, step, steps;  /* next step; steps of an epoch */
    uint64_t taken;               /* steps of this call */
    double best;                  /* mean F1 so far, -1: none */
    double saved;                 /* when the last checkpoint was written */
    double sum[8];                /* of the loss terms of this epoch */
    progress bar;
    char model_classes[8192];     /* for the model file */
} run;

/* What a run returns. */
enum { RUN_DONE = 0, RUN_FAILED = 1, RUN_USAGE = 2, RUN_STOPPED = 3 };

/* Set by a signal: the step under way is ended, then a checkpoint is written. */
extern volatile int run_interrupted;

int run_open(run *r, const settings *s);
int run_go(run *r);
void run_close(run *r);

/* train_files.c */
bool run_save(run *r);    /* a checkpoint, the two last ones are kept */
int run_restore(run *r);  /* RUN_DONE: there was one, or none */
bool run_export(run *r, int which, const char *name);
bool run_log(const run *r, double rate, const score *s); /* a line of log.csv */

#endif
