/* What a run writes to its folder, and reads again when it goes on. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "processes.h"
#include "train_run.h"

void run_path(const run *r, const char *name, char *path, size_t size)
{
    snprintf(path, size, "%s/%s", r->s->output, name);
}

/* ---- checkpoints --------------------------------------------------------------------------------------------------- */

/* A run may go on with another number of processes, as long as a step has as many pictures. */
static double batch_of_all(const run *r)
{
    return r->s->batch * processes_count();
}

static const char *const checkpoints[] = {"checkpoint.safetensors", "checkpoint.previous.safetensors"};

/* The newest checkpoint, or the one before it; false when there is none. */
static bool find_checkpoint(const run *r, char *path, size_t size)
{
    struct stat info;
    for (int i = 0; i < 2; i++) {
        run_path(r, checkpoints[i], path, size);
        if (stat(path, &info) == 0)
            return true;
    }
    return false;
}

void run_tell_kept(const run *r)
{
    char path[600];
    if (processes_rank() > 0)
        return;
    if (find_checkpoint(r, path, sizeof path))
        fprintf(stderr, "dmlcsr-train: training stops; the last checkpoint is %s\n", path);
    else
        fputs("dmlcsr-train: training stops; there is no checkpoint yet\n", stderr);
}

static bool no_checkpoint(run *r, const char *why)
{
    progress_hide(&r->bar);
    fprintf(stderr, "dmlcsr-train: no checkpoint of epoch %u, step %u: %s\n", r->epoch + 1, r->step, why);
    return false;
}

/* The last one becomes the previous one, then the new one takes its name: there is a whole checkpoint at any time. */
static bool replace_checkpoint(run *r, const char *next)
{
    char path[600], previous[600], why[700];
    run_path(r, checkpoints[0], path, sizeof path);
    run_path(r, checkpoints[1], previous, sizeof previous);
    if ((rename(path, previous) == 0 || errno == ENOENT) && rename(next, path) == 0) /* there is none at first */
        return true;
    snprintf(why, sizeof why, "%s cannot be replaced: %s", path, strerror(errno));
    return no_checkpoint(r, why);
}

static uint32_t hash(uint32_t h, const char *text)
{
    do /* the 0 at the end is a border */
        h = (h ^ (unsigned char)*text) * 16777619u;
    while (*text++);
    return h;
}

static const char *below(const char *path, const char *folder)
{
    const size_t length = strlen(folder);
    return strncmp(path, folder, length) == 0 ? path + length : path;
}

/* Which pairs the first `count` are, wherever the folder lies: the FNV-1a hash of their paths below it. 0 for none. */
static double list_of(const settings *s, const dmlcsr_dataset *set, uint32_t count)
{
    uint32_t h = count ? 2166136261u : 0;
    for (uint32_t i = 0; i < count; i++) {
        h = hash(h, below(dmlcsr_dataset_image_path(set, i), s->data));
        h = hash(h, below(dmlcsr_dataset_label_path(set, i), s->data));
    }
    return h;
}

static double training_list(const run *r)
{
    return list_of(r->s, r->train, dmlcsr_dataset_count(r->train));
}

static double validation_list(const run *r)
{
    return list_of(r->s, r->validate, run_evaluated(r));
}

bool run_save(run *r)
{
    if (processes_rank() > 0) /* the first one writes for all */
        return true;
    char next[600], text[13][64];
    settings_pairs *p = malloc(sizeof *p);
    const char *pair[2 * 110];
    size_t count;
    if (!p)
        return no_checkpoint(r, "there is not enough memory");
    settings_save(r->s, p);
    count = p->count;
    memcpy(pair, p->pair, 2 * count * sizeof *pair);
    const struct { const char *key; double value; } position[] = {
        {"run.epoch", r->epoch}, {"run.step", r->step}, {"run.best", r->best}, {"run.sum0", r->sum[0]},
        {"run.sum1", r->sum[1]}, {"run.sum2", r->sum[2]}, {"run.sum3", r->sum[3]}, {"run.sum4", r->sum[4]},
        {"run.sum5", r->sum[5]}, {"run.sum6", r->sum[6]},
        {"run.batch", batch_of_all(r)}, {"run.train_list", training_list(r)},
        {"run.validation_list", validation_list(r)},
    };
    for (size_t i = 0; i < sizeof position / sizeof *position; i++, count++) {
        snprintf(text[i], sizeof text[i], "%.17g", position[i].value);
        pair[2 * count] = position[i].key;
        pair[2 * count + 1] = text[i];
    }
    run_path(r, "checkpoint.next.safetensors", next, sizeof next);
    const bool good = dmlcsr_trainer_save(r->trainer, next, pair, count) == DMLCSR_OK
                          ? replace_checkpoint(r, next)
                          : no_checkpoint(r, dmlcsr_trainer_last_error(r->trainer));
    free(p);
    r->saved = steady_seconds();
    return good;
}

