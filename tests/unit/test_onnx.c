/* dmlcsr_export_onnx(): what is in the file, that it computes what the library does, and what cannot be exported. */
#define _XOPEN_SOURCE 700 /* mkdtemp */

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model_files.h"
#include "onnx/onnx.h"
#include "onnx_file.h"
#include "support/family.h"
#include "support/ration.h"

#define SIDE 41 /* 21, 11 and 6 inside; the local branch ends with one pixel */
#define OUT 11
#define SEED 2022
#define BOUND 4e-5 /* of an output's standard deviation, as for whole networks in tests/golden */

static const family member = { 5, { 1, 2, 1, 2 }, 16, 1, 0, 0,
                               "\"dmlcsr.classes\":\"a b c d e\",\"dmlcsr.side\":\"picture\",\"dmlcsr.size\":\"65\","
                               "\"dmlcsr.std\":\".2 .3 .4\",\"dmlcsr.licence\":\"none\"" };

static char sentence[512], folder[256], in[300], out[300];

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/dmlcsr-test-XXXXXX", base ? base : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(in, sizeof in, "%s/in.safetensors", folder);
    snprintf(out, sizeof out, "%s/out.onnx", folder);
    family_save(&member, SEED, in);
}

/* The folder must be empty but for what the test made: no temporary file is ever left. */
static void teardown(void)
{
    remove(in);
    remove(out);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static dmlcsr_onnx_options options_of(uint32_t size, int edges)
{
    dmlcsr_onnx_options options;
    dmlcsr_onnx_options_init(&options);
    options.input_size = size;
    options.edges = edges;
    options.error = sentence;
    options.error_size = sizeof sentence;
    return options;
}

static onnx_file *export(const dmlcsr_onnx_options *options)
{
    const int status = dmlcsr_export_onnx(in, out, options);
    ck_assert_msg(status == DMLCSR_OK, "%d: %s", status, sentence);
    return onnx_open(out);
}

/* ---- what is in the file ---- */

static void expect_port(const onnx_port *p, const char *name, int64_t channels, int64_t side)
{
    ck_assert_str_eq(p->name, name);
    ck_assert(p->type == 1 && p->rank == 4);
    ck_assert_msg(p->shape[0] == 1 && p->shape[1] == channels && p->shape[2] == side && p->shape[3] == side,
                  "%s is %d x %d x %d x %d", name, (int)p->shape[0], (int)p->shape[1], (int)p->shape[2],
                  (int)p->shape[3]);
}

START_TEST(frame)
{
    const dmlcsr_onnx_options options = options_of(SIDE, _i);
    onnx_file *f = export(&options);
    char version[32];
    snprintf(version, sizeof version, "%d.%d.%d", DMLCSR_VERSION_MAJOR, DMLCSR_VERSION_MINOR, DMLCSR_VERSION_PATCH);
    ck_assert(f->ir == 7 && f->opset == 13);
    ck_assert_str_eq(f->producer, "libdmlcsr");
    ck_assert_str_eq(f->version, version);
    ck_assert_str_eq(f->graph, "dmlcsr");
    ck_assert_uint_eq(f->inputs, 1);
    expect_port(&f->input[0], "input", 3, SIDE);
    ck_assert_uint_eq(f->outputs, _i ? 3 : 1);
    expect_port(&f->output[0], "parsing", 5, OUT);
    if (_i) {
        expect_port(&f->output[1], "binary_edge", 2, OUT);
        expect_port(&f->output[2], "category_edge", 5, OUT);
    }
    onnx_close(f);
}
END_TEST

static void expect_count(const onnx_file *f, const char *op, size_t wanted)
{
    size_t count = 0;
    for (size_t i = 0; i < f->nodes; i++)
        count += !strcmp(f->node[i].op, op);
    ck_assert_msg(count == wanted, "%zu of %s, must be %zu", count, op, wanted);
}

/* The member has a stem of 3, 6 bottlenecks (4 with a projection), 3 layers around the graphs, 3 + 5 + 6 in them, and a
   head of 5; the edge heads have 3, one that is used 3 times, and 2. */
START_TEST(nodes)
{
    const dmlcsr_onnx_options options = options_of(SIDE, _i);
    onnx_file *f = export(&options);
    const size_t edges = (size_t)_i;
    expect_count(f, "Conv", 3 + 6 * 3 + 4 + 3 + 14 + 5 + 8 * edges);
    expect_count(f, "Relu", 3 + 6 * 3);
    expect_count(f, "LeakyRelu", 6 + 4 + 3 + (3 + 1 + 4) + 4 + 3 * edges);
    expect_count(f, "Add", 6 + 4); /* of the graphs: gate, attention, adjacency, and what conv3 is added to */
    expect_count(f, "Mul", 3);     /* gamma, gamma1, and the gate */
    expect_count(f, "MaxPool", 1);
    expect_count(f, "Resize", 2 + 2 * edges);
    expect_count(f, "Softmax", 1);
    expect_count(f, "MatMul", 4);
    expect_count(f, "Transpose", 3);
    expect_count(f, "Reshape", 4 * 3 + 3);
    expect_count(f, "Concat", 3 + edges);
    ck_assert_uint_eq(f->tensors, 2 * (47 + 6 * edges) + 2 + 15 + 2 + 2 * edges);
    for (size_t i = 0; i < f->nodes; i++)
        for (size_t k = 0; k < i; k++)
            ck_assert_msg(strcmp(f->node[i].name, f->node[k].name), "two nodes are called %s", f->node[i].name);
    onnx_close(f);
}
END_TEST

/* Node `i` of the file, to begin with the input. */
static void expect_node(const onnx_file *f, size_t i, const char *op, const char *name, const char *first)
{
    const onnx_node *n = &f->node[i];
    ck_assert_msg(!strcmp(n->op, op) && !strcmp(n->name, name) && !strcmp(n->input[0], first),
                  "node %zu is %s %s of %s, must be %s %s of %s", i, n->op, n->name, n->input[0], op, name, first);
}

START_TEST(chain)
{
    const dmlcsr_onnx_options options = options_of(SIDE, 0);
    onnx_file *f = export(&options);
    expect_node(f, 0, "Conv", "conv1", "input");
    expect_node(f, 1, "Relu", "conv1.relu", "conv1");
    expect_node(f, 6, "MaxPool", "maxpool1", "conv3.relu");
    expect_node(f, 7, "Conv", "layer1.0.downsample.0", "maxpool1");
    expect_node(f, 8, "LeakyRelu", "layer1.0.downsample.0.leaky", "layer1.0.downsample.0");
    expect_node(f, 9, "Conv", "layer1.0.conv1", "maxpool1");
    expect_node(f, 13, "Conv", "layer1.0.conv3", "layer1.0.conv2.relu");
    expect_node(f, 15, "Add", "layer1.0.conv3.add", "layer1.0.conv3.leaky");
    ck_assert_str_eq(f->node[15].input[1], "layer1.0.downsample.0.leaky");
    expect_node(f, 16, "Relu", "layer1.0.conv3.relu", "layer1.0.conv3.add");
    expect_node(f, f->nodes - 1, "Conv", "layer6.conv4", "layer6.conv3.2.leaky");
    ck_assert_str_eq(f->node[f->nodes - 1].output, "parsing");
    ck_assert_float_eq(onnx_attribute_of(&f->node[8], "alpha")->real, 0.01f);
    onnx_close(f);
}
END_TEST

START_TEST(metadata)
{
    static const char *const pairs[] = { "dmlcsr.licence", "", "dmlcsr.side", "subject", "note", "x", "dmlcsr.mean",
                                         ".5 .5 .5" };
    dmlcsr_onnx_options options = options_of(SIDE, 0);
    onnx_file *f = export(&options);
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.classes"), "a b c d e");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.side"), "picture");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.size"), "41"); /* what this file takes, not what the model was made for */
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.channels"), "bgr");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.mean"), "0.485 0.456 0.406");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.std"), ".2 .3 .4");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.licence"), "none");
    ck_assert_uint_eq(f->pairs, 7);
    onnx_close(f);
    options.input_size = 0;
    options.metadata = pairs;
    options.metadata_count = 4;
    f = export(&options);
    expect_port(&f->input[0], "input", 3, 65);
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.size"), "65");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.side"), "subject");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.mean"), ".5 .5 .5");
    ck_assert_str_eq(onnx_metadata(f, "note"), "x");
    ck_assert_ptr_null(onnx_metadata(f, "dmlcsr.licence"));
    ck_assert_uint_eq(f->pairs, 7);
    onnx_close(f);
}
END_TEST

