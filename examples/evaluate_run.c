/* Parses the pictures of a shard and counts. */
#include "evaluate_job.h"

static void files_of(void *opaque, uint32_t index, const char **image, const char **label)
{
    const job *j = opaque;
    const listing_pair *pair = &j->files.pairs[(size_t)index * j->asked->shards + j->asked->shard - 1];
    *image = pair->image;
    *label = pair->label;
}

int job_work(job *j, uint32_t threads)
{
    score *s = &j->score;
    s->classes = j->files.classes;
    s->files = files_of;
    s->opaque = j;
    s->sheet = j->asked->sheet ? &j->found->sheet : NULL;
    s->stop = &evaluate_stopped;
    const double started = steady_seconds();
    const bool ok = score_run(s, &j->found->confusion, threads);
    j->found->seconds = steady_seconds() - started;
    return ok ? -1 : EXIT_PICTURES;
}
