/* Writing a file so that the old one stays until the new one is complete and on the disk. */
#if defined(__unix__) || defined(__APPLE__)
#define DML_SINK_POSIX 1
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#elif defined(_WIN32)
#define DML_SINK_POSIX 1 /* under other names */
#include <windows.h>
#include <io.h>
#define O_CLOEXEC (_O_NOINHERIT | _O_BINARY)
#define fsync _commit
#endif

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "model/file.h"

#define TRIES 100          /* temporary names that may be taken */
#define SUFFIX_SIZE 24
#define CHUNK (1u << 30)   /* some systems do not write more at once */

static int fail_system(const dml_sink *sink, const char *what, int number, dml_error *error)
{
    return dml_fail(error, DMLCSR_ERROR_IO, "%.300s: cannot be %s: %s", sink->path, what, strerror(number));
}

#ifdef DML_SINK_POSIX

#include <fcntl.h>
#include <unistd.h>

static bool create(dml_sink *sink)
{
    sink->descriptor = open(sink->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return sink->descriptor >= 0;
}

int dml_sink_write(dml_sink *sink, const void *data, size_t size, dml_error *error)
{
    const char *at = data;
    while (size) {
        ssize_t done = write(sink->descriptor, at, size < CHUNK ? size : CHUNK);
        if (done < 0 && errno != EINTR)
            return fail_system(sink, "written", errno, error);
        if (done > 0) {
            at += done;
            size -= (size_t)done;
        }
    }
    return DMLCSR_OK;
}

static bool flush(dml_sink *sink)
{
    return !fsync(sink->descriptor) || errno == EINVAL; /* EINVAL: a file system that has nothing to flush */
}

static bool finish(dml_sink *sink)
{
    sink->open = false;
    return !close(sink->descriptor);
}

#else

static bool create(dml_sink *sink)
{
    FILE *stream = fopen(sink->temporary, "wbx");
    sink->stream = stream;
    return stream != NULL;
}

int dml_sink_write(dml_sink *sink, const void *data, size_t size, dml_error *error)
{
    if (size && fwrite(data, 1, size, sink->stream) != size)
        return fail_system(sink, "written", errno, error);
    return DMLCSR_OK;
}

static bool flush(dml_sink *sink)
{
    return !fflush(sink->stream);
}

static bool finish(dml_sink *sink)
{
    sink->open = false;
    return !fclose(sink->stream);
}

#endif

/* The old file is there until the new one takes its name. */
static bool replace(const dml_sink *sink)
{
#if defined(_WIN32)
    if (MoveFileExA(sink->temporary, sink->path, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
        return true;
    errno = EACCES;
    return false;
#else
#ifndef DML_SINK_POSIX
    remove(sink->path); /* rename() need not replace a file here */
#endif
    return !rename(sink->temporary, sink->path);
#endif
}

int dml_sink_open(dml_sink *sink, const char *path, dml_memory *memory, dml_error *error)
{
    const size_t length = strlen(path), size = length + SUFFIX_SIZE;
    sink->path = path;
    sink->memory = memory;
    sink->temporary = dml_alloc(memory, size);
    if (!sink->temporary)
        return dml_fail(error, dml_memory_status(memory, size), "%.300s: no memory to write it", path);
    memcpy(sink->temporary, path, length);
    for (int i = 0; i < TRIES; i++) {
        snprintf(sink->temporary + length, SUFFIX_SIZE, ".%d.tmp", i);
        if (create(sink)) {
            sink->open = true;
            return DMLCSR_OK;
        }
        if (errno != EEXIST)
            break;
    }
    const int number = errno;
    dml_release(memory, sink->temporary);
    sink->temporary = NULL;
    return fail_system(sink, "created", number, error);
}

int dml_sink_commit(dml_sink *sink, dml_error *error)
{
    if (!flush(sink) || !finish(sink))
        return fail_system(sink, "written", errno, error);
    if (!replace(sink))
        return fail_system(sink, "replaced", errno, error);
    dml_release(sink->memory, sink->temporary);
    sink->temporary = NULL;
    return DMLCSR_OK;
}

void dml_sink_close(dml_sink *sink)
{
    if (sink->open)
        finish(sink);
    if (sink->temporary) {
        remove(sink->temporary);
        dml_release(sink->memory, sink->temporary);
    }
    memset(sink, 0, sizeof *sink);
}