/* A file that says nothing: all that an input needs is there, and 473. */
START_TEST(silent_model)
{
    family silent = member;
    silent.metadata = NULL;
    family_save(&silent, SEED, in);
    const int status = dmlcsr_export_onnx(in, out, NULL);
    ck_assert_int_eq(status, DMLCSR_OK);
    onnx_file *f = onnx_open(out);
    expect_port(&f->output[0], "parsing", 5, 119);
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.classes"), "class0 class1 class2 class3 class4");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.side"), "unknown");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.size"), "473");
    ck_assert_str_eq(onnx_metadata(f, "dmlcsr.std"), "0.229 0.224 0.225");
    onnx_close(f);
}
END_TEST

/* ---- the weights ---- */

/* "bn2" for "conv2", "bn_wg" for "conv_wg", "bn_phi" for "phi", "3.1" for "3.0". */
static void name_of_norm(const char *layer, char *norm, size_t size)
{
    const char *dot = strrchr(layer, '.'), *leaf = dot ? dot + 1 : layer;
    const int prefix = (int)(leaf - layer);
    if (*leaf >= '0' && *leaf <= '9')
        snprintf(norm, size, "%.*s%d", prefix, layer, atoi(leaf) + 1);
    else if (!strncmp(leaf, "conv", 4))
        snprintf(norm, size, "%.*sbn%s", prefix, layer, leaf + 4);
    else
        snprintf(norm, size, "%.*sbn_%s", prefix, layer, leaf);
}

