/* A set of pairs: opening it, and reading one. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/structs.h"
#include "base/take.h"
#include "train/data.h"

#define SIDE_MAX 65535

void dml_give_error(const dml_error *error, char *to, size_t size)
{
    if (to && size)
        snprintf(to, size, "%s", error->text);
}

/* ---- open ---- */

static int take_decoder(dmlcsr_dataset *set, const dmlcsr_decoder *decoder, dml_error *error)
{
    if (!decoder)
        return DMLCSR_OK;
    int status = dml_struct_import(&set->decoder, sizeof set->decoder, sizeof set->decoder, decoder, "dmlcsr_decoder",
                                   error);
    if (status == DMLCSR_OK && (!decoder->image || !decoder->label || !decoder->release))
        status = dml_fail(error, DMLCSR_ERROR_ARGUMENT, "the decoder lacks image, label or release");
    return status;
}

/* The list when there is one, else the folders. */
static int read_pairs(dmlcsr_dataset *set, const dmlcsr_dataset_options *o, dml_error *error)
{
    dml_strings paths = { .memory = &set->memory };
    char list_name[300];
    struct stat info;
    int status;
    if (snprintf(list_name, sizeof list_name, "%s_list.txt", o->set) >= (int)sizeof list_name)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "the set's name is too long");
    DML_TRY(dml_strings_add(&paths, o->root, list_name, strlen(list_name), error));
    DML_TRY(dml_strings_add(&paths, o->root, o->set, strlen(o->set), error));
    DML_TRY(dml_strings_add(&paths, dml_string(&paths, 1), "images", 6, error));
    if (stat(dml_string(&paths, 0), &info) == 0 || errno != ENOENT)
        status = dml_list_read(set, o->root, dml_string(&paths, 0), error);
    else if (stat(dml_string(&paths, 2), &info) == 0)
        status = dml_folders_read(set, o->root, o->set, error);
    else
        status = dml_fail(error, DMLCSR_ERROR_IO, "there is neither a list %s nor a folder %s", dml_string(&paths, 0),
                          dml_string(&paths, 2));
    if (status == DMLCSR_OK && set->paths.count / 2 > UINT32_MAX)
        status = dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: has too many pairs", dml_string(&paths, 0));
    set->count = (uint32_t)(set->paths.count / 2);
fail:
    dml_strings_free(&paths);
    return status;
}

static int open_set(dmlcsr_dataset **out, const dmlcsr_dataset_options *o, dml_error *error)
{
    dml_memory hooks;
    dmlcsr_dataset *set = NULL;
    int status;
    if (!o->root || !o->root[0] || !o->set || !o->set[0])
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "root or set is missing");
    DML_TRY(dml_hooks_check(o->allocate, o->release, error));
    dml_memory_init(&hooks, o->allocate, o->release, o->opaque, 0);
    set = dml_alloc_holder(&hooks, sizeof *set);
    if (!set)
        return dml_fail(error, DMLCSR_ERROR_MEMORY, "no memory for a set");
    set->paths.memory = set->names.memory = &set->memory;
    DML_TRY(take_decoder(set, o->decoder, error));
    DML_TRY(dml_classes_read(set, o, error));
    DML_TRY(read_pairs(set, o, error));
    *out = set;
    return DMLCSR_OK;
fail:
    dmlcsr_dataset_free(set);
    return status;
}

int dmlcsr_dataset_open(dmlcsr_dataset **out, const dmlcsr_dataset_options *options)
{
    dmlcsr_dataset_options o;
    dml_error error = { "" };
    if (!out || !options)
        return DMLCSR_ERROR_ARGUMENT;
    int status = dml_struct_import(&o, sizeof o, sizeof o, options, "dmlcsr_dataset_options", &error);
    if (status != DMLCSR_OK)
        return status; /* where its error goes cannot be trusted */
    status = open_set(out, &o, &error);
    if (status != DMLCSR_OK)
        dml_give_error(&error, o.error, o.error_size);
    return status;
}

void dmlcsr_dataset_free(dmlcsr_dataset *set)
{
    if (!set)
        return;
    dml_strings_free(&set->paths);
    dml_strings_free(&set->names);
    dml_release_holder(set);
}

/* ---- looking ---- */

uint32_t dmlcsr_dataset_count(const dmlcsr_dataset *set)
{
    return set ? set->count : 0;
}

uint32_t dmlcsr_dataset_classes(const dmlcsr_dataset *set)
{
    return set ? (uint32_t)set->names.count : 0;
}

const char *dmlcsr_dataset_class_name(const dmlcsr_dataset *set, uint32_t label)
{
    return set && label < set->names.count ? dml_string(&set->names, label) : NULL;
}

uint32_t dmlcsr_dataset_mirror(const dmlcsr_dataset *set, uint32_t label)
{
    return set && label < 256 ? set->mirror[label] : label;
}

const char *dmlcsr_dataset_image_path(const dmlcsr_dataset *set, uint32_t index)
{
    return set && index < set->count ? dml_string(&set->paths, 2 * (size_t)index) : NULL;
}

