/* The convolutions of training: forward, gradient of the input, gradient of the weights, over batches, as shares of
 * what the machine's multiply-adds can do at best. Layers of the small member (widths / 4, 256 x 256) and of the
 * published network (193 x 193).
 *
 * bench_back [--threads N] [--runs N]; without --threads: 1, then 2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "ops/back.h"
#include "ops/winograd.h"
#include "peak.h"
#include "timing.h"

typedef struct row {
    dml_conv_shape shape;
    uint32_t side, n; /* of the square input; images */
} row;

static const row rows[] = {
    {{16, 16, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 128, 8},
    {{64, 16, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 64, 8},
    {{16, 64, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 64, 8},
    {{32, 32, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{64, 64, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{256, 64, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{64, 256, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{128, 128, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{512, 128, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 32, 8},
    {{32, 32, 3, 2, 1, 0, DML_FORMAT_F32, 0}, 64, 8},
    {{256, 256, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 25, 2},
    {{1024, 256, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 25, 2},
    {{2048, 512, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 25, 2},
};

enum { FORWARD, INPUT, WEIGHT, KINDS };

typedef struct layer {
    const row *row;
    const dml_core *core;
    dml_memory *memory;
    dml_batch x, y, dx;
    dml_real *weight, *transposed, *dweight, *zeros, *room;
} layer;

static dml_real *room(dml_memory *memory, size_t count)
{
    dml_real *values = dml_alloc_zero(memory, (count + 1) * sizeof *values);
    if (!values) {
        fputs("bench_back: no memory\n", stderr);
        exit(1);
    }
    return values;
}

static dml_real *noise(dml_memory *memory, size_t count)
{
    dml_real *values = room(memory, count);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(state >> 8) * 0x1p-23f - 1.0f;
    }
    return values;
}

/* Values in the border and unused lanes cost what zeros cost. */
static dml_batch batch(dml_memory *memory, uint32_t n, uint32_t c, uint32_t side, uint32_t pad)
{
    dml_batch b = {{NULL, c, side, side, pad}, n, 0};
    b.stride = dml_tensor_size(&b.first);
    b.first.data = noise(memory, n * b.stride);
    return b;
}

static layer make(const row *r, const dml_core *core, dml_memory *memory)
{
    const dml_conv_shape *s = &r->shape;
    const uint32_t pad = s->dilation * (s->kernel / 2), side = dml_conv_side(r->side, s->stride);
    const uint32_t threads = dml_pool_threads(core->pool);
    const size_t sizes[] = {dml_winograd_room(s, r->n, side, side, threads),
                            dml_conv_back_input_room(s, r->n, r->side, r->side, threads),
                            dml_winograd_back_room(s, r->n, side, side, threads)};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        most = sizes[i] > most ? sizes[i] : most;
    return (layer){r, core, memory, batch(memory, r->n, s->in, r->side, pad), batch(memory, r->n, s->out, side, pad),
                   batch(memory, r->n, s->in, r->side, 0), noise(memory, dml_conv_weight_size(s)),
                   noise(memory, dml_conv_back_weight_size(s)), room(memory, dml_conv_weight_size(s)),
                   room(memory, (s->in > s->out ? s->in : s->out) + (size_t)DML_BLOCK),
                   room(memory, most)};
}

static void release(const layer *l)
{
    dml_real *const parts[] = {l->x.first.data, l->y.first.data, l->dx.first.data, l->weight,
                               l->transposed,   l->dweight,      l->zeros,         l->room};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        dml_release(l->memory, parts[i]);
}

static double run(layer *l, int kind)
{
    const dml_conv_shape *s = &l->row->shape;
    const double start = seconds();
    const dml_conv conv = dml_conv_make(s, l->weight, l->zeros);
    if (kind == FORWARD)
        dml_conv_batch_run(&conv, l->core, &l->x, &l->y, l->room);
    else if (kind == INPUT)
        dml_conv_back_input(s, l->core, l->transposed, l->zeros, &l->y, &l->dx, false, l->room);
    else
        dml_conv_back_weight(s, l->core, &l->x, &l->y, l->dweight, l->room);
    return seconds() - start;
}

/* The best of the runs, here as for the peak: what else a shared machine is doing only ever makes it slower. */
static void bench_kind(layer *l, int kind, double operations, uint32_t runs, double peak)
{
    double best = run(l, kind);
    for (uint32_t i = 0; i < runs; i++) {
        const double time = run(l, kind);
        best = time < best ? time : best;
    }
    printf("%9.1f %4.0f%%", 1e-9 * operations / best, 100 * operations / best / peak);
}

static double best_peak(const dml_core *core)
{
    double best = 0;
    for (int i = 0; i < 100; i++) {
        const peak_sample sample = peak_measure(core->kernels.isa, DML_FORMAT_F32, core->pool, 5e-3);
        const double rate = sample.operations / sample.seconds;
        best = rate > best ? rate : best;
    }
    return best;
}

static void bench_row(const row *r, const dml_core *core, dml_memory *memory, uint32_t runs,
                      double peak)
{
    const dml_conv_shape *s = &r->shape;
    const double side = dml_conv_side(r->side, s->stride);
    const double operations = 2 * side * side * r->n * s->in * s->out * s->kernel * s->kernel;
    layer l = make(r, core, memory);
    printf("%4u > %-4u k%u s%u d%u @%-3u x %u ", s->in, s->out, s->kernel, s->stride, s->dilation, r->side, r->n);
    for (int kind = 0; kind < KINDS; kind++)
        bench_kind(&l, kind, operations, runs, peak);
    printf("\n");
    release(&l);
}

static void bench_threads(uint32_t threads, uint32_t runs)
{
    dml_memory memory;
    dml_core core = {.pool = NULL};
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    if (!dml_kernels_init(&core.kernels, DMLCSR_ISA_AUTO) || dml_pool_create(&core.pool, &memory, threads, NULL)) {
        fputs("bench_back: no memory\n", stderr);
        exit(1);
    }
    dml_back_kernels_init(&core.back, core.kernels.isa);
    dml_pool_wake(core.pool);
    const double peak = best_peak(&core);
    printf("%s, %u threads; peak %.1f GFLOP/s\n", core.kernels.name, dml_pool_threads(core.pool), 1e-9 * peak);
    printf("%-30s%14s %14s %14s\n", "layer", "forward", "input", "weights");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        bench_row(&rows[i], &core, &memory, runs, peak);
    dml_pool_rest(core.pool);
    dml_pool_free(core.pool);
}

int main(int argc, char **argv)
{
    uint32_t threads = 0, runs = 20;
    for (int i = 1; i < argc; i += 2) {
        const unsigned long value = i + 1 < argc ? strtoul(argv[i + 1], NULL, 10) : 0;
        if (value && value <= 1000 && !strcmp(argv[i], "--threads"))
            threads = (uint32_t)value;
        else if (value && value <= 1000 && !strcmp(argv[i], "--runs"))
            runs = (uint32_t)value;
        else {
            fputs("usage: bench_back [--threads N] [--runs N]\n", stderr);
            return 2;
        }
    }
    for (uint32_t t = threads ? threads : 1; t <= (threads ? threads : 2); t++)
        bench_threads(t, runs);
    return 0;
}
