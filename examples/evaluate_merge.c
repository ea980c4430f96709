/* Adds up what several runs found on parts of a set: confusion matrices are sums, so nothing is lost. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "json.h"
#include "processes.h"
#include "score.h"

static const char *text_of(const json *j, const char *key)
{
    const json *found = json_get(j, key, JSON_STRING);
    return found ? found->text : "";
}

static double number_of(const json *j, const char *key)
{
    const json *found = json_get(j, key, JSON_NUMBER);
    return found ? found->number : -1;
}

/* A whole number that a double holds exactly, up to `most`. */
static bool whole(const json *j, double most)
{
    return j && j->type == JSON_NUMBER && j->number >= 0 && j->number <= most &&
           j->number == (double)(uint64_t)j->number;
}

static bool read_matrix(confusion *c, const json *j)
{
    const json *rows = json_get(j, "confusion", JSON_ARRAY), *pictures = json_get(j, "pictures", JSON_NUMBER);
    const json *ignored = json_get(j, "ignored", JSON_NUMBER);
    const double most = 9007199254740992.0;
    if (!rows || rows->count != c->classes || !whole(pictures, most) || !whole(ignored, most))
        return false;
    for (uint32_t label = 0; label < c->classes; label++) {
        const json *row = &rows->items[label];
        if (row->type != JSON_ARRAY || row->count != c->classes)
            return false;
        for (uint32_t k = 0; k < c->classes; k++) {
            if (!whole(&row->items[k], most))
                return false;
            c->pixels[(size_t)label * c->classes + k] = (uint64_t)row->items[k].number;
        }
    }
    c->pictures = (uint64_t)pictures->number;
    c->ignored = (uint64_t)ignored->number;
    return true;
}

static bool read_shards(evaluation *e, const json *j)
{
    const json *done = json_get(json_get(j, "shards", JSON_OBJECT), "done", JSON_ARRAY);
    for (size_t i = 0; done && i < done->count; i++) {
        if (!whole(&done->items[i], e->shards) || done->items[i].number < 1)
            return false;
        e->done[(uint32_t)done->items[i].number - 1] = true;
    }
    return done && done->count;
}

/* Class names and the size of everything. */
static bool read_frame(evaluation *e, const json *j)
{
    const char *names[METRICS_CLASSES];
    const json *classes = json_get(j, "classes", JSON_ARRAY);
    double shards = number_of(json_get(j, "shards", JSON_OBJECT), "of");
    if (!classes || classes->count < 2 || classes->count > METRICS_CLASSES || !(shards >= 1 && shards <= 1000000))
        return false;
    for (size_t i = 0; i < classes->count; i++)
        names[i] = text_of(&classes->items[i], "name");
    return evaluation_make(e, (uint32_t)classes->count, names, (uint32_t)shards);
}

static bool read_numbers(evaluation *e, const json *j)
{
    double size = number_of(j, "input_size"), threads = number_of(j, "threads"), limit = number_of(j, "limit");
    e->seconds = number_of(j, "seconds");
    if (!(size >= 0 && size <= 65535 && threads >= 0 && threads <= 65535 && limit >= 0 && limit <= UINT32_MAX &&
          e->seconds >= 0))
        return false;
    e->input_size = (uint32_t)size;
    e->threads = (uint32_t)threads;
    e->limit = (uint32_t)limit;
    return true;
}

static bool read_file(evaluation *e, const char *path, note *error)
{
    json j;
    memset(e, 0, sizeof *e);
    if (!json_read(&j, path, error))
        return false;
    for (int i = 0; i < 2; i++)
        if (strcmp(text_of(&j, "protocol"), protocol_names[i]) == 0)
            e->protocol = protocol_names[i];
    bool ok = strcmp(text_of(&j, "program"), PROGRAM) == 0 && e->protocol && read_frame(e, &j) &&
              read_numbers(e, &j) && read_shards(e, &j) && read_matrix(&e->confusion, &j);
    if (ok) {
        e->model = strdup(text_of(&j, "model"));
        e->data = strdup(text_of(&j, "data"));
        e->set = strdup(text_of(&j, "set"));
        e->kind = strdup(text_of(&j, "kind"));
        e->isa = strdup(text_of(&j, "isa"));
        e->precision = strdup(text_of(&j, "precision"));
        ok = e->model && e->data && e->set && e->kind && e->isa && e->precision;
    }
    if (!ok)
        note_set(error, "%s: is not a file of " PROGRAM " --json", path);
    json_free(&j);
    return ok;
}

