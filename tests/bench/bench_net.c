/* The whole network through the public functions: time to create, time of a forward pass with 1 and 2 threads (or those
 * asked for), and the memory it took: the peak is that of the process, so each precision wants a process of its own.
 * p99 is the time that 99 of 100 passes keep to; with fewer than 100 runs it is the slowest of them.
 * --json FILE appends a line of JSON for each row. `--write FILE` only writes the published network with made-up
 * weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "network.h"
#include "support/family.h"
#include "timing.h"

#define RUNS_MAX 1000

typedef struct settings {
    network_settings net;
    const char *write, *json;
    uint32_t runs;
} settings;

typedef struct figures {
    uint32_t threads, size, runs;
    double create, least, middle, high; /* seconds; the latter three of a forward pass */
    size_t weights, scratch;            /* bytes */
} figures;

static int usage(void)
{
    fprintf(stderr, "usage: bench_net " NETWORK_USAGE " [--runs N] [--json FILE]\n       bench_net --write FILE\n");
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
        else if (!strcmp(name, "--json"))
            s->json = value;
        else if (!strcmp(name, "--runs"))
            s->runs = (uint32_t)strtoul(value, NULL, 10);
        else if (!network_setting(&s->net, name, value))
            return 0;
    }
    return network_valid(&s->net) && s->runs >= 1 && s->runs <= RUNS_MAX;
}

static void print_row(const dmlcsr *handle, const figures *f)
{
    printf("%-7s %-9s %7u %6u %10.1f %10.2f %10.2f %10.2f %9.1f %9.1f %9.1f\n", dmlcsr_isa(handle),
           dmlcsr_precision(handle), (unsigned)f->threads, (unsigned)f->size, 1e3 * f->create, 1e3 * f->least,
           1e3 * f->middle, 1e3 * f->high, (double)f->weights / 1048576.0, (double)f->scratch / 1048576.0,
           peak_memory());
}

static int append_row(const dmlcsr *handle, const settings *s, const figures *f)
{
    FILE *file = fopen(s->json, "a");
    if (!file) {
        fprintf(stderr, "bench_net: %s cannot be written\n", s->json);
        return 1;
    }
    fprintf(file, "{\"model\": \"%s\", \"isa\": \"%s\", \"precision\": \"%s\", \"pack\": %d, \"threads\": %u, "
            "\"size\": %u, \"runs\": %u, \"create_ms\": %.3f, \"min_ms\": %.4f, \"median_ms\": %.4f, \"p99_ms\": %.4f, "
            "\"weights_bytes\": %zu, \"scratch_bytes\": %zu, \"peak_mib\": %.1f}\n",
            s->net.model ? s->net.model : "default", dmlcsr_isa(handle), dmlcsr_precision(handle), s->net.pack,
            (unsigned)f->threads, (unsigned)f->size, (unsigned)f->runs, 1e3 * f->create, 1e3 * f->least,
            1e3 * f->middle, 1e3 * f->high, f->weights, f->scratch, peak_memory());
    return fclose(file) != 0;
}

/* The first pass touches the memory, and is not counted. */
static int measure(dmlcsr *handle, figures *f)
{
    double time[RUNS_MAX];
    uint32_t h, w;
    dmlcsr_forward_size(handle, f->size, f->size, &h, &w);
    float *in = calloc(3 * (size_t)f->size * f->size, sizeof *in);
    float *out = malloc((size_t)dmlcsr_class_count(handle) * h * w * sizeof *out);
    int status = in && out ? DMLCSR_OK : DMLCSR_ERROR_MEMORY;
    for (uint32_t i = 0; i <= f->runs && status == DMLCSR_OK; i++) {
        const double start = seconds();
        status = dmlcsr_forward(handle, in, f->size, f->size, out, NULL, NULL);
        time[i ? i - 1 : 0] = seconds() - start;
    }
    f->least = smallest(time, f->runs);
    f->middle = median(time, f->runs);
    f->high = percentile(time, f->runs, .99);
    dmlcsr_memory(handle, &f->weights, &f->scratch);
    free(in);
    free(out);
    return status;
}

/* One row of the table. */
static int row(const settings *s, uint32_t threads)
{
    figures f = {.threads = threads, .runs = s->runs};
    const double start = seconds();
    dmlcsr *handle = network_create(&s->net, threads, 0);
    if (!handle)
        return 1;
    f.create = seconds() - start;
    f.size = dmlcsr_input_size(handle);
    const int status = measure(handle, &f);
    int failed = status != DMLCSR_OK;
    if (failed)
        fprintf(stderr, "bench_net: %s\n", dmlcsr_strerror(status));
    else
        print_row(handle, &f);
    if (!failed && s->json)
        failed = append_row(handle, s, &f);
    dmlcsr_free(handle);
    return failed;
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
    printf("%s\n%-7s %-9s %7s %6s %10s %10s %10s %10s %9s %9s %9s\n", s.net.model ? s.net.model : "default model",
           "isa", "precision", "threads", "size", "create ms", "min ms", "median", "p99 ms", "weights", "scratch",
           "peak MiB");
    if (s.net.threads)
        return row(&s, s.net.threads);
    return row(&s, 1) || row(&s, 2);
}
