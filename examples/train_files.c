/* What a run writes to its folder, and reads again when it goes on. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "train_run.h"

static void path_of(const run *r, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", r->s->output, name);
}

/* ---- checkpoints --------------------------------------------------------------------------------------------------- */

/* The last one becomes the previous one, then the new one takes its name: there is a whole checkpoint at any time. */
bool run_save(run *r)
{
    char path[600], previous[600], next[600], text[10][64];
    settings_pairs *p = malloc(sizeof *p);
    const char *pair[2 * 110];
    size_t count;
    if (!p)
        return false;
    settings_save(r->s, p);
    count = p->count;
    memcpy(pair, p->pair, 2 * count * sizeof *pair);
    const struct { const char *key; double value; } position[] = {
        {"run.epoch", r->epoch}, {"run.step", r->step}, {"run.best", r->best}, {"run.sum0", r->sum[0]},
        {"run.sum1", r->sum[1]}, {"run.sum2", r->sum[2]}, {"run.sum3", r->sum[3]}, {"run.sum4", r->sum[4]},
        {"run.sum5", r->sum[5]}, {"run.sum6", r->sum[6]},
    };
    for (size_t i = 0; i < sizeof position / sizeof *position; i++, count++) {
        snprintf(text[i], sizeof text[i], "%.17g", position[i].value);
        pair[2 * count] = position[i].key;
        pair[2 * count + 1] = text[i];
    }
    path_of(r, "checkpoint.safetensors", path, sizeof path);
    path_of(r, "checkpoint.previous.safetensors", previous, sizeof previous);
    path_of(r, "checkpoint.next.safetensors", next, sizeof next);
    bool good = dmlcsr_trainer_save(r->trainer, next, pair, count) == DMLCSR_OK;
    if (!good) {
        progress_hide(&r->bar);
        fprintf(stderr, "dmlcsr-train: no checkpoint of epoch %u, step %u: %s\n", r->epoch + 1, r->step,
                dmlcsr_trainer_last_error(r->trainer));
    } else {
        rename(path, previous); /* there is none at first */
        good = rename(next, path) == 0;
        if (!good)
            fprintf(stderr, "dmlcsr-train: %s: %s\n", path, strerror(errno));
    }
    free(p);
    r->saved = steady_seconds();
    return good;
}

typedef struct reading {
    run *r;
    bool differs;
} reading;

static void read_pair(void *opaque, const char *key, const char *value)
{
    reading *x = opaque;
    char mine[SETTING_TEXT];
    if (!settings_same(x->r->s, key, value, mine, sizeof mine)) {
        fprintf(stderr, "dmlcsr-train: the checkpoint was made with %s = %s, now it is %s\n", key, value, mine);
        x->differs = true;
    }
    if (strcmp(key, "run.epoch") == 0)
        x->r->epoch = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(key, "run.step") == 0)
        x->r->step = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(key, "run.best") == 0)
        x->r->best = strtod(value, NULL);
    else if (strncmp(key, "run.sum", 7) == 0 && key[7] >= '0' && key[7] <= '6')
        x->r->sum[key[7] - '0'] = strtod(value, NULL);
}

int run_restore(run *r)
{
    static const char *const names[] = {"checkpoint.safetensors", "checkpoint.previous.safetensors"};
    struct stat info;
    char path[600];
    for (int i = 0; i < 2; i++) {
        path_of(r, names[i], path, sizeof path);
        if (r->s->fresh || stat(path, &info) != 0)
            continue;
        reading x = {r, false};
        if (dmlcsr_trainer_restore(r->trainer, path, read_pair, &x)) {
            fprintf(stderr, "dmlcsr-train: %s\n", dmlcsr_trainer_last_error(r->trainer));
            continue; /* a damaged one: the one before it */
        }
        if (x.differs) {
            fprintf(stderr,
                    "dmlcsr-train: %s is of another run: give the same settings, another --output, or --fresh\n", path);
            return RUN_USAGE;
        }
        printf("going on from %s: epoch %u, step %u\n", path, r->epoch + 1, r->step);
        return RUN_DONE;
    }
    return RUN_DONE;
}

/* ---- models and tables --------------------------------------------------------------------------------------------- */

bool run_export(run *r, int which, const char *name)
{
    char path[600], size[16], epoch[16];
    snprintf(size, sizeof size, "%u", (unsigned)r->s->size);
    snprintf(epoch, sizeof epoch, "%u", r->epoch + 1);
    const char *const all[] = {"dmlcsr.classes", r->model_classes, "dmlcsr.side", r->s->side, "dmlcsr.size", size,
                               "dmlcsr.channels", "bgr", "dmlcsr.mean", "0.485 0.456 0.406", "dmlcsr.std",
                               "0.229 0.224 0.225", "dmlcsr.epoch", epoch, "dmlcsr.licence", r->s->licence,
                               "dmlcsr.trained_on", r->s->trained_on};
    const char *pair[sizeof all / sizeof *all];
    size_t pairs = 0;
    for (size_t i = 0; i < sizeof all / sizeof *all; i += 2)
        if (*all[i + 1]) {
            pair[2 * pairs] = all[i];
            pair[2 * pairs++ + 1] = all[i + 1];
        }
    path_of(r, name, path, sizeof path);
    if (dmlcsr_trainer_export(r->trainer, which, path, DMLCSR_F32, pair, pairs) == DMLCSR_OK)
        return true;
    fprintf(stderr, "dmlcsr-train: %s\n", dmlcsr_trainer_last_error(r->trainer));
    return false;
}

/* A run that goes on appends; lines of epochs that are computed again stand twice, the later one counts. */
bool run_log(const run *r, double rate, const score *s)
{
    char path[600];
    struct stat info;
    path_of(r, "log.csv", path, sizeof path);
    const bool begins = stat(path, &info) != 0;
    FILE *file = fopen(path, "a");
    if (!file) {
        fprintf(stderr, "dmlcsr-train: %s: %s\n", path, strerror(errno));
        return false;
    }
    if (begins) {
        fputs("epoch,rate,total,lovasz,parse,binary_edge,category_edge,attention_binary,attention_category,mean_f1,"
              "mean_iou,accuracy",
              file);
        for (uint32_t c = 0; c < dmlcsr_dataset_classes(r->train); c++)
            fprintf(file, ",%s", dmlcsr_dataset_class_name(r->train, c));
        fputc('\n', file);
    }
    fprintf(file, "%u,%.8g", r->epoch + 1, rate);
    for (int i = 0; i < 7; i++)
        fprintf(file, ",%.6g", r->sum[i] / r->steps);
    if (s) {
        fprintf(file, ",%.6f,%.6f,%.6f", s->mean_f1, s->mean_iou, s->accuracy);
        for (uint32_t c = 0; c < s->classes; c++)
            fprintf(file, ",%.6f", s->f1[c]);
    }
    fputc('\n', file);
    return fclose(file) == 0;
}
