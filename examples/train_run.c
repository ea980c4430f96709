/* The loop: epochs of steps, evaluation, cycles of self-regulation. */
#define _POSIX_C_SOURCE 200809L
#include "train_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "processes.h"
#include "train_log.h"
#include "train_pictures.h"
#include "train_read.h"

volatile sig_atomic_t run_interrupted;

/* ---- open ---------------------------------------------------------------------------------------------------------- */

static int complain(const char *text)
{
    fprintf(stderr, "dmlcsr-train: %s\n", text);
    return RUN_FAILED;
}

/* The same, of the data. */
static int complain_of(const settings *s, const char *set, const char *text)
{
    fprintf(stderr, "dmlcsr-train: %s, set %s: %s\n", s->data, set, text);
    return RUN_FAILED;
}

static int open_set(const settings *s, const char *name, dmlcsr_dataset **set)
{
    dmlcsr_dataset_options o;
    dmlcsr_decoder decoder;
    char error[512] = "";
    dmlcsr_dataset_options_init(&o);
    o.root = s->data;
    o.set = name;
    o.kind = settings_kind(s);
    train_decoder(&decoder);
    o.decoder = &decoder;
    o.error = error;
    o.error_size = sizeof error;
    if (dmlcsr_dataset_open(set, &o) == DMLCSR_OK)
        return RUN_DONE;
    complain(error);
    if (o.kind == DMLCSR_DATA_CUSTOM && strstr(error, "label_names.txt"))
        fputs("  (kind custom has its names of classes from there; --kind celebamask-hq, lapa or helen needs none)\n", stderr);
    return RUN_FAILED;
}

static void set_augmentation(const settings *s, dmlcsr_augment *a)
{
    dmlcsr_augment_init(a);
    a->scale_deviation = (float)s->scale_deviation;
    a->scale_limit = (float)s->scale_limit;
    a->rotate = (float)s->rotate;
    a->rotate_deviation = (float)s->rotate_deviation;
    a->rotate_limit = (float)s->rotate_limit;
    a->flip = (float)s->flip;
    a->translate = (float)s->translate;
    a->jitter = (float)s->jitter;
    a->brightness = (float)s->brightness;
    a->contrast = (float)s->contrast;
    a->saturation = (float)s->saturation;
    a->grey = (float)s->grey;
    a->blur = (float)s->blur;
    a->blur_limit = (float)s->blur_limit;
    a->blocks = (float)s->blocks;
    a->blocks_quality = (float)s->blocks_quality;
    a->occlude = (float)s->occlude;
    a->occlude_ignore = s->occlude_ignore != 0;
    if (s->augment == 0)
        a->scale_deviation = a->rotate = a->flip = a->translate = a->jitter = a->grey = a->blur = a->blocks =
            a->occlude = 0;
}

static void set_noise(const settings *s, dmlcsr_label_noise *n)
{
    dmlcsr_label_noise_init(n);
    n->seed = (uint64_t)s->noise_seed;
    n->share = (float)s->noise;
    n->shift = (float)s->noise_shift;
    n->swap = (float)s->noise_swap;
    n->grow = (float)s->noise_grow;
    n->reach = (float)s->noise_reach;
}

static int open_loader(run *r)
{
    const settings *s = r->s;
    dmlcsr_loader_options o;
    dmlcsr_augment augment;
    dmlcsr_label_noise noise;
    char error[512] = "";
    dmlcsr_loader_options_init(&o);
    o.batch = (uint32_t)s->batch;
    o.size = (uint32_t)s->size;
    o.threads = (uint32_t)s->workers;
    o.seed = (uint64_t)s->seed;
    o.cache_side = (uint32_t)s->cache_side;
    o.cache_bytes = (size_t)(s->cache_mb * 1e6);
    o.rank = processes_rank();
    o.processes = processes_count();
    set_augmentation(s, &augment);
    set_noise(s, &noise);
    o.augment = &augment;
    o.noise = &noise;
    o.error = error;
    o.error_size = sizeof error;
    if (dmlcsr_loader_create(&r->loader, r->train, &o))
        return complain_of(s, s->set, error);
    r->steps = dmlcsr_loader_steps(r->loader);
    return RUN_DONE;
}

