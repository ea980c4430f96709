#include "support/meeting.h"

#include <stdlib.h>
#include <string.h>

static void meet(meeting *m)
{
    pthread_mutex_lock(&m->lock);
    const unsigned round = m->round;
    if (++m->waiting == 2) {
        m->waiting = 0;
        m->round++;
        pthread_cond_broadcast(&m->turn);
    }
    while (round == m->round)
        pthread_cond_wait(&m->turn, &m->lock);
    pthread_mutex_unlock(&m->lock);
}

void meeting_gather(meeting *m, unsigned rank, const void *mine, size_t size, void *all)
{
    m->given[rank] = mine;
    meet(m);
    for (size_t k = 0; k < 2; k++)
        memcpy((char *)all + k * size, m->given[k], size);
    meet(m); /* nobody changes what the other still reads */
}

/* What both have given, to be freed. */
static void *gather_all(meeting *m, unsigned rank, const void *mine, size_t size)
{
    void *all = malloc(2 * size);
    if (!all)
        exit(2);
    meeting_gather(m, rank, mine, size, all);
    return all;
}

void meeting_add(meeting *m, unsigned rank, double *values, size_t n)
{
    double *all = gather_all(m, rank, values, n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = all[i] + all[n + i];
    free(all);
}

void meeting_add_single(meeting *m, unsigned rank, float *values, size_t n)
{
    float *all = gather_all(m, rank, values, n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = all[i] + all[n + i];
    free(all);
}
