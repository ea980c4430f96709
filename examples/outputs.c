#define _XOPEN_SOURCE 700
#include "outputs.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <dmlcsr/mask.h>

#include "overlay.h"

/* ---- names ---- */

/* The file's name without folders and ending: from `*start`, so many letters. */
static size_t stem(const char *photo, const char **start)
{
    const char *slash = strrchr(photo, '/'), *name = slash ? slash + 1 : photo, *dot = strrchr(name, '.');
    *start = name;
    return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static bool is_folder(const arguments *a, const char *path)
{
    struct stat info;
    size_t length = strlen(path);
    return a->photo_count > 1 || (length && path[length - 1] == '/') ||
           (stat(path, &info) == 0 && S_ISDIR(info.st_mode));
}

/* "folder/STEM-suffix.png" */
static char *name_in(const char *folder, const char *photo, const char *suffix)
{
    const char *start;
    size_t length = stem(photo, &start), size = strlen(folder) + length + strlen(suffix) + 8;
    char *name = malloc(size);
    const char *end = folder + strlen(folder);
    if (name && strcmp(folder, ".") == 0)
        snprintf(name, size, "%.*s-%s.png", (int)length, start, suffix);
    else if (name)
        snprintf(name, size, "%s%s%.*s-%s.png", folder, end > folder && end[-1] == '/' ? "" : "/", (int)length, start,
                 suffix);
    return name;
}

/* Where an output goes whose option was given `path` (NULL: none). */
static char *place(const outputs *o, const char *path, const char *photo, const char *suffix)
{
    if (!path)
        return name_in(o->asked->output, photo, suffix);
    return is_folder(o->asked, path) ? name_in(path, photo, suffix) : strdup(path);
}

/* A class name comes from a model file: in a file's name it must not lead elsewhere. */
static void file_word(const char *name, char *out, size_t size)
{
    snprintf(out, size, "%s", name);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c <= ' ' || *c == '/' || *c == '\\' || *c == ':')
            *c = '_';
}

static char *place_of_mask(const outputs *o, const char *class_name, const char *photo)
{
    char word[64];
    file_word(class_name, word, sizeof word);
    return name_in(o->asked->masks, photo, word);
}

/* ---- preparation ---- */

static bool make_folder(const char *path, note *error)
{
    char *copy = strdup(path);
    bool ok = copy != NULL;
    for (char *c = copy; ok && *c; c++) { /* each folder on the way; those that are there already are no error */
        char next = c[1];
        if (c == copy && *c == '/')
            continue;
        if (next != '/' && next != 0)
            continue;
        c[1] = 0;
        ok = mkdir(copy, 0777) == 0 || errno == EEXIST;
        c[1] = next;
    }
    struct stat info;
    ok = ok && stat(path, &info) == 0;
    if (ok && !S_ISDIR(info.st_mode)) {
        errno = ENOTDIR;
        ok = false;
    }
    if (!ok)
        note_set(error, "%s: the folder cannot be made: %s", path, strerror(errno));
    free(copy);
    return ok;
}

static int by_stem(const void *left, const void *right)
{
    const char *l, *r;
    size_t ll = stem(*(char *const *)left, &l), rl = stem(*(char *const *)right, &r);
    int order = memcmp(l, r, ll < rl ? ll : rl);
    return order ? order : (ll > rl) - (ll < rl);
}

/* a/x.jpg and b/x.png would silently share x-label.png. */
static bool check_stems(const arguments *a, note *error)
{
    char **sorted = malloc(a->photo_count * sizeof *sorted);
    bool ok = true;
    if (!sorted)
        return true; /* only a courtesy */
    memcpy(sorted, a->photos, a->photo_count * sizeof *sorted);
    qsort(sorted, a->photo_count, sizeof *sorted, by_stem);
    for (size_t i = 1; ok && i < a->photo_count; i++) {
        if (by_stem(&sorted[i - 1], &sorted[i]) == 0) {
            note_set(error, "%s and %s would write files of the same name; parse them in two runs, into two folders",
                     sorted[i - 1], sorted[i]);
            ok = false;
        }
    }
    free(sorted);
    return ok;
}

static int by_identity(const void *left, const void *right)
{
    const struct stat *l = left, *r = right;
    if (l->st_dev != r->st_dev)
        return l->st_dev < r->st_dev ? -1 : 1;
    return (l->st_ino > r->st_ino) - (l->st_ino < r->st_ino);
}

static bool remember_inputs(outputs *o, note *error)
{
    const arguments *a = o->asked;
    o->inputs = malloc(a->photo_count * sizeof *o->inputs);
    if (!o->inputs) {
        note_set(error, "there is not enough memory for %zu names", a->photo_count);
        return false;
    }
    for (size_t i = 0; i < a->photo_count; i++)
        if (stat(a->photos[i], &o->inputs[o->input_count]) == 0)
            o->input_count++;
    qsort(o->inputs, o->input_count, sizeof *o->inputs, by_identity);
    return true;
}

