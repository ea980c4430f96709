#include "network.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool network_setting(network_settings *s, const char *name, const char *value)
{
    if (!strcmp(name, "--model"))
        s->model = value;
    else if (!strcmp(name, "--size"))
        s->size = (uint32_t)strtoul(value, NULL, 10);
    else if (!strcmp(name, "--threads"))
        s->threads = (uint32_t)strtoul(value, NULL, 10);
    else if (!strcmp(name, "--isa"))
        s->isa = dmlcsr_isa_find(value);
    else if (!strcmp(name, "--precision"))
        s->precision = dmlcsr_precision_find(value);
    else if (!strcmp(name, "--pack"))
        s->pack = atoi(value);
    else
        return false;
    return true;
}

bool network_valid(const network_settings *s)
{
    return s->isa >= 0 && s->precision >= 0;
}

dmlcsr *network_create(const network_settings *s, uint32_t threads, int keep_edges)
{
    static char why[256];
    dmlcsr *handle = NULL;
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.threads = threads;
    options.isa = s->isa;
    options.precision = s->precision;
    options.input_size = s->size;
    options.pack = s->pack;
    options.keep_edges = keep_edges;
    options.error = why;
    options.error_size = sizeof why;
    if (dmlcsr_create(&handle, s->model, &options) != DMLCSR_OK)
        fprintf(stderr, "bench: %s\n", why);
    return handle;
}
