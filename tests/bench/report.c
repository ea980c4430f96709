#include "report.h"

#include <stdarg.h>

#include "timing.h"

static const char *const way_names[] = {"direct", "winograd", "strassen"}; /* of dml_conv_way */
static const char *const format_names[FORMATS] = {"fp32", "bf16", "u8"};
static const char *const precision_names[] = {"auto", "fp32", "bf16", "int8"};

/* Of a layer, a stage or all: products as a direct sum has them and as they are done, the seconds that the latter take
   at the peak, and bytes. */
typedef struct amount {
    double products, done, ideal, bytes;
} amount;

/* Texts of a row. */
typedef struct labels {
    const char *name, *note, *way, *format;
} labels;

static void put(FILE *json, const char *format, ...)
{
    va_list list;
    if (!json)
        return;
    va_start(list, format);
    vfprintf(json, format, list);
    va_end(list);
}

static double rate_of(peak_sample sample)
{
    return sample.seconds > 0.0 ? sample.operations / sample.seconds : 0.0;
}

static void add(amount *sum, const lane *l)
{
    const double rate = rate_of(l->peak);
    sum->products += lane_products(l);
    sum->done += lane_done(l);
    sum->ideal += rate > 0.0 ? 2.0 * lane_done(l) / rate : 0.0;
    sum->bytes += lane_bytes(l);
}

/* A line of a table and the end of an object. */
static void print_row(FILE *json, labels text, const amount *a, double *times, uint32_t runs)
{
    const double least = smallest(times, runs), middle = median(times, runs);
    const double rate = 2e-9 * a->products / middle, share = a->ideal / middle, flow = 1e-9 * a->bytes / middle;
    printf("%-20s %-28s %-8s %-6s %9.3f %9.3f %9.1f %6.1f%% %7.2f\n", text.name, text.note, text.way, text.format,
           1e3 * least, 1e3 * middle, rate, 100.0 * share, flow);
    put(json, "\"gmac\": %.6f, \"gmac_done\": %.6f, \"mib_moved\": %.3f, \"min_ms\": %.4f, \"median_ms\": %.4f, "
        "\"gflops\": %.2f, \"peak_share\": %.4f, \"gb_per_s\": %.3f}", 1e-9 * a->products, 1e-9 * a->done,
        a->bytes / 1048576.0, 1e3 * least, 1e3 * middle, rate, share, flow);
}

static void print_columns(labels text)
{
    printf("%-20s %-28s %-8s %-6s %9s %9s %9s %7s %7s\n", text.name, text.note, text.way, text.format, "min ms",
           "median", "GFLOP/s", "of peak", "GB/s");
}

/* The machine, and the peak of each format that some layer has. */
static void print_head(const bench *b, FILE *json)
{
    const settings *set = &b->set;
    const char *precision = precision_names[set->precision], *gap = " ";
    printf("%s, %s, %u threads, %u x %u, widths / %u\npeak of multiply-adds in GFLOP/s:", b->kernels.name, precision,
           set->threads, set->size, set->size, set->divide);
    put(json, "{\"isa\": \"%s\", \"precision\": \"%s\", \"threads\": %u, \"size\": %u, \"divide\": %u, \"runs\": %u,\n"
        " \"peaks\": [", b->kernels.name, precision, set->threads, set->size, set->divide, set->runs);
    for (int f = 0; f < FORMATS; f++) {
        const char *instruction = peak_instruction(b->kernels.isa, (dml_format)f);
        const double rate = 1e-9 * rate_of(b->peak[f]);
        if (!(rate > 0.0))
            continue;
        printf("%s%s %.1f (%s)", gap, format_names[f], rate, instruction);
        put(json, "%s{\"format\": \"%s\", \"instruction\": \"%s\", \"gflops\": %.2f}", gap, format_names[f],
            instruction, rate);
        gap = ", ";
    }
    printf("\n");
    put(json, "],\n");
}

static void print_layers(bench *b, FILE *json)
{
    print_columns((labels){"layer", "shape", "way", "format"});
    put(json, " \"layers\": [");
    for (size_t i = 0; i < b->lane_count; i++) {
        lane *l = &b->lanes[i];
        const dml_conv_shape *s = &l->layer.shape;
        const char *way = way_names[l->way], *format = format_names[s->format];
        amount a = {0.0, 0.0, 0.0, 0.0};
        char shape[64];
        snprintf(shape, sizeof shape, "%u x %u>%u k%u s%u d%u @%u", l->layer.count, s->in, s->out, s->kernel,
                 s->stride, s->dilation, l->layer.side);
        put(json, "%s\n  {\"name\": \"%s\", \"stage\": \"%s\", \"shape\": \"%s\", ", i ? "," : "", l->layer.name,
            stage_names[l->layer.stage], shape);
        put(json, "\"way\": \"%s\", \"format\": \"%s\", ", way, format);
        add(&a, l);
        print_row(json, (labels){l->layer.name, shape, way, format}, &a, l->time, b->set.runs);
    }
    put(json, "\n ],\n");
}

/* The whole comes last, and is known first. */
static void print_stages(bench *b, FILE *json)
{
    amount all = {0.0, 0.0, 0.0, 0.0}, stage[STAGES] = {{0.0, 0.0, 0.0, 0.0}};
    const double middle = median(b->total, b->set.runs);
    for (size_t i = 0; i < b->lane_count; i++) {
        add(&stage[b->lanes[i].layer.stage], &b->lanes[i]);
        add(&all, &b->lanes[i]);
    }
    print_columns((labels){"stage", "of the time", "", ""});
    put(json, " \"stages\": [");
    for (int i = 0; i < STAGES; i++) {
        const double share = median(b->stage[i], b->set.runs) / middle;
        char note[32];
        snprintf(note, sizeof note, "%5.1f%%", 100.0 * share);
        put(json, "%s\n  {\"name\": \"%s\", \"time_share\": %.4f, ", i ? "," : "", stage_names[i], share);
        print_row(json, (labels){stage_names[i], note, "", ""}, &stage[i], b->stage[i], b->set.runs);
    }
    put(json, "\n ],\n \"total\": {\"name\": \"all convolutions\", ");
    print_row(json, (labels){"all convolutions", "", "", ""}, &all, b->total, b->set.runs);
    printf("%.2f GMAC, %.2f of them done; peak memory %.0f MiB\n", 1e-9 * all.products, 1e-9 * all.done, peak_memory());
}

void report(bench *b, FILE *json)
{
    print_head(b, json);
    print_layers(b, json);
    print_stages(b, json);
    put(json, ",\n \"peak_mib\": %.1f}\n", peak_memory());
}