bool outputs_prepare(outputs *o, const arguments *a, note *error)
{
    memset(o, 0, sizeof *o);
    o->asked = a;
    bool nothing = !a->label && !a->overlay && !a->masks && !a->matte && !a->edges && !a->json;
    o->label = a->label || nothing;
    o->overlay = a->overlay || nothing;
    bool files = o->label || o->overlay || a->masks || a->matte || a->edges;
    bool in_output = nothing || a->matte || a->edges;
    if (!files)
        return true;
    if (!check_stems(a, error) || !remember_inputs(o, error))
        return false;
    if (in_output && !make_folder(a->output, error))
        return false;
    if (a->label && is_folder(a, a->label) && !make_folder(a->label, error))
        return false;
    if (a->overlay && is_folder(a, a->overlay) && !make_folder(a->overlay, error))
        return false;
    return !a->masks || make_folder(a->masks, error);
}

void outputs_free(outputs *o)
{
    free(o->inputs);
    memset(o, 0, sizeof *o);
}

/* ---- each output in a file of its own ---- */

typedef struct target {
    const char *option;
    char *path;
} target;

typedef struct targets {
    target of[256 + 5]; /* a mask for each class, and what else there is */
    size_t count;
} targets;

/* Takes `path` over. */
static bool add_target(targets *t, const char *option, char *path, note *error)
{
    const target *twin = NULL;
    if (!path) {
        note_set(error, "there is not enough memory for a file's name");
        return false;
    }
    for (size_t i = 0; i < t->count && !twin; i++)
        twin = same_file(t->of[i].path, path) ? &t->of[i] : NULL;
    if (twin && strcmp(twin->option, option) == 0)
        note_set(error, "%s would write two classes to %s; leave one of them out with --classes", option, path);
    else if (twin)
        note_set(error, "%s and %s would both write %s; give each a place of its own", twin->option, option, path);
    t->of[t->count++] = (target){ option, path };
    return !twin;
}

static bool add_masks(targets *t, const outputs *o, const class_list *classes, const bool shown[256], note *error)
{
    bool ok = true;
    for (uint32_t k = 0; ok && k < classes->count; k++)
        if (shown[k])
            ok = add_target(t, "--masks", place_of_mask(o, classes->names[k], o->asked->photos[0]), error);
    return ok;
}

/* Several photos go into folders, under names of the same pattern: the first one stands for all. */
bool outputs_check(const outputs *o, const class_list *classes, const bool shown[256], note *error)
{
    const arguments *a = o->asked;
    const char *photo = a->photos[0];
    targets t = { .count = 0 };
    bool ok = !o->label || add_target(&t, "--label", place(o, a->label, photo, "label"), error);
    ok = ok && (!o->overlay || add_target(&t, "--overlay", place(o, a->overlay, photo, "overlay"), error));
    ok = ok && (!a->masks || add_masks(&t, o, classes, shown, error));
    ok = ok && (!a->matte || add_target(&t, "--matte", place(o, NULL, photo, "matte"), error));
    ok = ok && (!a->edges || (add_target(&t, "--edges", place(o, NULL, photo, "edges"), error) &&
                              add_target(&t, "--edges", place(o, NULL, photo, "edge-classes"), error)));
    for (size_t i = 0; i < t.count; i++)
        free(t.of[i].path);
    return ok;
}

/* ---- writing ---- */

/* Saves under `name` (taken over) and notes it. */
static bool save(const outputs *o, char *name, const png_source *source, findings *f, note *error)
{
    struct stat info;
    note reason;
    char **more = name ? realloc(f->written, (f->written_count + 1) * sizeof *more) : NULL;
    if (more)
        f->written = more;
    if (!more)
        note_set(error, "there is not enough memory for a file's name");
    else if (stat(name, &info) == 0 &&
             bsearch(&info, o->inputs, o->input_count, sizeof info, by_identity))
        note_set(error, "%s is one of the pictures to parse and would be overwritten; choose another --output",
                 name);
    else if (!png_save(name, source, &reason))
        note_set(error, "%s %s", name, reason.text);
    else {
        f->written[f->written_count++] = name;
        return true;
    }
    free(name);
    return false;
}

static png_source source_of(const findings *f, const uint8_t *pixels)
{
    png_source source = { pixels, f->photo->width, f->photo->height, 1, NULL, 0 };
    return source;
}

static bool write_palette_map(const outputs *o, const class_list *classes, const uint8_t *labels, char *name,
                              findings *f, note *error)
{
    png_source source = source_of(f, labels);
    source.palette = classes->colors;
    source.palette_size = classes->count;
    return save(o, name, &source, f, error);
}

