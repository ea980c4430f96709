#include "support/family.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

const family family_full = {19, {3, 4, 23, 3}, 1, 1, 0, 0, NULL};
const family family_lite = {19, {1, 1, 2, 1}, 4, 1, 0, 0, NULL};

#define NAME_SIZE 96
#define TENSORS_MAX 4096

typedef struct tensor {
    char name[NAME_SIZE];
    uint32_t rank, shape[4];
    size_t count;
} tensor;

typedef struct list {
    tensor *tensor;
    size_t count;
} list;

static void fail(const char *what)
{
    fprintf(stderr, "%s\n", what);
    exit(2);
}

/* ---- names and shapes, in the order of the published state dict ---- */

static void add(list *l, const char *prefix, const char *leaf, uint32_t rank, ...)
{
    if (l->count == TENSORS_MAX)
        fail("too many tensors");
    tensor *t = &l->tensor[l->count++];
    va_list sizes;
    snprintf(t->name, sizeof t->name, "%s%s", prefix, leaf);
    t->rank = rank;
    t->count = 1;
    va_start(sizes, rank);
    for (uint32_t i = 0; i < rank; i++) {
        t->shape[i] = va_arg(sizes, uint32_t);
        t->count *= t->shape[i];
    }
    va_end(sizes);
}

static void conv(list *l, const char *name, uint32_t out, uint32_t in, uint32_t kernel, int bias)
{
    add(l, name, ".weight", 4, out, in, kernel, kernel);
    if (bias)
        add(l, name, ".bias", 1, out);
}

static void norm(list *l, const char *name, uint32_t c)
{
    static const char *const leaf[4] = {".weight", ".bias", ".running_mean", ".running_var"};
    for (int i = 0; i < 4; i++)
        add(l, name, leaf[i], 1, c);
}

static void unit(list *l, const char *conv_name, const char *norm_name, uint32_t out, uint32_t in, uint32_t kernel)
{
    conv(l, conv_name, out, in, kernel, 0);
    norm(l, norm_name, out);
}

static void bottleneck(list *l, const char *prefix, uint32_t in, const uint32_t inner[2], uint32_t out, int project)
{
    static const char *const name[4][2] = {{"conv1", "bn1"}, {"conv2", "bn2"}, {"conv3", "bn3"},
                                           {"downsample.0", "downsample.1"}};
    const uint32_t shape[4][3] = {{inner[0], in, 1}, {inner[1], inner[0], 3}, {out, inner[1], 1}, {out, in, 1}};
    for (int i = 0; i < 3 + project; i++) {
        char c[NAME_SIZE], n[NAME_SIZE];
        snprintf(c, sizeof c, "%s%s", prefix, name[i][0]);
        snprintf(n, sizeof n, "%s%s", prefix, name[i][1]);
        unit(l, c, n, shape[i][0], shape[i][1], shape[i][2]);
    }
}

/* The widths that a member has. */
static family_oddity widths_of(const family *f, const family_oddity *odd)
{
    const uint32_t d = f->divide;
    family_oddity w = {{64 / d, 64 / d, 128 / d}, {64 / d, 128 / d, 256 / d, 512 / d}, 512 / d, 0, 0, 0, 256 / d, 48 / d,
                       256 / d, odd->projected, {odd->inner[0], odd->inner[1]}, 0, 0, 0, 0};
    for (int i = 0; i < 3; i++)
        w.stem[i] = odd->stem[i] ? odd->stem[i] : w.stem[i];
    for (int i = 0; i < 4; i++)
        w.planes[i] = odd->planes[i] ? odd->planes[i] : w.planes[i];
    w.context = odd->context ? odd->context : w.context;
    w.phi = odd->phi ? odd->phi : w.context / 2;
    w.theta = odd->theta ? odd->theta : w.context / 4;
    w.node = odd->node ? odd->node : w.context / 2;
    w.head = odd->head ? odd->head : w.head;
    w.skip = odd->skip ? odd->skip : w.skip;
    w.edge = odd->edge ? odd->edge : w.edge;
    w.final = odd->final ? odd->final : w.context;
    w.convb = odd->convb ? odd->convb : w.context;
    w.bottleneck = odd->bottleneck ? odd->bottleneck : w.context;
    w.middle = odd->middle ? odd->middle : w.head;
    return w;
}

