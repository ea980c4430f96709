/* Speed of the convolutions of the network, layer by layer, as a share of what the machine can do.
 *
 *     bench [--threads N] [--isa NAME] [--precision fp32|bf16|int8] [--size PIXELS] [--divide N] [--runs N]
 *           [--json FILE]
 *
 * The layers run in the network's order, each with weights of its own, so that caches are as warm as they are in the
 * network; each in the format and in the way (Winograd's transforms or a direct sum) that it has there.
 *
 * GFLOP/s count the operations of the direct algorithm, two for a product and its addition: with Winograd's, which has
 * a quarter of them, they can exceed the peak. The share of the peak counts those that are done (transforms and what
 * tiles have past the edges are not counted), at the peak of the layer's format. GB/s count what goes through memory at
 * least: input, weights, output and what is added to it, once for each layer.
 *
 * The peak is measured in short pieces between the layers: a machine whose speed comes and goes (heat, neighbours)
 * gives both the same. It is that of the instruction the format's convolution uses; the head of the table names it,
 * since C and NEON are measured in single precision alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "lanes.h"
#include "report.h"

#define SKIPPED 77

static int usage(void)
{
    fprintf(stderr, "usage: bench [--threads N] [--isa NAME] [--precision fp32|bf16|int8] [--size PIXELS] [--divide N] "
                    "[--runs N] [--json FILE]\n");
    return 2;
}

static bool parse_number(const char *text, uint32_t low, uint32_t high, uint32_t *out)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end || value < low || value > high)
        return false;
    *out = (uint32_t)value;
    return true;
}

static bool parse_option(const char *name, const char *value, settings *set)
{
    if (!strcmp(name, "--threads"))
        return parse_number(value, 1, 256, &set->threads);
    if (!strcmp(name, "--size"))
        return parse_number(value, 17, 4097, &set->size);
    if (!strcmp(name, "--divide"))
        return parse_number(value, 1, 16, &set->divide);
    if (!strcmp(name, "--runs"))
        return parse_number(value, 1, RUNS_MAX, &set->runs);
    if (!strcmp(name, "--isa"))
        return (set->isa = dmlcsr_isa_find(value)) >= 0;
    if (!strcmp(name, "--precision")) /* auto is for models to decide */
        return (set->precision = dmlcsr_precision_find(value)) > DMLCSR_PRECISION_AUTO;
    set->json = value;
    return !strcmp(name, "--json");
}

static bool parse(int argc, char **argv, settings *set)
{
    for (int i = 1; i < argc; i += 2)
        if (!argv[i + 1] || !parse_option(argv[i], argv[i + 1], set))
            return false;
    return true;
}

static int run(bench *b)
{
    FILE *json = NULL;
    if (b->set.json && !(json = fopen(b->set.json, "w"))) {
        perror(b->set.json);
        return 1;
    }
    lanes_prepare(b);
    lanes_run(b);
    report(b, json);
    lanes_release(b);
    return json && fclose(json) != 0;
}

int main(int argc, char **argv)
{
    static bench b = {.set = {.threads = 0, .size = 473, .divide = 1, .runs = 5, .isa = DMLCSR_ISA_AUTO,
                              .precision = DMLCSR_PRECISION_FP32}};
    dml_error error;
    if (!parse(argc, argv, &b.set))
        return usage();
    if (!dml_kernels_init(&b.kernels, b.set.isa)) {
        fprintf(stderr, "bench: this machine or build lacks the instruction set\n");
        return SKIPPED;
    }
    dml_memory_init(&b.memory, NULL, NULL, NULL, 0);
    if (dml_pool_create(&b.pool, &b.memory, b.set.threads, &error) != DMLCSR_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        return 1;
    }
    b.set.threads = dml_pool_threads(b.pool);
    const int failed = run(&b);
    dml_pool_free(b.pool);
    return failed;
}
