/* Processes through MPI. Errors of MPI itself end all of them, which is what MPI does when nothing else is said. */
#define _POSIX_C_SOURCE 200809L
#include <mpi.h>

#include "processes.h"
#include "processes_mpi.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct {
    const char *program;
    bool joined;
    int rank, count;
} all = {"", false, 0, 1};

/* ---- start and end ------------------------------------------------------------------------------------------------- */

/* Without mpirun, MPI would start a daemon for this process alone. These are set by Open MPI, by what else speaks PMIx
   (srun, PRRTE), and by MPICH and its relatives. */
static bool launched(void)
{
    return getenv("OMPI_COMM_WORLD_SIZE") || getenv("PMIX_RANK") || getenv("PMI_RANK");
}

bool processes_start(const char *program)
{
    int level;
    all.program = program;
    if (!launched())
        return true;
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &level) != MPI_SUCCESS || level < MPI_THREAD_SERIALIZED) {
        fprintf(stderr, "%s: MPI cannot be used: it lacks the thread level MPI_THREAD_SERIALIZED\n", program);
        return false;
    }
    all.joined = true;
    MPI_Comm_rank(MPI_COMM_WORLD, &all.rank);
    MPI_Comm_size(MPI_COMM_WORLD, &all.count);
    if (all.rank && !freopen("/dev/null", "w", stdout)) {
        fprintf(stderr, "%s: /dev/null cannot be opened\n", program);
        return false;
    }
    return true;
}

void processes_stop(void)
{
    if (!all.joined)
        return;
    communicator_stop();
    MPI_Finalize();
    all.joined = false;
}

uint32_t processes_rank(void)
{
    return (uint32_t)all.rank;
}

uint32_t processes_count(void)
{
    return (uint32_t)all.count;
}

static void name_oneself(const char *what)
{
    char host[MPI_MAX_PROCESSOR_NAME + 1] = "";
    int length;
    MPI_Get_processor_name(host, &length);
    fprintf(stderr, "%s: rank %d of %d, on %s, %s\n", all.program, all.rank, all.count, host, what);
}

void processes_end_all(int status)
{
    if (all.count == 1)
        return;
    fflush(stdout);
    name_oneself("has failed and ends the others");
    MPI_Abort(MPI_COMM_WORLD, status);
}

/* ---- agreements ---------------------------------------------------------------------------------------------------- */

/* MPI waits awake; others may take minutes here. */
static void sleep_until(MPI_Request *request)
{
    struct timespec nap = {0, 20000};
    int done = 0;
    for (MPI_Test(request, &done, MPI_STATUS_IGNORE); !done; MPI_Test(request, &done, MPI_STATUS_IGNORE)) {
        nanosleep(&nap, NULL);
        if (nap.tv_nsec < 10000000)
            nap.tv_nsec *= 2;
    }
}

static void combine(void *values, size_t n, MPI_Datatype type, MPI_Op how)
{
    MPI_Request request;
    if (all.count == 1)
        return;
    MPI_Iallreduce(MPI_IN_PLACE, values, (int)n, type, how, MPI_COMM_WORLD, &request);
    sleep_until(&request);
}

int processes_worst(int status)
{
    int worst = status, failed = status > 0;
    combine(&failed, 1, MPI_INT, MPI_SUM);
    combine(&worst, 1, MPI_INT, MPI_MAX);
    if (status > 0 && failed < all.count)
        name_oneself("has failed");
    return worst;
}

bool processes_any(bool mine)
{
    int any = mine;
    combine(&any, 1, MPI_INT, MPI_MAX);
    return any != 0;
}

void processes_sum(uint64_t *values, size_t n)
{
    combine(values, n, MPI_UINT64_T, MPI_SUM);
}

double processes_longest(double seconds)
{
    combine(&seconds, 1, MPI_DOUBLE, MPI_MAX);
    return seconds;
}

bool processes_same(const char *name, const char *value)
{
    char first[1024];
    MPI_Request request;
    if (all.count == 1)
        return true;
    snprintf(first, sizeof first, "%s", value);
    MPI_Ibcast(first, sizeof first, MPI_CHAR, 0, MPI_COMM_WORLD, &request);
    sleep_until(&request);
    const bool same = strncmp(first, value, sizeof first - 1) == 0;
    if (!same)
        fprintf(stderr, "%s: %s is %s on rank %d, but %s on rank 0\n", all.program, name, value, all.rank, first);
    return !processes_any(!same);
}
