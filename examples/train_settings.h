/* The settings of a training run: one table of names, defaults and meanings, from which the help text, the reader of files
 * and flags, the printed list and the lines in a checkpoint are made. */
#ifndef EXAMPLES_TRAIN_SETTINGS_H
#define EXAMPLES_TRAIN_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SETTING_TEXT 512

typedef struct settings {
    /* data */
    char data[SETTING_TEXT], set[64], validate[64], kind[32];
    double cache_side, cache_mb, workers;
    /* network */
    double classes, blocks1, blocks2, blocks3, blocks4, divide;
    char family[SETTING_TEXT], init[SETTING_TEXT], teacher[SETTING_TEXT];
    double teacher_size, teacher_mirror, teacher_share;
    /* step */
    double size, batch, threads, recompute, momentum, decay, clip, average, edge_width;
    double weight_parse, weight_binary, weight_category, weight_attention_binary, weight_attention_category, lovasz;
    char isa[16];
    /* run */
    char output[SETTING_TEXT];
    double epochs, rate, power, warm_up, cycle_start, cycle_epochs, seed, estimate;
    double evaluate, evaluate_limit, pictures, save_minutes;
    /* augmentation */
    double augment, scale_deviation, scale_limit, rotate, rotate_deviation, rotate_limit, flip, translate, jitter,
        brightness, contrast, saturation, grey, blur, blur_limit, blocks, blocks_quality, occlude, occlude_ignore;
    /* labels made wrong on purpose */
    double noise, noise_shift, noise_swap, noise_grow, noise_reach, noise_seed;
    /* what the model file says about itself */
    char licence[SETTING_TEXT], trained_on[SETTING_TEXT], side[16];
    /* this call only */
    bool fresh, quiet;
    double stop_after; /* steps, 0: none; for tests */
} settings;

/* Defaults, then a file if one is named, then flags. -1 to go on, or the exit code after help or a message. */
int settings_read(settings *s, int argc, char **argv);

/* The class list as DMLCSR_DATA_..., or -1. */
int settings_kind(const settings *s);

/* Whose left "l_" is: subject or picture; empty where neither the settings nor the class list say so. */
const char *settings_side(const settings *s);

/* Prints all of them, aligned. */
void settings_print(const settings *s);

/* The settings that must not change when a run goes on, as pairs of key and value for a checkpoint. The strings belong to
   `text`. Returns the number of pairs. */
typedef struct settings_pairs {
    const char *pair[2 * 96];
    char text[96][SETTING_TEXT];
    size_t count;
} settings_pairs;
void settings_save(const settings *s, settings_pairs *pairs);

/* Compares a pair of a checkpoint with the settings; false, with both values, when it differs. A key that is no setting is
   fine. */
bool settings_same(const settings *s, const char *key, const char *value, char *mine, size_t size);

#endif