uint32_t run_classes(const run *r)
{
    return r->s->classes > 0 ? (uint32_t)r->s->classes : dmlcsr_dataset_classes(r->train);
}

static int open_trainer(run *r)
{
    const settings *s = r->s;
    dmlcsr_trainer_options o;
    char error[512] = "";
    dmlcsr_trainer_options_init(&o);
    o.threads = (uint32_t)s->threads;
    o.isa = dmlcsr_isa_find(s->isa);
    o.classes = run_classes(r);
    const double blocks[4] = {s->blocks1, s->blocks2, s->blocks3, s->blocks4};
    for (int i = 0; i < 4; i++)
        o.blocks[i] = (uint32_t)blocks[i];
    o.divide = (uint32_t)s->divide;
    o.family = *s->family ? s->family : NULL;
    o.batch = (uint32_t)s->batch;
    o.height = o.width = (uint32_t)s->size;
    o.seed = (uint64_t)s->seed;
    o.recompute = s->recompute != 0;
    o.edge_width = (uint32_t)s->edge_width;
    o.momentum = s->momentum;
    o.weight_decay = s->decay;
    o.clip = s->clip;
    o.average = s->average;
    o.weight_parse = s->weight_parse;
    o.weight_binary = s->weight_binary;
    o.weight_category = s->weight_category;
    o.weight_attention_binary = s->weight_attention_binary;
    o.weight_attention_category = s->weight_attention_category;
    o.lovasz = s->lovasz;
    o.communicator = processes_communicator();
    o.error = error;
    o.error_size = sizeof error;
    if (o.classes < dmlcsr_dataset_classes(r->train)) {
        fprintf(stderr, "dmlcsr-train: classes is %u, but %s has %u\n", (unsigned)o.classes, s->data,
                (unsigned)dmlcsr_dataset_classes(r->train));
        return RUN_USAGE;
    }
    return dmlcsr_trainer_create(&r->trainer, &o) ? complain(error) : RUN_DONE;
}

typedef struct filling {
    uint32_t missing;
} filling;

static void report_fill(void *opaque, const char *name, const char *why)
{
    filling *f = opaque;
    if (!why)
        return;
    if (f->missing < 20)
        printf("  keeps its random start: %-48s %s\n", name, why);
    f->missing++;
}

static int fill(run *r)
{
    filling f = {0};
    uint32_t filled = 0;
    if (!*r->s->init)
        return RUN_DONE;
    if (dmlcsr_trainer_fill(r->trainer, r->s->init, report_fill, &f, &filled))
        return complain(dmlcsr_trainer_last_error(r->trainer));
    if (f.missing > 20)
        printf("  ... and %u more\n", f.missing - 20);
    printf("%s: %u tensors taken, %u not\n", r->s->init, filled, f.missing);
    return RUN_DONE;
}

static void describe(const run *r)
{
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_trainer_describe(r->trainer, &info);
    if (r->s->quiet)
        return;
    puts("settings:");
    settings_print(r->s);
    printf("%u pictures to train on, %u to evaluate on, %u classes\n", dmlcsr_dataset_count(r->train),
           r->validate ? dmlcsr_dataset_count(r->validate) : 0, dmlcsr_dataset_classes(r->train));
    printf("%.2f million parameters in %u tensors; %u threads, %s\n", (double)info.parameters * 1e-6, info.tensors,
           info.threads, info.isa);
    if (processes_count() > 1)
        printf("%u processes with %.0f pictures each: %.0f pictures a step\n", processes_count(), r->s->batch,
               processes_count() * r->s->batch);
    printf("memory: %.0f MiB activations, %.0f MiB parameters, gradient and momentum, %.0f MiB in all\n",
           (double)info.activation_bytes / 1048576, (double)info.parameter_bytes / 1048576,
           (double)info.total_bytes / 1048576);
}