typedef struct source {
    dml_memory memory;
    dml_error error;
    dml_kernels kernels;
    dml_model *model;
} source;

static void open_source(source *s)
{
    dml_memory_init(&s->memory, NULL, NULL, NULL, 0);
    ck_assert(dml_kernels_init(&s->kernels, DMLCSR_ISA_AUTO));
    s->model = NULL;
    ck_assert_int_eq(dml_model_open(&s->model, in, &s->memory, &s->error), DMLCSR_OK);
}

/* A tensor of the model, or NULL; to be freed. */
static float *values_of(source *s, const char *layer, const char *leaf, size_t *count)
{
    char name[200];
    snprintf(name, sizeof name, "%s%s", layer, leaf);
    const dml_entry *entry = dml_model_find(s->model, name);
    if (!entry)
        return NULL;
    float *values = malloc(entry->count * sizeof *values);
    ck_assert_int_eq(dml_entry_read(entry, &s->kernels, values, &s->error), DMLCSR_OK);
    *count = entry->count;
    return values;
}

/* One rounding of each factor and of the product. */
static void expect_near(const char *name, size_t i, float is, double must, double size)
{
    ck_assert_msg(fabs((double)is - must) <= 4 * 0x1p-24 * size, "%s[%zu]: %.9g, must be %.9g", name, i, (double)is,
                  must);
}

/* y = (W x + b - mean) / sqrt(var + 1e-5) * gain + shift, the gain of a plain norm with its sign. */
static void check_layer(source *s, const onnx_file *f, const onnx_tensor *weight, const char *layer)
{
    char norm[200], name[200];
    size_t count = 0, n = 0;
    float *w = values_of(s, layer, ".weight", &count), *b = values_of(s, layer, ".bias", &n);
    name_of_norm(layer, norm, sizeof norm);
    float *gain = values_of(s, norm, ".weight", &n), *shift = values_of(s, norm, ".bias", &n);
    float *mean = values_of(s, norm, ".running_mean", &n), *variance = values_of(s, norm, ".running_var", &n);
    snprintf(name, sizeof name, "%s.bias", layer);
    const onnx_tensor *bias = onnx_find(f, name);
    const bool plain = strstr(norm, "bn_wg") || strstr(norm, "bn_adj");
    const size_t channels = (size_t)weight->shape[0];
    ck_assert_msg(w && count == weight->count && bias && bias->rank == 1 && bias->count == channels, "%s", layer);
    ck_assert_msg((gain && shift && mean && variance) || b, "%s has neither norm nor bias", layer);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i / (count / channels);
        double scale = 1, add = b ? (double)b[c] : 0, size = fabs(add);
        if (gain) {
            scale = (plain ? (double)gain[c] : fabs((double)gain[c]) + 1e-5) / sqrt((double)variance[c] + 1e-5);
            add = (add - (double)mean[c]) * scale + (double)shift[c];
            size = fabs(add) + fabs((double)mean[c] * scale);
        }
        expect_near(weight->name, i, onnx_float(weight, i), (double)w[i] * scale, fabs((double)w[i] * scale));
        expect_near(bias->name, c, onnx_float(bias, c), add, size);
    }
    float *const all[] = { w, b, gain, shift, mean, variance };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

