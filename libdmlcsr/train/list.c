/* Which files belong together: from a list, or from folders. */
#define _POSIX_C_SOURCE 200809L
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "model/file.h"
#include "train/data.h"

/* ---- lines ---- */

bool dml_is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

bool dml_lines_next(dml_lines *lines)
{
    if (lines->at == lines->end)
        return false;
    const char *begin = lines->at, *end = memchr(begin, '\n', (size_t)(lines->end - begin));
    lines->at = end ? end + 1 : lines->end;
    if (!end)
        end = lines->end;
    while (begin < end && dml_is_blank(*begin))
        begin++;
    while (begin < end && dml_is_blank(end[-1]))
        end--;
    lines->line = begin;
    lines->length = (size_t)(end - begin);
    lines->number++;
    return true;
}

/* The next field of a line; cleared at its end. With tabs, only they are borders, and blanks belong to names. */
static const char *next_field(const char **at, const char *end, bool tabs, size_t *length)
{
    const char *begin = *at;
    while (begin < end && dml_is_blank(*begin))
        begin++;
    const char *stop = begin;
    while (stop < end && !(tabs ? *stop == '\t' : dml_is_blank(*stop)))
        stop++;
    *at = stop;
    while (stop > begin && dml_is_blank(stop[-1]))
        stop--;
    *length = (size_t)(stop - begin);
    return begin;
}

/* ---- a list ---- */

