/* The threads that work ahead. Pictures are taken in the order of the epoch, and a step is complete when its last one
 * is done. A worker sleeps when all slots are full. */
#include "train/loader.h"

/* How many pictures this process has in a step. */
static uint32_t count_of(const dmlcsr_loader *l, uint32_t step)
{
    uint64_t first = ((uint64_t)step * l->options.processes + l->options.rank) * l->options.batch;
    if (first >= l->set->count)
        return 0;
    return l->set->count - first < l->options.batch ? (uint32_t)(l->set->count - first) : l->options.batch;
}

static void open_slot(dmlcsr_loader *l, uint32_t step)
{
    dml_slot *slot = &l->slot[step % l->slots];
    slot->step = step;
    slot->count = count_of(l, step);
    slot->done = 0;
    slot->status = DMLCSR_OK;
}

/* The next picture, if there is room for its step. */
static bool take(dmlcsr_loader *l, dml_work *work)
{
    while (l->make_step < l->steps && l->make_step - l->held < l->slots) {
        dml_slot *slot = &l->slot[l->make_step % l->slots];
        if (l->make_picture == 0)
            open_slot(l, l->make_step);
        if (l->make_picture < slot->count) {
            work->slot = slot;
            work->picture = l->make_picture++;
            work->position = ((uint64_t)slot->step * l->options.processes + l->options.rank) * l->options.batch
                             + work->picture;
            work->index = l->order ? l->order[work->position] : (uint32_t)work->position;
            work->epoch = l->epoch;
            slot->index[work->picture] = work->index;
            slot->name[work->picture] = dmlcsr_dataset_image_path(l->set, work->index);
            return true;
        }
        l->make_step++;
        l->make_picture = 0;
        pthread_cond_signal(&l->ready); /* the step may have no picture at all */
    }
    return false;
}

static void finish(dmlcsr_loader *l, const dml_work *work, int status, const dml_error *error)
{
    dml_slot *slot = work->slot;
    if (status != DMLCSR_OK && (slot->status == DMLCSR_OK || work->picture < slot->failed)) {
        slot->status = status;
        slot->failed = work->picture;
        slot->error = *error;
    }
    slot->done++;
    l->busy--;
    if (slot->done == slot->count || !l->busy)
        pthread_cond_signal(&l->ready); /* one thread waits for it */
}

void *dml_worker_main(void *argument)
{
    dml_worker *worker = argument;
    dmlcsr_loader *l = worker->loader;
    dml_work work;
    dml_error error;
    pthread_mutex_lock(&l->mutex);
    while (!l->quit) {
        if (!take(l, &work)) {
            pthread_cond_wait(&l->work, &l->mutex);
            continue;
        }
        l->busy++;
        pthread_mutex_unlock(&l->mutex);
        error.text[0] = 0;
        int status = dml_picture_make(l, worker, &work, &error);
        pthread_mutex_lock(&l->mutex);
        finish(l, &work, status, &error);
    }
    pthread_mutex_unlock(&l->mutex);
    return NULL;
}