START_TEST(weights)
{
    const dmlcsr_onnx_options options = options_of(SIDE, 1);
    onnx_file *f = export(&options);
    source s;
    size_t layers = 0, n;
    open_source(&s);
    for (size_t i = 0; i < f->tensors; i++) {
        const onnx_tensor *t = &f->tensor[i];
        const char *end = strstr(t->name, ".weight");
        char layer[ONNX_NAME] = "";
        if (!end)
            continue;
        ck_assert_uint_eq(t->rank, 4);
        memcpy(layer, t->name, (size_t)(end - t->name));
        check_layer(&s, f, t, layer);
        layers++;
    }
    ck_assert_uint_eq(layers, 53);
    static const char *const scale[] = { "context.dualgcn.gamma1", "context.dualgcn.gcn_local_attention.gamma" };
    for (int i = 0; i < 2; i++) {
        float *value = values_of(&s, scale[i], "", &n);
        ck_assert_float_eq(onnx_float(onnx_find(f, scale[i]), 0), *value);
        free(value);
    }
    dml_model_close(s.model);
    onnx_close(f);
}
END_TEST

/* ---- what it computes ---- */

static void expect_same(const double *is, const float *must, size_t count, const char *name)
{
    double mean = 0, square = 0, worst = 0;
    for (size_t i = 0; i < count; i++)
        mean += (double)must[i] / (double)count;
    for (size_t i = 0; i < count; i++) {
        square += ((double)must[i] - mean) * ((double)must[i] - mean) / (double)count;
        worst = fmax(worst, fabs(is[i] - (double)must[i]));
    }
    ck_assert_msg(square > 0 && worst <= BOUND * sqrt(square), "%s: %g of the standard deviation", name,
                  worst / sqrt(square));
}

/* The file, run operator by operator, gives what dmlcsr_forward() gives. */
static void compare(uint32_t side, uint32_t oh)
{
    static const char *const name[3] = { "parsing", "binary_edge", "category_edge" };
    const size_t classes = 5, count[3] = { classes * oh * oh, 2 * oh * oh, classes * oh * oh };
    float *input = malloc(3 * side * side * sizeof *input), *map[3];
    dmlcsr *handle = NULL;
    dmlcsr_options loading;
    const dmlcsr_onnx_options options = options_of(side, 1);
    family_noise("input", 3 * side * side, SEED, input);
    for (int i = 0; i < 3; i++)
        map[i] = malloc(count[i] * sizeof(float));
    dmlcsr_options_init(&loading);
    loading.keep_edges = 1;
    loading.input_size = side;
    ck_assert_int_eq(dmlcsr_create(&handle, in, &loading), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_forward(handle, input, side, side, map[0], map[1], map[2]), DMLCSR_OK);
    onnx_file *f = export(&options);
    for (int i = 0; i < 3; i++) {
        double *values = onnx_run(f, input, name[i]);
        expect_same(values, map[i], count[i], name[i]);
        free(values);
        free(map[i]);
    }
    onnx_close(f);
    dmlcsr_free(handle);
    free(input);
}

START_TEST(computes)
{
    compare(SIDE, OUT);
    compare(17, 5);
    compare(96, 24);
}
END_TEST

static void save(unsigned char *file, size_t size)
{
    FILE *stream = fopen(in, "wb");
    ck_assert(stream && fwrite(file, 1, size, stream) == size && fclose(stream) == 0);
    free(file);
}

/* Half precision and prefixed keys. */
START_TEST(other_files)
{
    family other = member;
    other.half = 1;
    other.module = 1;
    family_save(&other, SEED, in);
    compare(SIDE, OUT);
}
END_TEST

static uint32_t width(uint32_t seed, uint32_t which)
{
    float noise;
    char name[32];
    snprintf(name, sizeof name, "width %u", (unsigned)which);
    family_noise(name, 1, seed, &noise);
    return 3 + (uint32_t)(19.0f * (noise + 1.0f)); /* 3 to 40 */
}

/* Widths that fill no block of channels, and none like another. Where the first part of a concatenation does not end with a
   block, a wider second part is refused. */
