/* Speed of the convolutions of the network, layer by layer, as a share of what the machine can do.
 *
 *     bench [--threads N] [--isa NAME] [--size PIXELS] [--divide N] [--runs N] [--json FILE]
 *
 * The layers run in the network's order, each with weights of its own, so that caches are as warm as they are in the
 * network. GFLOP/s count the operations of the direct algorithm, two for a product and its addition. The peak is
 * measured in short pieces between the layers: a machine whose speed comes and goes (heat, neighbours) gives both
 * the same. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "layers.h"
#include "peak.h"
#include "timing.h"

#define RUNS_MAX 1000
#define CLASSES 19
#define PEAK_SHARE 0.1    /* of the time of a layer */
#define PEAK_LEAST 0.0005 /* seconds */

typedef struct settings {
    uint32_t threads, size, divide, runs;
    int isa;
    const char *json;
} settings;

/* One kind of layer with the weights of all layers of that kind, and its times. */
typedef struct lane {
    layer layer;
    dml_conv conv;
    size_t weight_size;
    float *weight, *bias;
    double time[RUNS_MAX]; /* seconds for all `count` layers */
    peak_sample peak;      /* after each of them */
} lane;

typedef struct bench {
    settings set;
    dml_kernels kernels;
    dml_memory memory;
    dml_pool *pool;
    lane lanes[LAYERS_MAX];
    size_t lane_count;
    float *x, *r, *y;
    double total[RUNS_MAX];
    peak_sample peak;
} bench;

static void *allocate(bench *b, size_t floats)
{
    void *block = dml_alloc(&b->memory, floats * sizeof(float));
    if (!block) {
        fprintf(stderr, "bench: no memory\n");
        exit(1);
    }
    return block;
}

/* Small values of both signs, the same in every run. */
static float *allocate_filled(bench *b, size_t floats, float scale)
{
    float *data = allocate(b, floats);
    uint32_t state = 1;
    for (size_t i = 0; i < floats; i++) {
        state = state * 1664525u + 1013904223u;
        data[i] = scale * ((float)(state >> 8) * 0x1p-23f - 1.0f);
    }
    return data;
}

static dml_tensor tensor(float *data, uint32_t c, uint32_t side, uint32_t pad)
{
    return (dml_tensor){.data = data, .c = c, .h = side, .w = side, .pad = pad};
}

/* Blocks of a concatenation are whole blocks. */
static dml_tensor input_of(const lane *l, float *data)
{
    return tensor(data, dml_conv_blocks(&l->layer.shape) * DML_BLOCK, l->layer.side, l->layer.in_pad);
}

static dml_tensor output_of(const lane *l, float *data)
{
    const dml_conv_shape *s = &l->layer.shape;
    return tensor(data, s->out, dml_conv_side(l->layer.side, s->stride), l->layer.out_pad);
}

static void prepare_lane(bench *b, lane *l)
{
    const dml_conv_shape *s = &l->layer.shape;
    const uint32_t last = s->part ? s->in - (s->in - 1) / s->part * s->part : s->in;
    l->weight_size = dml_conv_weight_size(s);
    l->weight = allocate_filled(b, l->weight_size * l->layer.count, 1.0f / 64.0f);
    l->bias = allocate_filled(b, dml_conv_bias_size(s), 1.0f);
    l->conv = (dml_conv){
        .shape = *s,
        .bias = l->bias,
        .panel = l->weight_size / dml_blocks(s->out),
        .blocks = dml_conv_blocks(s),
        .tail = (last - 1) % DML_BLOCK + 1,
        .slope = 0.01f,
        .scale = 1.0f,
        .relu = true,
    };
}

static void prepare(bench *b)
{
    layer layers[LAYERS_MAX];
    size_t in = 0, out = 0;
    b->lane_count = list_layers(layers, b->set.size, b->set.divide, CLASSES);
    for (size_t i = 0; i < b->lane_count; i++) {
        lane *l = &b->lanes[i];
        l->layer = layers[i];
        prepare_lane(b, l);
        const dml_tensor x = input_of(l, NULL), y = output_of(l, NULL);
        in = dml_tensor_size(&x) > in ? dml_tensor_size(&x) : in;
        out = dml_tensor_size(&y) > out ? dml_tensor_size(&y) : out;
    }
    b->x = allocate_filled(b, in, 1.0f);
    b->r = allocate_filled(b, out, 1.0f);
    b->y = allocate_filled(b, out, 1.0f);
}

static double run_lane(bench *b, lane *l)
{
    const dml_tensor x = input_of(l, b->x), r = output_of(l, b->r), y = output_of(l, b->y);
    const double start = seconds();
    for (uint32_t i = 0; i < l->layer.count; i++) {
        l->conv.weight = l->weight + i * l->weight_size;
        dml_conv_run(&l->conv, &b->kernels, b->pool, &x, l->layer.residual ? &r : NULL, &y);
    }
    return seconds() - start;
}

static void add(peak_sample *sum, peak_sample sample)
{
    sum->operations += sample.operations;
    sum->seconds += sample.seconds;
}

static double rate_of(peak_sample sample)
{
    return sample.seconds > 0.0 ? 1e-9 * sample.operations / sample.seconds : 0.0;
}

static void run(bench *b)
{
    dml_pool_wake(b->pool);
    for (uint32_t n = 0; n <= b->set.runs; n++) {
        double total = 0.0;
        for (size_t i = 0; i < b->lane_count; i++) {
            lane *l = &b->lanes[i];
            const double time = run_lane(b, l);
            total += time;
            if (!n) /* the first is for the caches and the page tables */
                continue;
            const double piece = PEAK_SHARE * time > PEAK_LEAST ? PEAK_SHARE * time : PEAK_LEAST;
            const peak_sample sample = peak_measure(b->kernels.isa, b->pool, piece);
            l->time[n - 1] = time;
            add(&l->peak, sample);
            add(&b->peak, sample);
        }
        if (n)
            b->total[n - 1] = total;
    }
    dml_pool_rest(b->pool);
}