typedef struct reading {
    run *r;
    bool differs;
    bool other_validation; /* the best score so far is of other pictures */
} reading;

static void read_pair(void *opaque, const char *key, const char *value)
{
    reading *x = opaque;
    char mine[SETTING_TEXT];
    if (!settings_same(x->r->s, key, value, mine, sizeof mine)) {
        fprintf(stderr, "dmlcsr-train: the checkpoint was made with %s = %s, now it is %s\n", key, value, mine);
        x->differs = true;
    }
    if (strcmp(key, "run.batch") == 0 && strtod(value, NULL) != batch_of_all(x->r)) {
        fprintf(stderr, "dmlcsr-train: the checkpoint was made with %s pictures a step, now it is %g (%u x batch)\n",
                value, batch_of_all(x->r), (unsigned)processes_count());
        x->differs = true;
    }
    if (strcmp(key, "run.train_list") == 0 && strtod(value, NULL) != training_list(x->r)) {
        fprintf(stderr, "dmlcsr-train: the checkpoint was made with another list of pictures to train on (%s, set %s)\n",
                x->r->s->data, x->r->s->set);
        x->differs = true;
    }
    if (strcmp(key, "run.validation_list") == 0)
        x->other_validation = strtod(value, NULL) != validation_list(x->r);
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
    struct stat info;
    char path[600];
    bool damaged = false;
    for (int i = 0; i < 2; i++) {
        run_path(r, checkpoints[i], path, sizeof path);
        if (r->s->fresh || stat(path, &info) != 0)
            continue;
        reading x = {r, false, false};
        if (dmlcsr_trainer_restore(r->trainer, path, read_pair, &x)) {
            fprintf(stderr, "dmlcsr-train: %s\n", dmlcsr_trainer_last_error(r->trainer));
            damaged = true;
            continue; /* to the one before it */
        }
        if (x.differs) {
            fprintf(stderr,
                    "dmlcsr-train: %s is of another run: give the same settings, another --output, or --fresh\n", path);
            return RUN_USAGE;
        }
        printf("going on from %s: epoch %u, step %u\n", path, r->epoch + 1, r->step);
        if (x.other_validation && r->best >= 0) {
            printf("the best model so far, mean F1 %.4f, was so on other pictures: the next one counts as the best\n", r->best);
            r->best = -1;
        }
        return RUN_DONE;
    }
    if (damaged)
        fprintf(stderr, "dmlcsr-train: no checkpoint in %s can be read; --fresh begins anew, and replaces them\n",
                r->s->output);
    return damaged ? RUN_FAILED : RUN_DONE;
}

/* ---- models ------------------------------------------------------------------------------------------------------- */

bool run_export(run *r, int which, const char *name)
{
    char path[600], size[16], epoch[16];
    snprintf(size, sizeof size, "%u", (unsigned)r->s->size);
    snprintf(epoch, sizeof epoch, "%u", r->epoch + 1);
    const char *const all[] = {"dmlcsr.classes", r->model_classes, "dmlcsr.side", settings_side(r->s), "dmlcsr.size", size,
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
    run_path(r, name, path, sizeof path);
    if (dmlcsr_trainer_export(r->trainer, which, path, DMLCSR_F32, pair, pairs) == DMLCSR_OK)
        return true;
    fprintf(stderr, "dmlcsr-train: %s\n", dmlcsr_trainer_last_error(r->trainer));
    return false;
}
