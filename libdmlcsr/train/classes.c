/* Names of the classes, and which of them trade places in a mirror. */
#include <stdio.h>
#include <string.h>

#include "model/file.h"
#include "train/data.h"

#define CLASSES_MAX 255 /* 255 is "ignore" */

static const char *const celebamask_hq[] = {
    "background", "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear",
    "mouth", "u_lip", "l_lip", "hair", "hat", "ear_r", "neck_l", "neck", "cloth",
};
static const char *const lapa_and_helen[] = {
    "background", "skin", "left brow", "right brow", "left eye", "right eye", "nose", "upper lip", "inner mouth",
    "lower lip", "hair",
};

static const struct {
    const char *title;
    const char *const *name;
    uint32_t count;
} kinds[] = {
    [DMLCSR_DATA_CUSTOM] = { "the list of classes", NULL, 0 },
    [DMLCSR_DATA_CELEBAMASK_HQ] = { "CelebAMask-HQ", celebamask_hq, 19 },
    [DMLCSR_DATA_LAPA] = { "LaPa", lapa_and_helen, 11 },
    [DMLCSR_DATA_HELEN] = { "Helen", lapa_and_helen, 11 },
};

static int take_names(dml_strings *names, const char *const *name, uint32_t count, dml_error *error)
{
    int status = DMLCSR_OK;
    if (count < 2 || count > CLASSES_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "class_count is %u, must be 2 to %d", (unsigned)count,
                        CLASSES_MAX);
    for (uint32_t i = 0; i < count && status == DMLCSR_OK; i++)
        status = name[i] && name[i][0] ? dml_strings_add(names, NULL, name[i], strlen(name[i]), error)
                                       : dml_fail(error, DMLCSR_ERROR_ARGUMENT, "class %u has no name", (unsigned)i);
    return status;
}

/* label_names.txt: one name a line. */
static int read_names(dml_strings *names, const char *path, dml_error *error)
{
    dml_file file;
    int status = dml_file_open(&file, path, path, names->memory, error);
    if (status != DMLCSR_OK)
        return status;
    dml_lines lines = { (const char *)file.bytes, (const char *)file.bytes + file.size, NULL, 0, 0 };
    while (status == DMLCSR_OK && dml_lines_next(&lines))
        if (lines.length && lines.line[0] != '#')
            status = dml_strings_add(names, NULL, lines.line, lines.length, error);
    dml_file_close(&file, names->memory);
    if (status != DMLCSR_OK)
        return status;
    if (names->count < 2 || names->count > CLASSES_MAX)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: has %zu names, must have 2 to %d", path, names->count,
                        CLASSES_MAX);
    if (strcmp(dml_string(names, 0), "bg") != 0 && strcmp(dml_string(names, 0), "background") != 0)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: the first name is \"%s\", must be bg or background", path,
                        dml_string(names, 0));
    return DMLCSR_OK;
}

/* "left brow" is left_brow, too. */
static bool same_name(const char *a, const char *b)
{
    while (*a && (*a == *b || (strchr(" _", *a) && *b && strchr(" _", *b))))
        a++, b++;
    return *a == *b;
}

/* Spellings differ, and are let through; but a name that the known list has elsewhere means another order. */
static int compare_order(const dml_strings *known, const dml_strings *found, const char *path, int kind, dml_error *error)
{
    for (size_t i = 0; i < found->count; i++)
        for (size_t k = 0; k < known->count; k++)
            if (k != i && same_name(dml_string(found, i), dml_string(known, k)))
                return dml_fail(error, DMLCSR_ERROR_FORMAT,
                                "%s: class %zu is \"%s\", which is class %zu of %s; a list of one's own is kind custom", path,
                                i, dml_string(found, i), k, kinds[kind].title);
    return DMLCSR_OK;
}

/* A known list: the file is only compared with it. */
static int compare_names(const dml_strings *names, const char *path, int kind, dml_error *error)
{
    dml_strings found = { .memory = names->memory };
    int status = DMLCSR_OK;
    if (dml_file_check(path, "", NULL) != DMLCSR_OK)
        return DMLCSR_OK; /* it is not there */
    status = read_names(&found, path, error);
    if (status == DMLCSR_OK && found.count != names->count)
        status = dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: has %zu names, but %s has %zu classes", path, found.count,
                          kinds[kind].title, names->count);
    if (status == DMLCSR_OK)
        status = compare_order(names, &found, path, kind, error);
    dml_strings_free(&found);
    return status;
}

/* The rest of a name behind `side` and its border, or NULL. */
static const char *behind(const char *name, const char *side)
{
    size_t length = strlen(side);
    bool fits = strncmp(name, side, length) == 0 && name[length] && strchr("_- ", name[length]) && name[length + 1];
    return fits ? name + length : NULL;
}

/* "l_lip" is a lower lip, and stays: there is no "r_lip". */
static void pair_sides(const dml_strings *names, uint8_t *mirror)
{
    static const char *const side[][2] = { { "l", "r" }, { "left", "right" } };
    for (unsigned i = 0; i < 256; i++)
        mirror[i] = (uint8_t)i;
    for (size_t i = 0; i < names->count; i++)
        for (size_t j = 0; j < names->count; j++)
            for (size_t k = 0; k < sizeof side / sizeof *side; k++) {
                const char *left = behind(dml_string(names, i), side[k][0]);
                const char *right = behind(dml_string(names, j), side[k][1]);
                if (left && right && strcmp(left, right) == 0) {
                    mirror[i] = (uint8_t)j;
                    mirror[j] = (uint8_t)i;
                }
            }
}

int dml_classes_read(dmlcsr_dataset *set, const dmlcsr_dataset_options *options, dml_error *error)
{
    dml_strings path = { .memory = &set->memory };
    int kind = options->kind, status;
    bool known = kind != DMLCSR_DATA_CUSTOM;
    if (kind < 0 || kind > DMLCSR_DATA_HELEN)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "kind is %d, must be one of DMLCSR_DATA_...", kind);
    if (options->class_count && (known || !options->class_names))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT,
                        known ? "class_count is set, but %s has its own classes" : "class_count is set without %s",
                        known ? kinds[kind].title : "class_names");
    DML_TRY(dml_strings_add(&path, options->root, "label_names.txt", strlen("label_names.txt"), error));
    if (known) {
        DML_TRY(take_names(&set->names, kinds[kind].name, kinds[kind].count, error));
        DML_TRY(compare_names(&set->names, dml_string(&path, 0), kind, error));
    } else if (options->class_count) {
        DML_TRY(take_names(&set->names, options->class_names, options->class_count, error));
    } else {
        DML_TRY(read_names(&set->names, dml_string(&path, 0), error));
    }
    pair_sides(&set->names, set->mirror);
fail:
    dml_strings_free(&path);
    return status;
}