/* A model file has blanks between the names of its classes: a blank in a name becomes "_". Classes that the data set does not
   have are numbered. */
static void list_classes(run *r)
{
    char *at = r->model_classes, number[16];
    const uint32_t named = dmlcsr_dataset_classes(r->train);
    for (uint32_t c = 0; c < run_classes(r); c++) {
        snprintf(number, sizeof number, "class%u", (unsigned)c);
        const char *name = c < named ? dmlcsr_dataset_class_name(r->train, c) : number;
        const size_t room = sizeof r->model_classes - (size_t)(at - r->model_classes);
        const int length = snprintf(at, room, c ? " %s" : "%s", name);
        if ((size_t)length >= room)
            return;
        for (char *end = at + length, *blank = at + (c > 0); blank < end; blank++)
            *blank = strchr(" \t", *blank) ? '_' : *blank;
        at += length;
    }
}

/* The folder that checkpoints and models go to, made when it is not there. */
static bool open_output(const settings *s)
{
    struct stat info;
    if (processes_rank() > 0 || mkdir(s->output, 0777) == 0)
        return true;
    if (errno == EEXIST && stat(s->output, &info) == 0 && !S_ISDIR(info.st_mode))
        errno = ENOTDIR;
    if (errno == EEXIST && access(s->output, W_OK) == 0)
        return true;
    fprintf(stderr, "dmlcsr-train: the folder for checkpoints and models, --output %s: %s\n", s->output, strerror(errno));
    return false;
}

int run_open(run *r, const settings *s)
{
    int status;
    memset(r, 0, sizeof *r);
    r->s = s;
    r->best = -1;
    r->schedule = (dmlcsr_schedule){s->rate, s->power, (uint32_t)s->epochs, (uint32_t)s->warm_up,
                                    (uint32_t)s->cycle_start, (uint32_t)s->cycle_epochs};
    if (!open_output(s))
        return RUN_FAILED;
    if ((status = open_set(s, s->set, &r->train)) || (*s->validate && (status = open_set(s, s->validate, &r->validate)))
        || (status = open_loader(r)) || (status = open_trainer(r)))
        return status;
    list_classes(r);
    describe(r);
    if ((status = run_open_teacher(r)))
        return status;
    if ((status = run_restore(r)))
        return status;
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_trainer_describe(r->trainer, &info);
    return info.steps ? RUN_DONE : fill(r);
}

void run_close(run *r)
{
    run_close_teacher(r);
    dmlcsr_loader_free(r->loader);
    dmlcsr_trainer_free(r->trainer);
    dmlcsr_dataset_free(r->train);
    dmlcsr_dataset_free(r->validate);
}

/* ---- epochs -------------------------------------------------------------------------------------------------------- */

static void add_terms(run *r, const dmlcsr_loss_terms *t)
{
    const double term[7] = {t->total,         t->lovasz,           t->parse,             t->binary_edge,
                            t->category_edge, t->attention_binary, t->attention_category};
    for (int i = 0; i < 7; i++)
        r->sum[i] += term[i];
}

static void show(run *r, double rate, const dmlcsr_loss_terms *t, double started, uint32_t first)
{
    static char text[240];
    const double seconds = steady_seconds() - started;
    const double pictures = (r->step - first) * r->s->batch * processes_count();
    const double steps = (r->s->epochs - r->epoch) * r->steps - r->step; /* to the end of the run */
    const double left = steps * seconds / (r->step - first);
    snprintf(text, sizeof text,
             "epoch %u/%.0f %.1f %s to go %.1f pictures/s loss %.3f rate %.2g Lovasz %.3f parsing %.3f "
             "edges %.3f %.3f attention %.3f %.3f",
             r->epoch + 1, r->s->epochs, left < 3600 ? left / 60 : left / 3600, left < 3600 ? "min" : "h",
             seconds > 0 ? pictures / seconds : 0, t->total, rate, t->lovasz, t->parse, t->binary_edge,
             t->category_edge, t->attention_binary, t->attention_category);
    r->bar.text = text;
    r->bar.done = r->step;
    progress_show(&r->bar, 0);
}

