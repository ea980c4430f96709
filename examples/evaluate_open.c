/* The model and the data of a run, and how it goes from there. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "evaluate_job.h"

/* ---- what the library calls ---- */

static int on_progress(void *opaque, uint32_t done, uint32_t total)
{
    (void)opaque;
    (void)done;
    (void)total;
    return evaluate_stopped != 0;
}

static void on_log(void *opaque, int level, const char *message)
{
    job *j = opaque;
    if (level == DMLCSR_LOG_WARNING && !j->asked->quiet)
        score_say(&j->score, message);
}

/* ---- the model and the data ---- */

static int load_model(job *j, uint32_t threads)
{
    const request *r = j->asked;
    char error[512] = "";
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.threads = threads;
    options.isa = r->isa;
    options.precision = r->precision;
    options.input_size = r->size;
    options.geometry = r->geometry;
    options.keep_edges = r->sheet != NULL;
    options.log = on_log;
    options.progress = on_progress;
    options.opaque = j;
    options.error = error;
    options.error_size = sizeof error;
    dmlcsr_free(j->score.parser);
    j->score.parser = NULL;
    int status = dmlcsr_create(&j->score.parser, r->model, &options);
    if (status == DMLCSR_OK)
        return -1;
    if (evaluate_stopped)
        return EXIT_PICTURES;
    return option_model_failed(PROGRAM, r->model, status, error);
}

static int read_listing(job *j)
{
    const request *r = j->asked;
    uint32_t classes = dmlcsr_class_count(j->score.parser);
    note error;
    if (!listing_read(&j->files, r->data, r->set, r->kind, classes, &error)) {
        fprintf(stderr, PROGRAM ": %s\n", error.text);
        return EXIT_PICTURES;
    }
    if (j->files.classes == classes)
        return -1;
    fprintf(stderr, PROGRAM ": the model %s tells %u classes apart, but the data set has %u (%s)\n",
            r->model ? r->model : "small", classes, j->files.classes, j->files.title);
    return EXIT_USAGE;
}

/* In a model file, names have "_" for blanks. */
static bool same_name(const char *model, const char *data)
{
    for (; *model && (*model == *data || (*model == '_' && *data == ' ')); model++)
        data++;
    return *model == *data;
}

/* "left eye" and "l_eye" may well be the same: only worth a look. */
static void compare_names(const job *j)
{
    for (uint32_t i = 1; i < j->files.classes && !j->asked->quiet; i++) {
        const char *name = dmlcsr_class_name(j->score.parser, i);
        if (same_name(name, j->files.names[i]))
            continue;
        fprintf(stderr, PROGRAM ": warning: class %u is \"%s\" in the model, \"%s\" in the data set%s\n", i, name,
                j->files.names[i], " (numbers count, not names)");
        return;
    }
}

/* Of the first `limit` pictures, every one that is this shard's. */
static void choose_pictures(job *j)
{
    const request *r = j->asked;
    size_t all = r->limit && r->limit < j->files.count ? r->limit : j->files.count;
    j->score.count = (uint32_t)((all + r->shards - r->shard) / r->shards);
}

static int describe(job *j, uint32_t threads)
{
    const request *r = j->asked;
    evaluation *e = j->found;
    e->model = strdup(r->model ? r->model : "small");
    e->data = strdup(r->data);
    e->set = strdup(r->set);
    e->kind = strdup(j->files.title);
    e->isa = strdup(dmlcsr_isa(j->score.parser));
    e->precision = strdup(dmlcsr_precision(j->score.parser));
    e->protocol = protocol_names[r->geometry];
    e->input_size = dmlcsr_input_size(j->score.parser);
    e->threads = threads;
    e->limit = r->limit;
    if (!e->model || !e->data || !e->set || !e->kind || !e->isa || !e->precision ||
        !evaluation_make(e, j->files.classes, (const char *const *)j->files.names, r->shards))
        return EXIT_PICTURES;
    e->done[r->shard - 1] = true;
    return -1;
}

static int make_sheet(job *j)
{
    const request *r = j->asked;
    evaluation *e = j->found;
    char title[400];
    note error;
    snprintf(title, sizeof title, "%.100s, set %.60s: model %.100s, protocol %s", e->data, e->set, e->model,
             e->protocol);
    if (score_sheet_make(&e->sheet, j->score.parser, title, r->sheet_count, j->score.count, r->sheet_cell,
                         e->confusion.classes, (const char *const *)e->names, &error))
        return -1;
    fprintf(stderr, PROGRAM ": %s: %s\n", r->sheet, error.text);
    return EXIT_PICTURES;
}

static int run(job *j)
{
    const request *r = j->asked;
    uint32_t threads = score_threads(r->threads);
    int code = load_model(j, 1);
    if (code < 0)
        code = read_listing(j);
    if (code >= 0)
        return code;
    compare_names(j);
    choose_pictures(j);
    if (j->score.count && j->score.count < threads) /* few pictures: several threads on each */
        code = load_model(j, threads / j->score.count);
    if (code < 0)
        code = describe(j, threads);
    if (code < 0 && r->sheet)
        code = make_sheet(j);
    if (code < 0)
        code = job_work(j, threads);
    return code;
}

int evaluation_run(evaluation *e, const request *r)
{
    job j;
    memset(&j, 0, sizeof j);
    j.asked = r;
    j.found = e;
    score_init(&j.score, PROGRAM, r->quiet);
    int code = run(&j);
    listing_free(&j.files);
    score_free(&j.score);
    return code;
}
