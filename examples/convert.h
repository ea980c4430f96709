/* What the files of dmlcsr-convert share. */
#ifndef CONVERT_H
#define CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include <dmlcsr/dmlcsr.h>

#define PROGRAM "dmlcsr-convert"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { MOST_PAIRS = 64, MOST_PHOTOS = 256 };

typedef struct request {
    dmlcsr_convert_options options;
    const char *pairs[2 * MOST_PAIRS];
    char *copies[MOST_PAIRS]; /* of keys that had to be cut out of an argument */
    size_t copy_count;
    const char *photos[MOST_PHOTOS];
    size_t photo_count;
    const char *storage;      /* the last option that only concerns safetensors, or NULL */
    bool list, onnx, edges;
    bool writing;             /* there is an option that is not --list */
} request;

/* Says what is wrong with an option; EXIT_USAGE. */
int wrong(const char *option, const char *text, const char *what);

/* Of a model file. */
typedef struct totals {
    uint64_t tensors, values, bytes;
    bool print;
} totals;

/* False when the file cannot be read, which it has said then. (convert_list.c) */
bool inspect(const char *path, totals *t);

/* Reads r->photos into r->options.calibration, or says why it cannot; an exit code. forget_photos() frees them.
   (convert_photos.c; convert_no_photos.c in a build without libpng and libjpeg) */
int read_photos(request *r);
void forget_photos(request *r);

/* Each returns an exit code. */
int list_model(const char *path);                                 /* convert_list.c */
int write_model(request *r, const char *in, const char *out);     /* convert_write.c */

#endif