const char *dmlcsr_dataset_label_path(const dmlcsr_dataset *set, uint32_t index)
{
    return set && index < set->count ? dml_string(&set->paths, 2 * (size_t)index + 1) : NULL;
}

/* ---- reading ---- */

static int decode(const dmlcsr_dataset *set, int (*decoder)(void *, const char *, dmlcsr_bitmap *), const char *path,
                  dmlcsr_bitmap *out, dml_error *error)
{
    memset(out, 0, sizeof *out);
    if (decoder(set->decoder.opaque, path, out) != 0) {
        char text[sizeof out->error];
        snprintf(text, sizeof text, "%s", out->error[0] ? out->error : "cannot be decoded");
        memset(out, 0, sizeof *out);
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: %s", path, text);
    }
    if (!out->pixels || !out->width || !out->height || out->width > SIDE_MAX || out->height > SIDE_MAX) {
        int status = dml_fail(error, DMLCSR_ERROR_IO, "%s: its decoder gave %u x %u pixels", path, (unsigned)out->width,
                              (unsigned)out->height);
        dmlcsr_dataset_release(set, out);
        return status;
    }
    return DMLCSR_OK;
}

static int check_label(const dmlcsr_dataset *set, const char *path, const dmlcsr_bitmap *label, dml_error *error)
{
    size_t count = (size_t)label->width * label->height, classes = set->names.count;
    for (size_t i = 0; i < count; i++)
        if (label->pixels[i] >= classes && label->pixels[i] != DML_IGNORE)
            return dml_fail(error, DMLCSR_ERROR_FORMAT,
                            "%s: pixel x = %zu, y = %zu has class id %u, but ids are 0 to %zu, and %d for ignore", path,
                            i % label->width, i / label->width, (unsigned)label->pixels[i], classes - 1, DML_IGNORE);
    return DMLCSR_OK;
}

/* The same field of view: as wide for their height, but for sides that were rounded when one of them was reduced. */
static int check_shapes(const dmlcsr_dataset *set, uint32_t index, const dmlcsr_bitmap *image,
                        const dmlcsr_bitmap *label, dml_error *error)
{
    const uint64_t across = (uint64_t)image->width * label->height, down = (uint64_t)image->height * label->width;
    const uint64_t image_sides = (uint64_t)image->width + image->height;
    const uint64_t label_sides = (uint64_t)label->width + label->height;
    const uint64_t difference = across > down ? across - down : down - across;
    if (difference <= (image_sides > label_sides ? image_sides : label_sides))
        return DMLCSR_OK;
    return dml_fail(error, DMLCSR_ERROR_FORMAT, "%.200s: is %u x %u pixels, but its labels %.200s are %u x %u",
                    dmlcsr_dataset_image_path(set, index), (unsigned)image->width, (unsigned)image->height,
                    dmlcsr_dataset_label_path(set, index), (unsigned)label->width, (unsigned)label->height);
}

int dml_pair_read(const dmlcsr_dataset *set, uint32_t index, dmlcsr_bitmap *image, dmlcsr_bitmap *label,
                  dml_error *error)
{
    dmlcsr_bitmap picture, map;
    int status = DMLCSR_OK;
    memset(&picture, 0, sizeof picture);
    memset(&map, 0, sizeof map);
    if (!set->decoder.image)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "the set was opened without a decoder");
    if (image)
        DML_TRY(decode(set, set->decoder.image, dmlcsr_dataset_image_path(set, index), &picture, error));
    if (label) {
        const char *path = dmlcsr_dataset_label_path(set, index);
        DML_TRY(decode(set, set->decoder.label, path, &map, error));
        DML_TRY(check_label(set, path, &map, error));
    }
    if (image && label)
        DML_TRY(check_shapes(set, index, &picture, &map, error));
    if (label)
        *label = map;
    if (image)
        *image = picture;
    return DMLCSR_OK;
fail:
    dmlcsr_dataset_release(set, &picture);
    dmlcsr_dataset_release(set, &map);
    return status;
}

int dmlcsr_dataset_read(const dmlcsr_dataset *set, uint32_t index, dmlcsr_bitmap *image, dmlcsr_bitmap *label,
                        char *error, size_t error_size)
{
    dml_error sentence = { "" };
    int status = DMLCSR_ERROR_ARGUMENT;
    if (!set || index >= set->count)
        dml_fail(&sentence, status, set ? "there is no pair %u in the set" : "set is NULL", (unsigned)index);
    else
        status = dml_pair_read(set, index, image, label, &sentence);
    if (status != DMLCSR_OK)
        dml_give_error(&sentence, error, error_size);
    return status;
}

void dmlcsr_dataset_release(const dmlcsr_dataset *set, dmlcsr_bitmap *bitmap)
{
    if (!set || !bitmap)
        return;
    if (bitmap->pixels && set->decoder.release)
        set->decoder.release(set->decoder.opaque, bitmap);
    memset(bitmap, 0, sizeof *bitmap);
}
