/* The losses pixel by pixel: their sums, and their gradients with respect to the logits. */
#include <math.h>
#include <string.h>

#include "train/loss_private.h"
#include "train/lovasz.h"

/* Below this a probability may have lost digits to underflow, and its logarithm is found from the logits. */
#define SAFE ((dml_real)1e-30)

static size_t lane_of(const dml_loss_rows *r, size_t x, uint32_t channel)
{
    return channel / DML_BLOCK * r->plane + x * DML_BLOCK + channel % DML_BLOCK;
}

/* -log of the probability of a channel. */
static double surprise(const dml_loss_rows *r, const dml_real *logit, const dml_real *p, size_t x, uint32_t channel)
{
    const size_t at = lane_of(r, x, channel);
    if (p[at] > SAFE)
        return -log((double)p[at]);
    size_t best = at;
    for (uint32_t c = 0; c < r->channels; c++)
        if (logit[lane_of(r, x, c)] > logit[best])
            best = lane_of(r, x, c);
    return (double)logit[best] - (double)logit[at] - log((double)p[best]);
}

/* In the order of the softmax kernel: halves of the lanes. */
static dml_real add_lanes(dml_real *lane)
{
    for (size_t half = DML_BLOCK / 2; half; half /= 2)
        for (size_t l = 0; l < half; l++)
            lane[l] += lane[l + half];
    return lane[0];
}

/* KL(target || p) = sum over c of q_c ((blend_c - blend_k) - (logit_c - logit_k)) - (-log q_k) + (-log p_k), for any k:
   two logarithms for a pixel instead of two for a channel. k is the label, which is likely on both sides. */
static double divergence(const dml_loss_rows *r, size_t x, uint32_t label, double surprise_p)
{
    const size_t k = lane_of(r, x, label);
    const dml_real offset = r->blend[k] - r->logit[k];
    dml_real lane[DML_BLOCK] = {0};
    for (uint32_t b = 0; b < r->blocks; b++) {
        const size_t at = b * r->plane + x * DML_BLOCK;
        const dml_real *q = r->target + at, *blend = r->blend + at, *logit = r->logit + at;
        for (size_t l = 0; l < DML_BLOCK; l++)
            lane[l] += q[l] * (blend[l] - logit[l] - offset);
    }
    return (double)add_lanes(lane) - surprise(r, r->blend, r->target, x, label) + surprise_p;
}

/* What the gradient of a pixel is made of: soft (p - target) + hard (p - one-hot(label)). */
typedef struct shares {
    dml_real soft, hard;
} shares;

static void pull(const dml_loss_rows *r, size_t x, shares s, uint32_t label)
{
    const dml_real all = s.soft + s.hard;
    for (uint32_t b = 0; b < r->blocks; b++) {
        const size_t at = b * r->plane + x * DML_BLOCK;
        const dml_real *restrict p = r->p + at, *restrict q = r->target + at;
        dml_real *restrict g = r->gradient + at;
        if (s.soft > 0)
            for (size_t l = 0; l < DML_BLOCK; l++)
                g[l] = all * p[l] - s.soft * q[l];
        else
            for (size_t l = 0; l < DML_BLOCK; l++)
                g[l] = all * p[l];
    }
    r->gradient[lane_of(r, x, label)] -= s.hard;
}

/* The same and Lovasz-Softmax, whose derivative g with respect to p is in r->gradient; through the softmax it is
   p_c (g_c - sum over k of g_k p_k). */
static void pull_lovasz(const dml_loss_rows *r, size_t x, shares s, uint32_t label)
{
    dml_real lane[DML_BLOCK] = {0};
    for (uint32_t b = 0; b < r->blocks; b++) {
        const size_t at = b * r->plane + x * DML_BLOCK;
        for (size_t l = 0; l < DML_BLOCK; l++)
            lane[l] += r->p[at + l] * r->gradient[at + l];
    }
    const dml_real offset = s.soft + s.hard - add_lanes(lane);
    for (uint32_t b = 0; b < r->blocks; b++) {
        const size_t at = b * r->plane + x * DML_BLOCK;
        const dml_real *restrict p = r->p + at, *restrict q = r->target + at;
        dml_real *restrict g = r->gradient + at;
        if (s.soft > 0)
            for (size_t l = 0; l < DML_BLOCK; l++)
                g[l] = p[l] * (g[l] + offset) - s.soft * q[l];
        else
            for (size_t l = 0; l < DML_BLOCK; l++)
                g[l] = p[l] * (g[l] + offset);
    }
    r->gradient[lane_of(r, x, label)] -= s.hard;
}