static void print_row(FILE *json, const char *name, const char *shape, double products, double *times, uint32_t runs,
                      double peak)
{
    const double least = smallest(times, runs), middle = median(times, runs);
    const double rate = 2e-9 * products / middle;
    printf("%-22s %-28s %9.3f %9.3f %9.1f %6.1f%%\n", name, shape, 1e3 * least, 1e3 * middle, rate,
           peak > 0.0 ? 100.0 * rate / peak : 0.0);
    if (json)
        fprintf(json, "{\"name\": \"%s\", \"shape\": \"%s\", \"gmac\": %.6f, \"min_ms\": %.4f, \"median_ms\": %.4f, "
                      "\"gflops\": %.2f}", name, shape, 1e-9 * products, 1e3 * least, 1e3 * middle, rate);
}

static void report(bench *b, FILE *json)
{
    const double peak = rate_of(b->peak);
    const settings *set = &b->set;
    printf("%s, %u threads, %u x %u, widths / %u; peak %.1f GFLOP/s\n", b->kernels.name, set->threads, set->size,
           set->size, set->divide, peak);
    printf("%-22s %-28s %9s %9s %9s %7s\n", "layer", "shape", "min ms", "median", "GFLOP/s", "of peak");
    if (json)
        fprintf(json, "{\"isa\": \"%s\", \"threads\": %u, \"size\": %u, \"divide\": %u, \"peak_gflops\": %.2f,\n"
                      " \"layers\": [\n", b->kernels.name, set->threads, set->size, set->divide, peak);
    double products = 0.0;
    for (size_t i = 0; i < b->lane_count; i++) {
        lane *l = &b->lanes[i];
        const dml_conv_shape *s = &l->layer.shape;
        char shape[64];
        snprintf(shape, sizeof shape, "%u x %u>%u k%u s%u d%u @%u", l->layer.count, s->in, s->out, s->kernel,
                 s->stride, s->dilation, l->layer.side);
        const double own = layer_products(&l->layer) * l->layer.count;
        products += own;
        if (json)
            fputs(i ? ",\n  " : "  ", json);
        print_row(json, l->layer.name, shape, own, l->time, set->runs, rate_of(l->peak));
    }
    if (json)
        fputs("\n ],\n \"total\": ", json);
    print_row(json, "all convolutions", "", products, b->total, set->runs, peak);
    printf("%.2f GMAC, peak memory %.0f MiB\n", 1e-9 * products, peak_memory());
    if (json)
        fputs("}\n", json);
}

static int usage(void)
{
    fprintf(stderr, "usage: bench [--threads N] [--isa NAME] [--size PIXELS] [--divide N] [--runs N] [--json FILE]\n");
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

static bool parse(int argc, char **argv, settings *set)
{
    static const struct {
        const char *name;
        int isa;
    } isas[] = {{"auto", DMLCSR_ISA_AUTO}, {"c", DMLCSR_ISA_C}, {"sse41", DMLCSR_ISA_SSE41}, {"avx2", DMLCSR_ISA_AVX2},
                {"avx512", DMLCSR_ISA_AVX512}, {"neon", DMLCSR_ISA_NEON}};
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];
        bool good = false;
        if (!value)
            return false;
        if (!strcmp(name, "--threads"))
            good = parse_number(value, 1, 256, &set->threads);
        else if (!strcmp(name, "--size"))
            good = parse_number(value, 17, 4097, &set->size);
        else if (!strcmp(name, "--divide"))
            good = parse_number(value, 1, 16, &set->divide);
        else if (!strcmp(name, "--runs"))
            good = parse_number(value, 1, RUNS_MAX, &set->runs);
        else if (!strcmp(name, "--json"))
            good = (set->json = value) != NULL;
        else if (!strcmp(name, "--isa"))
            for (size_t k = 0; k < sizeof isas / sizeof isas[0]; k++)
                if (!strcmp(value, isas[k].name)) {
                    set->isa = isas[k].isa;
                    good = true;
                }
        if (!good)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    static bench b = {.set = {.threads = 0, .size = 473, .divide = 1, .runs = 5, .isa = DMLCSR_ISA_AUTO}};
    if (!parse(argc, argv, &b.set))
        return usage();
    if (!dml_kernels_init(&b.kernels, b.set.isa)) {
        fprintf(stderr, "bench: this machine or build lacks the instruction set\n");
        return 1;
    }
    dml_error error;
    dml_memory_init(&b.memory, NULL, NULL, NULL, 0);
    if (dml_pool_create(&b.pool, &b.memory, b.set.threads, &error) != DMLCSR_OK) {
        fprintf(stderr, "bench: %s\n", error.text);
        return 1;
    }
    b.set.threads = dml_pool_threads(b.pool);
    FILE *json = NULL;
    if (b.set.json && !(json = fopen(b.set.json, "w"))) {
        perror(b.set.json);
        return 1;
    }
    prepare(&b);
    run(&b);
    report(&b, json);
    const bool failed = json && fclose(json) != 0;
    for (size_t i = 0; i < b.lane_count; i++) {
        dml_release(&b.memory, b.lanes[i].weight);
        dml_release(&b.memory, b.lanes[i].bias);
    }
    dml_release(&b.memory, b.x);
    dml_release(&b.memory, b.r);
    dml_release(&b.memory, b.y);
    dml_pool_free(b.pool);
    return failed;
}
