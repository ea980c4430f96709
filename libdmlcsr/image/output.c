/* Everything a result can ask for, at the pixels of the picture. In the fine geometry, logits are sampled right there;
   in the compatible one, at the network pixel nearest to it, and labels have a shorter way (compatible.c). */
#include "image/output.h"

#include <math.h>
#include <stdalign.h>
#include <string.h>

typedef struct job {
    const dml_logits *logits;
    const dml_kernels *kernels;
    const dmlcsr_result *result;
    dml_inverse inverse;
    dml_label_target labels, category_edge; /* left to do here */
    const uint8_t *coarse; /* best classes of the parsing logits, when labels are all that is wanted of them */
    uint32_t width, height;
    bool snap;    /* to whole network pixels */
    bool whole;   /* every pixel of the picture counts as inside the square */
    bool compose;
} job;

/* Up to DML_CHUNK neighbouring pixels of a row, with their places in the input square. */
typedef struct chunk {
    uint32_t x, y, count;
    double u[DML_CHUNK], v[DML_CHUNK];
} chunk;

void dml_put_labels(const dml_label_target *target, uint32_t x, uint32_t y, const uint8_t *label, uint32_t count)
{
    uint8_t *row = target->labels + (size_t)y * target->stride + x;
    if (!label && !target->compose)
        memset(row, 0, count);
    else if (label && !target->compose)
        memcpy(row, label, count);
    else if (label)
        for (uint32_t p = 0; p < count; p++)
            row[p] = label[p] ? label[p] : row[p];
}

/* round(255 p); NaN gives 0. */
static inline uint8_t to_byte(float p)
{
    return (uint8_t)(p > 0.0f ? (p < 1.0f ? 255.0f * p + 0.5f : 255.0f) : 0.0f);
}

/* Where plane `k`, row y, column x of the probabilities is, as an index. */
static inline size_t plane_index(const job *j, size_t stride, uint32_t k, uint32_t y, uint32_t x)
{
    return ((size_t)k * j->height + y) * stride + x;
}

static inline const float *chunk_value(const float *values, uint32_t class)
{
    return values + class / DML_BLOCK * (size_t)DML_CHUNK_PLANE + class % DML_BLOCK;
}

static void put_probabilities(const job *j, const chunk *c, const float *values)
{
    const dmlcsr_result *r = j->result;
    for (uint32_t k = 0; k < j->logits->parsing->c; k++) {
        const float *value = chunk_value(values, k);
        if (r->probabilities) {
            float *out = r->probabilities + plane_index(j, r->probabilities_stride, k, c->y, c->x);
            for (uint32_t p = 0; p < c->count; p++)
                out[p] = value[p * DML_BLOCK];
        }
        if (r->probabilities8) {
            uint8_t *out = r->probabilities8 + plane_index(j, r->probabilities8_stride, k, c->y, c->x);
            for (uint32_t p = 0; p < c->count; p++)
                out[p] = to_byte(value[p * DML_BLOCK]);
        }
    }
}

static void put_matte(const job *j, const chunk *c, const float *values)
{
    const dmlcsr_result *r = j->result;
    uint8_t *out = r->matte + (size_t)c->y * r->matte_stride + c->x;
    float sum[DML_CHUNK] = { 0.0f };
    for (uint32_t k = 0; k < j->logits->parsing->c && k < 64; k++) {
        if (!(r->matte_classes >> k & 1))
            continue;
        const float *value = chunk_value(values, k);
        for (uint32_t p = 0; p < c->count; p++)
            sum[p] += value[p * DML_BLOCK];
    }
    for (uint32_t p = 0; p < c->count; p++) {
        uint8_t matte = to_byte(sum[p]);
        out[p] = j->compose && out[p] > matte ? out[p] : matte;
    }
}

static bool wants_soft(const dmlcsr_result *r)
{
    return r->probabilities || r->probabilities8 || r->matte;
}

static void put_parsing(const job *j, const chunk *c, float *values)
{
    const dml_tensor *logits = j->logits->parsing;
    const dmlcsr_result *r = j->result;
    uint8_t label[DML_CHUNK];
    if (!wants_soft(r) && !j->labels.labels)
        return;
    if (!wants_soft(r)) {
        dml_labels_sample(logits, j->coarse, j->logits->size, j->kernels, c->u, c->v, c->count, values, label);
        dml_put_labels(&j->labels, c->x, c->y, label, c->count);
        return;
    }
    dml_logits_sample(logits, j->logits->size, j->kernels, c->u, c->v, c->count, values);
    if (j->labels.labels) {
        j->kernels->argmax(values, logits->c, DML_CHUNK_PLANE, c->count, label);
        dml_put_labels(&j->labels, c->x, c->y, label, c->count);
    }
    j->kernels->softmax(values, logits->c, DML_CHUNK_PLANE, c->count, values);
    if (r->probabilities || r->probabilities8)
        put_probabilities(j, c, values);
    if (r->matte)
        put_matte(j, c, values);
}

static void put_edges(const job *j, const chunk *c, float *values)
{
    const dmlcsr_result *r = j->result;
    uint8_t label[DML_CHUNK];
    if (r->binary_edge) {
        float *out = r->binary_edge + (size_t)c->y * r->binary_edge_stride + c->x;
        dml_logits_sample(j->logits->binary_edge, j->logits->size, j->kernels, c->u, c->v, c->count, values);
        j->kernels->softmax(values, 2, DML_CHUNK_PLANE, c->count, values);
        for (uint32_t p = 0; p < c->count; p++) {
            float edge = values[p * DML_BLOCK + 1];
            out[p] = j->compose && out[p] > edge ? out[p] : edge;
        }
    }
    if (j->category_edge.labels) {
        const dml_tensor *logits = j->logits->category_edge;
        dml_logits_sample(logits, j->logits->size, j->kernels, c->u, c->v, c->count, values);
        j->kernels->argmax(values, logits->c, DML_CHUNK_PLANE, c->count, label);
        dml_put_labels(&j->category_edge, c->x, c->y, label, c->count);
    }
}

