/* Parses the pictures of a set, several side by side, and counts. */
#define _POSIX_C_SOURCE 200809L
#include "evaluate_job.h"

#include <stdlib.h>
#include <string.h>

typedef struct worker {
    job *job;
    dmlcsr *parser;
    pthread_t thread;
    confusion counted;
} worker;

/* ---- messages ---- */

void job_say(job *j, const char *sentence)
{
    pthread_mutex_lock(&j->mutex);
    progress_hide(&j->bar);
    fprintf(stderr, PROGRAM ": %s\n", sentence);
    pthread_mutex_unlock(&j->mutex);
}

/* Scores of a part of the pictures would look like scores of all: the first failure ends the run. */
static void fail(job *j, const char *sentence)
{
    bool first;
    pthread_mutex_lock(&j->mutex);
    first = !j->failed;
    j->failed = true;
    pthread_mutex_unlock(&j->mutex);
    if (first && !evaluate_stopped)
        job_say(j, sentence);
}

static size_t picture_index(const job *j, uint32_t i)
{
    return (size_t)i * j->asked->shards + j->asked->shard - 1;
}

/* ---- one picture ---- */

/* The maps are freed by the caller, whatever happens. */
static bool parse(worker *w, const picture *photo, evaluate_maps *maps, bool edges, note *error)
{
    dmlcsr_image image = { photo->pixels, photo->width, photo->height, (size_t)photo->width * 3, DMLCSR_RGB8 };
    const size_t count = (size_t)photo->width * photo->height;
    dmlcsr_result result;
    dmlcsr_result_init(&result);
    result.labels = maps->labels = malloc(count);
    if (edges) {
        result.binary_edge = maps->binary_edge = malloc(count * sizeof *maps->binary_edge);
        result.category_edge = maps->category_edge = malloc(count);
    }
    if (!maps->labels || (edges && (!maps->binary_edge || !maps->category_edge))) {
        note_set(error, "there is not enough memory for %u x %u pixels", photo->width, photo->height);
        return false;
    }
    if (dmlcsr_parse_region(w->parser, &image, NULL, &result) == DMLCSR_OK)
        return true;
    note_set(error, "%s", dmlcsr_last_error(w->parser));
    return false;
}

static void do_picture(worker *w, uint32_t i)
{
    job *j = w->job;
    const listing_pair *pair = &j->files.pairs[picture_index(j, i)];
    const bool drawn = evaluate_sheet_wants(&j->sheet, i);
    evaluate_maps maps = { NULL, NULL, NULL };
    picture photo, labels;
    note error, text;
    if (!listing_load(&j->files, picture_index(j, i), &photo, &labels, &error)) {
        fail(j, error.text);
        return;
    }
    if (photo.warning.text[0] && !j->asked->quiet) {
        note_set(&text, "%.200s: warning: %.280s", pair->image, photo.warning.text);
        job_say(j, text.text);
    }
    bool ok = parse(w, &photo, &maps, drawn && j->sheet.edges, &error);
    if (ok && drawn)
        ok = evaluate_sheet_draw(&j->sheet, i, pair->image, &photo, labels.pixels, &maps, &error);
    if (ok)
        confusion_add(&w->counted, labels.pixels, maps.labels, (size_t)photo.width * photo.height);
    else {
        note_set(&text, "%.200s: %.300s", pair->image, error.text);
        fail(j, text.text);
    }
    free(maps.labels);
    free(maps.binary_edge);
    free(maps.category_edge);
    picture_free(&photo);
    picture_free(&labels);
}

/* ---- all pictures ---- */

/* The number of the next picture; `count` when there is none. */
static uint32_t take_next(job *j)
{
    pthread_mutex_lock(&j->mutex);
    uint32_t i = j->failed || evaluate_stopped ? j->count : j->next < j->count ? j->next++ : j->count;
    pthread_mutex_unlock(&j->mutex);
    return i;
}

static void tell_progress(job *j)
{
    pthread_mutex_lock(&j->mutex);
    double seconds = steady_seconds() - j->bar.started;
    j->done++;
    snprintf(j->rate, sizeof j->rate, "%.1f pictures/s", j->done / (seconds > 0 ? seconds : 1));
    j->bar.name = j->rate;
    j->bar.done = j->done;
    progress_show(&j->bar, 0);
    pthread_mutex_unlock(&j->mutex);
}

static void *work(void *opaque)
{
    worker *w = opaque;
    for (uint32_t i; (i = take_next(w->job)) < w->job->count;) {
        do_picture(w, i);
        tell_progress(w->job);
    }
    return NULL;
}

static bool prepare(worker *w, job *j, bool first)
{
    w->job = j;
    w->parser = first ? j->parser : NULL;
    if (!confusion_make(&w->counted, j->files.classes)) {
        fail(j, "there is not enough memory for a confusion matrix");
        return false;
    }
    int status = first ? DMLCSR_OK : dmlcsr_clone(&w->parser, j->parser);
    if (status != DMLCSR_OK)
        fail(j, dmlcsr_strerror(status));
    return status == DMLCSR_OK;
}

/* The calling thread is the first worker. After a failure none of them takes another picture. */
static bool run_workers(job *j, worker *workers, uint32_t count)
{
    uint32_t ready = 0, started = 1;
    while (ready < count && prepare(&workers[ready], j, ready == 0))
        ready++;
    for (; started < ready; started++)
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) {
            fail(j, "a thread cannot be started");
            break;
        }
    if (ready)
        work(&workers[0]);
    for (uint32_t i = 1; i < started && i < ready; i++)
        pthread_join(workers[i].thread, NULL);
    progress_hide(&j->bar);
    return !j->failed && !evaluate_stopped;
}

int job_work(job *j, uint32_t threads)
{
    uint32_t count = threads < j->count ? threads : j->count;
    worker *workers = calloc(count ? count : 1, sizeof *workers);
    bool ok = workers != NULL;
    progress_start(&j->bar, j->count, j->asked->quiet);
    if (ok && count)
        ok = run_workers(j, workers, count);
    for (uint32_t i = 0; workers && i < count; i++) {
        if (ok)
            confusion_merge(&j->found->confusion, &workers[i].counted);
        confusion_free(&workers[i].counted);
        dmlcsr_free(i ? workers[i].parser : NULL);
    }
    free(workers);
    j->found->seconds = steady_seconds() - j->bar.started;
    return ok ? -1 : EXIT_PICTURES;
}

