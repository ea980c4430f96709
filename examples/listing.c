#define _POSIX_C_SOURCE 200809L
#include "listing.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CLASSES_MAX 255 /* 255 is "ignore" */
#define BLANKS " \t\r\n"

static const char *const celebamask_hq[] = {
    "background", "skin",  "nose",  "eye_g", "l_eye", "r_eye", "l_brow", "r_brow", "l_ear", "r_ear",
    "mouth",      "u_lip", "l_lip", "hair",  "hat",   "ear_r", "neck_l", "neck",   "cloth",
};
static const char *const lapa_and_helen[] = {
    "background", "skin",      "left brow",   "right brow", "left eye", "right eye",
    "nose",       "upper lip", "inner mouth", "lower lip",  "hair",
};

static const struct {
    const char *option, *title;
    const char *const *names;
    uint32_t classes;
} kinds[] = {
    [LISTING_AUTO] = { "auto", "label_names.txt", NULL, 0 },
    [LISTING_CELEBAMASK_HQ] = { "celebamask-hq", "CelebAMask-HQ", celebamask_hq, 19 },
    [LISTING_LAPA] = { "lapa", "LaPa", lapa_and_helen, 11 },
    [LISTING_HELEN] = { "helen", "Helen", lapa_and_helen, 11 },
};

int listing_kind(const char *name)
{
    for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); i++)
        if (strcmp(name, kinds[i].option) == 0)
            return i;
    return -1;
}

void listing_free(listing *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->pairs[i].image);
        free(l->pairs[i].label);
    }
    for (uint32_t i = 0; i < l->classes; i++)
        free(l->names[i]);
    free(l->pairs);
    free(l->names);
    memset(l, 0, sizeof *l);
}

static bool no_memory(note *error)
{
    note_set(error, "there is not enough memory for a list of files");
    return false;
}

/* "folder/name", or NULL. */
static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* A line without the blanks around it; NULL at the end of the file. */
static char *next_line(FILE *file, char **buffer, size_t *size, unsigned *number)
{
    if (getline(buffer, size, file) < 0)
        return NULL;
    ++*number;
    char *line = *buffer + strspn(*buffer, BLANKS), *end = line + strlen(line);
    while (end > line && strchr(BLANKS, end[-1]))
        *--end = 0;
    return line;
}

/* ---- class names ---- */

static bool add_name(listing *l, const char *name, note *error)
{
    char **more = realloc(l->names, (l->classes + 1) * sizeof *more), *copy = strdup(name);
    if (more)
        l->names = more;
    if (!more || !copy) {
        free(copy);
        return no_memory(error);
    }
    l->names[l->classes++] = copy;
    return true;
}

static bool read_names(listing *l, FILE *file, const char *path, note *error)
{
    char *buffer = NULL, *line;
    size_t size = 0;
    unsigned number = 0;
    bool ok = true;
    while (ok && (line = next_line(file, &buffer, &size, &number)))
        if (*line && *line != '#' && l->classes <= CLASSES_MAX)
            ok = add_name(l, line, error);
    free(buffer);
    if (!ok)
        return false;
    if (l->classes < 2 || l->classes > CLASSES_MAX) {
        note_set(error, "%s: has %s names, but there must be 2 to %d", path, l->classes < 2 ? "too few" : "too many",
                 CLASSES_MAX);
        return false;
    }
    ok = strcmp(l->names[0], "bg") == 0 || strcmp(l->names[0], "background") == 0;
    if (!ok)
        note_set(error, "%s: the first name must be bg or background, not \"%s\"", path, l->names[0]);
    return ok;
}

/* The names of the file, which must be as many as the kind has; without a file, those of the kind. */
static bool find_names(listing *l, const char *root, int kind, uint32_t classes, note *error)
{
    char *path = join(root, kinds[LISTING_AUTO].title);
    FILE *file = path ? fopen(path, "r") : NULL;
    bool ok = path ? true : no_memory(error);
    if (file) {
        ok = read_names(l, file, path, error);
        fclose(file);
    }
    if (ok && file && kind != LISTING_AUTO && l->classes != kinds[kind].classes) {
        note_set(error, "%s: has %u names, but %s has %u classes", path, l->classes, kinds[kind].title,
                 kinds[kind].classes);
        ok = false;
    }
    for (int k = LISTING_CELEBAMASK_HQ; !file && kind == LISTING_AUTO && k <= LISTING_LAPA; k++)
        kind = kinds[k].classes == classes ? k : kind; /* Helen's list is LaPa's */
    if (ok && !file && kind == LISTING_AUTO) {
        note_set(error, "%s: cannot be opened, and no list of %u classes is known: %s", path, classes, strerror(errno));
        ok = false;
    }
    for (uint32_t i = 0; ok && !file && i < kinds[kind].classes; i++)
        ok = add_name(l, kinds[kind].names[i], error);
    l->title = kinds[kind].title;
    free(path);
    return ok;
}