static void encoder(list *l, const family *f, const family_oddity *w)
{
    unit(l, "conv1", "bn1", w->stem[0], 3, 3);
    unit(l, "conv2", "bn2", w->stem[1], w->stem[0], 3);
    unit(l, "conv3", "bn3", w->stem[2], w->stem[1], 3);
    uint32_t in = w->stem[2];
    for (uint32_t s = 0; s < 4; s++)
        for (uint32_t k = 0; k < f->blocks[s]; k++) {
            char prefix[32];
            const uint32_t out = 4 * w->planes[s];
            uint32_t inner[2] = {w->planes[s], w->planes[s]};
            for (int i = 0; i < 2; i++)
                if (k + 1 == f->blocks[s] && w->inner[i])
                    inner[i] = w->inner[i];
            snprintf(prefix, sizeof prefix, "layer%u.%u.", (unsigned)s + 1, (unsigned)k);
            bottleneck(l, prefix, in, inner, out, k == 0 || (w->projected && s == 3));
            in = out;
        }
}

#define G "context.dualgcn."
#define A G "gcn_local_attention."

static void context(list *l, const family_oddity *w)
{
    static const char *const local[3][2] = {{G "local.0", G "local.1"}, {G "local.2", G "local.3"},
                                            {G "local.4", G "local.5"}};
    static const char *const node[3] = {A "node_k", A "node_v", A "node_q"};
    const uint32_t in = 4 * w->planes[3], c = w->context;
    unit(l, "context.conva.0", "context.conva.1", c, in, 3);
    add(l, G, "gamma1", 1, 1u);
    unit(l, G "phi", G "bn_phi", w->phi, c, 1);
    unit(l, G "theta", G "bn_theta", w->theta, c, 1);
    add(l, G "conv_adj", ".weight", 3, w->theta, w->theta, 1u);
    norm(l, G "bn_adj", w->theta);
    add(l, G "conv_wg", ".weight", 3, w->phi, w->phi, 1u);
    norm(l, G "bn_wg", w->phi);
    unit(l, G "conv3", G "bn3", c, w->phi, 1);
    for (int i = 0; i < 3; i++)
        unit(l, local[i][0], local[i][1], c, 1, 3);
    add(l, A, "gamma", 1, 1u);
    for (int i = 0; i < 3; i++)
        conv(l, node[i], w->node, c, 1, 1);
    add(l, A "conv_wg", ".weight", 3, w->node, w->node, 1u);
    norm(l, A "bn_wg", w->node);
    conv(l, A "out.0", c, w->node, 1, 1);
    norm(l, A "out.1", c);
    unit(l, G "final.0", G "final.1", w->final, 2 * c, 1);
    unit(l, "context.convb.0", "context.convb.1", w->convb, w->final, 3);
    unit(l, "context.bottleneck.0", "context.bottleneck.1", w->bottleneck, in + w->convb, 3);
}

static void heads(list *l, const family *f, const family_oddity *w)
{
    unit(l, "layer6.conv1.0", "layer6.conv1.1", w->head, w->bottleneck, 1);
    unit(l, "layer6.conv2.0", "layer6.conv2.1", w->skip, 4 * w->planes[0], 1);
    unit(l, "layer6.conv3.0", "layer6.conv3.1", w->middle, w->head + w->skip, 1);
    unit(l, "layer6.conv3.2", "layer6.conv3.3", w->head, w->middle, 1);
    conv(l, "layer6.conv4", f->classes, w->head, 1, 1);
    if (!f->edges)
        return;
    unit(l, "edge_layer.conv1.0", "edge_layer.conv1.1", w->edge, 4 * w->planes[0], 1);
    unit(l, "edge_layer.conv2.0", "edge_layer.conv2.1", w->edge, 4 * w->planes[1], 1);
    unit(l, "edge_layer.conv3.0", "edge_layer.conv3.1", w->edge, 4 * w->planes[2], 1);
    conv(l, "edge_layer.conv4", f->classes, w->edge, 3, 1);
    conv(l, "edge_layer.conv5_b", 2, 3 * f->classes, 1, 1);
    conv(l, "edge_layer.conv5", f->classes, 3 * f->classes, 1, 1);
}

/* ---- values ---- */

static uint64_t fnv1a64(const char *name)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001B3u;
    return h;
}

void family_noise(const char *name, size_t count, uint64_t seed, float *out)
{
    uint64_t start = fnv1a64(name) ^ seed;
    for (size_t i = 0; i < count; i++) {
        uint64_t z = start + (uint64_t)(i + 1) * 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        z ^= z >> 31;
        out[i] = (float)((double)(z >> 40) / 8388608.0 - 1.0);
    }
}

static float gain_of(const char *name)
{
    if (strcmp(name, G "phi.weight") == 0 || strcmp(name, G "theta.weight") == 0)
        return 0.125f;
    if (strcmp(name, G "conv_wg.weight") == 0)
        return 0.0625f;
    const char *leaf = strrchr(name, '.');
    return strncmp(name, A "node_", strlen(A "node_")) == 0 && strcmp(leaf, ".weight") == 0 ? 8.0f : 1.0f;
}

