#define _POSIX_C_SOURCE 200809L
#include "io.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_SIDE 65535u /* of dmlcsr_image */

void note_set(note *n, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(n->text, sizeof n->text, format, arguments);
    va_end(arguments);
}

void picture_free(picture *p)
{
    free(p->pixels);
    memset(p, 0, sizeof *p);
}

bool picture_reserve(picture *out, uint64_t width, uint64_t height, unsigned channels, uint64_t limit, note *error)
{
    if (width == 0 || height == 0) {
        note_set(error, "the picture has no pixels");
        return false;
    }
    if (width > LARGEST_SIDE || height > LARGEST_SIDE) {
        note_set(error, "the picture is %llu x %llu pixels; at most %u on a side can be parsed",
                 (unsigned long long)width, (unsigned long long)height, LARGEST_SIDE);
        return false;
    }
    if (width * height > limit) {
        double megapixels = (double)(width * height) / 1e6;
        note_set(error,
                 "the picture is %llu x %llu = %.3g megapixels, above the limit of %.6g; to load it all the same "
                 "say --limit %.0f",
                 (unsigned long long)width, (unsigned long long)height, megapixels, (double)limit / 1e6,
                 megapixels + 0.5 < 1 ? 1.0 : megapixels + 0.5);
        return false;
    }
    if (width * height > SIZE_MAX / channels || !(out->pixels = malloc((size_t)(width * height) * channels))) {
        note_set(error, "there is not enough memory for %llu x %llu pixels", (unsigned long long)width,
                 (unsigned long long)height);
        return false;
    }
    out->width = (uint32_t)width;
    out->height = (uint32_t)height;
    return true;
}

typedef struct magic {
    size_t offset, size;
    const char *bytes, *name;
} magic;

/* Kinds of file that people hand over by mistake, so that the message can say what it is. */
static const char *foreign_kind(const uint8_t *head, size_t size)
{
    static const magic known[] = {
        { 0, 4, "GIF8", "a GIF picture" },       { 8, 4, "WEBP", "a WebP picture" },
        { 4, 8, "ftypheic", "a HEIC picture" },  { 4, 8, "ftypmif1", "a HEIF picture" },
        { 4, 8, "ftypavif", "an AVIF picture" }, { 0, 4, "II*\0", "a TIFF picture" },
        { 0, 4, "MM\0*", "a TIFF picture" },     { 0, 4, "%PDF", "a PDF document" },
        { 0, 2, "BM", "a BMP picture" },         { 0, 3, "P6\n", "a PPM picture" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const magic *k = &known[i];
        if (size >= k->offset + k->size && memcmp(head + k->offset, k->bytes, k->size) == 0)
            return k->name;
    }
    return NULL;
}

/* Hands the file to the decoder that its first bytes ask for. */
static bool decode(picture *out, int *orientation, FILE *file, uint64_t limit, note *error)
{
    uint8_t head[16];
    size_t size = fread(head, 1, sizeof head, file);
    if (ferror(file) || fseek(file, 0, SEEK_SET) != 0) {
        note_set(error, "cannot be read: %s", strerror(errno));
        return false;
    }
    if (size >= 3 && memcmp(head, "\xff\xd8\xff", 3) == 0)
        return jpeg_decode(out, orientation, file, limit, error);
    if (size >= 8 && memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0)
        return png_decode(out, orientation, file, limit, error);
    const char *kind = foreign_kind(head, size);
    if (size == 0)
        note_set(error, "the file is empty");
    else if (kind)
        note_set(error, "this is %s; only JPEG and PNG are read, so convert it first", kind);
    else
        note_set(error, "this is neither a JPEG nor a PNG picture");
    return false;
}

bool picture_read(picture *out, const char *path, uint64_t limit, note *error)
{
    struct stat info;
    int orientation = 1;
    memset(out, 0, sizeof *out);
    if (stat(path, &info) != 0) {
        note_set(error, "cannot be opened: %s", strerror(errno));
        return false;
    }
    if (!S_ISREG(info.st_mode)) { /* before opening: a pipe would make us wait for ever */
        note_set(error, S_ISDIR(info.st_mode) ? "is a folder; name the pictures in it" : "is not a regular file");
        return false;
    }
    FILE *file = fopen(path, "rb");
    if (!file) {
        note_set(error, "cannot be opened: %s", strerror(errno));
        return false;
    }
    bool ok = decode(out, &orientation, file, limit, error) && picture_turn(out, orientation, error);
    fclose(file);
    if (!ok)
        picture_free(out);
    return ok;
}

bool labels_read(picture *out, const char *path, uint64_t limit, note *error)
{
    memset(out, 0, sizeof *out);
    FILE *file = fopen(path, "rb");
    if (!file) {
        note_set(error, "cannot be opened: %s", strerror(errno));
        return false;
    }
    bool ok = png_decode_labels(out, file, limit, error);
    fclose(file);
    return ok;
}

/* ---- files that are written ---- */

static bool cannot(const char *what, note *error)
{
    note_set(error, "cannot be %s: %s", what, strerror(errno));
    return false;
}

/* With the permissions that a plain fopen() would give. */
static FILE *open_temporary(const char *path, char *name, size_t size)
{
    int length = snprintf(name, size, "%s.XXXXXX", path);
    if (length < 0 || (size_t)length >= size) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    int descriptor = mkstemp(name);
    if (descriptor < 0)
        return NULL;
    mode_t mask = umask(0);
    umask(mask);
    (void)fchmod(descriptor, 0666 & ~mask);
    FILE *file = fdopen(descriptor, "wb");
    if (!file) {
        close(descriptor);
        unlink(name);
    }
    return file;
}

bool replacement_open(replacement *r, const char *path, note *error)
{
    struct stat info;
    r->path = path;
    r->replace = stat(path, &info) != 0 || S_ISREG(info.st_mode);
    r->file = r->replace ? open_temporary(path, r->temporary, sizeof r->temporary) : fopen(path, "wb");
    return r->file || cannot("written", error);
}

bool replacement_close(replacement *r, bool ok, note *error)
{
    if (ok && (fflush(r->file) != 0 || ferror(r->file)))
        ok = cannot("written", error);
    if (fclose(r->file) != 0 && ok)
        ok = cannot("written", error);
    if (ok && r->replace && rename(r->temporary, r->path) != 0)
        ok = cannot("put in place", error);
    if (!ok && r->replace)
        unlink(r->temporary);
    return ok;
}

bool replacement_try(const char *path, note *error)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) { /* not opened: a pipe would make us wait */
        errno = EISDIR;
        return (!S_ISDIR(info.st_mode) && access(path, W_OK) == 0) || cannot("written", error);
    }
    replacement r;
    if (!replacement_open(&r, path, error))
        return false;
    fclose(r.file);
    unlink(r.temporary);
    return true;
}

/* The name behind the last slash. */
static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool stat_folder(const char *path, struct stat *info)
{
    size_t length = (size_t)(base_of(path) - path);
    char *folder = malloc(length + 2);
    if (folder)
        snprintf(folder, length + 2, "%.*s", length ? (int)length : 1, length ? path : ".");
    bool ok = folder && stat(folder, info) == 0;
    free(folder);
    return ok;
}

bool same_file(const char *a, const char *b)
{
    struct stat s, t;
    if (strcmp(a, b) == 0)
        return true;
    return strcmp(base_of(a), base_of(b)) == 0 && stat_folder(a, &s) && stat_folder(b, &t) && s.st_dev == t.st_dev &&
           s.st_ino == t.st_ino;
}
