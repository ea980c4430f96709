#define _POSIX_C_SOURCE 200809L
#include "train_log.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "epoch," /* no other line begins so */

const char *const log_names[LOG_COLUMNS] = {
    "epoch", "rate", "total", "lovasz", "parse", "binary_edge", "category_edge", "attention_binary",
    "attention_category", "mean_f1", "mean_iou", "accuracy", "ensemble_f1",
};

/* ---- writing ---- */

/* A comma in a class name would be a border between columns. */
static void write_name(FILE *out, const char *name)
{
    for (; *name; name++)
        fputc(*name == ',' ? ';' : *name, out);
}

static void write_header(FILE *out, const run *r)
{
    for (int i = 0; i < LOG_ENSEMBLE_F1; i++)
        fprintf(out, "%s,", log_names[i]);
    for (uint32_t c = 0; c < dmlcsr_dataset_classes(r->train); c++) {
        write_name(out, dmlcsr_dataset_class_name(r->train, c));
        fputc(',', out);
    }
    fprintf(out, "%s\n", log_names[LOG_ENSEMBLE_F1]);
}

static void write_line(FILE *out, const run *r, double rate, const metrics *current, const metrics *ensemble)
{
    fprintf(out, "%u,%.8g", r->epoch + 1, rate);
    for (int i = 0; i < 7; i++)
        fprintf(out, ",%.6g", r->sum[i] / r->steps);
    if (current->classes)
        fprintf(out, ",%.6f,%.6f,%.6f", current->mean_f1, current->mean_iou, current->accuracy);
    else
        fputs(",,,", out);
    for (uint32_t c = 0; c < dmlcsr_dataset_classes(r->train); c++) {
        fputc(',', out);
        if (current->classes && current->of[c].present)
            fprintf(out, "%.6f", current->of[c].f1);
    }
    fputc(',', out);
    if (ensemble->classes)
        fprintf(out, "%.6f", ensemble->mean_f1);
    fputc('\n', out);
}

/* Whether the last header of the log is this one; and whether its last line was written to the end. */
static bool begun(const char *path, const char *header, bool *whole)
{
    char *line = NULL;
    size_t size = 0;
    bool same = false;
    FILE *file = fopen(path, "r");
    *whole = true;
    while (file && getline(&line, &size, file) >= 0) {
        if (strncmp(line, HEADER, strlen(HEADER)) == 0)
            same = strcmp(line, header) == 0;
        *whole = strchr(line, '\n') != NULL;
    }
    free(line);
    if (file)
        fclose(file);
    return same;
}

static bool append(const run *r, const char *header, const char *line)
{
    char path[600];
    bool whole;
    run_path(r, "log.csv", path, sizeof path);
    const bool same = begun(path, header, &whole);
    FILE *file = fopen(path, "a");
    bool ok = file != NULL;
    if (ok) {
        ok = fprintf(file, "%s%s%s", whole ? "" : "\n", same ? "" : header, line) >= 0;
        ok = fclose(file) == 0 && ok;
    }
    if (!ok)
        fprintf(stderr, "dmlcsr-train: %s: %s\n", path, strerror(errno));
    return ok;
}

bool run_log(const run *r, double rate, const metrics *current, const metrics *ensemble)
{
    char *header = NULL, *line = NULL;
    size_t header_size = 0, line_size = 0;
    FILE *head = open_memstream(&header, &header_size), *body = open_memstream(&line, &line_size);
    bool ok = head && body;
    if (head) {
        write_header(head, r);
        ok = fclose(head) == 0 && ok;
    }
    if (body) {
        write_line(body, r, rate, current, ensemble);
        ok = fclose(body) == 0 && ok;
    }
    if (!ok)
        fputs("dmlcsr-train: there is not enough memory for a line of log.csv\n", stderr);
    ok = ok && append(r, header, line);
    free(header);
    free(line);
    return ok;
}

/* ---- reading ---- */

/* Where the fields of the lines below a header go. */
typedef struct layout {
    size_t fields;
    size_t place[LOG_COLUMNS]; /* SIZE_MAX: not there */
} layout;

/* The field that begins at *rest, ended there; NULL behind the last one. */
static char *next_field(char **rest)
{
    char *field = *rest, *comma = field ? strchr(field, ',') : NULL;
    if (comma)
        *comma = 0;
    *rest = comma ? comma + 1 : NULL;
    return field;
}

static layout read_header(char *line)
{
    layout l = { .fields = 0 };
    for (int i = 0; i < LOG_COLUMNS; i++)
        l.place[i] = SIZE_MAX;
    for (char *field; (field = next_field(&line)); l.fields++)
        for (int i = 0; i < LOG_COLUMNS; i++)
            if (l.place[i] == SIZE_MAX && strcmp(field, log_names[i]) == 0)
                l.place[i] = l.fields;
    return l;
}

/* False: the line was cut short, and says nothing. Without an evaluation, older versions ended behind the loss. */
static bool read_line(const layout *l, char *line, double value[LOG_COLUMNS])
{
    size_t fields = 0;
    for (int i = 0; i < LOG_COLUMNS; i++)
        value[i] = NAN;
    for (char *field; (field = next_field(&line)); fields++)
        for (int i = 0; i < LOG_COLUMNS; i++)
            if (l->place[i] == fields && *field)
                value[i] = strtod(field, NULL);
    return (fields == l->fields || fields == LOG_MEAN_F1) && value[LOG_EPOCH] >= 1;
}

static bool add(log_table *t, const double value[LOG_COLUMNS])
{
    while (t->count && t->column[LOG_EPOCH][t->count - 1] >= value[LOG_EPOCH])
        t->count--;
    if (t->count == t->room) {
        const size_t room = t->room + 256;
        for (int i = 0; i < LOG_COLUMNS; i++) {
            double *more = realloc(t->column[i], room * sizeof *more);
            if (!more)
                return false;
            t->column[i] = more;
        }
        t->room = room;
    }
    for (int i = 0; i < LOG_COLUMNS; i++)
        t->column[i][t->count] = value[i];
    t->count++;
    return true;
}

static bool read_lines(log_table *t, FILE *file)
{
    char *line = NULL;
    size_t size = 0;
    double value[LOG_COLUMNS];
    layout l = { .fields = 0 };
    bool ok = true;
    for (ssize_t length; ok && (length = getline(&line, &size, file)) > 0;) {
        if (line[length - 1] != '\n')
            continue;
        line[length - 1] = 0;
        if (strncmp(line, HEADER, strlen(HEADER)) == 0)
            l = read_header(line);
        else if (read_line(&l, line, value))
            ok = add(t, value);
    }
    free(line);
    return ok;
}

bool log_read(log_table *out, const run *r, note *error)
{
    char path[600];
    memset(out, 0, sizeof *out);
    run_path(r, "log.csv", path, sizeof path);
    FILE *file = fopen(path, "r");
    if (!file) {
        note_set(error, "%s: %s", path, strerror(errno));
        return false;
    }
    const bool ok = read_lines(out, file);
    fclose(file);
    if (!ok) {
        note_set(error, "%s: there is not enough memory for its lines", path);
        log_free(out);
    }
    return ok;
}

void log_free(log_table *t)
{
    for (int i = 0; i < LOG_COLUMNS; i++)
        free(t->column[i]);
    memset(t, 0, sizeof *t);
}
