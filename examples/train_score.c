#define _POSIX_C_SOURCE 200809L
#include "train_score.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct job {
    const dmlcsr_dataset *set;
    uint32_t classes, count, next;
    uint64_t *confusion; /* [label][prediction] */
    pthread_mutex_t mutex;
    note *error;
    bool failed;
} job;

typedef struct worker {
    job *job;
    dmlcsr *parser;
    pthread_t thread;
} worker;

static void fail(job *j, const char *text)
{
    pthread_mutex_lock(&j->mutex);
    if (!j->failed)
        note_set(j->error, "%s", text);
    j->failed = true;
    pthread_mutex_unlock(&j->mutex);
}

/* The photograph in the size of its labels, as the metric wants it: bilinear. */
static uint8_t *resized(const dmlcsr_bitmap *image, uint32_t width, uint32_t height)
{
    uint8_t *out = malloc((size_t)3 * width * height);
    for (uint32_t y = 0; out && y < height; y++) {
        const double v = height > 1 ? (double)y * (image->height - 1) / (height - 1) : 0;
        const uint32_t top = (uint32_t)v, low = top + 1 < image->height ? top + 1 : top;
        for (uint32_t x = 0; x < width; x++) {
            const double u = width > 1 ? (double)x * (image->width - 1) / (width - 1) : 0;
            const uint32_t left = (uint32_t)u, right = left + 1 < image->width ? left + 1 : left;
            for (int c = 0; c < 3; c++) {
                const uint8_t *a = image->pixels + 3 * (size_t)top * image->width + c;
                const uint8_t *b = image->pixels + 3 * (size_t)low * image->width + c;
                const double p = a[3 * left] + (u - left) * (a[3 * right] - a[3 * left]);
                const double q = b[3 * left] + (u - left) * (b[3 * right] - b[3 * left]);
                out[3 * ((size_t)y * width + x) + (size_t)c] = (uint8_t)(p + (v - top) * (q - p) + .5);
            }
        }
    }
    return out;
}

static void count(job *j, const dmlcsr_bitmap *label, const uint8_t *prediction)
{
    const size_t pixels = (size_t)label->width * label->height;
    pthread_mutex_lock(&j->mutex);
    for (size_t i = 0; i < pixels; i++)
        if (label->pixels[i] != 255 && prediction[i] < j->classes)
            j->confusion[(size_t)label->pixels[i] * j->classes + prediction[i]]++;
    pthread_mutex_unlock(&j->mutex);
}

static void score_picture(worker *w, uint32_t index)
{
    job *j = w->job;
    dmlcsr_bitmap image = {0}, label = {0};
    char text[512];
    if (dmlcsr_dataset_read(j->set, index, &image, &label, text, sizeof text)) {
        fail(j, text);
        return;
    }
    uint8_t *pixels = NULL, *prediction = malloc((size_t)label.width * label.height);
    if (image.width != label.width || image.height != label.height)
        pixels = resized(&image, label.width, label.height);
    const dmlcsr_image photo = {pixels ? pixels : image.pixels, label.width, label.height, (size_t)3 * label.width,
                                DMLCSR_RGB8};
    if (!prediction)
        fail(j, "no memory");
    else if (dmlcsr_parse(w->parser, &photo, prediction, label.width))
        fail(j, dmlcsr_last_error(w->parser));
    else
        count(j, &label, prediction);
    free(pixels);
    free(prediction);
    dmlcsr_dataset_release(j->set, &image);
    dmlcsr_dataset_release(j->set, &label);
}

static void *work(void *argument)
{
    worker *w = argument;
    job *j = w->job;
    for (;;) {
        pthread_mutex_lock(&j->mutex);
        const uint32_t index = j->failed ? j->count : j->next++;
        pthread_mutex_unlock(&j->mutex);
        if (index >= j->count)
            return NULL;
        score_picture(w, index);
    }
}

