/* The whole network through the public functions: time to create, time of a forward pass with 1 and 2 threads (or those
 * asked for), and the memory it took. `--write FILE` only writes the published network with made-up weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "network.h"
#include "support/family.h"
#include "timing.h"

#define RUNS_MAX 100

typedef struct settings {
    network_settings net;
    const char *write;
    uint32_t runs;
} settings;

static int usage(void)
{
    fprintf(stderr, "usage: bench_net " NETWORK_USAGE " [--runs N]\n       bench_net --write FILE\n");
    return 2;
}

static int parse(int argc, char **argv, settings *s)
{
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!value)
            return 0;
        if (!strcmp(name, "--write"))
            s->write = value;
        else if (!strcmp(name, "--runs"))
            s->runs = (uint32_t)strtoul(value, NULL, 10);
        else if (!network_setting(&s->net, name, value))
            return 0;
    }
    return network_valid(&s->net) && s->runs >= 1 && s->runs <= RUNS_MAX;
}

/* One row of the table; the first pass, which touches the memory, is not counted. */
static int row(const settings *s, uint32_t threads)
{
    double time[RUNS_MAX];
    size_t weights, scratch;
    uint32_t h, w;
    double start = seconds();
    dmlcsr *handle = network_create(&s->net, threads, 0);
    if (!handle)
        return 1;
    double create = seconds() - start;
    uint32_t size = dmlcsr_input_size(handle);
    dmlcsr_forward_size(handle, size, size, &h, &w);
    float *in = calloc(3 * (size_t)size * size, sizeof *in);
    float *out = malloc((size_t)dmlcsr_class_count(handle) * h * w * sizeof *out);
    int status = in && out ? DMLCSR_OK : DMLCSR_ERROR_MEMORY;
    for (uint32_t i = 0; i <= s->runs && status == DMLCSR_OK; i++) {
        start = seconds();
        status = dmlcsr_forward(handle, in, size, size, out, NULL, NULL);
        time[i ? i - 1 : 0] = seconds() - start;
    }
    if (status == DMLCSR_OK) {
        dmlcsr_memory(handle, &weights, &scratch);
        printf("%-7s %-9s %7u %6u %10.1f %10.2f %10.2f %9.1f %9.1f %9.1f\n", dmlcsr_isa(handle),
               dmlcsr_precision(handle), (unsigned)threads, (unsigned)size, 1e3 * create, 1e3 * smallest(time, s->runs), 1e3 * median(time, s->runs),
               (double)weights / 1048576.0, (double)scratch / 1048576.0, peak_memory());
    } else {
        fprintf(stderr, "bench_net: %s\n", dmlcsr_strerror(status));
    }
    free(in);
    free(out);
    dmlcsr_free(handle);
    return status != DMLCSR_OK;
}

int main(int argc, char **argv)
{
    settings s = {.net = {.isa = DMLCSR_ISA_AUTO, .precision = DMLCSR_PRECISION_AUTO}, .runs = 10};
    if (!parse(argc, argv, &s))
        return usage();
    if (s.write) {
        family_save(&family_full, 2022, s.write);
        return 0;
    }
    printf("%s\n%-7s %-9s %7s %6s %10s %10s %10s %9s %9s %9s\n", s.net.model ? s.net.model : "default model", "isa",
           "precision", "threads", "size",
           "create ms", "min ms", "median", "weights", "scratch", "peak MiB");
    if (s.net.threads)
        return row(&s, s.net.threads);
    return row(&s, 1) || row(&s, 2);
}
