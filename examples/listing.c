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

/* "folder/name", or a name that begins with "/" as it is; or NULL. */
static char *join(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = malloc(size);
    if (path && name[0] == '/')
        snprintf(path, size, "%s", name);
    else if (path)
        snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* A text without the blanks around it; NULL stays NULL. */
static char *trim(char *text)
{
    if (!text)
        return NULL;
    text += strspn(text, BLANKS);
    for (char *end = text + strlen(text); end > text && strchr(BLANKS, end[-1]);)
        *--end = 0;
    return text;
}

/* A line without the blanks around it; NULL at the end of the file. */
static char *next_line(FILE *file, char **buffer, size_t *size, unsigned *number)
{
    if (getline(buffer, size, file) < 0)
        return NULL;
    ++*number;
    return trim(*buffer);
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
        note_set(error, "%s%s: is %s, not a file", where, path, S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
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
    char *rest = NULL, *image = trim(strtok_r(line, borders, &rest)), *label = trim(strtok_r(NULL, borders, &rest));
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

static bool read_list(listing *l, const char *root, const char *path, note *error)
{
    char *buffer = NULL, *line, where[300];
    size_t size = 0;
    unsigned number = 0;
    bool ok = check_file(path, "", error);
    FILE *file = ok ? fopen(path, "r") : NULL;
    if (ok && !file) {
        note_set(error, "%s: cannot be opened: %s", path, strerror(errno));
        ok = false;
    }
    while (ok && (line = next_line(file, &buffer, &size, &number))) {
        snprintf(where, sizeof where, "%.280s:%u: ", path, number);
        if (*line && *line != '#')
            ok = read_line(l, root, line, where, error);
    }
    free(buffer);
    if (file)
        fclose(file);
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

/* The files of a folder, sorted; those that begin with a dot are not for us. */
typedef struct folder {
    char *path;
    struct dirent **entries;
    int count;
} folder;

static bool folder_read(folder *f, const char *set, const char *name, note *error)
{
    f->path = join(set, name);
    f->count = f->path ? scandir(f->path, &f->entries, visible, by_bytes) : 0;
    if (!f->path)
        return no_memory(error);
    if (f->count < 0)
        note_set(error, "%s: cannot be opened: %s", f->path, strerror(errno));
    return f->count >= 0;
}

static void folder_free(folder *f)
{
    for (int i = 0; i < f->count; i++)
        free(f->entries[i]);
    free(f->entries);
    free(f->path);
}

/* The first name with the stem of `name`; NULL when there is none. By bisection; what begins with the stem may lie between
   ("a-b.png" is before "a.png"), so that those are looked at one by one. */
static const char *find_stem(const folder *f, const char *name)
{
    const size_t length = stem_length(name);
    int low = 0, high = f->count;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strncmp(f->entries[middle]->d_name, name, length) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < f->count && strncmp(f->entries[low]->d_name, name, length) == 0; low++)
        if (stem_length(f->entries[low]->d_name) == length)
            return f->entries[low]->d_name;
    return NULL;
}

/* The labels have the photograph's name but for the end, whichever that is: as libdmlcsr-train pairs them. */
static bool pair_file(listing *l, const folder *images, const char *image, const folder *labels, note *error)
{
    const char *twin = find_stem(images, image), *label = find_stem(labels, image);
    if (strcmp(twin, image) != 0)
        note_set(error, "%s: %.150s and %.150s have the same name but for the end", images->path, twin, image);
    else if (!label)
        note_set(error, "%s/%s: there are no labels for it in %s", images->path, image, labels->path);
    else
        return add_pair(l, images->path, image, labels->path, label, "", error);
    return false;
}

static bool read_folders(listing *l, const char *set, note *error)
{
    folder images = { .count = 0 }, labels = images;
    bool ok = folder_read(&images, set, "images", error) && folder_read(&labels, set, "labels", error);
    if (ok && !images.count) {
        note_set(error, "%s: there is no photograph in it", images.path);
        ok = false;
    }
    for (int i = 0; ok && i < images.count; i++)
        ok = pair_file(l, &images, images.entries[i]->d_name, &labels, error);
    folder_free(&images);
    folder_free(&labels);
    return ok;
}

/* The list when there is one, else the folders. */
static bool find_pairs(listing *l, const char *root, const char *set, note *error)
{
    char name[300];
    struct stat info;
    if (snprintf(name, sizeof name, "%s_list.txt", set) >= (int)sizeof name) {
        note_set(error, "the set's name is too long");
        return false;
    }
    char *list = join(root, name), *within = join(root, set), *images = within ? join(within, "images") : NULL;
    bool ok = list && images;
    if (!ok)
        no_memory(error);
    else if (stat(list, &info) == 0 || errno != ENOENT)
        ok = read_list(l, root, list, error);
    else if (stat(images, &info) == 0)
        ok = read_folders(l, within, error);
    else {
        note_set(error, "there is neither a list %s nor a folder %s", list, images);
        ok = false;
    }
    free(list);
    free(within);
    free(images);
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
