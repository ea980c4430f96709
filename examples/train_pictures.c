#include "train_pictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "train_log.h"

enum { LOSSES = LOG_MEAN_F1 - LOG_TOTAL };

static void complain(const char *path, const note *error)
{
    fprintf(stderr, "dmlcsr-train: warning: %s: %s\n", path, error->text);
}

/* Where `pictures` is no multiple of `evaluate`, they are due with the next evaluation. A cycle ends with a new
   network, the run with the last one. One process of several draws. */
bool pictures_due(const run *r)
{
    const uint32_t each = (uint32_t)r->s->pictures, every = (uint32_t)r->s->evaluate, done = r->epoch + 1;
    if (!each || r->own_folder)
        return false;
    if (!every || done % every || done == (uint32_t)r->s->epochs
        || dmlcsr_schedule_cycles(&r->schedule, done) > dmlcsr_schedule_cycles(&r->schedule, r->epoch))
        return true;
    return done / each > (done - every) / each;
}

/* ---- curves ---- */

/* First epochs of the cycles so far; NULL, and 0, when there are none. */
static double *cycle_starts(const run *r, const log_table *t, size_t *count)
{
    const dmlcsr_schedule *s = &r->schedule;
    const double last = t->column[LOG_EPOCH][t->count - 1];
    *count = 0;
    if (!s->cycle_epochs || last <= s->cycle_start)
        return NULL;
    double *starts = malloc(((size_t)(last - s->cycle_start) / s->cycle_epochs + 1) * sizeof *starts);
    for (double first = s->cycle_start + 1.0; starts && first <= last; first += s->cycle_epochs)
        starts[(*count)++] = first;
    return starts;
}

static chart_series series_of(const log_table *t, int column, const char *name)
{
    return (chart_series){ name, t->column[column], t->column[LOG_EPOCH], t->count, 0 };
}

static bool draw_curves(const run *r, const char *path, const log_table *t, note *error)
{
    chart_series loss[LOSSES], rate = series_of(t, LOG_RATE, "rate");
    chart_series f1[] = { series_of(t, LOG_MEAN_F1, r->s->average > 0 ? "moving average" : "current"),
                          series_of(t, LOG_ENSEMBLE_F1, "self-ensemble") };
    size_t marks, count = 0;
    double *starts = cycle_starts(r, t, &marks);
    for (int i = 0; i < LOSSES; i++)
        loss[i] = series_of(t, LOG_TOTAL + i, log_names[LOG_TOTAL + i]);
    const chart like = { .height = 400, .x_label = "epoch", .has_x_range = true, .x_low = t->column[LOG_EPOCH][0],
                         .x_high = t->column[LOG_EPOCH][t->count - 1], .marks = starts, .mark_count = marks };
    chart all[3];
    all[count] = like;
    all[count].title = marks ? "terms of the loss (dashed: a cycle begins)" : "terms of the loss";
    all[count].height = 480;
    all[count].log_y = true;
    all[count].series = loss;
    all[count++].series_count = LOSSES;
    if (r->validate) {
        all[count] = like;
        all[count].title = "mean F1 on the validation set";
        all[count].series = f1;
        all[count++].series_count = dmlcsr_schedule_cycles(&r->schedule, (uint32_t)like.x_high) ? 2 : 1;
    }
    all[count] = like;
    all[count].title = "learning rate";
    all[count].log_y = true;
    all[count].series = &rate;
    all[count++].series_count = 1;
    const bool ok = charts_save(path, all, count, error);
    free(starts);
    return ok;
}

void pictures_curves(const run *r)
{
    char path[600];
    log_table t;
    note error;
    run_path(r, "curves.png", path, sizeof path);
    bool ok = log_read(&t, r, &error);
    if (ok && t.count)
        ok = draw_curves(r, path, &t, &error);
    if (!ok)
        complain(path, &error);
    log_free(&t);
}

/* ---- the sheet ---- */

bool pictures_sheet_make(score_sheet *s, const run *r, const dmlcsr *parser, int which, uint32_t pictures)
{
    static const char *const networks[] = { "current network", "self-ensemble", "moving average" };
    const char *names[SHEET_CLASSES];
    const uint32_t classes = dmlcsr_class_count(parser);
    char path[600], title[160];
    note error;
    snprintf(title, sizeof title, "%s after epoch %u, set %s", networks[which], r->epoch + 1, r->s->validate);
    for (uint32_t i = 0; i < classes; i++)
        names[i] = dmlcsr_class_name(parser, i);
    if (score_sheet_make(s, parser, title, pictures, pictures, 0, classes, names, &error))
        return true;
    run_path(r, "sheet.png", path, sizeof path);
    complain(path, &error);
    return false;
}

void pictures_sheet_save(const score_sheet *s, const run *r)
{
    char path[600];
    note error;
    run_path(r, "sheet.png", path, sizeof path);
    if (!sheet_save(&s->sheet, path, &error))
        complain(path, &error);
}
