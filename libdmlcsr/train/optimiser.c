#include "train/optimiser.h"

#include <string.h>

#define CHUNK 65536 /* values of a task; a multiple of a block */

typedef struct job {
    const dml_core *core;
    const dml_sgd *how;
    const dml_real *from;
    dml_real *momentum, *to;
    size_t size;
    double keep, *room;
} job;

static uint32_t chunks_of(size_t size)
{
    return (uint32_t)((size + CHUNK - 1) / CHUNK);
}

static size_t length(const job *j, uint32_t chunk)
{
    const size_t rest = j->size - (size_t)chunk * CHUNK;
    return rest < CHUNK ? rest : CHUNK;
}

size_t dml_gradient_room(size_t size)
{
    return chunks_of(size);
}

/* Sixteen sums side by side, so that they need not wait for each other. */
static void square_chunk(void *argument, uint32_t chunk, uint32_t thread)
{
    const job *j = argument;
    const dml_real *g = j->from + (size_t)chunk * CHUNK;
    double lane[DML_BLOCK] = {0}, sum = 0;
    (void)thread;
    for (size_t i = 0; i < length(j, chunk); i += DML_BLOCK)
        for (size_t l = 0; l < DML_BLOCK; l++)
            lane[l] += (double)g[i + l] * (double)g[i + l];
    for (size_t l = 0; l < DML_BLOCK; l++)
        sum += lane[l];
    j->room[chunk] = sum;
}

double dml_gradient_square(const dml_core *core, const dml_real *gradient, size_t size, double *room)
{
    job j = {.core = core, .from = gradient, .size = size, .room = room};
    double sum = 0;
    dml_pool_run(core->pool, square_chunk, &j, chunks_of(size));
    for (uint32_t i = 0; i < chunks_of(size); i++)
        sum += room[i];
    return sum;
}

static void sgd_chunk(void *argument, uint32_t chunk, uint32_t thread)
{
    const job *j = argument;
    const size_t at = (size_t)chunk * CHUNK;
    (void)thread;
    j->core->back.sgd(j->from + at, (dml_real)j->how->clip, (dml_real)j->how->decay, (dml_real)j->how->momentum,
                      (dml_real)j->how->rate, length(j, chunk), j->momentum + at, j->to + at);
}

void dml_sgd_run(const dml_core *core, const dml_sgd *how, const dml_real *gradient, size_t size, dml_real *momentum,
                 dml_real *parameters)
{
    job j = {.core = core, .how = how, .from = gradient, .momentum = momentum, .to = parameters, .size = size};
    dml_pool_run(core->pool, sgd_chunk, &j, chunks_of(size));
}

static void clear_chunk(void *argument, uint32_t chunk, uint32_t thread)
{
    const job *j = argument;
    (void)thread;
    memset(j->to + (size_t)chunk * CHUNK, 0, length(j, chunk) * sizeof *j->to);
}

void dml_clear_run(const dml_core *core, size_t size, dml_real *values)
{
    job j = {.to = values, .size = size};
    dml_pool_run(core->pool, clear_chunk, &j, chunks_of(size));
}

static void average_chunk(void *argument, uint32_t chunk, uint32_t thread)
{
    const job *j = argument;
    const dml_real *from = j->from + (size_t)chunk * CHUNK;
    dml_real *to = j->to + (size_t)chunk * CHUNK;
    const double keep = j->keep, take = 1 - j->keep;
    (void)thread;
    for (size_t i = 0; i < length(j, chunk); i++)
        to[i] = (dml_real)(keep * (double)to[i] + take * (double)from[i]);
}

void dml_average_run(const dml_core *core, double keep, const dml_real *from, size_t size, dml_real *to)
{
    job j = {.core = core, .from = from, .to = to, .size = size, .keep = keep};
    dml_pool_run(core->pool, average_chunk, &j, chunks_of(size));
}
