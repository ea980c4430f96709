#include "lanes.h"

#include <stdio.h>
#include <stdlib.h>

#include "timing.h"

#define CLASSES 19
#define PEAK_SHARE 0.1    /* of the time of a layer */
#define PEAK_LEAST 0.0005 /* seconds */
/* How inputs of -1 .. 1 become bytes. */
#define BYTE_GAIN 127.0f
#define BYTE_ZERO 128

static void *allocate(bench *b, size_t bytes)
{
    void *block = dml_alloc(&b->memory, bytes);
    if (!block) {
        fprintf(stderr, "bench: no memory\n");
        exit(1);
    }
    return block;
}

/* Small values of both signs, the same in every run. */
static uint32_t next(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static float *allocate_filled(bench *b, size_t count, float scale)
{
    float *data = allocate(b, count * sizeof *data);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++)
        data[i] = scale * ((float)next(&state) * 0x1p-23f - 1.0f);
    return data;
}

/* Values of either sign from 1/128 to 1/64. */
static uint16_t *allocate_bf16(bench *b, size_t count)
{
    uint16_t *data = allocate(b, count * sizeof *data);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = next(&state);
        data[i] = (uint16_t)(0x3c00 | (bits & 0x807f));
    }
    return data;
}

static int8_t *allocate_bytes(bench *b, size_t count)
{
    int8_t *data = allocate(b, count);
    uint32_t state = 1;
    for (size_t i = 0; i < count; i++)
        data[i] = (int8_t)((int)(next(&state) % 255) - 127);
    return data;
}

static void *allocate_weights(bench *b, dml_format format, size_t count)
{
    return format == DML_FORMAT_BF16 ? (void *)allocate_bf16(b, count)
           : format == DML_FORMAT_U8 ? (void *)allocate_bytes(b, count)
                                     : (void *)allocate_filled(b, count, 1.0f / 64.0f);
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
    const size_t size = dml_conv_weight_size(s), bias_size = dml_conv_bias_size(s);
    const uint32_t side = dml_conv_side(l->layer.side, s->stride);
    l->way = dml_conv_way_of(s, l->layer.shortcut != ALONE, side, side);
    l->weight_bytes = size * dml_format_bytes(s->format);
    l->weight = allocate_weights(b, s->format, size * l->layer.count);
    l->bias = allocate_filled(b, bias_size, 1.0f);
    l->conv = dml_conv_make(s, l->weight, l->bias);
    l->conv.slope = 0.01f;
    l->conv.relu = true;
    if (s->format == DML_FORMAT_U8) {
        l->unit = allocate_filled(b, bias_size, 1.0f / (64.0f * 127.0f * BYTE_GAIN));
        l->conv.unit = l->unit;
        l->conv.x_gain = BYTE_GAIN;
        l->conv.x_zero = BYTE_ZERO;
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

void lanes_prepare(bench *b)
{
    layer layers[LAYERS_MAX];
    size_t in = 0, out = 0, room = 1;
    b->lane_count = list_layers(layers, b->set.size, b->set.divide, CLASSES, b->set.precision);
    for (size_t i = 0; i < b->lane_count; i++) {
        lane *l = &b->lanes[i];
        l->layer = layers[i];
        prepare_lane(b, l);
        const dml_tensor x = input_of(l, NULL), y = output_of(l, NULL);
        in = larger(in, dml_tensor_size(&x));
        out = larger(out, dml_tensor_size(&y));
        room = larger(room, dml_conv_any_room(&l->layer.shape, l->layer.shortcut != ALONE, dml_tensor_size(&x), y.h,
                                              y.w, dml_pool_threads(b->pool)));
    }
    b->x = allocate_filled(b, in, 1.0f);
    b->r = allocate_filled(b, out, 1.0f);
    b->y = allocate_filled(b, out, 1.0f);
    b->room = allocate(b, room * sizeof(float));
}

void lanes_release(bench *b)
{
    for (size_t i = 0; i < b->lane_count; i++) {
        dml_release(&b->memory, b->lanes[i].weight);
        dml_release(&b->memory, b->lanes[i].bias);
        dml_release(&b->memory, b->lanes[i].unit);
    }
    dml_release(&b->memory, b->x);
    dml_release(&b->memory, b->r);
    dml_release(&b->memory, b->y);
    dml_release(&b->memory, b->room);
}

static double run_lane(bench *b, lane *l)
{
    const dml_tensor x = input_of(l, b->x), y = output_of(l, b->y);
    const dml_tensor r = output_of(l, l->layer.shortcut == OVER ? b->y : b->r);
    const double start = seconds();
    for (uint32_t i = 0; i < l->layer.count; i++) {
        l->conv.weight = l->weight + i * l->weight_bytes;
        dml_conv_any_run(&l->conv, &b->kernels, b->pool, &x, l->layer.shortcut != ALONE ? &r : NULL, &y, b->room);
    }
    return seconds() - start;
}

static void add(peak_sample *sum, peak_sample sample)
{
    sum->operations += sample.operations;
    sum->seconds += sample.seconds;
}

static void measure_peak(bench *b, lane *l, double time)
{
    const double piece = PEAK_SHARE * time > PEAK_LEAST ? PEAK_SHARE * time : PEAK_LEAST;
    const dml_format format = l->layer.shape.format;
    const peak_sample sample = peak_measure(b->kernels.isa, format, b->pool, piece);
    add(&l->peak, sample);
    add(&b->peak[format], sample);
}

void lanes_run(bench *b)
{
    dml_pool_wake(b->pool);
    for (uint32_t n = 0; n <= b->set.runs; n++)
        for (size_t i = 0; i < b->lane_count; i++) {
            lane *l = &b->lanes[i];
            const double time = run_lane(b, l);
            if (!n) /* the first is for the caches and the page tables */
                continue;
            l->time[n - 1] = time;
            b->stage[l->layer.stage][n - 1] += time;
            b->total[n - 1] += time;
            measure_peak(b, l, time);
        }
    dml_pool_rest(b->pool);
}

double lane_products(const lane *l)
{
    return layer_products(&l->layer) * l->layer.count;
}

double lane_done(const lane *l)
{
    const dml_winograd_form form = l->layer.shape.form;
    const double pixels = dml_winograd_rows(form) * dml_winograd_columns(form), taps = 9.0; /* of a tile; of a direct sum */
    switch (l->way) {
    case DML_CONV_WINOGRAD: return lane_products(l) * dml_winograd_positions(form) / (pixels * taps);
    case DML_CONV_STRASSEN: return lane_products(l) * DML_STRASSEN_PRODUCTS / 8;
    default: return lane_products(l);
    }
}

double lane_bytes(const lane *l)
{
    const dml_tensor x = input_of(l, NULL), y = output_of(l, NULL);
    const double in = (double)dml_tensor_size(&x), out = (double)dml_tensor_size(&y);
    const double added = l->layer.shortcut != ALONE ? out : 0.0;
    return ((in + out + added) * sizeof(float) + (double)l->weight_bytes) * l->layer.count;
}