static void fill_pixel(const dml_loss_rows *r, dml_real *values, size_t x, dml_real value)
{
    for (uint32_t b = 0; b < r->blocks; b++)
        for (size_t l = 0; l < DML_BLOCK; l++)
            values[b * r->plane + x * DML_BLOCK + l] = value;
}

static void clear_image(const dml_batch *b, uint32_t image)
{
    const dml_tensor t = dml_batch_image(b, image);
    memset(t.data, 0, dml_tensor_size(&t) * sizeof *t.data);
}

/* ---- parsing ------------------------------------------------------------------------------------------------------- */

void dml_loss_errors(const struct dml_loss *loss, uint32_t row, uint32_t thread)
{
    const dml_loss_rows r = dml_loss_rows_of(loss, loss->classes, thread);
    const size_t at = (size_t)row * loss->w;
    const uint8_t *label = loss->labels + at;
    dml_loss_predict(loss, &loss->logits->parsing, row / loss->h, row % loss->h, &r);
    for (size_t x = 0; x < loss->w; x++) {
        if (label[x] == DML_IGNORE) {
            fill_pixel(&r, r.p, x, DML_LOVASZ_IGNORED);
            continue;
        }
        dml_real *p = r.p + lane_of(&r, x, label[x]);
        *p = -(1 - *p); /* not *p - 1, which has no sign where p is 1 */
    }
    dml_loss_store_errors(loss, &r, r.p, at);
}

/* What a pixel counts in a picture: by itself, on a binary edge, on a category edge. And how much of that is taught: by
   itself, and in the attention to edges. */
typedef struct parsing {
    dml_real each, on_edge, on_category;
    double soft, soft_attention;
} parsing;

static parsing parsing_of(const struct dml_loss *loss, uint32_t image)
{
    const dml_loss_weights *w = loss->weights;
    const dml_teaching *t = &loss->teaching;
    const double soft = t->parsing ? t->share : 0;
    const dml_label_counts *mine = &loss->counts[image], *all = &loss->counts[loss->n];
    const double images = dml_loss_images(loss);
    return (parsing){(dml_real)(w->parse * (1 - w->lovasz) * dml_inverse(all->valid)),
                     (dml_real)(w->attention_binary * dml_inverse(mine->edge * images)),
                     (dml_real)(w->attention_category * dml_inverse(mine->category * images)),
                     soft, t->attention ? soft : 0};
}

static double mixture(double hard, double divergence, double soft)
{
    return (1 - soft) * hard + soft * divergence;
}

/* The two parts of a pixel's gradient that mixture() leads to. */
static shares shares_of(const parsing *how, dml_real attention)
{
    const dml_real soft = (dml_real)how->soft, soft_attention = (dml_real)how->soft_attention;
    return (shares){soft * how->each + soft_attention * attention,
                    (1 - soft) * how->each + (1 - soft_attention) * attention};
}

/* One row; predicted and taught, with Lovasz-Softmax's gradient in place. */
static void parsing_row(const struct dml_loss *loss, const parsing *how, const dml_loss_rows *r, size_t at,
                        dml_loss_sums *sums)
{
    const uint8_t *label = loss->labels + at, *binary = loss->binary + at, *category = loss->category + at;
    for (size_t x = 0; x < loss->w; x++) {
        if (label[x] == DML_IGNORE) {
            fill_pixel(r, r->gradient, x, 0);
            continue;
        }
        const double hard = surprise(r, r->logit, r->p, x, label[x]);
        const dml_real attention = (binary[x] ? how->on_edge : 0) + (category[x] ? how->on_category : 0);
        const double taught = how->soft > 0 ? divergence(r, x, label[x], hard) : 0;
        const double on_edge = mixture(hard, taught, how->soft_attention);
        sums->parse += mixture(hard, taught, how->soft);
        sums->attention_binary += binary[x] ? on_edge : 0;
        sums->attention_category += category[x] ? on_edge : 0;
        if (loss->gradient)
            pull_lovasz(r, x, shares_of(how, attention), label[x]);
    }
}