/* What makes two files parts of one evaluation. The folder may be another on another machine, the ISA, too. */
static const char *difference(const evaluation *a, const evaluation *b)
{
    if (strcmp(a->protocol, b->protocol) != 0)
        return "protocol";
    if (strcmp(a->model, b->model) != 0)
        return "model";
    if (strcmp(a->precision, b->precision) != 0)
        return "precision";
    if (strcmp(a->set, b->set) != 0)
        return "set";
    if (a->input_size != b->input_size)
        return "input size";
    if (a->limit != b->limit)
        return "limit";
    if (a->shards != b->shards)
        return "number of shards";
    bool same = a->confusion.classes == b->confusion.classes;
    for (uint32_t i = 0; same && i < a->confusion.classes; i++)
        same = strcmp(a->names[i], b->names[i]) == 0;
    return same ? NULL : "list of classes";
}

static bool add(evaluation *to, const evaluation *from, const char *first, const char *path, note *error)
{
    const char *different = difference(to, from);
    if (different) {
        note_set(error, "%s: has another %s than %s", path, different, first);
        return false;
    }
    for (uint32_t i = 0; i < to->shards; i++) {
        if (to->done[i] && from->done[i]) {
            note_set(error, "%s: shard %u of %u is in a file before it already", path, i + 1, to->shards);
            return false;
        }
        to->done[i] = to->done[i] || from->done[i];
    }
    confusion_merge(&to->confusion, &from->confusion);
    to->seconds += from->seconds;
    if (strcmp(to->isa, from->isa) != 0) {
        char *several = strdup("several instruction sets");
        free(to->isa);
        to->isa = several;
    }
    return to->isa != NULL;
}

static void tell_missing(const evaluation *e)
{
    const char *separator = " ";
    uint32_t missing = 0;
    for (uint32_t i = 0; i < e->shards; i++)
        missing += !e->done[i];
    if (!missing)
        return;
    fputs(PROGRAM ": warning: these shards are missing:", stderr);
    for (uint32_t i = 0; i < e->shards; i++) {
        if (e->done[i])
            continue;
        fprintf(stderr, "%s%u", separator, i + 1);
        separator = ", ";
    }
    fprintf(stderr, " of %u\n", e->shards);
}

/* Each process has a shard: together they are the whole set, in the time of the slowest. */
int evaluation_join(evaluation *e)
{
    char classes[16], size[16];
    if (processes_count() == 1)
        return -1;
    snprintf(classes, sizeof classes, "%u", (unsigned)e->confusion.classes);
    snprintf(size, sizeof size, "%u", (unsigned)e->input_size);
    if (!processes_same("the number of classes", classes) || !processes_same("the input's size", size))
        return EXIT_USAGE;
    score_join(&e->confusion);
    e->seconds = processes_longest(e->seconds);
    e->shards = 1;
    e->done[0] = true;
    return -1;
}

int evaluation_merge(evaluation *e, const request *r)
{
    note error = { "there is not enough memory" };
    bool ok = read_file(e, r->files[0], &error);
    for (size_t i = 1; ok && i < r->file_count; i++) {
        evaluation next;
        ok = read_file(&next, r->files[i], &error) && add(e, &next, r->files[0], r->files[i], &error);
        evaluation_free(&next);
    }
    if (ok && !r->quiet)
        tell_missing(e);
    if (!ok)
        fprintf(stderr, PROGRAM ": %s\n", error.text);
    return ok ? -1 : EXIT_PICTURES;
}