/* One step; RUN_STOPPED when it was the last one of this call. */
static int step(run *r, double rate, double started, uint32_t first)
{
    dmlcsr_loader_batch batch = {.struct_size = sizeof batch};
    dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
    if (dmlcsr_loader_next(r->loader, &batch)) {
        progress_hide(&r->bar);
        return complain(dmlcsr_loader_last_error(r->loader));
    }
    if (!run_ask_teacher(r, &batch))
        return RUN_FAILED;
    const int status = dmlcsr_trainer_step(r->trainer, batch.input, batch.labels, rate, &terms);
    r->together = status == DMLCSR_ERROR_DIVERGED; /* the loss is that of all processes: the first one says it */
    if (status) {
        progress_hide(&r->bar);
        if (processes_rank() == 0 || !r->together)
            complain(dmlcsr_trainer_last_error(r->trainer));
        return RUN_FAILED;
    }
    r->step++;
    r->taken++;
    add_terms(r, &terms);
    show(r, rate, &terms, started, first);
    const bool last = processes_any(run_interrupted) || (r->s->stop_after > 0 && (double)r->taken >= r->s->stop_after);
    const bool due = r->s->save_minutes > 0 && steady_seconds() - r->saved > 60 * r->s->save_minutes;
    if ((last || due) && !run_save(r))
        return RUN_FAILED;
    return last ? RUN_STOPPED : RUN_DONE;
}

static int steps_of_epoch(run *r, double rate)
{
    const uint32_t first = r->step;
    const double started = steady_seconds();
    int status = RUN_DONE;
    if (dmlcsr_loader_start(r->loader, r->epoch, r->step))
        return complain(dmlcsr_loader_last_error(r->loader));
    progress_start(&r->bar, r->steps, r->s->quiet);
    while (r->step < r->steps && status == RUN_DONE)
        status = step(r, rate, started, first);
    progress_hide(&r->bar);
    return status;
}

static int estimate_batch(run *r, int which)
{
    dmlcsr_loader_batch batch = {.struct_size = sizeof batch};
    const char *why = NULL;
    if (dmlcsr_loader_next(r->loader, &batch))
        why = dmlcsr_loader_last_error(r->loader);
    else if (dmlcsr_trainer_estimate(r->trainer, which, batch.input))
        why = dmlcsr_trainer_last_error(r->trainer);
    if (!why)
        return processes_any(run_interrupted) ? RUN_STOPPED : RUN_DONE;
    progress_hide(&r->bar);
    return complain(why);
}

/* Statistics of a network that is not the one being trained, from the training set as it is seen in this epoch. */
static int estimate(run *r, int which)
{
    const uint32_t batches = r->s->estimate > 0 && r->s->estimate < r->steps ? (uint32_t)r->s->estimate : r->steps;
    int status = RUN_DONE;
    if (dmlcsr_loader_start(r->loader, r->epoch, 0))
        return complain(dmlcsr_loader_last_error(r->loader));
    progress_start(&r->bar, batches, r->s->quiet);
    r->bar.text = "statistics of what is evaluated";
    for (uint32_t i = 0; i < batches && status == RUN_DONE; i++) {
        status = estimate_batch(r, which);
        r->bar.done = i + 1;
        if (status == RUN_DONE)
            progress_show(&r->bar, 0);
    }
    progress_hide(&r->bar);
    return status;
}