/* `count` pixels outside the square: background for certain, and no edge. */
static void put_outside(const job *j, uint32_t x, uint32_t y, uint32_t count)
{
    const dmlcsr_result *r = j->result;
    if (!count)
        return;
    for (uint32_t k = 0; k < j->logits->parsing->c; k++) {
        if (r->probabilities) {
            float *out = r->probabilities + plane_index(j, r->probabilities_stride, k, y, x);
            for (uint32_t p = 0; p < count; p++)
                out[p] = k ? 0.0f : 1.0f;
        }
        if (r->probabilities8)
            memset(r->probabilities8 + plane_index(j, r->probabilities8_stride, k, y, x), k ? 0 : 255, count);
    }
    if (j->labels.labels)
        dml_put_labels(&j->labels, x, y, NULL, count);
    if (j->category_edge.labels)
        dml_put_labels(&j->category_edge, x, y, NULL, count);
    if (j->compose)
        return;
    if (r->matte)
        memset(r->matte + (size_t)y * r->matte_stride + x, r->matte_classes & 1 ? 255 : 0, count);
    if (r->binary_edge)
        for (uint32_t p = 0; p < count; p++)
            r->binary_edge[(size_t)y * r->binary_edge_stride + x + p] = 0.0f;
}

static void place_chunk(const job *j, uint32_t x, uint32_t y, uint32_t count, chunk *c)
{
    double u = j->inverse.b * y + j->inverse.tu, v = j->inverse.a * y + j->inverse.tv;
    c->x = x;
    c->y = y;
    c->count = count;
    for (uint32_t p = 0; p < count; p++) {
        c->u[p] = u + j->inverse.a * (x + p);
        c->v[p] = v - j->inverse.b * (x + p);
    }
    if (j->snap)
        for (uint32_t p = 0; p < count; p++) {
            c->u[p] = floor(c->u[p] + 0.5);
            c->v[p] = floor(c->v[p] + 0.5);
        }
}

static void output_band(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    alignas(DML_ALIGNMENT) float values[DML_CHUNK_SIZE];
    chunk c;
    uint32_t begin = task * DML_BAND, end = begin + DML_BAND < j->height ? begin + DML_BAND : j->height;
    (void)thread;
    for (uint32_t y = begin; y < end; y++) {
        uint32_t from = 0, to = j->width;
        if (!j->whole)
            dml_inverse_span(&j->inverse, y, j->width, j->logits->size, &from, &to);
        put_outside(j, 0, y, from);
        put_outside(j, to, y, j->width - to);
        for (uint32_t x = from; x < to; x += DML_CHUNK) {
            place_chunk(j, x, y, to - x < DML_CHUNK ? to - x : DML_CHUNK, &c);
            put_parsing(j, &c, values);
            put_edges(j, &c, values);
        }
    }
}

size_t dml_image_scratch(uint32_t size)
{
    size_t coarse = (size + 3) / 4; /* side of the logits (dml_net_size) */
    return (size_t)size * size + coarse * coarse;
}

static dml_label_target label_target(uint8_t *labels, size_t stride, const job *j)
{
    dml_label_target target = { labels, stride, j->width, j->height, j->compose };
    return target;
}

/* The label maps of the published protocol; what is left for the rows is taken out of the job. */
static void run_compatible(job *j, dml_pool *pool, uint8_t *scratch)
{
    const dml_logits *logits = j->logits;
    if (j->labels.labels)
        dml_labels_compatible(logits->parsing, logits->size, &j->inverse, j->kernels, pool, scratch, &j->labels);
    if (j->category_edge.labels)
        dml_labels_compatible(logits->category_edge, logits->size, &j->inverse, j->kernels, pool, scratch,
                              &j->category_edge);
    j->labels.labels = NULL;
    j->category_edge.labels = NULL;
}

void dml_image_result(const dml_logits *logits, const dml_similarity *place, int geometry, bool whole,
                      const dmlcsr_image *image, const dml_kernels *kernels, dml_pool *pool, uint8_t *scratch,
                      dmlcsr_result *result)
{
    job j;
    j.logits = logits;
    j.kernels = kernels;
    j.result = result;
    j.inverse = dml_similarity_invert(place);
    j.width = image->width;
    j.height = image->height;
    j.compose = (result->flags & DMLCSR_COMPOSE) != 0;
    j.snap = geometry == DMLCSR_GEOMETRY_COMPATIBLE;
    /* The published placement puts the last column half a network pixel beyond the square: no reason for a hole. */
    j.whole = whole && !j.snap;
    j.labels = label_target(result->labels, result->labels_stride, &j);
    j.category_edge = label_target(result->category_edge, result->category_edge_stride, &j);
    j.coarse = scratch;
    if (j.snap)
        run_compatible(&j, pool, scratch);
    else if (j.labels.labels && !wants_soft(result))
        dml_labels_coarse(logits->parsing, kernels, pool, scratch);
    if (j.labels.labels || j.category_edge.labels || wants_soft(result) || result->binary_edge)
        dml_pool_run(pool, output_band, &j, (image->height + DML_BAND - 1) / DML_BAND);
}
