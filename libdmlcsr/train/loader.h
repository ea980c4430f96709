/* What is behind dmlcsr_loader. */
#ifndef DML_TRAIN_LOADER_H
#define DML_TRAIN_LOADER_H

#include <pthread.h>

#include "train/data.h"

#define DML_NO_STEP UINT32_MAX

/* Decoded pairs that stay until the loader is freed: nothing is thrown out, so that a source is used without a lock. */
typedef struct dml_cache {
    pthread_mutex_t mutex;
    dml_source **source;      /* one place for each pair of the set; NULL: no cache */
    uint32_t places, pairs;
    size_t bytes, limit;
} dml_cache;

/* Room for one step. Its pictures are made by different workers. */
typedef struct dml_slot {
    float *input;
    uint8_t *labels;
    uint32_t *index;
    const char **name;
    uint32_t step, count;     /* DML_NO_STEP: nothing in it */
    uint32_t done;            /* pictures */
    int status;
    uint32_t failed;          /* first picture that failed: the sentence does not depend on who was faster */
    dml_error error;
} dml_slot;

typedef struct dml_worker {
    struct dmlcsr_loader *loader;
    pthread_t thread;
    uint8_t *inside;
    float *room;
} dml_worker;

struct dmlcsr_loader {
    dml_memory memory;
    const dmlcsr_dataset *set;
    dmlcsr_loader_options options;
    dmlcsr_augment augment;
    dmlcsr_label_noise noise;
    dml_cache cache;
    uint32_t steps, slots;
    dml_slot *slot;           /* step s is in slot s % slots */
    uint32_t *order;          /* of this epoch; NULL: as the set is */
    dml_worker *worker;
    uint32_t started;         /* threads */
    bool has_mutex;
    dml_error error;

    pthread_mutex_t mutex;    /* for all that follows, and the slots' state */
    pthread_cond_t work;      /* there may be a picture to make */
    pthread_cond_t ready;     /* a step may be complete, or a worker idle */
    uint32_t epoch;
    uint32_t next;            /* step that dmlcsr_loader_next() gives next; DML_NO_STEP: not started */
    uint32_t held;            /* first step whose slot is not free */
    uint32_t make_step, make_picture; /* next picture to be made; make_step == steps: none */
    uint32_t busy;            /* workers that make a picture */
    bool quit;
};

/* One picture of a step. */
typedef struct dml_work {
    dml_slot *slot;
    uint32_t picture;         /* in the batch */
    uint64_t position;        /* in the epoch */
    uint32_t index;           /* in the set */
    uint32_t epoch;
} dml_work;

/* worker.c */
void *dml_worker_main(void *argument);

/* picture.c: makes a picture's part of the batch. Called without the mutex. */
int dml_picture_make(dmlcsr_loader *loader, const dml_worker *worker, const dml_work *work, dml_error *error);

/* cache.c */
int dml_cache_create(dml_cache *cache, uint32_t places, size_t limit, dml_memory *memory, dml_error *error);
void dml_cache_free(dml_cache *cache, dml_memory *memory);
/* NULL when it is not there. */
const dml_source *dml_cache_find(dml_cache *cache, uint32_t index);
/* True when the cache keeps it from now on. */
bool dml_cache_keep(dml_cache *cache, uint32_t index, dml_source *source);

#endif
