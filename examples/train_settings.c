#include "train_settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmlcsr/classes.h>
#include <dmlcsr/dmlcsr.h>

enum { TEXT, NUMBER, WHOLE };

typedef struct setting {
    const char *name;
    int kind;
    size_t at, size;       /* in the struct */
    const char *otherwise; /* default */
    double low, high;      /* of a number */
    bool fixed;            /* must not change when a run goes on */
    const char *meaning;
} setting;

#define T(name, otherwise, fixed, meaning) \
    {#name, TEXT, offsetof(settings, name), sizeof(((settings *)0)->name), otherwise, 0, 0, fixed, meaning}
#define N(name, otherwise, low, high, fixed, meaning) \
    {#name, NUMBER, offsetof(settings, name), sizeof(double), otherwise, low, high, fixed, meaning}
#define W(name, otherwise, low, high, fixed, meaning) \
    {#name, WHOLE, offsetof(settings, name), sizeof(double), otherwise, low, high, fixed, meaning}

static const setting table[] = {
    T(data, "", false, "folder of the data set"),
    T(set, "train", true, "what is trained on: SET_list.txt, or the folders SET/images and SET/labels"),
    T(validate, "val", false, "what is evaluated; empty: nothing"),
    T(kind, "custom", true, "class list: celebamask-hq, lapa, helen, or custom (label_names.txt)"),
    W(cache_side, "0", 0, 65535, true, "reduce decoded pictures to this many pixels a side; 0: as they are"),
    W(cache_mb, "2000", 0, 1e7, false, "memory for decoded pictures"),
    W(workers, "1", 1, 64, false, "threads that decode and augment"),
    W(classes, "0", 0, 255, true, "0: as many as the data set has"),
    W(blocks1, "3", 1, 100, true, "bottlenecks of layer1"),
    W(blocks2, "4", 1, 100, true, "bottlenecks of layer2"),
    W(blocks3, "23", 1, 100, true, "bottlenecks of layer3"),
    W(blocks4, "3", 1, 100, true, "bottlenecks of layer4"),
    W(divide, "1", 1, 16, true, "widths: the published ones divided by 1, 2, 4, 8 or 16"),
    T(family, "", true, "a model file whose blocks and widths are taken instead"),
    T(init, "", true, "a model file to start from: what has the same name and shape"),
    T(teacher, "", true, "a model file whose network teaches until the first cycle ends; none: the labels alone do"),
    W(teacher_size, "0", 0, 4097, true, "side of the input as the teacher sees it, resampled; 0: as `size` says"),
    W(teacher_mirror, "0", 0, 1, true, "1: what it teaches is the mean of what it says of a picture and of its mirror image"),
    N(teacher_share, "0.5", 0, 1, true, "of the cross entropies of parsing, what it teaches; 0: nothing"),
    W(size, "473", 17, 4097, true, "side of the input"),
    W(batch, "28", 1, 65535, false, "pictures of a step, on each process (mpirun)"),
    W(threads, "0", 0, 256, false, "threads of a step; 0: one per core"),
    W(recompute, "0", 0, 1, false, "1: bottlenecks are computed again on the way back: less memory, more time"),
    N(momentum, "0.9", 0, .9999, true, ""),
    N(decay, "5e-4", 0, 1, true, "weight decay"),
    N(clip, "0", 0, 1e30, true, "largest norm of the gradient; 0: any"),
    N(average, "0", 0, .999999, true, "moving average of the parameters, such as 0.999; 0: none"),
    W(edge_width, "1", 1, 64, true, "1: edges two pixels wide; more: wider"),
    N(weight_parse, "1", 0, 1e6, true, "weight of a term of the loss"),
    N(weight_binary, "1", 0, 1e6, true, ""),
    N(weight_category, "0.1", 0, 1e6, true, ""),
    N(weight_attention_binary, "4", 0, 1e6, true, ""),
    N(weight_attention_category, "1", 0, 1e6, true, ""),
    N(lovasz, "0.5", 0, 1, true, "share of Lovasz-Softmax in the parsing term"),
    T(isa, "auto", true, "instruction set: auto, c, sse41, avx2, avx512, neon"),
    T(output, "training", false, "folder for checkpoints, models, tables and pictures"),
    W(epochs, "200", 1, 1e6, true, ""),
    N(rate, "1e-3", 0, 100, true, "learning rate"),
    N(power, "0.9", 0, 10, true, "of its decay"),
    W(warm_up, "0", 0, 1e6, true, "epochs of linear rise"),
    W(cycle_start, "150", 0, 1e6, true, "epochs before the first cycle of self-regulation"),
    W(cycle_epochs, "10", 0, 1e6, true, "epochs of a cycle; 0: no self-regulation"),
    W(seed, "1", 0, 1e15, true, ""),
    W(estimate, "0", 0, 1e9, true, "batches that estimate the ensemble's statistics; 0: an epoch"),
    W(evaluate, "1", 0, 1e6, false, "evaluate each so many epochs; 0: only at the end of cycles"),
    W(evaluate_limit, "0", 0, 1e9, false, "pictures of an evaluation; 0: all"),
    W(pictures, "1", 0, 1e6, false, "draw curves.png and sheet.png each so many epochs, after an evaluation; 0: never"),
    N(save_minutes, "10", 0, 1e6, false, "time between checkpoints; 0: only at the end of epochs"),
    W(augment, "1", 0, 1, true, "0: pictures as they are"),
    N(scale_deviation, "0.25", 0, 10, true, "normal, about 1"),
    N(scale_limit, "0.25", 0, .95, true, "cut at 1 - this and 1 + this"),
    N(rotate, "0.6", 0, 1, true, "probability"),
    N(rotate_deviation, "30", 0, 180, true, "degrees"),
    N(rotate_limit, "60", 0, 180, true, "degrees"),
    N(flip, "0.5", 0, 1, true, "probability"),
    N(translate, "0", 0, 1, true, "largest shift as a share of the picture"),
    N(jitter, "0", 0, 1, true, "probability of other brightness, contrast, saturation"),
    N(brightness, "0.3", 0, 1, true, "factor 1 - this to 1 + this"),
    N(contrast, "0.3", 0, 1, true, ""),
    N(saturation, "0.3", 0, 1, true, ""),
    N(grey, "0", 0, 1, true, "probability of a grey picture"),
    N(blur, "0", 0, 1, true, "probability"),
    N(blur_limit, "1.5", 0, 100, true, "pixels"),
    N(blocks, "0", 0, 1, true, "probability of the traces of JPEG"),
    N(blocks_quality, "20", 1, 100, true, "lowest quality"),
    N(occlude, "0", 0, 1, true, "probability of something in front"),
    W(occlude_ignore, "0", 0, 1, true, "1: what is hidden does not count"),
    N(noise, "0", 0, 1, true, "share of pictures whose labels are made wrong, for experiments"),
    N(noise_shift, "0.03", 0, 1, true, ""),
    N(noise_swap, "0.2", 0, 1, true, ""),
    N(noise_grow, "0.3", 0, 1, true, ""),
    N(noise_reach, "0.01", 0, 1, true, ""),
    W(noise_seed, "1", 0, 1e15, true, ""),
    T(licence, "", false, "goes into the model file"),
    T(trained_on, "", false, "goes into the model file"),
    T(side, "", false, "whose left l_ is: subject or picture; empty: as the kind says, for the model file"),
    W(stop_after, "0", 0, 1e15, false, "end with a checkpoint after so many steps; 0: at the end"),
};

enum { SETTINGS = sizeof table / sizeof *table };

static char *text_of(settings *s, const setting *t)
{
    return (char *)s + t->at;
}

static double *number_of(settings *s, const setting *t)
{
    return (double *)(void *)((char *)s + t->at);
}

static const setting *find(const char *name, size_t length)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        bool same = strlen(table[i].name) == length;
        for (size_t k = 0; same && k < length; k++) /* --cycle-start is cycle_start */
            same = table[i].name[k] == (name[k] == '-' ? '_' : name[k]);
        if (same)
            return &table[i];
    }
    return NULL;
}

/* Sets one from its text; false with a message that says where. */
static bool set(settings *s, const setting *t, const char *value, const char *where)
{
    char *end;
    if (t->kind == TEXT) {
        if (strlen(value) < t->size) {
            snprintf(text_of(s, t), t->size, "%s", value);
            return true;
        }
        fprintf(stderr, "dmlcsr-train: %s: %s is too long\n", where, t->name);
        return false;
    }
    errno = 0;
    const double number = strtod(value, &end);
    if (*value && !*end && !errno && number >= t->low && number <= t->high
        && (t->kind == NUMBER || number == (double)(long long)number)) {
        *number_of(s, t) = number;
        return true;
    }
    fprintf(stderr, "dmlcsr-train: %s: %s is \"%s\", must be a %snumber from %g to %g\n", where, t->name, value,
            t->kind == WHOLE ? "whole " : "", t->low, t->high);
    return false;
}

static void print_value(const settings *s, const setting *t, char *out, size_t size)
{
    settings *all = (settings *)(void *)(uintptr_t)s;
    if (t->kind == TEXT)
        snprintf(out, size, "%s", text_of(all, t));
    else
        snprintf(out, size, "%.17g", *number_of(all, t));
}

static void help(void)
{
    puts("usage: dmlcsr-train [FILE] [--NAME VALUE]...\n\n"
         "Trains a network of the DML-CSR family. FILE has a setting on each line, \"name = value\"; # begins a "
         "comment.\n"
         "Flags win over the file. A run that was ended goes on where its last checkpoint is when it is called "
         "again.\n\n"
         "  --fresh    begin again, even where there is a checkpoint\n"
         "  --quiet    print no bar\n"
         "  --help     this text\n"
         "  --version  the version\n\nsettings (default):");
    for (size_t i = 0; i < SETTINGS; i++)
        printf("  %-26s %-9s %s\n", table[i].name, *table[i].otherwise ? table[i].otherwise : "-", table[i].meaning);
}

/* Takes spaces, a comment and quotes away. */
static char *trim(char *text)
{
    char *end;
    text += strspn(text, " \t\r\n");
    if (*text == '"' && (end = strchr(text + 1, '"'))) {
        *end = 0;
        return text + 1;
    }
    text[strcspn(text, "#\r\n")] = 0;
    for (end = text + strlen(text); end > text && isspace((unsigned char)end[-1]);)
        *--end = 0;
    return text;
}

static bool read_line(settings *s, char *line, const char *where)
{
    char *key = line + strspn(line, " \t\r\n");
    char *equals = strchr(key, '=');
    if (!*key || *key == '#' || *key == '[') /* a table of TOML groups settings, no more */
        return true;
    if (!equals) {
        fprintf(stderr, "dmlcsr-train: %s: must be \"name = value\"\n", where);
        return false;
    }
    *equals = 0;
    key = trim(key);
    const setting *t = find(key, strlen(key));
    if (!t) {
        fprintf(stderr, "dmlcsr-train: %s: there is no setting \"%s\" (dmlcsr-train --help lists them)\n", where, key);
        return false;
    }
    return set(s, t, trim(equals + 1), where);
}

static bool read_file(settings *s, const char *path)
{
    char line[2 * SETTING_TEXT], where[SETTING_TEXT];
    bool good = true;
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "dmlcsr-train: %s: %s\n", path, strerror(errno));
        return false;
    }
    for (unsigned number = 1; good && fgets(line, sizeof line, file); number++) {
        snprintf(where, sizeof where, "%.400s, line %u", path, number);
        good = read_line(s, line, where);
    }
    fclose(file);
    return good;
}

