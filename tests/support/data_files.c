#define _XOPEN_SOURCE 700
#include "support/data_files.h"

#include <errno.h>
#include <ftw.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static atomic_uint reads, alive;

static void need(int good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

char *data_folder(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = malloc(4096);
    snprintf(folder, 4096, "%s/dmlcsr-data-XXXXXX", base ? base : "/tmp");
    need(mkdtemp(folder) != NULL, folder);
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(path);
}

void data_remove(char *folder)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(folder);
}

const char *data_path(const char *folder, const char *name)
{
    static char paths[4][4200];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void data_write(const char *folder, const char *name, const void *bytes, size_t size)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = 0;
        need(mkdir(path, 0777) == 0 || errno == EEXIST, path);
        *slash = '/';
    }
    FILE *file = fopen(path, "wb");
    need(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, path);
}

void data_text(const char *folder, const char *name, const char *text)
{
    data_write(folder, name, text, strlen(text));
}

void data_raw(const char *folder, const char *name, const uint8_t *pixels, unsigned channels, unsigned w, unsigned h)
{
    size_t size = (size_t)channels * w * h;
    char *file = malloc(size + 64);
    int head = snprintf(file, 64, "RAW %u %u %u\n", channels, w, h);
    memcpy(file + head, pixels, size);
    data_write(folder, name, file, size + (size_t)head);
    free(file);
}

/* ---- faces ---- */

void data_face(uint8_t *label, unsigned w, unsigned h, unsigned classes, unsigned index)
{
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x++) {
            unsigned column = 4 * x / w, row = 4 * y / h;
            label[y * w + x] = (uint8_t)((row * 5 + column * 3 + index) % classes);
        }
}

uint8_t data_colour(unsigned label, unsigned channel)
{
    return (uint8_t)(30 + (label * (37 + 20 * channel) + 50 * channel) % 200);
}

static void write_face(const char *folder, unsigned index, unsigned w, unsigned h, int small)
{
    char name[64];
    uint8_t *label = malloc((size_t)w * h), *image = malloc((size_t)w * h * 3);
    data_face(label, w, h, 7, index);
    for (unsigned i = 0; i < w * h; i++)
        for (unsigned c = 0; c < 3; c++)
            image[3 * i + c] = data_colour(label[i], c);
    snprintf(name, sizeof name, "images/f%03u.raw", index);
    data_raw(folder, name, image, 3, w, h);
    if (small)
        data_face(label, w / 4, h / 4, 7, index);
    snprintf(name, sizeof name, "labels/f%03u.raw", index);
    data_raw(folder, name, label, 1, small ? w / 4 : w, small ? h / 4 : h);
    free(label);
    free(image);
}

char *data_set(unsigned count, unsigned w, unsigned h, int small)
{
    char *folder = data_folder(), *list = calloc(count + 1, 64);
    for (unsigned i = 0; i < count; i++) {
        write_face(folder, i, w + 4 * (i % 3), h + 4 * (i % 2), small);
        sprintf(list + strlen(list), "images/f%03u.raw labels/f%03u.raw\n", i, i);
    }
    data_text(folder, "train_list.txt", list);
    data_text(folder, "label_names.txt", "bg\nskin\nl_eye\nr_eye\nleft brow\nright brow\nl_lip\n");
    free(list);
    return folder;
}

/* ---- the decoder ---- */

static int read_raw(const char *path, unsigned channels, dmlcsr_bitmap *out)
{
    unsigned found = 0;
    FILE *file = fopen(path, "rb");
    if (!file || fscanf(file, "RAW %u %u %u", &found, &out->width, &out->height) != 3 || found != channels) {
        snprintf(out->error, sizeof out->error, "is no raw file of %u channels", channels);
        if (file)
            fclose(file);
        return 1;
    }
    size_t size = (size_t)channels * out->width * out->height;
    fgetc(file);
    out->pixels = malloc(size);
    size_t got = fread(out->pixels, 1, size, file);
    fclose(file);
    if (strstr(path, "slow"))
        nanosleep(&(struct timespec){ 0, 20000000 }, NULL);
    if (got != size) {
        free(out->pixels);
        snprintf(out->error, sizeof out->error, "ends after %zu bytes", got);
        return 1;
    }
    atomic_fetch_add(&alive, 1);
    return 0;
}

static int read_image(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    (void)opaque;
    atomic_fetch_add(&reads, 1);
    return read_raw(path, 3, out);
}

static int read_label(void *opaque, const char *path, dmlcsr_bitmap *out)
{
    (void)opaque;
    return read_raw(path, 1, out);
}

static void release(void *opaque, dmlcsr_bitmap *bitmap)
{
    (void)opaque;
    free(bitmap->pixels);
    atomic_fetch_sub(&alive, 1);
}

void data_decoder(dmlcsr_decoder *decoder)
{
    dmlcsr_decoder_init(decoder);
    decoder->image = read_image;
    decoder->label = read_label;
    decoder->release = release;
}

unsigned data_reads(void)
{
    return atomic_exchange(&reads, 0);
}

unsigned data_alive(void)
{
    return atomic_load(&alive);
}

dmlcsr_dataset *data_open(const char *folder)
{
    dmlcsr_dataset_options options;
    dmlcsr_decoder decoder;
    dmlcsr_dataset *set = NULL;
    char error[512] = "";
    dmlcsr_dataset_options_init(&options);
    data_decoder(&decoder);
    options.root = folder;
    options.set = "train";
    options.decoder = &decoder;
    options.error = error;
    options.error_size = sizeof error;
    need(dmlcsr_dataset_open(&set, &options) == DMLCSR_OK, error);
    return set;
}
