/*
 * dmlcsr-evaluate: how good a model is on a labelled set.
 *
 * The flow is here; what was asked is in evaluate_args.c, model and data in evaluate_open.c, the pictures of a shard in
 * evaluate_run.c, sums of shards in evaluate_merge.c, tables and JSON in evaluate_report.c. Lists of files come from
 * listing*.c, threads over pictures from score.c, numbers from metrics.c.
 */
#define _POSIX_C_SOURCE 200809L
#include "evaluate.h"
#include "processes.h"

#include <stdlib.h>
#include <string.h>

volatile sig_atomic_t evaluate_stopped;

static void on_signal(int number)
{
    evaluate_stopped = number;
}

/* ---- an evaluation ---- */

bool evaluation_make(evaluation *e, uint32_t classes, const char *const *names, uint32_t shards)
{
    e->shards = shards;
    e->done = calloc(shards, sizeof *e->done);
    e->names = calloc(classes, sizeof *e->names);
    bool ok = confusion_make(&e->confusion, classes) && e->done && e->names;
    for (uint32_t i = 0; ok && i < classes; i++)
        ok = (e->names[i] = strdup(names[i])) != NULL;
    if (!ok)
        fputs(PROGRAM ": there is not enough memory\n", stderr);
    return ok;
}

void evaluation_free(evaluation *e)
{
    for (uint32_t i = 0; e->names && i < e->confusion.classes; i++)
        free(e->names[i]);
    free(e->names);
    free(e->done);
    free(e->model);
    free(e->data);
    free(e->set);
    free(e->kind);
    free(e->isa);
    free(e->precision);
    confusion_free(&e->confusion);
    score_sheet_free(&e->sheet);
    memset(e, 0, sizeof *e);
}

/* ---- reports ---- */

static bool complain(const char *path, const note *error)
{
    fprintf(stderr, PROGRAM ": %s: %s\n", path, error->text);
    return false;
}

/* Asked before the first picture: nobody wants to hear it hours later. */
static bool try_files(const request *r)
{
    note error;
    if (r->json && strcmp(r->json, "-") != 0 && !replacement_try(r->json, &error))
        return complain(r->json, &error);
    return !r->sheet || replacement_try(r->sheet, &error) || complain(r->sheet, &error);
}

static bool save_json(const char *path, const evaluation *e)
{
    replacement file;
    note error;
    bool ok = replacement_open(&file, path, &error);
    if (ok) {
        report_json(file.file, e);
        ok = replacement_close(&file, true, &error);
    }
    return ok || complain(path, &error);
}

static bool save_sheet(const char *path, const evaluation *e)
{
    note error;
    return sheet_save(&e->sheet.sheet, path, &error) || complain(path, &error);
}

/* The numbers first. When their file cannot be written after all, there is a table even for those who wanted none: it is
   all that is left. */
static int report(const evaluation *e, const request *r)
{
    bool to_output = r->json && strcmp(r->json, "-") == 0, ok = !r->json || to_output || save_json(r->json, e);
    if (to_output)
        report_json(stdout, e);
    else if (!r->quiet || !ok)
        report_table(stdout, e, r->confusion);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs(PROGRAM ": standard output cannot be written\n", stderr);
        ok = false;
    }
    if (r->sheet)
        ok = save_sheet(r->sheet, e) && ok;
    return ok ? EXIT_FINE : EXIT_PICTURES;
}

/* Under mpirun, every process parses its shard, and the first one tells what all have found. */
static int evaluate(evaluation *e, request *r)
{
    if (processes_count() > 1) {
        r->shard = processes_rank() + 1;
        r->shards = processes_count();
    }
    if (processes_rank() > 0)
        r->sheet = r->json = NULL;
    int code = !try_files(r) ? EXIT_PICTURES : r->merge ? evaluation_merge(e, r) : evaluation_run(e, r);
    if (code >= 0 && !evaluate_stopped)
        processes_end_all(code);
    if (code < 0)
        code = evaluation_join(e);
    return code < 0 && processes_rank() == 0 ? report(e, r) : code < 0 ? EXIT_FINE : code;
}

int main(int argc, char **argv)
{
    request r;
    evaluation e;
    struct sigaction action;
    if (!processes_start(PROGRAM))
        return EXIT_PICTURES;
    int code = processes_worst(request_read(&r, argc, argv));
    memset(&e, 0, sizeof e);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* the second one ends the program at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (code < 0)
        code = evaluate(&e, &r);
    evaluation_free(&e);
    if (evaluate_stopped) /* end as the signal would have done it, so that a calling script stops, too */
        raise(evaluate_stopped);
    processes_stop();
    return code;
}