static bool read_flag(settings *s, int argc, char **argv, int *i)
{
    const char *flag = argv[*i] + 2;
    const size_t length = strcspn(flag, "=");
    if (strcmp(flag, "fresh") == 0 || strcmp(flag, "quiet") == 0) {
        *(*flag == 'f' ? &s->fresh : &s->quiet) = true;
        return true;
    }
    const setting *t = find(flag, length);
    const char *value = flag[length] ? flag + length + 1 : *i + 1 < argc ? argv[++*i] : NULL;
    if (t && value)
        return set(s, t, value, argv[flag[length] ? *i : *i - 1]);
    fprintf(stderr, "dmlcsr-train: --%s %s (dmlcsr-train --help lists the settings)\n", flag,
            t ? "needs a value" : "is no setting");
    return false;
}

/* Whether what follows a flag belongs to it. */
static int takes_value(const char *flag)
{
    return !strchr(flag, '=') && strcmp(flag, "--fresh") != 0 && strcmp(flag, "--quiet") != 0;
}

int settings_kind(const settings *s)
{
    static const char *const names[] = {"custom", "celebamask-hq", "lapa", "helen"};
    for (int i = 0; i < 4; i++)
        if (strcmp(s->kind, names[i]) == 0)
            return i;
    return -1;
}

