/* What a trainer asks of the other processes.
 *
 * The gradient travels while the way back goes on. MPI moves messages only inside its own functions, so a thread calls
 * it now and then as long as something is under way. The way back itself waits for many small sums (of the norms), which
 * would queue up behind the gradient in the same connection: so the gradient goes in pieces, a few at a time. */
#define _POSIX_C_SOURCE 200809L
#include <mpi.h>

#include "processes.h"
#include "processes_mpi.h"

#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PIECE 32768 /* values */
#define PIECES 4    /* under way at a time */

typedef struct range {
    float *values;
    size_t n;
} range;

static struct {
    MPI_Comm small, large;
    dmlcsr_communicator functions;
    pthread_mutex_t mutex; /* MPI is called by one thread at a time */
    pthread_cond_t begun;
    pthread_t mover;
    bool started, quit;
    range *queue;          /* of the gradient */
    size_t queued, room;
    size_t next, at;       /* range of the next piece, and where in it */
    MPI_Request request[PIECES];
    float copy[PIECES][PIECE]; /* to send from: Open MPI adds up in place through one process alone */
    int under_way, status;
} com = {.mutex = PTHREAD_MUTEX_INITIALIZER, .begun = PTHREAD_COND_INITIALIZER};

/* ---- moving the gradient ------------------------------------------------------------------------------------------- */

static void note_status(int status)
{
    if (com.status == MPI_SUCCESS)
        com.status = status;
}

static void begin_piece(int i)
{
    range *r = &com.queue[com.next];
    float *values = r->values + com.at;
    const size_t n = r->n - com.at < PIECE ? r->n - com.at : PIECE;
    memcpy(com.copy[i], values, n * sizeof *values);
    note_status(MPI_Iallreduce(com.copy[i], values, (int)n, MPI_FLOAT, MPI_SUM, com.large, &com.request[i]));
    com.under_way++;
    com.at += n;
    if (com.at == r->n) {
        com.next++;
        com.at = 0;
    }
}

/* Looks what has arrived, and sends on. All processes send the same pieces in the same order. */
static void turn(void)
{
    for (int i = 0; i < PIECES; i++) {
        int done = 0;
        if (com.request[i] != MPI_REQUEST_NULL) {
            note_status(MPI_Test(&com.request[i], &done, MPI_STATUS_IGNORE));
            com.under_way -= done;
        }
        if (com.request[i] == MPI_REQUEST_NULL && com.next < com.queued && com.status == MPI_SUCCESS)
            begin_piece(i);
    }
}

static bool idle(void)
{
    return com.status != MPI_SUCCESS || (com.under_way == 0 && com.next == com.queued);
}

static void *move(void *argument)
{
    const struct timespec nap = {0, 500000};
    (void)argument;
    pthread_mutex_lock(&com.mutex);
    while (!com.quit) {
        if (idle()) {
            pthread_cond_wait(&com.begun, &com.mutex);
            continue;
        }
        turn();
        pthread_mutex_unlock(&com.mutex);
        nanosleep(&nap, NULL);
        pthread_mutex_lock(&com.mutex);
    }
    pthread_mutex_unlock(&com.mutex);
    return NULL;
}

static int reduce_begin(void *opaque, float *values, size_t n)
{
    range *queue = com.queue;
    (void)opaque;
    pthread_mutex_lock(&com.mutex);
    if (com.queued == com.room) {
        queue = realloc(com.queue, (2 * com.room + 16) * sizeof *queue);
        com.queue = queue ? queue : com.queue;
        com.room = queue ? 2 * com.room + 16 : com.room;
    }
    if (queue && n)
        com.queue[com.queued++] = (range){values, n};
    pthread_cond_signal(&com.begun);
    pthread_mutex_unlock(&com.mutex);
    return !queue;
}

static int reduce_end(void *opaque)
{
    (void)opaque;
    pthread_mutex_lock(&com.mutex);
    for (; !idle(); sched_yield())
        turn();
    com.queued = com.next = com.at = 0;
    pthread_mutex_unlock(&com.mutex);
    return com.status != MPI_SUCCESS;
}

/* ---- sums that the trainer waits for ------------------------------------------------------------------------------- */

/* With the mutex held. */
static int wait_for(MPI_Request *request, int status)
{
    int done = 0;
    note_status(status);
    while (com.status == MPI_SUCCESS && !done) {
        note_status(MPI_Test(request, &done, MPI_STATUS_IGNORE));
        if (!done) {
            turn();
            sched_yield();
        }
    }
    return com.status != MPI_SUCCESS;
}

static int sum(void *opaque, double *values, size_t n)
{
    MPI_Request request;
    (void)opaque;
    if (n > INT_MAX)
        return 1;
    pthread_mutex_lock(&com.mutex);
    const int failed = wait_for(&request, MPI_Iallreduce(MPI_IN_PLACE, values, (int)n, MPI_DOUBLE, MPI_SUM, com.small,
                                                         &request));
    pthread_mutex_unlock(&com.mutex);
    return failed;
}

static int gather(void *opaque, const float *mine, size_t n, float *all)
{
    MPI_Request request;
    (void)opaque;
    if (n > INT_MAX)
        return 1;
    pthread_mutex_lock(&com.mutex);
    const int failed = wait_for(&request, MPI_Iallgather(mine, (int)n, MPI_FLOAT, all, (int)n, MPI_FLOAT, com.small,
                                                         &request));
    pthread_mutex_unlock(&com.mutex);
    return failed;
}

/* ---- start and end ------------------------------------------------------------------------------------------------- */

static void open_channel(MPI_Comm *comm)
{
    MPI_Comm_dup(MPI_COMM_WORLD, comm);
    MPI_Comm_set_errhandler(*comm, MPI_ERRORS_RETURN); /* the trainer says what it was doing */
}

const dmlcsr_communicator *processes_communicator(void)
{
    dmlcsr_communicator *f = &com.functions;
    if (processes_count() == 1)
        return NULL;
    if (com.started)
        return f;
    open_channel(&com.small);
    open_channel(&com.large);
    for (int i = 0; i < PIECES; i++)
        com.request[i] = MPI_REQUEST_NULL;
    dmlcsr_communicator_init(f);
    f->rank = processes_rank();
    f->processes = processes_count();
    f->sum = sum;
    f->gather = gather;
    f->reduce_begin = reduce_begin;
    f->reduce_end = reduce_end;
    com.started = pthread_create(&com.mover, NULL, move, NULL) == 0; /* without it, most travels at the end */
    return f;
}

void communicator_stop(void)
{
    if (!com.started)
        return;
    pthread_mutex_lock(&com.mutex);
    com.quit = true;
    pthread_cond_signal(&com.begun);
    pthread_mutex_unlock(&com.mutex);
    pthread_join(com.mover, NULL);
    MPI_Comm_free(&com.small);
    MPI_Comm_free(&com.large);
    free(com.queue);
    com.started = false;
}
