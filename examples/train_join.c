/* What is different when several processes train together. All of them hold the same network and take the same steps on
 * their own pictures; the first one writes checkpoints, models and tables, and all take part in an evaluation. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "processes.h"
#include "train_run.h"

static bool same_number(const char *name, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.17g", value);
    return processes_same(name, text);
}

/* The list of files itself may differ in its folder. Values of the parameters are compared by the library. */
static bool same_start(const run *r)
{
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_trainer_describe(r->trainer, &info);
    bool same = processes_same("the instruction set (--isa)", info.isa);
    same = same_number("the number of pictures to train on", dmlcsr_dataset_count(r->train)) && same;
    same = same_number("the number of pictures to evaluate on", dmlcsr_dataset_count(r->validate)) && same;
    same = same_number("the epoch to go on with (--output: a folder that all can read)", r->epoch) && same;
    same = same_number("the step to go on with (--output: a folder that all can read)", r->step) && same;
    same = same_number("stop_after", r->s->stop_after) && same;
    same = same_number("evaluate", r->s->evaluate) && same;
    same = same_number("evaluate_limit", r->s->evaluate_limit) && same;
    return same_number("batch", r->s->batch) && same;
}

static bool same_settings(const settings *s)
{
    static settings_pairs p;
    bool same = true;
    settings_save(s, &p);
    for (size_t i = 0; i < p.count; i++)
        same = processes_same(p.pair[2 * i], p.pair[2 * i + 1]) && same;
    return same;
}

/* Models must be in a file to be evaluated: others than the first write them where nobody else looks. */
static int own_folder(settings *s)
{
    const char *place = getenv("TMPDIR");
    snprintf(s->output, sizeof s->output, "%.400s/dmlcsr-train.XXXXXX", place && *place ? place : "/tmp");
    if (mkdtemp(s->output))
        return RUN_DONE;
    fprintf(stderr, "dmlcsr-train: no folder %s can be made (TMPDIR says where)\n", s->output);
    *s->output = 0;
    return RUN_FAILED;
}

int run_join(run *r, settings *s)
{
    if (processes_count() == 1)
        return RUN_DONE;
    const bool same = same_settings(s);
    if (!same_start(r) || !same)
        return RUN_USAGE;
    const int status = processes_rank() > 0 ? own_folder(s) : RUN_DONE;
    r->own_folder = processes_rank() > 0 && status == RUN_DONE;
    r->together = processes_any(status != RUN_DONE);
    return r->together ? RUN_FAILED : RUN_DONE;
}

void run_tidy(const run *r)
{
    char path[SETTING_TEXT + 256];
    DIR *folder = r->own_folder ? opendir(r->s->output) : NULL;
    for (const struct dirent *file; folder && (file = readdir(folder));) {
        snprintf(path, sizeof path, "%s/%s", r->s->output, file->d_name);
        if (*file->d_name != '.')
            unlink(path);
    }
    if (folder)
        closedir(folder);
}

void run_leave(const run *r)
{
    run_tidy(r);
    if (r->own_folder)
        rmdir(r->s->output);
}
