/* A file's bytes: mapped where the system can, read into memory elsewhere. */
#ifndef DML_MODEL_FILE_H
#define DML_MODEL_FILE_H

#include "base/memory.h"
#include "base/status.h"

typedef struct dml_file {
    const unsigned char *bytes;
    size_t size;
    bool mapped; /* else `bytes` is a block of dml_alloc, or the caller's */
    void *block; /* what to release, or NULL */
} dml_file;

/* Regular files only. label: what messages call the file. */
int dml_file_open(dml_file *file, const char *path, const char *label, dml_memory *memory, dml_error *error);
void dml_file_close(dml_file *file, dml_memory *memory);

/* Gives the whole pages inside a range of a mapped file back to the system; nothing for other files. */
void dml_file_forget(const dml_file *file, const unsigned char *from, size_t size);

/* A file under way: a temporary name beside `path` until it is committed. */
typedef struct dml_sink {
    const char *path;
    char *temporary; /* NULL: nothing to remove */
    dml_memory *memory;
    void *stream;    /* where the system has no descriptors */
    int descriptor;
    bool open;
} dml_sink;

/* The sink must be cleared before, and closed after, also when this fails. */
int dml_sink_open(dml_sink *sink, const char *path, dml_memory *memory, dml_error *error);
int dml_sink_write(dml_sink *sink, const void *data, size_t size, dml_error *error);

/* Flushes to the disk and takes the name. */
int dml_sink_commit(dml_sink *sink, dml_error *error);

/* Removes what was written unless it was committed, and frees. A cleared sink is fine. */
void dml_sink_close(dml_sink *sink);

#endif
