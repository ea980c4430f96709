/* Distillation: a network that is there already says what it sees in each batch, and the trainer learns from that beside
 * the labels. It is asked until the first cycle ends, from when on the self-ensemble teaches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "train_run.h"

static int refuse(const run *r, const char *what, const char *its, const char *ours)
{
    fprintf(stderr, "dmlcsr-train: the teacher %s has %s %s, must be %s as for %s\n", r->s->teacher, what, its, ours,
            r->s->data);
    return RUN_USAGE;
}

/* ---- does it see what the trained network sees? -------------------------------------------------------------------- */

/* Three numbers as model files have them. */
static bool read_three(const char *text, float out[3])
{
    for (int i = 0; i < 3; i++) {
        char *end;
        out[i] = strtof(text += strspn(text, " ,\t"), &end);
        if (end == text)
            return false;
        text = end;
    }
    return true;
}

/* What a model file does not say is as published, which is what the loader does, too. */
static int check_three(const run *r, const char *key, const float ours[3])
{
    const char *its = dmlcsr_metadata(r->teacher, key);
    float value[3];
    char must[64];
    if (!its || (read_three(its, value) && memcmp(value, ours, sizeof value) == 0))
        return RUN_DONE;
    snprintf(must, sizeof must, "%g %g %g", (double)ours[0], (double)ours[1], (double)ours[2]);
    return refuse(r, key, its, must);
}

/* A left eye must be no right eye. Where either does not say, there is nothing to compare. */
static int check_side(const run *r)
{
    const char *its = dmlcsr_metadata(r->teacher, "dmlcsr.side"), *ours = settings_side(r->s);
    return !its || !*ours || strcmp(its, ours) == 0 ? RUN_DONE : refuse(r, "dmlcsr.side", its, ours);
}

static int check_input(const run *r)
{
    dmlcsr_loader_options o;
    dmlcsr_loader_options_init(&o);
    const char *ours = o.rgb ? "rgb" : "bgr", *its = dmlcsr_metadata(r->teacher, "dmlcsr.channels");
    int status = strcmp(its ? its : "bgr", ours) == 0 ? RUN_DONE : refuse(r, "dmlcsr.channels", its, ours);
    if (!status)
        status = check_side(r);
    if (!status)
        status = check_three(r, "dmlcsr.mean", o.mean);
    return status ? status : check_three(r, "dmlcsr.std", o.std);
}

/* The name as a model file of this run has it, which ends at a blank. */
static bool next_is(const char **list, const char *name)
{
    const size_t length = strcspn(*list, " ");
    const bool same = strlen(name) == length && strncmp(*list, name, length) == 0;
    *list += length + ((*list)[length] == ' ');
    return same;
}

static int check_classes(const run *r)
{
    const char *names = r->model_classes;
    const uint32_t its = dmlcsr_class_count(r->teacher), ours = dmlcsr_dataset_classes(r->train);
    const uint32_t trained = run_classes(r);
    if (its != ours || its != trained) {
        fprintf(stderr, "dmlcsr-train: the teacher %s has %u classes, but %s has %u, and %u are trained\n", r->s->teacher,
                (unsigned)its, r->s->data, (unsigned)ours, (unsigned)trained);
        return RUN_USAGE;
    }
    for (uint32_t c = 0; c < ours; c++) {
        const char *name = dmlcsr_class_name(r->teacher, c);
        if (next_is(&names, name))
            continue;
        char what[32];
        snprintf(what, sizeof what, "class %u", (unsigned)c);
        return refuse(r, what, name, dmlcsr_dataset_class_name(r->train, c));
    }
    return RUN_DONE;
}

/* ---- open ---------------------------------------------------------------------------------------------------------- */

/* All of these are square. */
static uint32_t side_of_teacher(const run *r)
{
    return (uint32_t)(r->s->teacher_size > 0 ? r->s->teacher_size : r->s->size);
}

static uint32_t side_of_logits(const run *r, uint32_t side)
{
    uint32_t h = 0, w = 0;
    dmlcsr_forward_size(r->teacher, side, side, &h, &w);
    return w;
}

static size_t input_size(uint32_t side)
{
    return (size_t)3 * side * side;
}

static size_t logits_size(const run *r, uint32_t side)
{
    const size_t cells = side_of_logits(r, side);
    return dmlcsr_class_count(r->teacher) * cells * cells;
}

/* It works between the steps, so all threads of the trainer's are free; packed, since it will see a lot of pictures. */
static int open_network(run *r)
{
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_options o;
    char error[512] = "";
    dmlcsr_trainer_describe(r->trainer, &info);
    dmlcsr_options_init(&o);
    o.threads = info.threads;
    o.isa = dmlcsr_isa_find(r->s->isa);
    o.input_size = side_of_teacher(r);
    o.pack = 1;
    o.error = error;
    o.error_size = sizeof error;
    if (dmlcsr_create(&r->teacher, r->s->teacher, &o) == DMLCSR_OK)
        return RUN_DONE;
    fprintf(stderr, "dmlcsr-train: the teacher: %s\n", error);
    return RUN_FAILED;
}

