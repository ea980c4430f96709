#define _POSIX_C_SOURCE 200809L
#include "score.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "listing.h"
#include "processes.h"

typedef struct worker {
    score *score;
    dmlcsr *parser;
    pthread_t thread;
    confusion counted;
} worker;

void score_init(score *s, const char *program, bool quiet)
{
    memset(s, 0, sizeof *s);
    s->program = program;
    s->quiet = quiet;
    pthread_mutex_init(&s->mutex, NULL);
}

void score_free(score *s)
{
    dmlcsr_free(s->parser);
    pthread_mutex_destroy(&s->mutex);
}

uint32_t score_threads(uint32_t asked)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return asked ? asked : cores < 1 ? 1 : cores > 256 ? 256 : (uint32_t)cores;
}

static bool stopped(const score *s)
{
    return s->stop && *s->stop;
}

/* ---- messages ---- */

void score_say(score *s, const char *sentence)
{
    pthread_mutex_lock(&s->mutex);
    progress_hide(&s->bar);
    fprintf(stderr, "%s: %s\n", s->program, sentence);
    pthread_mutex_unlock(&s->mutex);
}

/* Scores of a part of the pictures would look like scores of all: the first failure ends the run. */
static void fail(score *s, const char *sentence)
{
    bool first;
    pthread_mutex_lock(&s->mutex);
    first = !s->failed;
    s->failed = true;
    pthread_mutex_unlock(&s->mutex);
    if (first && !stopped(s))
        score_say(s, sentence);
}

/* ---- one picture ---- */

/* The maps are freed by the caller, whatever happens. */
static bool parse(worker *w, const picture *photo, score_maps *maps, bool edges, note *error)
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

static void do_picture(worker *w, uint32_t index)
{
    score *s = w->score;
    const bool drawn = s->sheet && score_sheet_wants(s->sheet, index);
    const char *image, *label;
    score_maps maps = { NULL, NULL, NULL };
    picture photo, labels;
    note error, text;
    s->files(s->opaque, index, &image, &label);
    if (!pair_load(image, label, s->classes, &photo, &labels, &error)) {
        fail(s, error.text);
        return;
    }
    if (photo.warning.text[0] && !s->quiet) {
        note_set(&text, "%.200s: warning: %.280s", image, photo.warning.text);
        score_say(s, text.text);
    }
    bool ok = parse(w, &photo, &maps, drawn && s->sheet->edges, &error);
    if (ok && drawn)
        ok = score_sheet_draw(s->sheet, index, image, &photo, labels.pixels, &maps, &error);
    if (ok)
        confusion_add(&w->counted, labels.pixels, maps.labels, (size_t)photo.width * photo.height);
    else {
        note_set(&text, "%.200s: %.300s", image, error.text);
        fail(s, text.text);
    }
    free(maps.labels);
    free(maps.binary_edge);
    free(maps.category_edge);
    picture_free(&photo);
    picture_free(&labels);
}

/* ---- all pictures ---- */

/* The number of the next picture; `count` when there is none. */
static uint32_t take_next(score *s)
{
    pthread_mutex_lock(&s->mutex);
    uint32_t i = s->failed || stopped(s) ? s->count : s->next < s->count ? s->next++ : s->count;
    pthread_mutex_unlock(&s->mutex);
    return i;
}

static void tell_progress(score *s)
{
    pthread_mutex_lock(&s->mutex);
    double seconds = steady_seconds() - s->bar.started;
    s->done++;
    snprintf(s->rate, sizeof s->rate, "%.1f pictures/s", s->done / (seconds > 0 ? seconds : 1));
    s->bar.name = s->rate;
    s->bar.done = s->done;
    progress_show(&s->bar, 0);
    pthread_mutex_unlock(&s->mutex);
}

static void *work(void *opaque)
{
    worker *w = opaque;
    for (uint32_t i; (i = take_next(w->score)) < w->score->count;) {
        do_picture(w, i);
        tell_progress(w->score);
    }
    return NULL;
}

static bool prepare(worker *w, score *s, bool first)
{
    w->score = s;
    w->parser = first ? s->parser : NULL;
    if (!confusion_make(&w->counted, s->classes)) {
        fail(s, "there is not enough memory for a confusion matrix");
        return false;
    }
    int status = first ? DMLCSR_OK : dmlcsr_clone(&w->parser, s->parser);
    if (status != DMLCSR_OK)
        fail(s, dmlcsr_strerror(status));
    return status == DMLCSR_OK;
}

/* The calling thread is the first worker. After a failure none of them takes another picture. */
static bool run_workers(score *s, worker *workers, uint32_t count)
{
    uint32_t ready = 0, started = 1;
    while (ready < count && prepare(&workers[ready], s, ready == 0))
        ready++;
    for (; started < ready; started++)
        if (pthread_create(&workers[started].thread, NULL, work, &workers[started]) != 0) {
            fail(s, "a thread cannot be started");
            break;
        }
    if (ready)
        work(&workers[0]);
    for (uint32_t i = 1; i < started && i < ready; i++)
        pthread_join(workers[i].thread, NULL);
    progress_hide(&s->bar);
    return !s->failed && !stopped(s);
}

bool score_run(score *s, confusion *found, uint32_t threads)
{
    uint32_t count = threads < s->count ? threads : s->count;
    worker *workers = calloc(count ? count : 1, sizeof *workers);
    bool ok = workers != NULL;
    if (!ok)
        fail(s, "there is not enough memory for threads");
    progress_start(&s->bar, s->count, s->quiet);
    if (ok && count)
        ok = run_workers(s, workers, count);
    for (uint32_t i = 0; workers && i < count; i++) {
        if (ok)
            confusion_merge(found, &workers[i].counted);
        confusion_free(&workers[i].counted);
        dmlcsr_free(i ? workers[i].parser : NULL);
    }
    free(workers);
    return ok;
}

void score_join(confusion *found)
{
    uint64_t counts[2] = { found->pictures, found->ignored };
    processes_sum(found->pixels, (size_t)found->classes * found->classes);
    processes_sum(counts, 2);
    found->pictures = counts[0];
    found->ignored = counts[1];
}
