/* The losses of DML-CSR and their gradients with respect to the three logits. spec: doc/training.md.
 *
 * The logits (oh x ow) are resized to the labels' size (h x w) with align_corners; means run over pixels whose label is
 * not 255, except that the edges' cross entropies take a pixel without a label for one that is on no edge, as the
 * authors' code does (so do the golden numbers). Sums run in an order that depends on nothing but the shapes. */
#ifndef DML_TRAIN_LOSS_H
#define DML_TRAIN_LOSS_H

#include "base/status.h"
#include "train/comm.h"

#define DML_IGNORE 255 /* label of a pixel that does not count */

typedef struct dml_loss_weights {
    double parse, binary, category, attention_binary, attention_category; /* 1, 1, .1, 4, 1 */
    double lovasz; /* share of Lovasz-Softmax in parse; the rest is cross entropy: .5 */
} dml_loss_weights;

/* Unweighted values. What is taught has KL divergences in its cross entropies. */
typedef struct dml_loss_terms {
    double lovasz, parse_ce, binary_edge, category_edge, attention_binary, attention_category;
    double total; /* weighted sum */
} dml_loss_terms;

/* The three outputs of the network, or their gradients. */
typedef struct dml_logits {
    dml_batch parsing, binary_edge, category_edge; /* n (classes, 2, classes) oh ow */
} dml_logits;

/* What is taught beside the labels: for each pixel, q = softmax((1 - truth) logits + truth one-hot(label)). In the cross
   entropy of parsing, share of it becomes KL(q || p): (1 - share) CE(label) + share KL(q || p). Edges that are taught at
   all are taught alone, as a mean over the pixels that have a label. Lovasz-Softmax stays with the labels. */
typedef struct dml_teaching {
    const dml_batch *parsing, *binary_edge, *category_edge; /* logits for the same batch; NULL: the labels alone count */
    double truth;   /* share of the label in the blend */
    double share;   /* of the divergence, 0 to 1 */
    bool attention; /* also where the cross entropy counts at the pixels of edges */
} dml_teaching;

/* Self-distillation: all three outputs of the self-ensemble, which has seen `cycle` cycles; the attention terms stay with
   the labels, as published. */
static inline dml_teaching dml_teaching_ensemble(const dml_logits *ensemble, uint32_t cycle)
{
    return (dml_teaching){&ensemble->parsing, &ensemble->binary_edge, &ensemble->category_edge, 1 / (cycle + 1.0), 1,
                          false};
}

/* Distillation from another network, of which the parsing logits are known. */
static inline dml_teaching dml_teaching_network(const dml_batch *parsing, double share)
{
    return (dml_teaching){parsing, NULL, NULL, 0, share, true};
}

typedef struct dml_loss dml_loss;

/* Everything is allocated here; bytes: how much. */
int dml_loss_create(dml_loss **out, uint32_t classes, uint32_t n, uint32_t oh, uint32_t ow, uint32_t h, uint32_t w,
                    const dml_core *core, const dml_comm *comm /* or NULL */, dml_memory *memory, dml_error *error);
void dml_loss_free(dml_loss *loss);
size_t dml_loss_bytes(const dml_loss *loss);

/* Terms over the batch (over all processes), and the gradient of `total`.
   labels: n h w class ids. edges: n h w, 0 or 1, where the data set has them; NULL: from the labels, of edge_width
   (1: the plain contour, two pixels wide).
   teaching: what is taught, or NULL.
   gradient: logits of the same shapes, written whole (borders cleared); NULL: only the terms are wanted.
   Returns 0 or what a function of comm returned. */
int dml_loss_run(dml_loss *loss, const dml_loss_weights *weights, const dml_logits *logits, const uint8_t *labels,
                 const uint8_t *edges, uint32_t edge_width, const dml_teaching *teaching, dml_loss_terms *terms,
                 const dml_logits *gradient);

/* ---- parts, for tests and pictures ---- */

/* Binary edge (0 or 1) and category edge (label where the edge is, else 0) of one label map. A pixel is on an edge when
   its label differs from one of its 4 neighbours inside the picture, both not 255. width 2, 3 ...: dilated width - 1
   times with the 8-neighbourhood (never onto 255). Either output may be NULL. */
void dml_label_edges(const uint8_t *label, uint32_t h, uint32_t w, uint32_t width, uint8_t *binary, uint8_t *category,
                     uint8_t *room /* h w */);

#endif
