/* What was found: a table for people, JSON for programs and for adding up. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "json.h"

/* ---- the table ---- */

static int name_width(const evaluation *e)
{
    size_t longest = 10;
    for (uint32_t i = 0; i < e->confusion.classes; i++)
        longest = strlen(e->names[i]) > longest ? strlen(e->names[i]) : longest;
    return longest > 24 ? 24 : (int)longest;
}

static uint32_t shards_done(const evaluation *e)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < e->shards; i++)
        done += e->done[i];
    return done;
}

static void write_head(FILE *out, const evaluation *e, const metrics *m)
{
    fprintf(out, "%s, set %s (%s): %" PRIu64 " pictures", e->data, e->set, e->kind, e->confusion.pictures);
    if (shards_done(e) < e->shards)
        fprintf(out, " in %" PRIu32 " of %" PRIu32 " shards", shards_done(e), e->shards);
    fprintf(out, ", %.1f megapixels with labels, %.1f s", (double)m->pixels / 1e6, e->seconds);
    fprintf(out, e->seconds > 0 ? " (%.1f pictures/s)\n" : "\n", (double)e->confusion.pictures / e->seconds);
    fprintf(out, "model %s: %" PRIu32 " classes, input %" PRIu32 " x %" PRIu32 ", %s, %s\n", e->model, m->classes,
            e->input_size, e->input_size, e->isa, e->precision);
    fprintf(out, "protocol %s: %s\n", e->protocol,
            strcmp(e->protocol, protocol_names[DMLCSR_GEOMETRY_COMPATIBLE]) == 0
                ? "argmax at the network's size, nearest pixel back to the labels (as published)"
                : "logits resampled to the labels' size, argmax there");
}

static void write_numbers(FILE *out, const class_metrics *c)
{
    if (c->present)
        fprintf(out, " %7.4f %7.4f %8.3f %% %14" PRIu64 "\n", c->f1, c->iou, 100 * c->share, c->support);
    else
        fprintf(out, " %7s %7s %10s %14s\n", "absent", "-", "-", "0");
}

static void write_means(FILE *out, const metrics *m)
{
    fprintf(out, "  mean F1        %.4f  (%" PRIu32 " classes: without background%s)\n", m->mean_f1, m->f1_classes,
            m->f1_classes + 1 < m->classes ? " and absent ones" : "");
    fprintf(out, "  mean IoU       %.4f  (%" PRIu32 " classes: with background%s)\n", m->mean_iou, m->iou_classes,
            m->iou_classes < m->classes ? ", without absent ones" : "");
    fprintf(out, "  pixel accuracy %.4f\n", m->accuracy);
}

static void write_groups(FILE *out, const evaluation *e, int width)
{
    metrics_group groups[METRICS_GROUPS];
    metrics_groups(groups, &e->confusion, (const char *const *)e->names);
    for (int i = 0; i < METRICS_GROUPS; i++) {
        if (!groups[i].known)
            continue;
        fprintf(out, "  %3s  %-*s", "", width, groups[i].name);
        write_numbers(out, &groups[i].of);
    }
    if (groups[METRICS_GROUPS - 1].known)
        fputs("  (parts taken together, as for Helen; mouth: lips and what is between them; overall: eyes, brows, nose "
              "and mouth)\n", out);
}

/* Rows are labels; a cell is the share of the row in percent, so that small classes can be read, too. */
static void write_confusion(FILE *out, const evaluation *e, const metrics *m, int width)
{
    const confusion *c = &e->confusion;
    fprintf(out, "\n  confusion: of the pixels of a label (row), so many percent have a prediction (column)\n");
    fprintf(out, "  %3s  %-*s", "", width, "");
    for (uint32_t k = 0; k < c->classes; k++)
        fprintf(out, " %5" PRIu32, k);
    fputc('\n', out);
    for (uint32_t label = 0; label < c->classes; label++) {
        fprintf(out, "  %3" PRIu32 "  %-*.*s", label, width, width, e->names[label]);
        for (uint32_t k = 0; k < c->classes; k++) {
            uint64_t pixels = c->pixels[(size_t)label * c->classes + k];
            if (pixels)
                fprintf(out, " %5.1f", 100 * (double)pixels / (double)m->of[label].support);
            else
                fprintf(out, " %5s", ".");
        }
        fputc('\n', out);
    }
}

