/* One side of tests/bench/compare: runs the bare network whenever a line comes in, and says how long it took. Answers
 * are lines of JSON.
 *
 *     run     a forward pass                {"seconds": ..., "peak": MiB}
 *     save    the outputs as raw floats     {"saved": values}
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "timing.h"

typedef struct settings {
    network_settings net;
    const char *input, *output;
    int edges;
} settings;

typedef struct job {
    dmlcsr *handle;
    float *input, *output[3]; /* parsing, binary edge, category edge */
    size_t count[3];
    uint32_t size;
} job;

static int parse(int argc, char **argv, settings *s)
{
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        if (!value)
            return 0;
        if (!strcmp(name, "--input"))
            s->input = value;
        else if (!strcmp(name, "--output"))
            s->output = value;
        else if (!strcmp(name, "--edges"))
            s->edges = atoi(value);
        else if (!network_setting(&s->net, name, value))
            return 0;
    }
    return network_valid(&s->net) && s->net.model && s->input && s->output;
}

static int fail(const char *what)
{
    fprintf(stderr, "bench_forward: %s\n", what);
    return 0;
}

static int read_input(const char *path, float *input, size_t count)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(path);
    size_t got = fread(input, sizeof *input, count, file);
    int end = fgetc(file);
    fclose(file);
    return got == count && end == EOF ? 1 : fail("the input file has another size than the network's input");
}

static int start(job *j, const settings *s)
{
    uint32_t h, w;
    double begin = seconds();
    j->handle = network_create(&s->net, s->net.threads, s->edges);
    if (!j->handle)
        return 0;
    double create = seconds() - begin;
    j->size = dmlcsr_input_size(j->handle);
    dmlcsr_forward_size(j->handle, j->size, j->size, &h, &w);
    const uint32_t planes[3] = {dmlcsr_class_count(j->handle), 2, dmlcsr_class_count(j->handle)};
    const size_t values = 3 * (size_t)j->size * j->size;
    j->input = malloc(values * sizeof *j->input);
    for (int i = 0; i < (s->edges ? 3 : 1); i++) {
        j->count[i] = (size_t)planes[i] * h * w;
        j->output[i] = malloc(j->count[i] * sizeof(float));
        if (!j->output[i])
            return fail("no memory");
    }
    if (!j->input)
        return fail("no memory");
    printf("{\"create\": %.6f, \"size\": %u, \"runtime\": \"libdmlcsr %d.%d.%d (%s, %s)\"}\n", create, (unsigned)j->size,
           DMLCSR_VERSION_MAJOR, DMLCSR_VERSION_MINOR, DMLCSR_VERSION_PATCH, dmlcsr_isa(j->handle), dmlcsr_precision(j->handle));
    return read_input(s->input, j->input, values);
}

static int run(job *j)
{
    double begin = seconds();
    int status = dmlcsr_forward(j->handle, j->input, j->size, j->size, j->output[0], j->output[1], j->output[2]);
    double time = seconds() - begin;
    if (status != DMLCSR_OK)
        return fail(dmlcsr_last_error(j->handle));
    printf("{\"seconds\": %.6f, \"peak\": %.1f}\n", time, peak_memory());
    return 1;
}

static int save(const job *j, const char *path)
{
    FILE *file = fopen(path, "wb");
    size_t total = 0;
    int good = file != NULL;
    for (int i = 0; i < 3 && good; i++) {
        good = !j->count[i] || fwrite(j->output[i], sizeof(float), j->count[i], file) == j->count[i];
        total += j->count[i];
    }
    if (file && fclose(file) != 0)
        good = 0;
    if (good)
        printf("{\"saved\": %zu}\n", total);
    return good ? 1 : fail("the output file cannot be written");
}

int main(int argc, char **argv)
{
    settings s = {.net = {.isa = DMLCSR_ISA_AUTO, .precision = DMLCSR_PRECISION_FP32, .threads = 1}};
    job j = {0};
    char line[16];
    if (!parse(argc, argv, &s)) {
        fputs("usage: bench_forward --input FILE --output FILE [--edges 0|1] " NETWORK_USAGE "\n", stderr);
        return 2;
    }
    int good = start(&j, &s);
    for (fflush(stdout); good && fgets(line, sizeof line, stdin); fflush(stdout))
        good = !strcmp(line, "run\n") ? run(&j) : !strcmp(line, "save\n") ? save(&j, s.output) : fail("run or save?");
    for (int i = 0; i < 3; i++)
        free(j.output[i]);
    free(j.input);
    dmlcsr_free(j.handle);
    return !good;
}
