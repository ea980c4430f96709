#include "base/threads.h"

#include <pthread.h>

#include "base/compiler.h"
#include "base/cores.h"

#define THREADS_MAX 256
/* How often a helper that is awake looks for the next job before it sleeps: some 50 microseconds, more than a layer's
   serial part and far less than a picture. */
#define SPINS 4000

typedef struct helper {
    pthread_t thread;
    dml_pool *pool;
    uint32_t index; /* 1 .. threads-1; the caller is 0 */
} helper;

/* A job is open from dml_pool_run until its caller has run out of tasks. A helper joins it while it is open; one that
   wakes too late just misses it, so a slow core never holds up the others. */
struct dml_pool {
    dml_memory *memory;
    uint32_t threads, started;
    pthread_mutex_t mutex;
    pthread_cond_t wake, done;
    dml_task task;
    void *argument;
    uint32_t count;
    bool quit;                /* under the mutex */
    atomic_bool open;         /* changed under the mutex */
    uint32_t sleeping;        /* helpers inside pthread_cond_wait, under the mutex */
    atomic_uint job;          /* number of the newest job */
    atomic_uint next;         /* next task to take */
    atomic_uint active;       /* helpers inside the job; raised under the mutex while it is open */
    atomic_bool awake;        /* helpers spin for a while before they sleep */
    helper helpers[];
};

static void work(dml_pool *pool, dml_task task, void *argument, uint32_t count, uint32_t thread)
{
    for (;;) {
        uint32_t index = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (index >= count)
            return;
        task(argument, index, thread);
    }
}

static bool has_job(dml_pool *pool, uint32_t seen)
{
    return atomic_load(&pool->open) && atomic_load(&pool->job) != seen;
}

/* Waits, awake for a while and then asleep, until there is a job after `seen` or the pool ends. Holds the mutex after. */
static void wait_for_job(dml_pool *pool, uint32_t seen)
{
    for (int i = 0; i < SPINS && atomic_load(&pool->awake) && !has_job(pool, seen); i++)
        dml_pause();
    pthread_mutex_lock(&pool->mutex);
    while (!pool->quit && !has_job(pool, seen)) {
        pool->sleeping++;
        pthread_cond_wait(&pool->wake, &pool->mutex);
        pool->sleeping--;
    }
}

static void *helper_main(void *argument)
{
    helper *self = argument;
    dml_pool *pool = self->pool;
    uint32_t seen = 0;
    for (;;) {
        wait_for_job(pool, seen);
        if (pool->quit) {
            pthread_mutex_unlock(&pool->mutex);
            return NULL;
        }
        seen = atomic_load(&pool->job);
        dml_task task = pool->task;
        void *job_argument = pool->argument;
        uint32_t count = pool->count;
        atomic_fetch_add(&pool->active, 1);
        pthread_mutex_unlock(&pool->mutex);

        work(pool, task, job_argument, count, self->index);

        if (atomic_fetch_sub(&pool->active, 1) == 1) {
            pthread_mutex_lock(&pool->mutex); /* the caller is either before its test or inside its wait */
            pthread_cond_signal(&pool->done);
            pthread_mutex_unlock(&pool->mutex);
        }
    }
}

static void open_job(dml_pool *pool, dml_task task, void *argument, uint32_t count)
{
    pthread_mutex_lock(&pool->mutex);
    pool->task = task;
    pool->argument = argument;
    pool->count = count;
    atomic_store(&pool->next, 0);
    atomic_fetch_add(&pool->job, 1);
    atomic_store(&pool->open, true);
    if (pool->sleeping)
        pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

static void close_job(dml_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->open, false);
    pthread_mutex_unlock(&pool->mutex);
    for (int i = 0; i < SPINS && atomic_load(&pool->active); i++)
        dml_pause();
    if (!atomic_load(&pool->active))
        return;
    pthread_mutex_lock(&pool->mutex);
    while (atomic_load(&pool->active))
        pthread_cond_wait(&pool->done, &pool->mutex);
    pthread_mutex_unlock(&pool->mutex);
}

void dml_pool_run(dml_pool *pool, dml_task task, void *argument, uint32_t count)
{
    if (!pool || pool->threads == 1 || count <= 1) {
        for (uint32_t i = 0; i < count; i++)
            task(argument, i, 0);
        return;
    }
    open_job(pool, task, argument, count);
    work(pool, task, argument, count, 0);
    close_job(pool);
}

void dml_pool_wake(dml_pool *pool)
{
    if (pool)
        atomic_store(&pool->awake, true);
}

void dml_pool_rest(dml_pool *pool)
{
    if (pool)
        atomic_store(&pool->awake, false);
}

uint32_t dml_pool_threads(const dml_pool *pool)
{
    return pool ? pool->threads : 1;
}

int dml_pool_create(dml_pool **out, dml_memory *memory, uint32_t threads, dml_error *error)
{
    if (!threads)
        threads = dml_physical_cores();
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    size_t size = sizeof(dml_pool) + threads * sizeof(helper);
    dml_pool *pool = dml_alloc_zero(memory, size);
    if (!pool)
        return dml_fail(error, dml_memory_status(memory, size), "no memory for %u threads", (unsigned)threads);
    pool->memory = memory;
    pool->threads = threads;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    for (uint32_t i = 0; i + 1 < threads; i++) {
        helper *h = &pool->helpers[i];
        h->pool = pool;
        h->index = i + 1;
        if (pthread_create(&h->thread, NULL, helper_main, h) != 0) {
            dml_pool_free(pool);
            return dml_fail(error, DMLCSR_ERROR_THREAD, "thread %u of %u cannot be started", (unsigned)(i + 2),
                            (unsigned)threads);
        }
        pool->started++;
    }
    *out = pool;
    return DMLCSR_OK;
}

void dml_pool_free(dml_pool *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->mutex);
    pool->quit = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
    for (uint32_t i = 0; i < pool->started; i++)
        pthread_join(pool->helpers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    dml_release(pool->memory, pool);
}