static bool run_workers(job *j, dmlcsr *parser, uint32_t threads)
{
    worker *workers = calloc(threads, sizeof *workers);
    uint32_t started = 0;
    if (!workers) {
        note_set(j->error, "no memory");
        return false;
    }
    for (uint32_t i = 0; i < threads && !j->failed; i++) {
        workers[i] = (worker){.job = j, .parser = parser};
        if (i && dmlcsr_clone(&workers[i].parser, parser))
            break;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
            if (i)
                dmlcsr_free(workers[i].parser);
            break;
        }
        started++;
    }
    if (!started)
        fail(j, "no thread can be started");
    for (uint32_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (i)
            dmlcsr_free(workers[i].parser);
    }
    free(workers);
    return !j->failed;
}

/* From the confusion matrix. */
static void summarise(score *s, const uint64_t *confusion)
{
    const uint32_t n = s->classes;
    uint64_t all = 0, right = 0;
    uint32_t present = 0, counted = 0;
    for (uint32_t c = 0; c < n; c++) {
        uint64_t labels = 0, predictions = 0, both = confusion[(size_t)c * n + c];
        for (uint32_t k = 0; k < n; k++) {
            labels += confusion[(size_t)c * n + k];
            predictions += confusion[(size_t)k * n + c];
        }
        all += labels;
        right += both;
        s->f1[c] = labels + predictions ? 2 * (double)both / (double)(labels + predictions) : -1;
        if (s->f1[c] < 0)
            continue;
        present++;
        s->mean_iou += (double)both / (double)(labels + predictions - both);
        counted += c > 0;
        s->mean_f1 += c > 0 ? s->f1[c] : 0;
    }
    s->mean_iou /= present ? present : 1;
    s->mean_f1 /= counted ? counted : 1;
    s->accuracy = all ? (double)right / (double)all : 0;
}

bool score_model(score *out, const char *model_path, const dmlcsr_dataset *set, uint32_t limit, uint32_t threads,
                 note *error)
{
    dmlcsr_options o;
    dmlcsr *parser = NULL;
    char text[512] = "";
    memset(out, 0, sizeof *out);
    out->classes = dmlcsr_dataset_classes(set);
    out->pictures = dmlcsr_dataset_count(set);
    if (limit && limit < out->pictures)
        out->pictures = limit;
    if (!threads)
        threads = (uint32_t)sysconf(_SC_NPROCESSORS_ONLN);
    dmlcsr_options_init(&o);
    o.threads = 1;
    o.geometry = DMLCSR_GEOMETRY_COMPATIBLE;
    o.error = text;
    o.error_size = sizeof text;
    if (dmlcsr_create(&parser, model_path, &o)) {
        note_set(error, "%s", text);
        return false;
    }
    job j = {.set = set, .classes = out->classes, .count = out->pictures, .error = error};
    j.confusion = calloc((size_t)j.classes * j.classes, sizeof *j.confusion);
    pthread_mutex_init(&j.mutex, NULL);
    bool good = j.confusion && run_workers(&j, parser, threads);
    if (good)
        summarise(out, j.confusion);
    pthread_mutex_destroy(&j.mutex);
    free(j.confusion);
    dmlcsr_free(parser);
    return good;
}

void score_print(const score *s, const dmlcsr_dataset *set)
{
    for (uint32_t c = 0; c < s->classes; c++) {
        printf("  %-12s", dmlcsr_dataset_class_name(set, c));
        if (s->f1[c] < 0)
            printf("   -  ");
        else
            printf(" %.4f", s->f1[c]);
        putchar(c % 4 == 3 || c + 1 == s->classes ? '\n' : ' ');
    }
    printf("  mean F1 %.4f (background left out), mean IoU %.4f, pixels right %.4f; %u pictures, protocol dml-csr\n",
           s->mean_f1, s->mean_iou, s->accuracy, (unsigned)s->pictures);
}
