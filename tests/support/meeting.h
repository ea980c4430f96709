/* Two processes that train one network together, here two threads that meet to exchange values. */
#ifndef TEST_MEETING_H
#define TEST_MEETING_H

#include <pthread.h>
#include <stddef.h>

typedef struct meeting {
    pthread_mutex_t lock;
    pthread_cond_t turn;
    unsigned waiting, round;
    const void *given[2];
} meeting;

#define MEETING_INIT {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, 0, {NULL, NULL}}

/* values become the sums of both. Exits when there is no memory. */
void meeting_add(meeting *m, unsigned rank, double *values, size_t n);
void meeting_add_single(meeting *m, unsigned rank, float *values, size_t n);

/* all: `size` bytes of rank 0, then those of rank 1. */
void meeting_gather(meeting *m, unsigned rank, const void *mine, size_t size, void *all);

#endif