void dml_loss_parsing(struct dml_loss *loss, uint32_t image, uint32_t thread)
{
    const dml_loss_rows r = dml_loss_rows_of(loss, loss->classes, thread);
    const parsing how = parsing_of(loss, image);
    dml_loss_sums sums = {0};
    if (loss->gradient)
        clear_image(&loss->gradient->parsing, image);
    for (uint32_t row = 0; row < loss->h; row++) {
        const size_t at = ((size_t)image * loss->h + row) * loss->w;
        dml_loss_predict(loss, &loss->logits->parsing, image, row, &r);
        if (how.soft > 0)
            dml_loss_teach(loss, loss->teaching.parsing, image, row, loss->labels + at, &r);
        if (loss->gradient)
            dml_loss_load_errors(loss, &r, at, r.gradient);
        parsing_row(loss, &how, &r, at, &sums);
        if (loss->gradient)
            dml_loss_send_back(loss, &loss->gradient->parsing, image, row, &r);
    }
    loss->sums[image].parse = sums.parse;
    loss->sums[image].attention_binary = sums.attention_binary;
    loss->sums[image].attention_category = sums.attention_category;
}

/* ---- edges --------------------------------------------------------------------------------------------------------- */

/* One of the two edge outputs: over all pixels, cross entropy with a weight for each class, divided by the sum of these
   weights; or with a teacher, the mean of KL over the pixels that have a label. */
typedef struct edge_loss {
    const dml_batch *logits, *teacher, *gradient;
    const uint8_t *target;
    double weight[DML_CLASSES_MAX];
    double share; /* 1 / what the sum is divided by */
    double factor;
} edge_loss;

static double edge_row(const struct dml_loss *loss, const edge_loss *e, const dml_loss_rows *r, size_t at)
{
    const uint8_t *label = loss->labels + at, *target = e->target + at;
    const dml_real soft = e->teacher ? (dml_real)(e->factor * e->share) : 0;
    double sum = 0;
    for (size_t x = 0; x < loss->w; x++) {
        if (e->teacher && label[x] == DML_IGNORE) {
            fill_pixel(r, r->gradient, x, 0);
            continue;
        }
        const double hard = surprise(r, r->logit, r->p, x, target[x]), weight = e->weight[target[x]];
        sum += e->teacher ? divergence(r, x, target[x], hard) : weight * hard;
        if (e->gradient)
            pull(r, x, e->teacher ? (shares){soft, 0} : (shares){0, (dml_real)(e->factor * e->share * weight)},
                 target[x]);
    }
    return sum;
}

static double edge_image(const struct dml_loss *loss, const edge_loss *e, uint32_t image, uint32_t thread)
{
    const dml_loss_rows r = dml_loss_rows_of(loss, e->logits->first.c, thread);
    double sum = 0;
    if (e->gradient)
        clear_image(e->gradient, image);
    for (uint32_t row = 0; row < loss->h; row++) {
        const size_t at = ((size_t)image * loss->h + row) * loss->w;
        dml_loss_predict(loss, e->logits, image, row, &r);
        if (e->teacher)
            dml_loss_teach(loss, e->teacher, image, row, e->target + at, &r);
        sum += edge_row(loss, e, &r, at);
        if (e->gradient)
            dml_loss_send_back(loss, e->gradient, image, row, &r);
    }
    return sum * e->share;
}

/* The rare side weighs more: 'not an edge' has the share of the edges, and the other way round. */
void dml_loss_binary(struct dml_loss *loss, uint32_t image, uint32_t thread)
{
    const dml_label_counts *all = &loss->counts[loss->n];
    const double pixels = dml_loss_images(loss) * loss->h * loss->w, edge = all->edge * dml_inverse(pixels);
    edge_loss e = {.logits = &loss->logits->binary_edge,
                   .teacher = loss->teaching.binary_edge,
                   .gradient = loss->gradient ? &loss->gradient->binary_edge : NULL,
                   .target = loss->binary, .weight = {edge, 1 - edge}, .factor = loss->weights->binary};
    const double total = edge * (pixels - all->edge) + (1 - edge) * all->edge;
    e.share = dml_inverse(e.teacher ? all->valid : total);
    loss->sums[image].binary = edge_image(loss, &e, image, thread);
}

void dml_loss_category(struct dml_loss *loss, uint32_t image, uint32_t thread)
{
    const dml_label_counts *all = &loss->counts[loss->n];
    edge_loss e = {.logits = &loss->logits->category_edge,
                   .teacher = loss->teaching.category_edge,
                   .gradient = loss->gradient ? &loss->gradient->category_edge : NULL,
                   .target = loss->category, .factor = loss->weights->category};
    const double pixels = dml_loss_images(loss) * loss->h * loss->w;
    double total = 0;
    for (uint32_t c = 0; c < loss->classes; c++) {
        e.weight[c] = 1 - all->edge_label[c] * dml_inverse(pixels);
        total += e.weight[c] * all->edge_label[c];
    }
    e.share = dml_inverse(e.teacher ? all->valid : total);
    loss->sums[image].category = edge_image(loss, &e, image, thread);
}
