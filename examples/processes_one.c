/* One process: what a build without MPI has in the place of processes_mpi.c. */
#include "processes.h"

bool processes_start(const char *program)
{
    (void)program;
    return true;
}

void processes_stop(void)
{
}

uint32_t processes_rank(void)
{
    return 0;
}

uint32_t processes_count(void)
{
    return 1;
}

void processes_end_all(int status)
{
    (void)status;
}

int processes_worst(int status)
{
    return status;
}

bool processes_any(bool mine)
{
    return mine;
}

void processes_sum(uint64_t *values, size_t n)
{
    (void)values;
    (void)n;
}

double processes_longest(double seconds)
{
    return seconds;
}

bool processes_same(const char *name, const char *value)
{
    (void)name;
    (void)value;
    return true;
}

const dmlcsr_communicator *processes_communicator(void)
{
    return NULL;
}