/* How each kind of tensor is made from its noise u; every operation rounds to float. */
static void fill(const tensor *t, uint64_t seed, float *out)
{
    const char *leaf = strrchr(t->name, '.') + 1;
    float scale = (float)(sqrt(3.0 * t->shape[0] / (double)t->count) * (double)gain_of(t->name));
    family_noise(t->name, t->count, seed, out);
    for (size_t i = 0; i < t->count; i++) {
        float u = out[i];
        if (strncmp(leaf, "gamma", 5) == 0)
            out[i] = 0.5f + 0.25f * u;
        else if (strcmp(leaf, "running_mean") == 0 || strcmp(leaf, "bias") == 0)
            out[i] = 0.1f * u;
        else if (strcmp(leaf, "running_var") == 0)
            out[i] = 1.0f + 0.5f * u;
        else if (t->rank == 1)
            out[i] = u > 0.9f ? -(0.75f + 0.5f * u) : 0.75f + 0.5f * u;
        else
            out[i] = u * scale;
    }
}

/* ---- the file ---- */

static void put16(unsigned char *at, uint16_t v)
{
    at[0] = (unsigned char)v;
    at[1] = (unsigned char)(v >> 8);
}

static void store(const tensor *t, int half, float *values, unsigned char *at)
{
    for (size_t i = 0; i < t->count; i++) {
        uint32_t bits;
        if (half && t->rank > 1) {
            put16(at + 2 * i, half == 1 ? dml_f16_from_float(values[i]) : dml_bf16_from_float(values[i]));
            continue;
        }
        memcpy(&bits, &values[i], sizeof bits);
        put16(at + 4 * i, (uint16_t)bits);
        put16(at + 4 * i + 2, (uint16_t)(bits >> 16));
    }
}

static size_t bytes_of(const tensor *t, int half)
{
    return t->count * (half && t->rank > 1 ? 2 : 4);
}

/* The JSON header, padded with spaces to a multiple of 64 with its length in front. Returns the length with it. */
static size_t header(const family *f, const list *l, char *out, size_t size)
{
    static const char *const half_name[3] = {"F32", "F16", "BF16"};
    size_t at = 8, offset = 0;
    at += (size_t)snprintf(out + at, size - at, "{");
    if (f->metadata)
        at += (size_t)snprintf(out + at, size - at, "\"__metadata__\":{%s},", f->metadata);
    for (size_t i = 0; i < l->count; i++) {
        const tensor *t = &l->tensor[i];
        at += (size_t)snprintf(out + at, size - at, "%s\"%s%s\":{\"dtype\":\"%s\",\"shape\":[", i ? "," : "",
                               f->module ? "module." : "", t->name, half_name[t->rank > 1 ? f->half : 0]);
        for (uint32_t k = 0; k < t->rank; k++)
            at += (size_t)snprintf(out + at, size - at, "%s%u", k ? "," : "", (unsigned)t->shape[k]);
        size_t end = offset + bytes_of(t, f->half);
        at += (size_t)snprintf(out + at, size - at, "],\"data_offsets\":[%zu,%zu]}", offset, end);
        offset = end;
    }
    at += (size_t)snprintf(out + at, size - at, "}");
    while (at % 64)
        out[at++] = ' ';
    for (int i = 0; i < 8; i++)
        out[i] = (char)((uint64_t)(at - 8) >> (8 * i));
    return at;
}

unsigned char *family_file(const family *f, uint64_t seed, size_t *size)
{
    static const family_oddity none;
    return family_odd_file(f, &none, seed, size);
}

unsigned char *family_odd_file(const family *f, const family_oddity *odd, uint64_t seed, size_t *size)
{
    list l = {malloc(TENSORS_MAX * sizeof(tensor)), 0};
    if (!l.tensor)
        fail("no memory");
    const family_oddity widths = widths_of(f, odd);
    encoder(&l, f, &widths);
    context(&l, &widths);
    heads(&l, f, &widths);

    size_t data = 0, largest = 0, room = 256 * (l.count + 1) + (f->metadata ? strlen(f->metadata) : 0);
    for (size_t i = 0; i < l.count; i++) {
        data += bytes_of(&l.tensor[i], f->half);
        if (l.tensor[i].count > largest)
            largest = l.tensor[i].count;
    }
    unsigned char *file = malloc(room + data);
    float *values = malloc(largest * sizeof *values);
    if (!file || !values)
        fail("no memory");
    size_t at = header(f, &l, (char *)file, room);
    for (size_t i = 0; i < l.count; i++) {
        fill(&l.tensor[i], seed, values);
        store(&l.tensor[i], f->half, values, file + at);
        at += bytes_of(&l.tensor[i], f->half);
    }
    free(values);
    free(l.tensor);
    *size = at;
    return file;
}

void family_save(const family *f, uint64_t seed, const char *path)
{
    size_t size;
    unsigned char *data = family_file(f, seed, &size);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fail("a model file for a test cannot be written");
    free(data);
}
