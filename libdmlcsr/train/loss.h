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

/* Unweighted values. With a teacher, the three cross entropies are KL divergences. */
typedef struct dml_loss_terms {
    double lovasz, parse_ce, binary_edge, category_edge, attention_binary, attention_category;
    double total; /* weighted sum */
} dml_loss_terms;

/* The three outputs of the network, or their gradients. */
typedef struct dml_logits {
    dml_batch parsing, binary_edge, category_edge; /* n (classes, 2, classes) oh ow */
} dml_logits;

typedef struct dml_loss dml_loss;

/* Everything is allocated here; bytes: how much. */
int dml_loss_create(dml_loss **out, uint32_t classes, uint32_t n, uint32_t oh, uint32_t ow, uint32_t h, uint32_t w,
                    const dml_core *core, const dml_comm *comm /* or NULL */, dml_memory *memory, dml_error *error);
void dml_loss_free(dml_loss *loss);
size_t dml_loss_bytes(const dml_loss *loss);

/* Terms over the batch (over all processes), and the gradient of `total`.
   labels: n h w class ids. edges: n h w, 0 or 1, where the data set has them; NULL: from the labels, of edge_width
   (1: the plain contour, two pixels wide).
   teacher: logits of the self-ensemble for the same batch, or NULL; cycle: n in a = 1 / (n + 1).
   gradient: logits of the same shapes, written whole (borders cleared); NULL: only the terms are wanted.
   Returns 0 or what a function of comm returned. */
int dml_loss_run(dml_loss *loss, const dml_loss_weights *weights, const dml_logits *logits, const uint8_t *labels,
                 const uint8_t *edges, uint32_t edge_width, const dml_logits *teacher, uint32_t cycle,
                 dml_loss_terms *terms, const dml_logits *gradient);

/* ---- parts, for tests and pictures ---- */

/* Binary edge (0 or 1) and category edge (label where the edge is, else 0) of one label map. A pixel is on an edge when
   its label differs from one of its 4 neighbours inside the picture, both not 255. width 2, 3 ...: dilated width - 1
   times with the 8-neighbourhood (never onto 255). Either output may be NULL. */
void dml_label_edges(const uint8_t *label, uint32_t h, uint32_t w, uint32_t width, uint8_t *binary, uint8_t *category,
                     uint8_t *room /* h w */);

#endif
