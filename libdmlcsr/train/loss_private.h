/* What the files of the loss share. */
#ifndef DML_TRAIN_LOSS_PRIVATE_H
#define DML_TRAIN_LOSS_PRIVATE_H

#include "train/loss.h"

#define DML_CLASSES_MAX 256

/* Counted from the labels, of one picture or of all. Doubles, so that they can be added up over processes.
   The edge maps know no "ignored": a pixel without a label is no edge there, as in the published code, unless the data
   set says otherwise. So edges are counted over all pixels. */
typedef struct dml_label_counts {
    double valid, edge, category; /* pixels with a label; on a binary edge; whose category edge is not 0 */
    double label[DML_CLASSES_MAX], edge_label[DML_CLASSES_MAX]; /* pixels of each class, of each category edge */
} dml_label_counts;

/* Sums over the pixels of one picture, not yet divided. */
typedef struct dml_loss_sums {
    double parse, binary, category, attention_binary, attention_category;
} dml_loss_sums;

/* Rows of one thread at the labels' size, each [block][column][16]; lanes past the last channel are zero. */
typedef struct dml_loss_rows {
    dml_real *logit, *p;      /* of the network: logits and probabilities */
    dml_real *blend, *target; /* of what the teacher teaches: the same */
    dml_real *gradient;       /* with respect to the logits; before that, of Lovasz-Softmax with respect to p */
    dml_real *tile;           /* 16 x 16 */
    uint32_t channels, blocks;
    size_t plane;             /* from block to block */
} dml_loss_rows;

struct dml_loss {
    dml_memory *memory;
    const dml_core *core;
    const dml_comm *comm;
    uint32_t classes, n, oh, ow, h, w;
    uint32_t *column;            /* where each of the w columns lies among the ow, as a whole part */
    dml_real *fraction;          /* ... and a fraction */
    uint8_t *binary, *category;  /* edges, n h w each */
    uint8_t *dilation;           /* h w for each thread */
    dml_label_counts *counts;    /* of each picture, and of all */
    dml_loss_sums *sums;         /* of each picture */
    dml_real *errors;            /* planes of classes: errors of Lovasz-Softmax (n h w), then its gradient */
    dml_real *gathered;          /* errors of all processes, for as many classes as threads */
    unsigned char *sort_room;    /* per thread */
    dml_real *rows;              /* per thread */
    size_t pixels;               /* n h w */
    size_t error_plane;          /* from class to class */
    size_t sort_size, row_size;  /* of one thread */
    double lovasz[DML_CLASSES_MAX];
    size_t bytes;
    const uint8_t *categories; /* category edges that go with the `edges` of a run, n h w; NULL: the labels there. Set by
                                  tests: the golden numbers have edges where labels were struck out */

    /* of the run under way */
    const dml_loss_weights *weights;
    const dml_logits *logits, *gradient;
    dml_teaching teaching; /* all NULL when nothing is taught */
    const uint8_t *labels, *edges;
    uint32_t edge_width;
    uint32_t present; /* classes in the labels */
};

/* How many pictures the means over pictures run over. */
static inline double dml_loss_images(const struct dml_loss *loss)
{
    return (double)loss->n * (loss->comm ? loss->comm->sums.processes : 1);
}

/* 1 / n, or 0 when there is nothing to divide by. */
static inline double dml_inverse(double n)
{
    return n > 0 ? 1 / n : 0;
}

/* ---- loss_rows.c: from the logits to rows at the labels' size, and back ---- */

/* Elements of room for one thread. */
size_t dml_loss_row_size(uint32_t classes, uint32_t w);
dml_loss_rows dml_loss_rows_of(const struct dml_loss *loss, uint32_t channels, uint32_t thread);

/* Sets logit and p. */
void dml_loss_predict(const struct dml_loss *loss, const dml_batch *logits, uint32_t image, uint32_t row,
                      const dml_loss_rows *r);
/* Sets blend = (1 - truth) teacher + truth one-hot(label), and target = softmax(blend). */
void dml_loss_teach(const struct dml_loss *loss, const dml_batch *teacher, uint32_t image, uint32_t row,
                    const uint8_t *label, const dml_loss_rows *r);
/* Adds r->gradient to where the row came from. */
void dml_loss_send_back(const struct dml_loss *loss, const dml_batch *gradient, uint32_t image, uint32_t row,
                        const dml_loss_rows *r);

/* Between values [block][column][16] and the planes of loss->errors, from pixel `at` on. */
void dml_loss_store_errors(const struct dml_loss *loss, const dml_loss_rows *r, const dml_real *values, size_t at);
void dml_loss_load_errors(const struct dml_loss *loss, const dml_loss_rows *r, size_t at, dml_real *values);

/* ---- loss_pixels.c: the passes over the pixels of a picture ---- */

/* A row of probabilities to the errors of Lovasz-Softmax; row: of all n h. */
void dml_loss_errors(const struct dml_loss *loss, uint32_t row, uint32_t thread);
/* Sums and gradients of one picture: of the parsing output, of the two edge outputs. */
void dml_loss_parsing(struct dml_loss *loss, uint32_t image, uint32_t thread);
void dml_loss_binary(struct dml_loss *loss, uint32_t image, uint32_t thread);
void dml_loss_category(struct dml_loss *loss, uint32_t image, uint32_t thread);

#endif
