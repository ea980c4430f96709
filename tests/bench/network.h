/* What the benchmarks of whole networks let one choose, and the options that are made of it. */
#ifndef NETWORK_H
#define NETWORK_H

#include <stdbool.h>
#include <stddef.h>

#include "dmlcsr/dmlcsr.h"

typedef struct network_settings {
    const char *model; /* NULL: the default model */
    int isa, precision;
    uint32_t size, threads; /* 0: the model's size; as many threads as the benchmark likes */
    int pack;
} network_settings;

#define NETWORK_USAGE "[--model FILE] [--size PIXELS] [--threads N] [--isa NAME] [--precision NAME] [--pack 0|1]"

/* Takes a setting with its value; false when it has another name. What a wrong value makes of it network_valid() says. */
bool network_setting(network_settings *s, const char *name, const char *value);
bool network_valid(const network_settings *s);

/* A handle with these settings, or NULL after a message. keep_edges as in dmlcsr_options. */
dmlcsr *network_create(const network_settings *s, uint32_t threads, int keep_edges);

#endif
