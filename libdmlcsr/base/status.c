#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int dml_fail(dml_error *error, int status, const char *format, ...)
{
    static const char limit[] = "options.memory_limit does not allow it: "; /* "no memory" alone would blame the machine */
    if (error) {
        size_t at = 0;
        va_list list;
        if (status == DMLCSR_ERROR_LIMIT) {
            at = sizeof limit - 1;
            memcpy(error->text, limit, at);
        }
        va_start(list, format);
        vsnprintf(error->text + at, sizeof error->text - at, format, list);
        va_end(list);
    }
    return status;
}

const char *dmlcsr_strerror(int status)
{
    switch (status) {
    case DMLCSR_OK: return "no error";
    case DMLCSR_ERROR_ARGUMENT: return "invalid argument";
    case DMLCSR_ERROR_STRUCT: return "struct of an unknown version";
    case DMLCSR_ERROR_MEMORY: return "out of memory";
    case DMLCSR_ERROR_LIMIT: return "memory limit reached";
    case DMLCSR_ERROR_IO: return "file cannot be read or written";
    case DMLCSR_ERROR_FORMAT: return "not a model file, or damaged";
    case DMLCSR_ERROR_UNSUPPORTED: return "not supported";
    case DMLCSR_ERROR_MODEL: return "not a network of the DML-CSR family";
    case DMLCSR_ERROR_ISA: return "instruction set not available";
    case DMLCSR_ERROR_THREAD: return "thread cannot be started";
    case DMLCSR_ERROR_CANCELLED: return "cancelled";
    case DMLCSR_ERROR_NO_EDGES: return "no edge heads";
    case DMLCSR_ERROR_NO_MODEL: return "no default model";
    case DMLCSR_ERROR_DIVERGED: return "training has diverged";
    case DMLCSR_ERROR_COMM: return "another process does not answer";
    default: return "unknown status";
    }
}