void report_table(FILE *out, const evaluation *e, bool with_confusion)
{
    const int width = name_width(e);
    metrics *m = malloc(sizeof *m);
    if (!m)
        return;
    metrics_compute(m, &e->confusion);
    write_head(out, e, m);
    fprintf(out, "\n  %3s  %-*s %7s %7s %10s %14s\n", "id", width, "class", "F1", "IoU", "pixels", "support");
    for (uint32_t i = 0; i < m->classes; i++) {
        fprintf(out, "  %3" PRIu32 "  %-*.*s", i, width, width, e->names[i]);
        write_numbers(out, &m->of[i]);
    }
    fputc('\n', out);
    write_groups(out, e, width);
    fputc('\n', out);
    write_means(out, m);
    if (with_confusion)
        write_confusion(out, e, m, width);
    free(m);
}

/* ---- JSON ---- */

static void write_pair(FILE *out, const char *key, const char *value)
{
    fprintf(out, "\"%s\":", key);
    json_write_string(out, value);
    fputc(',', out);
}

static void write_class(FILE *out, const class_metrics *c)
{
    if (c->present)
        fprintf(out, "\"f1\":%.6f,\"iou\":%.6f", c->f1, c->iou);
    else
        fputs("\"f1\":null,\"iou\":null", out);
    fprintf(out, ",\"share\":%.8f,\"support\":%" PRIu64 ",\"predicted\":%" PRIu64 "}", c->share, c->support,
            c->predicted);
}

static void write_classes(FILE *out, const evaluation *e, const metrics *m)
{
    metrics_group groups[METRICS_GROUPS];
    const char *separator = "";
    fputs(" \"classes\":[", out);
    for (uint32_t i = 0; i < m->classes; i++) {
        fprintf(out, "%s\n  {\"id\":%" PRIu32 ",\"name\":", i ? "," : "", i);
        json_write_string(out, e->names[i]);
        fputc(',', out);
        write_class(out, &m->of[i]);
    }
    fputs("],\n \"together\":[", out);
    metrics_groups(groups, &e->confusion, (const char *const *)e->names);
    for (int i = 0; i < METRICS_GROUPS; i++) {
        if (!groups[i].known)
            continue;
        fprintf(out, "%s\n  {\"name\":\"%s\",", separator, groups[i].name);
        write_class(out, &groups[i].of);
        separator = ",";
    }
    fputs("],\n", out);
}

static void write_matrix(FILE *out, const confusion *c)
{
    fputs(" \"confusion\":[", out);
    for (uint32_t label = 0; label < c->classes; label++) {
        fputs(label ? ",\n  [" : "\n  [", out);
        for (uint32_t k = 0; k < c->classes; k++)
            fprintf(out, k ? ",%" PRIu64 : "%" PRIu64, c->pixels[(size_t)label * c->classes + k]);
        fputc(']', out);
    }
    fputs("]}\n", out);
}

static void write_shards(FILE *out, const evaluation *e)
{
    const char *separator = "";
    fprintf(out, " \"shards\":{\"of\":%" PRIu32 ",\"done\":[", e->shards);
    for (uint32_t i = 0; i < e->shards; i++) {
        if (!e->done[i])
            continue;
        fprintf(out, "%s%" PRIu32, separator, i + 1);
        separator = ",";
    }
    fputs("]},\n", out);
}

void report_json(FILE *out, const evaluation *e)
{
    metrics *m = malloc(sizeof *m);
    if (!m)
        return;
    metrics_compute(m, &e->confusion);
    fputs("{\"program\":\"" PROGRAM "\",\n ", out);
    write_pair(out, "model", e->model);
    write_pair(out, "data", e->data);
    write_pair(out, "set", e->set);
    write_pair(out, "kind", e->kind);
    write_pair(out, "protocol", e->protocol);
    write_pair(out, "isa", e->isa);
    write_pair(out, "precision", e->precision);
    fprintf(out, "\n \"input_size\":%" PRIu32 ",\"threads\":%" PRIu32 ",\"limit\":%" PRIu32 ",\"seconds\":%.3f,\n",
            e->input_size, e->threads, e->limit, e->seconds);
    write_shards(out, e);
    fprintf(out, " \"pictures\":%" PRIu64 ",\"pixels\":%" PRIu64 ",\"ignored\":%" PRIu64 ",\n", e->confusion.pictures,
            m->pixels, e->confusion.ignored);
    fprintf(out, " \"mean_f1\":%.6f,\"mean_iou\":%.6f,\"accuracy\":%.6f,\n", m->mean_f1, m->mean_iou, m->accuracy);
    write_classes(out, e, m);
    write_matrix(out, &e->confusion);
    free(m);
}