/* Writes the model, looks how good it is, and keeps the best. */
static int evaluate(run *r, int which, const char *name, metrics *m)
{
    if (!run_export(r, which, name))
        return RUN_FAILED;
    if (!r->validate)
        return RUN_DONE;
    const int status = run_evaluate(r, name, m);
    if (status)
        return status;
    if (pictures_due(r))
        run_show(r, which, name);
    if (m->mean_f1 > r->best) {
        r->best = m->mean_f1;
        return run_export(r, which, "best.safetensors") ? RUN_DONE : RUN_FAILED;
    }
    return RUN_DONE;
}

/* The end of a cycle: self-ensemble, its statistics, and from now on it teaches. */
static int end_cycle(run *r, metrics *m)
{
    int status;
    if (dmlcsr_trainer_ensemble(r->trainer))
        return complain(dmlcsr_trainer_last_error(r->trainer));
    if ((status = estimate(r, DMLCSR_ENSEMBLE)) || (status = evaluate(r, DMLCSR_ENSEMBLE, "ensemble.safetensors", m)))
        return status;
    return dmlcsr_trainer_teach(r->trainer, 1) ? complain(dmlcsr_trainer_last_error(r->trainer)) : RUN_DONE;
}

/* What follows the steps of an epoch. The position moves on at the very end, together with the checkpoint. */
static int end_epoch(run *r, double rate)
{
    const uint32_t every = (uint32_t)r->s->evaluate, done = r->epoch + 1;
    const bool cycle = dmlcsr_schedule_cycles(&r->schedule, done) > dmlcsr_schedule_cycles(&r->schedule, r->epoch);
    const bool due = done == (uint32_t)r->s->epochs || (every && done % every == 0);
    metrics current = {0}, ensemble = {0};
    int status = RUN_DONE;
    printf("epoch %u/%.0f: rate %.3g, loss %.4f (Lovasz %.4f, parsing %.4f, binary edge %.4f, category edge %.4f, "
           "attention %.4f "
           "%.4f)\n",
           done, r->s->epochs, rate, r->sum[0] / r->steps, r->sum[1] / r->steps, r->sum[2] / r->steps,
           r->sum[3] / r->steps, r->sum[4] / r->steps, r->sum[5] / r->steps, r->sum[6] / r->steps);
    if ((due || cycle) && !run_save(r)) /* what follows takes its time, and may fail */
        return RUN_FAILED;
    if (due) {
        const int which = r->s->average > 0 ? DMLCSR_AVERAGE : DMLCSR_CURRENT;
        if (which == DMLCSR_AVERAGE)
            status = estimate(r, which);
        if (!status)
            status = evaluate(r, which, "current.safetensors", &current);
    }
    if (!status && cycle)
        status = end_cycle(r, &ensemble);
    if (!status && !run_log(r, rate, &current, &ensemble))
        status = RUN_FAILED;
    if (!status && (due || cycle) && pictures_due(r))
        pictures_curves(r);
    fflush(stdout);
    run_tidy(r);
    if (status)
        return status;
    r->epoch++;
    r->step = 0;
    memset(r->sum, 0, sizeof r->sum);
    return run_save(r) ? RUN_DONE : RUN_FAILED;
}

int run_go(run *r)
{
    int status = RUN_DONE;
    r->saved = steady_seconds();
    while (r->epoch < (uint32_t)r->s->epochs && status == RUN_DONE) {
        const double rate = dmlcsr_schedule_rate(&r->schedule, r->epoch);
        status = steps_of_epoch(r, rate);
        if (status == RUN_DONE)
            status = end_epoch(r, rate);
        if (status == RUN_DONE && processes_any(run_interrupted))
            status = RUN_STOPPED;
    }
    if (status == RUN_STOPPED)
        printf("stopped at epoch %u, step %u; the same command goes on from there\n", r->epoch + 1, r->step);
    else if (status == RUN_DONE && r->best >= 0)
        printf("done; the best model, mean F1 %.4f, is %s/best.safetensors\n", r->best, r->s->output);
    else if (status == RUN_DONE)
        printf("done; the model is %s/current.safetensors\n", r->s->output);
    else if (status == RUN_FAILED)
        run_tell_kept(r);
    return status;
}
