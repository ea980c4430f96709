/* Several pictures or regions at once: one thread a job, on handles of one thread each that share the weights. Jobs that
 * are left over when all threads have had as many go one after the other, with all threads each. */
#include <pthread.h>

#include "parse.h"

#define WAITING 1 /* status of a job that has not ended; errors are negative */

typedef struct many {
    dmlcsr *handle;
    dmlcsr_job *job;
    size_t count;
    int (*progress)(void *opaque, uint32_t done, uint32_t total);
    pthread_mutex_t mutex; /* for what follows, and each job's status */
    pthread_cond_t ended;
    size_t done;           /* jobs that have ended */
    size_t failed;         /* the first one that has failed, or count */
    dml_error error;       /* its sentence */
    bool cancelled;
} many;

typedef struct place {
    many *m;
    size_t index;
} place;

static bool composes(const dmlcsr_job *job)
{
    return job->result && (job->result->flags & DMLCSR_COMPOSE);
}

/* Until all jobs before this one that compose have ended: maps that several jobs write to become what they become when
   one job runs after the other. Jobs are taken in their order, so those before this one have begun, and the first of them
   waits for nobody. */
static void wait_for_turn(void *opaque)
{
    const place *p = opaque;
    many *m = p->m;
    pthread_mutex_lock(&m->mutex);
    for (size_t i = 0; i < p->index; i++)
        while (composes(&m->job[i]) && m->job[i].status == WAITING)
            pthread_cond_wait(&m->ended, &m->mutex);
    pthread_mutex_unlock(&m->mutex);
}

static void end_job(many *m, size_t index, int status, const char *sentence)
{
    pthread_mutex_lock(&m->mutex);
    m->job[index].status = status;
    m->done++;
    if (status != DMLCSR_OK && index < m->failed) {
        m->failed = index;
        dml_fail(&m->error, status, "job %zu: %s", index, sentence);
    }
    pthread_cond_broadcast(&m->ended);
    pthread_mutex_unlock(&m->mutex);
}

/* Asks the caller, on the caller's thread, whether to go on; true when what has not begun is cancelled. */
static bool is_cancelled(many *m, bool on_callers_thread)
{
    pthread_mutex_lock(&m->mutex);
    if (!m->cancelled && on_callers_thread && m->progress)
        m->cancelled = m->progress(m->handle->options.opaque, (uint32_t)m->done, (uint32_t)m->count) != 0;
    const bool cancelled = m->cancelled;
    pthread_mutex_unlock(&m->mutex);
    return cancelled;
}

static void run_job(many *m, size_t index, dmlcsr *handle, bool on_callers_thread)
{
    place p = {m, index};
    const dml_turn turn = {wait_for_turn, &p};
    const dmlcsr_job *job = &m->job[index];
    int status;
    if (is_cancelled(m, on_callers_thread))
        status = dml_fail(&handle->error, DMLCSR_ERROR_CANCELLED, "cancelled by the progress callback");
    else if (job->reserved)
        status = dml_fail(&handle->error, DMLCSR_ERROR_STRUCT, "reserved is %d, must be 0", job->reserved);
    else
        status = dml_parse(handle, job->image, job->region, job->result, composes(job) ? &turn : NULL);
    end_job(m, index, status, handle->error.text);
}

static void task(void *argument, uint32_t index, uint32_t thread)
{
    many *m = argument;
    run_job(m, index, m->handle->worker[thread], thread == 0);
}

/* What it holds is no longer there for the handle itself. */
static bool make_worker(dmlcsr *handle)
{
    dmlcsr_options options = handle->options;
    dml_error ignored;
    dmlcsr **worker = &handle->worker[handle->workers];
    options.threads = 1;
    options.progress = NULL;
    options.memory_limit = dml_limit_rest(options.memory_limit, dml_handle_scratch(handle));
    if (dml_handle_create(worker, handle->shared, &options, &ignored) != DMLCSR_OK)
        return false;
    handle->workers++;
    handle->memory.limit = dml_limit_rest(handle->memory.limit, atomic_load(&(*worker)->memory.used));
    return true;
}

/* One handle of one thread for each thread of the pool, within the memory limit; they stay until the handle is freed.
   False: there is not enough memory for all of them, and there is none. */
static bool make_workers(dmlcsr *handle)
{
    const uint32_t threads = dml_pool_threads(handle->pool);
    const size_t limit = handle->memory.limit;
    if (!handle->worker)
        handle->worker = dml_alloc_zero(&handle->memory, threads * sizeof *handle->worker);
    while (handle->worker && handle->workers < threads && make_worker(handle))
        ;
    if (handle->worker && handle->workers == threads)
        return true;
    while (handle->workers)
        dml_handle_free(handle->worker[--handle->workers]);
    handle->memory.limit = limit;
    return false;
}

static void run_all(many *m)
{
    dmlcsr *h = m->handle;
    const size_t threads = dml_pool_threads(h->pool);
    size_t together = threads > 1 ? m->count - m->count % threads : 0;
    if (together && !make_workers(h))
        together = 0;
    dml_pool_run(h->pool, task, m, (uint32_t)together);
    for (size_t i = together; i < m->count; i++)
        run_job(m, i, h, true);
}

int dml_parse_many(dmlcsr *handle, dmlcsr_job *jobs, size_t count)
{
    many m = {.handle = handle, .job = jobs, .count = count, .failed = count, .progress = handle->progress};
    for (size_t i = 0; i < count; i++)
        jobs[i].status = WAITING;
    pthread_mutex_init(&m.mutex, NULL);
    pthread_cond_init(&m.ended, NULL);
    handle->progress = NULL; /* it counts jobs here, not layers */
    run_all(&m);
    handle->progress = m.progress;
    pthread_cond_destroy(&m.ended);
    pthread_mutex_destroy(&m.mutex);
    if (m.failed < count) {
        handle->error = m.error;
        return jobs[m.failed].status;
    }
    if (m.progress && count)
        m.progress(handle->options.opaque, (uint32_t)count, (uint32_t)count);
    return DMLCSR_OK;
}