/* Pixel centres have whole coordinates, and the frame is drawn around pixels: hence the half. */
static frame frame_of(const dmlcsr_region *r)
{
    static const int signs[4][2] = { { -1, -1 }, { 1, -1 }, { 1, 1 }, { -1, 1 } };
    float half = r->size * (r->context > 0 ? r->context : 2) / 2, c = cosf(r->rotation), s = sinf(r->rotation);
    frame f;
    for (int i = 0; i < 4; i++) {
        float u = half * (float)signs[i][0], v = half * (float)signs[i][1];
        f.corners[i][0] = r->center_x + 0.5f + c * u - s * v;
        f.corners[i][1] = r->center_y + 0.5f + s * u + c * v;
    }
    return f;
}

static bool write_overlay(const outputs *o, const class_list *classes, findings *f, note *error)
{
    legend_entry entries[256];
    unsigned count = 0;
    picture overlay;
    for (uint32_t i = 1; i < classes->count && o->asked->legend; i++)
        if (f->shown[i] && f->of[i].pixels)
            entries[count++] = (legend_entry){ classes->names[i], classes->colors[i], findings_share(f, i) };
    size_t regions = o->asked->legend ? f->region_count : 0;
    frame *frames = malloc((regions + 1) * sizeof *frames);
    for (size_t i = 0; frames && i < regions; i++)
        frames[i] = frame_of(&f->regions[i]);
    bool made = overlay_make(&overlay, f->photo, f->labels, classes->colors, frames, frames ? regions : 0, entries,
                             count, error);
    free(frames);
    if (!made)
        return false;
    png_source source = { overlay.pixels, overlay.width, overlay.height, 3, NULL, 0 };
    bool ok = save(o, place(o, o->asked->overlay, f->file, "overlay"), &source, f, error);
    picture_free(&overlay);
    return ok;
}

/* Grown, shrunk and softened as asked; `scratch` is what the library wants for it. */
static void shape_mask(const arguments *a, const dmlcsr_plane *mask, void *scratch, size_t size)
{
    if (a->grow > 0)
        dmlcsr_mask_grow(mask, a->grow, scratch, size, mask);
    if (a->shrink > 0)
        dmlcsr_mask_shrink(mask, a->shrink, scratch, size, mask);
    if (a->feather > 0)
        dmlcsr_mask_feather(mask, a->feather, scratch, size, mask);
}

static bool write_masks(const outputs *o, const class_list *classes, const maps *m, findings *f, note *error)
{
    size_t count = (size_t)f->photo->width * f->photo->height;
    size_t size = dmlcsr_mask_scratch(f->photo->width, f->photo->height);
    uint8_t *mask = malloc(count);
    void *scratch = malloc(size);
    bool ok = mask && scratch && size;
    if (!ok)
        note_set(error, "there is not enough memory for a mask");
    for (uint32_t k = 0; ok && k < classes->count; k++) {
        if (!f->shown[k])
            continue;
        for (size_t i = 0; i < count; i++)
            mask[i] = m->labels[i] == k ? 255 : 0;
        shape_mask(o->asked, &(dmlcsr_plane){ mask, f->photo->width, f->photo->height, 0 }, scratch, size);
        png_source source = source_of(f, mask);
        ok = save(o, place_of_mask(o, classes->names[k], f->file), &source, f, error);
    }
    free(scratch);
    free(mask);
    return ok;
}

static bool write_edges(const outputs *o, const class_list *classes, const maps *m, findings *f, note *error)
{
    size_t count = (size_t)f->photo->width * f->photo->height;
    uint8_t *edge = malloc(count);
    if (!edge) {
        note_set(error, "there is not enough memory for an edge map");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        edge[i] = (uint8_t)(m->binary_edge[i] * 255 + 0.5f);
    png_source source = source_of(f, edge);
    bool ok = save(o, place(o, NULL, f->file, "edges"), &source, f, error) &&
              write_palette_map(o, classes, m->category_edge, place(o, NULL, f->file, "edge-classes"), f, error);
    free(edge);
    return ok;
}

bool outputs_write(const outputs *o, const class_list *classes, const maps *m, findings *f, note *error)
{
    const arguments *a = o->asked;
    if (o->label && !write_palette_map(o, classes, m->labels, place(o, a->label, f->file, "label"), f, error))
        return false;
    if (o->overlay && !write_overlay(o, classes, f, error))
        return false;
    if (a->masks && !write_masks(o, classes, m, f, error))
        return false;
    if (a->matte) {
        png_source source = source_of(f, m->matte);
        if (!save(o, place(o, NULL, f->file, "matte"), &source, f, error))
            return false;
    }
    return !a->edges || write_edges(o, classes, m, f, error);
}