/* ---- pairs ---- */

static bool check_file(const char *path, const char *where, note *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        note_set(error, "%s%s: cannot be opened: %s", where, path, strerror(errno));
    else if (!S_ISREG(info.st_mode))
        note_set(error, "%s%s: is not a regular file", where, path);
    else
        return true;
    return false;
}

static bool add_pair(listing *l, const char *image_folder, const char *image, const char *label_folder,
                     const char *label, const char *where, note *error)
{
    listing_pair *more = l->pairs;
    if (l->count % 256 == 0) {
        more = realloc(l->pairs, (l->count + 256) * sizeof *more);
        if (!more)
            return no_memory(error);
        l->pairs = more;
    }
    listing_pair *pair = &more[l->count];
    pair->image = join(image_folder, image);
    pair->label = join(label_folder, label);
    l->count++;
    if (!pair->image || !pair->label)
        return no_memory(error);
    return check_file(pair->image, where, error) && check_file(pair->label, where, error);
}

/* Two paths, and maybe one of edges. With tabs, only these are borders, and blanks belong to names. */
static bool read_line(listing *l, const char *root, char *line, const char *where, note *error)
{
    const char *borders = strchr(line, '\t') ? "\t" : " ";
    char *rest = NULL, *image = strtok_r(line, borders, &rest), *label = strtok_r(NULL, borders, &rest);
    if (!image || !label) {
        note_set(error, "%sa line needs two paths, of a photograph and of its labels", where);
        return false;
    }
    (void)strtok_r(NULL, borders, &rest);
    if (strtok_r(NULL, borders, &rest)) {
        note_set(error, "%sa line has two or three paths; put tabs between names that have blanks", where);
        return false;
    }
    return add_pair(l, root, image, root, label, where, error);
}

static bool read_list(listing *l, FILE *file, const char *root, const char *path, note *error)
{
    char *buffer = NULL, *line, where[300];
    size_t size = 0;
    unsigned number = 0;
    bool ok = true;
    while (ok && (line = next_line(file, &buffer, &size, &number))) {
        snprintf(where, sizeof where, "%.280s:%u: ", path, number);
        if (*line && *line != '#')
            ok = read_line(l, root, line, where, error);
    }
    free(buffer);
    if (ok && !l->count) {
        note_set(error, "%s: there is no pair in it", path);
        ok = false;
    }
    return ok;
}

/* ---- folders ---- */

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int by_bytes(const struct dirent **left, const struct dirent **right)
{
    return strcmp((*left)->d_name, (*right)->d_name);
}

static size_t stem_length(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot ? (size_t)(dot - name) : strlen(name);
}

/* Labels are PNG files: the one whose name is the photograph's but for the end. */
static bool pair_file(listing *l, const char *images, const char *image, const char *labels, note *error)
{
    size_t length = stem_length(image);
    char *label = malloc(length + 5);
    if (!label)
        return no_memory(error);
    snprintf(label, length + 5, "%.*s.png", (int)length, image);
    bool ok = add_pair(l, images, image, labels, label, "", error);
    free(label);
    return ok;
}

static bool read_folders(listing *l, const char *images, const char *labels, note *error)
{
    struct dirent **entries = NULL;
    int count = scandir(images, &entries, visible, by_bytes);
    bool ok = count > 0;
    if (!ok)
        note_set(error, "%s: %s", images, count < 0 ? strerror(errno) : "there is no photograph in it");
    for (int i = 0; i < count; i++) {
        ok = ok && pair_file(l, images, entries[i]->d_name, labels, error);
        free(entries[i]);
    }
    free(entries);
    return ok;
}

/* "root/set" and the rest, or NULL. */
static char *name_of(const char *root, const char *set, const char *rest)
{
    size_t size = strlen(root) + strlen(set) + strlen(rest) + 2;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s/%s%s", root, set, rest);
    return path;
}

static bool find_pairs(listing *l, const char *root, const char *set, note *error)
{
    char *list = name_of(root, set, "_list.txt"), *images = name_of(root, set, "/images");
    char *labels = name_of(root, set, "/labels");
    struct stat info;
    bool ok = list && images && labels, folders = ok && stat(images, &info) == 0;
    FILE *file = ok ? fopen(list, "r") : NULL;
    if (!ok)
        no_memory(error);
    else if (file)
        ok = read_list(l, file, root, list, error);
    else if (folders)
        ok = read_folders(l, images, labels, error);
    else {
        note_set(error, "there is neither a list %s nor a folder %s", list, images);
        ok = false;
    }
    if (file)
        fclose(file);
    free(list);
    free(images);
    free(labels);
    return ok;
}

bool listing_read(listing *out, const char *root, const char *set, int kind, uint32_t classes, note *error)
{
    memset(out, 0, sizeof *out);
    if (find_pairs(out, root, set, error) && find_names(out, root, kind, classes, error))
        return true;
    listing_free(out);
    return false;
}
