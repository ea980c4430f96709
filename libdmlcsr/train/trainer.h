/* What is behind dmlcsr_trainer. */
#ifndef DML_TRAINER_H
#define DML_TRAINER_H

#include "dmlcsr/train.h"
#include "train/optimiser.h"
#include "train/plan.h"

/* The three networks of DMLCSR_CURRENT, _ENSEMBLE and _AVERAGE. */
#define DML_STATES 3

struct dmlcsr_trainer {
    dml_memory memory;
    dmlcsr_trainer_options options;
    dmlcsr_communicator communicator;
    dml_core core;
    dml_comm comm;              /* the communicator as the losses and norms want it */
    dml_draft draft;
    dml_plan *plan;
    dml_loss *loss;
    dml_state state[DML_STATES]; /* NULL where there is none */
    dml_real *gradient, *momentum;
    double *room;               /* for the norm of the gradient */
    dml_real *kept;             /* running statistics from before the step under way */
    dml_real *teacher;          /* logits of the ensemble, or of another network, for a batch; or NULL */
    dml_logits teacher_logits;
    bool teaching;
    double distil;              /* share of another network, whose logits wait for the next step; 0: none do */
    bool average_stale;         /* the moving average has moved since its statistics were estimated */
    uint64_t seen[DML_STATES];  /* pictures in the estimated statistics */
    uint32_t cycle;
    uint64_t steps;
    size_t pending_at, pending; /* range of the gradient that waits for being sent */
    bool alike;                 /* all processes are known to hold the same parameters */
    dml_error error;
};

const dml_comm *dml_trainer_comm(const dmlcsr_trainer *t); /* NULL for one process */
const dml_sums *dml_trainer_sums(const dmlcsr_trainer *t);
bool dml_trainer_has(const dmlcsr_trainer *t, int which);

/* trainer.c: makes room for a network; nothing when it is there. */
int dml_trainer_take_state(dmlcsr_trainer *t, int which);
void dml_trainer_drop_state(dmlcsr_trainer *t, int which);

/* trainer.c: the moving average begins as a copy of the network; nothing where there is none. */
void dml_trainer_begin_average(dmlcsr_trainer *t);

/* trainer.c: the way forward moves running statistics before it is known whether a step succeeds. */
void dml_trainer_keep_statistics(dmlcsr_trainer *t, int which);
void dml_trainer_return_statistics(dmlcsr_trainer *t, int which);

/* teacher.c: room for what a teacher says; nothing when it is there. */
int dml_trainer_take_teacher(dmlcsr_trainer *t);

/* teacher.c: the ensemble's logits for a batch, in t->teacher_logits. */
int dml_trainer_ask_teacher(dmlcsr_trainer *t, const float *input);

/* teacher.c: what the step under way is taught; false: nothing. */
bool dml_trainer_teaching(const dmlcsr_trainer *t, dml_teaching *out);

#endif
