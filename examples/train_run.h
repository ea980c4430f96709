/* A training run: its data, its trainer, where it stands, and what it leaves in its folder. */
#ifndef EXAMPLES_TRAIN_RUN_H
#define EXAMPLES_TRAIN_RUN_H

#include <signal.h>

#include <dmlcsr/train.h>

#include "metrics.h"
#include "progress.h"
#include "train_settings.h"

typedef struct run {
    const settings *s;
    dmlcsr_dataset *train, *validate; /* validate: NULL when nothing is evaluated */
    dmlcsr_loader *loader;
    dmlcsr_trainer *trainer;
    dmlcsr *teacher;              /* NULL: none */
    float *lesson;                /* its logits for a batch */
    float *desk;                  /* where it works on one picture */
    dmlcsr_schedule schedule;
    uint32_t epoch, step, steps;  /* next step; steps of an epoch */
    uint64_t taken;               /* steps of this call */
    double best;                  /* mean F1 so far, -1: none */
    double saved;                 /* when the last checkpoint was written */
    double sum[8];                /* of the loss terms of this epoch */
    progress bar;
    char model_classes[8192];     /* for the model file: names of all classes of the network */
    bool together;                /* what went wrong went wrong in all processes alike */
    bool own_folder;              /* what is written here is for nobody else: other processes than the first */
} run;

/* What a run returns. */
enum { RUN_DONE = 0, RUN_FAILED = 1, RUN_USAGE = 2, RUN_STOPPED = 3 };

/* Set by a signal: the step under way is ended, then a checkpoint is written. What comes after the steps of an epoch has one
   already, and is ended at once. */
extern volatile sig_atomic_t run_interrupted;

int run_open(run *r, const settings *s);
int run_go(run *r);
void run_close(run *r);

uint32_t run_classes(const run *r);   /* of the network */
uint32_t run_evaluated(const run *r); /* pictures of an evaluation: the first ones of `validate` */

/* train_join.c: one of several processes; nothing when it is the only one */
int run_join(run *r, settings *s); /* do all begin alike? Others than the first write to a folder of their own from here */
void run_tidy(const run *r);       /* empties that folder */
void run_leave(const run *r);      /* and removes it */

/* train_files.c */
bool run_save(run *r);    /* a checkpoint, the two last ones are kept */
void run_tell_kept(const run *r); /* where a run that fails can go on */
int run_restore(run *r);  /* RUN_DONE: there was one, or none; RUN_FAILED: none that can be read */
bool run_export(run *r, int which, const char *name);
void run_path(const run *r, const char *name, char *path, size_t size); /* of a file in the folder */

/* train_teacher.c: another network that teaches; nothing when there is none */
int run_open_teacher(run *r);
bool run_ask_teacher(run *r, const dmlcsr_loader_batch *batch); /* what it says is for the next step */
void run_close_teacher(run *r);

/* train_evaluate.c, both for a model file that was exported */
int run_evaluate(const run *r, const char *name, metrics *m); /* prints its scores */
void run_show(const run *r, int which, const char *name);      /* sheet.png */

#endif
