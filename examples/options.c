#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmlcsr/dmlcsr.h>

int option_wrong(const char *program, const char *option, const char *text, const char *what)
{
    fprintf(stderr, "%s: --%s %s: %s\n", program, option, text, what);
    return EXIT_USAGE;
}

bool option_whole(const char *text, unsigned long least, unsigned long most, uint32_t *out, char end)
{
    char *stop;
    errno = 0;
    unsigned long value = strtoul(text, &stop, 10);
    if (!isdigit((unsigned char)*text) || *stop != end || errno || value < least || value > most)
        return false;
    *out = (uint32_t)value;
    return true;
}

int option_number(const char *program, const char *option, const char *text, unsigned long least, unsigned long most,
                  uint32_t *out)
{
    char range[80];
    snprintf(range, sizeof range, "expected a whole number from %lu to %lu", least, most);
    return option_whole(text, least, most, out, 0) ? -1 : option_wrong(program, option, text, range);
}

int option_isa(const char *program, const char *text, int *isa)
{
    static const char *const names[] = { "c", "sse41", "avx2", "avx512", "neon" };
    *isa = dmlcsr_isa_find(text);
    if (*isa >= 0 && (*isa == DMLCSR_ISA_AUTO || dmlcsr_isa_available(*isa)))
        return -1;
    fprintf(stderr, "%s: --isa %s: %s; there are: auto", program, text,
            *isa < 0 ? "no instruction set has this name" : "this machine or this build does not have it");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (dmlcsr_isa_available(dmlcsr_isa_find(names[i])))
            fprintf(stderr, " %s", names[i]);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

int option_model(const char *program, const char *text, const char **model)
{
    const char *path = dmlcsr_model_path(text);
    *model = strcmp(text, "small") == 0 ? NULL : path ? path : text;
    return *text ? -1 : option_wrong(program, "model", text, "expected the name of a file, small or base");
}

int option_model_failed(const char *program, const char *model, int status, const char *error)
{
    const char *name = model ? model : "small";
    const size_t length = strlen(name);
    if (strncmp(error, name, length) == 0 && strncmp(error + length, ": ", 2) == 0) /* it is named once */
        error += length + 2;
    fprintf(stderr, "%s: the model %s cannot be loaded: %s\n", program, name, *error ? error : dmlcsr_strerror(status));
    if (status == DMLCSR_ERROR_NO_MODEL)
        fprintf(stderr, "%s: name a model file with --model FILE\n", program);
    return EXIT_MODEL;
}

int option_precision(const char *program, const char *text, int *precision)
{
    *precision = dmlcsr_precision_find(text);
    if (*precision >= 0)
        return -1;
    fprintf(stderr, "%s: --precision %s: no precision has this name; there are: auto fp32 bf16 int8\n", program, text);
    return EXIT_USAGE;
}

int option_version(const char *program)
{
    uint32_t v = dmlcsr_version();
    printf("%s %d.%d.%d (library %u.%u.%u)\n", program, DMLCSR_VERSION_MAJOR, DMLCSR_VERSION_MINOR,
           DMLCSR_VERSION_PATCH, v / 1000000, v / 1000 % 1000, v % 1000);
    return EXIT_FINE;
}