START_TEST(odd_widths)
{
    family_oddity odd = { .projected = 0 };
    uint32_t *const all[] = { &odd.stem[0], &odd.stem[1], &odd.stem[2], &odd.planes[0], &odd.planes[1], &odd.planes[2],
                              &odd.planes[3], &odd.context, &odd.phi, &odd.theta, &odd.node, &odd.head, &odd.skip, &odd.edge,
                              &odd.inner[0], &odd.inner[1], &odd.final, &odd.convb, &odd.bottleneck, &odd.middle };
    size_t size;
    for (uint32_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = width((uint32_t)_i, i);
    if (_i % 2)
        odd.head = 32;
    const uint32_t first[2] = { 4 * odd.planes[3], odd.head }, second[2] = { odd.convb, odd.skip };
    unsigned char *file = family_odd_file(&member, &odd, SEED, &size);
    save(file, size);
    for (int i = 0; i < 2; i++)
        if (second[i] > first[i] && first[i] % 16) {
            const dmlcsr_onnx_options options = options_of(SIDE, 1);
            ck_assert_int_eq(dmlcsr_export_onnx(in, out, &options), DMLCSR_ERROR_UNSUPPORTED);
            ck_assert_ptr_nonnull(strstr(sentence, "more in the second part"));
            return;
        }
    compare(25, 7);
}
END_TEST

/* ---- what cannot be exported ---- */

static void expect_failure(const dmlcsr_onnx_options *options, int status, const char *word)
{
    sentence[0] = 0;
    const int is = dmlcsr_export_onnx(in, out, options);
    ck_assert_msg(is == status, "%d, must be %d: %s", is, status, sentence);
    ck_assert_msg(strstr(sentence, word) != NULL, "'%s' lacks '%s'", sentence, word);
    ck_assert_msg(access(out, F_OK) != 0, "a file was written");
}

/* Saves the member with one place of its header replaced by as many other letters. */
static void save_with(const char *old, const char *new)
{
    size_t size;
    unsigned char *file = family_file(&member, SEED, &size);
    const size_t length = strlen(old);
    ck_assert_uint_eq(length, strlen(new));
    size_t at = 8;
    while (at + length < size && memcmp(file + at, old, length))
        at++;
    ck_assert_uint_lt(at + length, size);
    memcpy(file + at, new, length);
    save(file, size);
}

START_TEST(damaged)
{
    const dmlcsr_onnx_options options = options_of(SIDE, 0), edges = options_of(SIDE, 1);
    save_with("\"layer6.conv3.2.weight\"", "\"layer6.conv3.x.weight\"");
    expect_failure(&options, DMLCSR_ERROR_MODEL, "layer6.conv3.2.weight is missing");
    save_with("\"context.dualgcn.bn_phi.running_var\"", "\"context.dualgcn.bn_phi.running_vax\"");
    expect_failure(&options, DMLCSR_ERROR_MODEL, "context.dualgcn.bn_phi.running_var is missing");
    save_with("\"context.dualgcn.gamma1\"", "\"context.dualgcn.gamma2\"");
    expect_failure(&options, DMLCSR_ERROR_MODEL, "context.dualgcn.gamma1 is missing");
    save_with("\"shape\":[4,3,3,3]", "\"shape\":[3,4,3,3]");
    expect_failure(&options, DMLCSR_ERROR_MODEL, "conv1.weight is 3 x 4 x 3 x 3, must be any x 3 x 3 x 3");
    save_with("\"edge_layer.conv5.weight\"", "\"edge_layer.conv6.weight\"");
    expect_failure(&edges, DMLCSR_ERROR_MODEL, "edge_layer.conv5.weight is missing");
    save_with("\"dmlcsr.std\":\".2", "\"dmlcsr.std\":\".x");
    expect_failure(&options, DMLCSR_ERROR_MODEL, "dmlcsr.std");
    save_with("{\"__met", "\"{__met");
    expect_failure(&options, DMLCSR_ERROR_FORMAT, "in.safetensors");
    remove(in);
    expect_failure(&options, DMLCSR_ERROR_IO, "in.safetensors");
}
END_TEST

START_TEST(no_edges)
{
    family plain = member;
    dmlcsr_onnx_options options = options_of(SIDE, 1);
    plain.edges = 0;
    family_save(&plain, SEED, in);
    expect_failure(&options, DMLCSR_ERROR_NO_EDGES, "edge_layer.conv4.weight");
    options.edges = 0;
    onnx_close(export(&options));
}
END_TEST

START_TEST(arguments)
{
    static const char *const few[] = { "dmlcsr.classes", "a b" }, *const none[] = { "x", NULL },
                             *const wild[] = { "x", "\xFF" };
    dmlcsr_onnx_options options = options_of(16, 0);
    expect_failure(&options, DMLCSR_ERROR_ARGUMENT, "input_size is 16, must be 0 or 17 to 4097");
    options.input_size = 4098;
    expect_failure(&options, DMLCSR_ERROR_ARGUMENT, "4098");
    options.input_size = 0;
    options.metadata_count = 1;
    expect_failure(&options, DMLCSR_ERROR_ARGUMENT, "metadata is NULL");
    options.metadata = few;
    expect_failure(&options, DMLCSR_ERROR_MODEL, "dmlcsr.classes names 2 classes, the network has 5");
    options.metadata = none;
    expect_failure(&options, DMLCSR_ERROR_ARGUMENT, "pair 0");
    options.metadata = wild;
    expect_failure(&options, DMLCSR_ERROR_ARGUMENT, "'x' cannot be metadata");
    options = options_of(0, 0);
    ck_assert_int_eq(dmlcsr_export_onnx(NULL, out, &options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(sentence, "model_path is NULL");
    ck_assert_int_eq(dmlcsr_export_onnx(in, NULL, &options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(sentence, "out_path is NULL");
    options.struct_size = 3;
    ck_assert_int_eq(dmlcsr_export_onnx(in, out, &options), DMLCSR_ERROR_STRUCT);
    ck_assert_int_eq(dmlcsr_export_onnx(in, "/no/such/folder/out.onnx", NULL), DMLCSR_ERROR_IO);
}
END_TEST

/* A failure leaves the file that was there, and nothing beside it; a success puts the new one in its place. */
START_TEST(target)
{
    dmlcsr_onnx_options options = options_of(SIDE, 0);
    FILE *stream = fopen(out, "wb");
    ck_assert(stream && fputs("old", stream) >= 0 && fclose(stream) == 0);
    save_with("\"layer6.conv4.bias\"", "\"layer6.conv4.bios\"");
    ck_assert_int_eq(dmlcsr_export_onnx(in, out, &options), DMLCSR_ERROR_MODEL);
    bytes kept = bytes_of_file(out);
    ck_assert(kept.size == 3 && !memcmp(kept.data, "old", 3));
    bytes_free(&kept);
    family_save(&member, SEED, in);
    onnx_close(export(&options));
    bytes first = bytes_of_file(out);
    onnx_close(export(&options));
    bytes second = bytes_of_file(out);
    ck_assert(first.size == second.size && !memcmp(first.data, second.data, first.size));
    bytes_free(&first);
    bytes_free(&second);
}
END_TEST

/* The writer with 0, 1, 2 ... allocations granted. */
START_TEST(starved)
{
    static const char *const pairs[] = { "note", "x" };
    dml_memory poor;
    dml_weights *loaded = NULL;
    ration supply = { 0 };
    const dml_keep keep = { DMLCSR_PRECISION_FP32, false, true };
    source s;
    long n = 0;
    open_source(&s);
    ck_assert_int_eq(dml_weights_create(&loaded, s.model, &s.kernels, &keep, NULL, &s.memory, &s.error), DMLCSR_OK);
    dml_memory_init(&poor, ration_allocate, ration_release, &supply, 0);
    for (int status = -1; status != DMLCSR_OK; n++) {
        ck_assert_int_lt(n, 1000);
        ration_set(&supply, n);
        s.error.text[0] = 0;
        status = dml_onnx_write(out, loaded, SIDE, pairs, 1, &poor, &s.error);
        ck_assert_int_eq(supply.held, 0);
        if (status != DMLCSR_OK) {
            ck_assert_msg(status == DMLCSR_ERROR_MEMORY && strstr(s.error.text, "no memory"), "%s", s.error.text);
            ck_assert_msg(access(out, F_OK) != 0, "a file was written");
        }
    }
    ck_assert_int_gt(n, 10);
    onnx_close(onnx_open(out));
    dml_weights_free(loaded, &s.memory);
    dml_model_close(s.model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("onnx");
    TCase *c = tcase_create("onnx");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_loop_test(c, frame, 0, 2);
    tcase_add_loop_test(c, nodes, 0, 2);
    tcase_add_test(c, chain);
    tcase_add_test(c, metadata);
    tcase_add_test(c, silent_model);
    tcase_add_test(c, weights);
    tcase_add_test(c, computes);
    tcase_add_test(c, other_files);
    tcase_add_loop_test(c, odd_widths, 0, 8);
    tcase_add_test(c, damaged);
    tcase_add_test(c, no_edges);
    tcase_add_test(c, arguments);
    tcase_add_test(c, target);
    tcase_add_test(c, starved);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
