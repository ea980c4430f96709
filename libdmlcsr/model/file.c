#if defined(__unix__) || defined(__APPLE__)
#define DML_FILE_MMAP 1
#define _DEFAULT_SOURCE 1 /* madvise */
#define _DARWIN_C_SOURCE 1
#define _FILE_OFFSET_BITS 64
#endif

#include "model/file.h"

#include <errno.h>
#include <string.h>

#ifdef DML_FILE_MMAP

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads all of it where mapping is refused (some network and FUSE file systems). */
static int read_all(dml_file *file, int descriptor, const char *label, dml_memory *memory, dml_error *error)
{
    unsigned char *block = dml_alloc(memory, file->size);
    if (!block)
        return dml_fail(error, dml_memory_status(memory, file->size), "%s: no memory to read its %zu bytes", label,
                        file->size);
    size_t done = 0;
    while (done < file->size) {
        ssize_t got = read(descriptor, block + done, file->size - done < 1u << 30 ? file->size - done : 1u << 30);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            dml_release(memory, block);
            return dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be read: %s", label,
                            got ? strerror(errno) : "it became shorter");
        }
        done += (size_t)got;
    }
    file->bytes = file->block = block;
    return DMLCSR_OK;
}

static int map(dml_file *file, int descriptor, const char *label, dml_memory *memory, dml_error *error)
{
    struct stat info;
    if (fstat(descriptor, &info))
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be read: %s", label, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: is %s, not a file", label,
                        S_ISDIR(info.st_mode) ? "a folder" : "a device or pipe");
    if ((uintmax_t)info.st_size > SIZE_MAX / 2)
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: is too large for this machine", label);
    file->size = (size_t)info.st_size;
    if (!file->size) {
        file->bytes = (const unsigned char *)"";
        return DMLCSR_OK;
    }
    void *pages = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (pages == MAP_FAILED)
        return read_all(file, descriptor, label, memory, error);
    file->bytes = pages;
    file->mapped = true;
    return DMLCSR_OK;
}

int dml_file_open(dml_file *file, const char *path, const char *label, dml_memory *memory, dml_error *error)
{
    *file = (dml_file){ 0 };
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (descriptor < 0)
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be opened: %s", label, strerror(errno));
    int status = map(file, descriptor, label, memory, error);
    close(descriptor);
    return status;
}

void dml_file_close(dml_file *file, dml_memory *memory)
{
    if (file->mapped)
        munmap((void *)(uintptr_t)file->bytes, file->size);
    dml_release(memory, file->block);
    *file = (dml_file){ 0 };
}

void dml_file_forget(const dml_file *file, const unsigned char *from, size_t size)
{
    if (!file->mapped)
        return; /* on memory of our own, MADV_DONTNEED would lose the contents */
    long page = sysconf(_SC_PAGESIZE);
    if (page <= 0 || !size)
        return;
    size_t mask = (size_t)page - 1;
    uintptr_t low = ((uintptr_t)from + mask) & ~(uintptr_t)mask;
    uintptr_t high = ((uintptr_t)from + size) & ~(uintptr_t)mask;
    if (low < high)
        madvise((void *)low, high - low, MADV_DONTNEED);
}

#else

#include <stdio.h>

#ifdef _WIN32 /* long has 32 bits */
#define fseek _fseeki64
#define ftell _ftelli64
#endif

/* Size of the file, or -1. */
static int64_t measure(FILE *stream)
{
    if (fseek(stream, 0, SEEK_END))
        return -1;
    int64_t size = ftell(stream);
    return size < 0 || (uint64_t)size > SIZE_MAX / 2 || fseek(stream, 0, SEEK_SET) ? -1 : size;
}

int dml_file_open(dml_file *file, const char *path, const char *label, dml_memory *memory, dml_error *error)
{
    *file = (dml_file){ .bytes = (const unsigned char *)"" };
    FILE *stream = fopen(path, "rb");
    if (!stream)
        return dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be opened: %s", label, strerror(errno));
    int status = DMLCSR_OK;
    int64_t size = measure(stream);
    unsigned char *block = size > 0 ? dml_alloc(memory, (size_t)size) : NULL;
    if (size < 0)
        status = dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be read: %s", label, strerror(errno));
    else if (size && !block)
        status = dml_fail(error, dml_memory_status(memory, (size_t)size), "%s: no memory to read its %zu bytes", label,
                          (size_t)size);
    else if (size && fread(block, 1, (size_t)size, stream) != (size_t)size)
        status = dml_fail(error, DMLCSR_ERROR_IO, "%s: cannot be read", label);
    fclose(stream);
    if (status != DMLCSR_OK) {
        dml_release(memory, block);
    } else if (size) {
        file->bytes = file->block = block;
        file->size = (size_t)size;
    }
    return status;
}

void dml_file_close(dml_file *file, dml_memory *memory)
{
    dml_release(memory, file->block);
    *file = (dml_file){ 0 };
}

void dml_file_forget(const dml_file *file, const unsigned char *from, size_t size)
{
    (void)file;
    (void)from;
    (void)size;
}

#endif
