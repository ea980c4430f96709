/* A pool of threads that splits independent outputs, and sleeps when there is nothing to do. */
#ifndef DML_BASE_THREADS_H
#define DML_BASE_THREADS_H

#include "base/memory.h"
#include "base/status.h"

typedef struct dml_pool dml_pool;

/* One task: computes the outputs of index `task`. `thread` is below dml_pool_threads(), for scratch memory. */
typedef void (*dml_task)(void *argument, uint32_t task, uint32_t thread);

/* threads: the caller's included; 0: one per physical core. */
int dml_pool_create(dml_pool **out, dml_memory *memory, uint32_t threads, dml_error *error);
void dml_pool_free(dml_pool *pool);
uint32_t dml_pool_threads(const dml_pool *pool);

/* Runs tasks 0 .. count-1, each exactly once, and returns when all are done. Tasks must write disjoint outputs: who runs
   what, and in which order, is not fixed. pool may be NULL: the caller does all. */
void dml_pool_run(dml_pool *pool, dml_task task, void *argument, uint32_t count);

/* Between these two the helpers wait awake for a short while before they sleep: layers follow each other closely. */
void dml_pool_wake(dml_pool *pool);
void dml_pool_rest(dml_pool *pool);

#endif