static void describe(const run *r)
{
    size_t weights, scratch;
    dmlcsr_memory(r->teacher, &weights, &scratch);
    if (!r->s->quiet)
        printf("teacher: %s at %u x %u, %s, %s, %.0f MiB; %sshare %g\n", r->s->teacher, (unsigned)side_of_teacher(r),
               (unsigned)side_of_teacher(r), dmlcsr_precision(r->teacher), dmlcsr_isa(r->teacher),
               (double)(weights + scratch) / 1048576, r->s->teacher_mirror > 0 ? "with the mirror image; " : "",
               r->s->teacher_share);
}

int run_open_teacher(run *r)
{
    int status;
    if (!*r->s->teacher || r->s->teacher_share <= 0)
        return RUN_DONE;
    if ((status = open_network(r)) || (status = check_classes(r)) || (status = check_input(r)))
        return status;
    const uint32_t side = side_of_teacher(r);
    r->lesson = malloc(logits_size(r, (uint32_t)r->s->size) * (size_t)r->s->batch * sizeof *r->lesson);
    r->desk = malloc(2 * (input_size(side) + logits_size(r, side)) * sizeof *r->desk);
    if (!r->lesson || !r->desk) {
        fputs("dmlcsr-train: there is not enough memory for what the teacher says\n", stderr);
        return RUN_FAILED;
    }
    describe(r);
    return RUN_DONE;
}

void run_close_teacher(run *r)
{
    dmlcsr_free(r->teacher);
    free(r->lesson);
    free(r->desk);
}

/* ---- a step -------------------------------------------------------------------------------------------------------- */

/* Bilinear, corners on corners, as the network resizes. The same bits where the sides are the same. */
static void resample(const float *from, size_t from_side, float *to, size_t to_side, size_t planes)
{
    const double step = (double)(from_side - 1) / (double)(to_side - 1);
    const size_t last = from_side - 1;
    for (size_t p = 0; p < planes; p++, from += from_side * from_side)
        for (size_t y = 0; y < to_side; y++) {
            const size_t top = (size_t)(step * (double)y), next = top < last ? from_side : 0;
            const float down = (float)(step * (double)y - (double)top);
            for (size_t x = 0; x < to_side; x++) {
                const size_t left = (size_t)(step * (double)x);
                const float right = (float)(step * (double)x - (double)left);
                const float *a = from + top * from_side + left, *b = a + (left < last);
                const float upper = a[0] + right * (b[0] - a[0]), lower = a[next] + right * (b[next] - a[next]);
                *to++ = upper + down * (lower - upper);
            }
        }
}

static bool ask(run *r, const float *input, float *logits)
{
    const uint32_t side = side_of_teacher(r);
    return dmlcsr_forward(r->teacher, input, side, side, logits, NULL, NULL) == DMLCSR_OK;
}

static void mirror(const float *from, float *to, size_t rows, size_t side)
{
    for (size_t y = 0; y < rows; y++)
        for (size_t x = 0; x < side; x++)
            to[y * side + x] = from[y * side + side - 1 - x];
}

/* The mean with what was said of the mirror image, turned back: there, what is left is right. */
static void join(const run *r, const float *of_mirrored, float *logits)
{
    const size_t side = side_of_logits(r, side_of_teacher(r));
    for (uint32_t c = 0; c < dmlcsr_class_count(r->teacher); c++) {
        const float *twin = of_mirrored + dmlcsr_dataset_mirror(r->train, c) * side * side;
        for (size_t y = 0; y < side; y++, logits += side, twin += side)
            for (size_t x = 0; x < side; x++)
                logits[x] = .5f * (logits[x] + twin[side - 1 - x]);
    }
}

/* On the desk: the picture as the teacher sees it, what it says of it, and both for the mirror image. */
static bool ask_about(run *r, const float *picture, float *lesson)
{
    const uint32_t side = side_of_teacher(r), ours = (uint32_t)r->s->size;
    float *seen = r->desk, *said = seen + input_size(side), *turned = said + logits_size(r, side);
    float *of_turned = turned + input_size(side);
    resample(picture, ours, seen, side, 3);
    if (!ask(r, seen, said))
        return false;
    if (r->s->teacher_mirror > 0) {
        mirror(seen, turned, (size_t)3 * side, side);
        if (!ask(r, turned, of_turned))
            return false;
        join(r, of_turned, said);
    }
    resample(said, side_of_logits(r, side), lesson, side_of_logits(r, ours), dmlcsr_class_count(r->teacher));
    return true;
}

bool run_ask_teacher(run *r, const dmlcsr_loader_batch *batch)
{
    const char *why = NULL;
    if (!r->teacher || dmlcsr_schedule_cycles(&r->schedule, r->epoch) > 0)
        return true;
    const uint32_t side = (uint32_t)r->s->size;
    for (uint32_t i = 0; !why && i < batch->count; i++)
        if (!ask_about(r, batch->input + i * input_size(side), r->lesson + i * logits_size(r, side)))
            why = dmlcsr_last_error(r->teacher);
    if (!why && dmlcsr_trainer_distil(r->trainer, r->lesson, r->s->teacher_share))
        why = dmlcsr_trainer_last_error(r->trainer);
    if (!why)
        return true;
    progress_hide(&r->bar);
    fprintf(stderr, "dmlcsr-train: the teacher %s: %s\n", r->s->teacher, why);
    return false;
}