int dml_file_check(const char *path, const char *where, dml_error *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return dml_fail(error, DMLCSR_ERROR_IO, "%s%s: cannot be opened: %s", where, path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dml_fail(error, DMLCSR_ERROR_IO, "%s%s: is %s, not a file", where, path,
                        S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    return DMLCSR_OK;
}

/* Adds the two paths of a line, both of which must be there. */
static int read_line(dmlcsr_dataset *set, const char *root, const dml_lines *lines, const char *where,
                     dml_error *error)
{
    const char *at = lines->line, *end = at + lines->length, *field;
    bool tabs = memchr(at, '\t', lines->length) != NULL;
    size_t length;
    int status;
    for (int column = 0; column < 2; column++) {
        field = next_field(&at, end, tabs, &length);
        if (!length)
            return dml_fail(error, DMLCSR_ERROR_FORMAT,
                            "%sa line needs two paths, of a photograph and of its labels, but has one", where);
        DML_TRY(dml_strings_add(&set->paths, root, field, length, error));
        DML_TRY(dml_file_check(dml_string(&set->paths, set->paths.count - 1), where, error));
    }
    next_field(&at, end, tabs, &length); /* an edge map: edges are computed */
    field = next_field(&at, end, tabs, &length);
    if (length)
        return dml_fail(error, DMLCSR_ERROR_FORMAT, "%sa line has two or three paths; what is \"%.*s\"? (Put tabs "
                        "between names that have spaces.)", where, (int)(length < 80 ? length : 80), field);
    status = DMLCSR_OK;
fail:
    return status;
}

int dml_list_read(dmlcsr_dataset *set, const char *root, const char *list_path, dml_error *error)
{
    dml_file file;
    char where[300];
    int status = dml_file_open(&file, list_path, list_path, &set->memory, error);
    if (status != DMLCSR_OK)
        return status;
    dml_lines lines = { (const char *)file.bytes, (const char *)file.bytes + file.size, NULL, 0, 0 };
    while (status == DMLCSR_OK && dml_lines_next(&lines)) {
        if (!lines.length || lines.line[0] == '#')
            continue;
        snprintf(where, sizeof where, "%.250s:%u: ", list_path, lines.number);
        if (memchr(lines.line, 0, lines.length))
            status = dml_fail(error, DMLCSR_ERROR_FORMAT, "%sthis is not a text file", where);
        else
            status = read_line(set, root, &lines, where, error);
    }
    dml_file_close(&file, &set->memory);
    if (status == DMLCSR_OK && !set->paths.count)
        status = dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: there is no pair in it", list_path);
    return status;
}

/* ---- folders ---- */

/* Names of the files of a folder, sorted; those that begin with a dot are not for us. */
static int read_folder(dml_strings *names, const char *folder, dml_error *error)
{
    struct dirent *entry;
    int status = DMLCSR_OK;
    DIR *stream = opendir(folder);
    if (!stream)
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be opened: %s", folder, strerror(errno));
    while (status == DMLCSR_OK && (errno = 0, entry = readdir(stream)))
        if (entry->d_name[0] != '.')
            status = dml_strings_add(names, NULL, entry->d_name, strlen(entry->d_name), error);
    if (status == DMLCSR_OK && errno)
        status = dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be read: %s", folder, strerror(errno));
    closedir(stream);
    dml_strings_sort(names);
    return status;
}

static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : strlen(name);
}

/* As strcmp() of the names without their ends. */
static int compare_stems(const char *a, const char *b)
{
    size_t m = stem_length(a), n = stem_length(b);
    int order = memcmp(a, b, m < n ? m : n);
    return order ? order : m < n ? -1 : m > n;
}

/* By bisection. The names are in the order of whole names, which is not that of their stems where one stem begins with
   the other ("a-b.png" "a.png" but "a" "a-b"), so what is near the place is looked at one by one. */
static size_t find_stem(const dml_strings *names, const char *name)
{
    size_t length = stem_length(name), low = 0, high = names->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strncmp(dml_string(names, middle), name, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < names->count && strncmp(dml_string(names, low), name, length) == 0; low++)
        if (compare_stems(dml_string(names, low), name) == 0)
            return low;
    return SIZE_MAX;
}

static int pair_names(dmlcsr_dataset *set, const dml_strings *images, const char *image_folder,
                      const dml_strings *labels, const char *label_folder, dml_error *error)
{
    int status = DMLCSR_OK;
    for (size_t i = 0; i < images->count; i++) {
        const char *image = dml_string(images, i), *label;
        size_t twin = find_stem(images, image), found = find_stem(labels, image);
        if (twin != i)
            return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: %s and %s have the same name but for the end",
                            image_folder, dml_string(images, twin), image);
        if (found == SIZE_MAX)
            return dml_fail(error, DMLCSR_ERROR_FORMAT, "%s/%s: there are no labels for it in %s", image_folder, image,
                            label_folder);
        label = dml_string(labels, found);
        DML_TRY(dml_strings_add(&set->paths, image_folder, image, strlen(image), error));
        DML_TRY(dml_file_check(dml_string(&set->paths, set->paths.count - 1), "", error));
        DML_TRY(dml_strings_add(&set->paths, label_folder, label, strlen(label), error));
        DML_TRY(dml_file_check(dml_string(&set->paths, set->paths.count - 1), "", error));
    }
fail:
    return status;
}

int dml_folders_read(dmlcsr_dataset *set, const char *root, const char *name, dml_error *error)
{
    dml_strings folders = { .memory = &set->memory }, images = folders, labels = folders;
    int status;
    DML_TRY(dml_strings_add(&folders, root, name, strlen(name), error));
    DML_TRY(dml_strings_add(&folders, dml_string(&folders, 0), "images", 6, error));
    DML_TRY(dml_strings_add(&folders, dml_string(&folders, 0), "labels", 6, error));
    DML_TRY(read_folder(&images, dml_string(&folders, 1), error));
    DML_TRY(read_folder(&labels, dml_string(&folders, 2), error));
    if (!images.count)
        DML_TRY(dml_fail(error, DMLCSR_ERROR_FORMAT, "%s: there is no photograph in it", dml_string(&folders, 1)));
    status = pair_names(set, &images, dml_string(&folders, 1), &labels, dml_string(&folders, 2), error);
fail:
    dml_strings_free(&folders);
    dml_strings_free(&images);
    dml_strings_free(&labels);
    return status;
}