const char *settings_side(const settings *s)
{
    const int side = dmlcsr_scheme_side(dmlcsr_scheme_find(s->kind)); /* they have the same names */
    return *s->side ? s->side : side == DMLCSR_SIDE_SUBJECT ? "subject" : side == DMLCSR_SIDE_PICTURE ? "picture" : "";
}

static bool refuse(const char *name, const char *value, const char *must)
{
    fprintf(stderr, "dmlcsr-train: %s is \"%s\", must be %s\n", name, value, must);
    return false;
}

/* Words that only a few values make sense of: it is better said now than after an epoch. */
static bool check_words(const settings *s)
{
    if (settings_kind(s) < 0)
        return refuse("kind", s->kind, "custom, celebamask-hq, lapa or helen");
    if (dmlcsr_isa_find(s->isa) < 0)
        return refuse("isa", s->isa, "auto, c, sse41, avx2, avx512 or neon");
    if (*s->side && strcmp(s->side, "subject") != 0 && strcmp(s->side, "picture") != 0)
        return refuse("side", s->side, "subject or picture");
    return true;
}

int settings_read(settings *s, int argc, char **argv)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < SETTINGS; i++)
        if (!set(s, &table[i], table[i].otherwise, "default"))
            return 2;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help();
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0 || strcmp(argv[i], "-V") == 0) {
            printf("dmlcsr-train %d.%d.%d\n", DMLCSR_VERSION_MAJOR, DMLCSR_VERSION_MINOR, DMLCSR_VERSION_PATCH);
            return 0;
        }
        if (strncmp(argv[i], "--", 2) == 0)
            i += takes_value(argv[i]);
        else if (!read_file(s, argv[i]))
            return 2;
    }
    for (int i = 1; i < argc; i++) /* flags win over the file, wherever it stands */
        if (strncmp(argv[i], "--", 2) == 0 && !read_flag(s, argc, argv, &i))
            return 2;
    if (!*s->data) {
        fputs("dmlcsr-train: no data set: --data FOLDER (dmlcsr-train --help lists the settings)\n", stderr);
        return 2;
    }
    return check_words(s) ? -1 : 2;
}

void settings_print(const settings *s)
{
    char value[SETTING_TEXT];
    for (size_t i = 0; i < SETTINGS; i++) {
        print_value(s, &table[i], value, sizeof value);
        if (table[i].kind != TEXT)
            snprintf(value, sizeof value, "%g", *number_of((settings *)(void *)(uintptr_t)s, &table[i]));
        printf("  %-26s %s\n", table[i].name, *value ? value : "-");
    }
}

void settings_save(const settings *s, settings_pairs *p)
{
    p->count = 0;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (!table[i].fixed)
            continue;
        print_value(s, &table[i], p->text[p->count], SETTING_TEXT);
        p->pair[2 * p->count] = table[i].name;
        p->pair[2 * p->count + 1] = p->text[p->count];
        p->count++;
    }
}

bool settings_same(const settings *s, const char *key, const char *value, char *mine, size_t size)
{
    const setting *t = find(key, strlen(key));
    if (!t || !t->fixed)
        return true;
    print_value(s, t, mine, size);
    return strcmp(mine, value) == 0;
}
