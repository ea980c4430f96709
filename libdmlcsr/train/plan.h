/* The network in training: the graph of the paper's figure, once forward and once back.
 *
 * A plan is made for one input size and batch. It knows when each tensor is written and read, on both ways, and places
 * them in one arena; nothing is allocated afterwards. To need little memory,
 * - a norm is activated in place, and the way back inverts it (inplace ABN): the convolution's output is not kept;
 * - the ReLU that follows a norm directly is made again on the way back, from what the norm kept;
 * - with `recompute`, a bottleneck's inside is not kept at all: its forward steps run again before its way back
 *   (gradient checkpointing), which costs a third more time for the encoder. */
#ifndef DML_TRAIN_PLAN_H
#define DML_TRAIN_PLAN_H

#include "train/draft.h"
#include "train/loss.h"

/* The values of a network: vectors as the draft lays them out. */
typedef struct dml_state {
    dml_real *parameters, *statistics;
} dml_state;

enum { DML_FORWARD, DML_BACK, DML_PHASES };

/* A step of the graph. Places are indices of dml_plan.place. */
typedef struct dml_plan_step {
    const dml_step *step;
    const dml_train_layer *layer; /* of a convolution */
    uint32_t kept[DML_PHASES];    /* place of what the norm keeps for the way back; DML_NONE: y itself, or no norm */
    uint32_t segment;             /* last step of the bottleneck that is computed again, or DML_NONE */
    bool again;                   /* y is made again on the way back from what was kept: a ReLU directly after the norm */
    bool made;                    /* it has been, on this way back */
    bool wants_dx;                /* false for the picture */
    bool add_x, add_second;       /* whether the gradients of x and second have been written to before */
} dml_plan_step;

typedef struct dml_plan {
    const dml_draft *draft;
    const dml_core *core;
    dml_memory *memory;
    dml_graph graph;
    dml_plan_step *step;          /* graph.steps */
    dml_storage *place;
    uint32_t *value[DML_PHASES];  /* place of each storage of the graph */
    uint32_t *gradient;
    uint32_t *writer;             /* last step that writes a storage; DML_NONE for the input */
    uint32_t places;
    uint32_t n, h, w, oh, ow;
    dml_node end[4];              /* input, parsing, binary edge, category edge */
    dml_real *arena;
    dml_real *moments;            /* of the batch: mean and inverse deviation, placed as the running statistics */
    dml_real *zeros, *transposed, *room; /* room: for what an operation needs beside its tensors */
    double *scratch;
    size_t arena_bytes, bytes;    /* activations; all that the plan holds */
    bool *written;                /* made and used while the plan is made: blocks whose gradient has been written to */
} dml_plan;

int dml_plan_create(dml_plan **out, const dml_draft *draft, const dml_core *core, uint32_t n, uint32_t h, uint32_t w,
                    bool recompute, dml_memory *memory, dml_error *error);
void dml_plan_free(dml_plan *plan);

/* The tensors of a node: its value in a phase, or its gradient. */
dml_batch dml_plan_value(const dml_plan *plan, dml_node node, int phase);
dml_batch dml_plan_gradient(const dml_plan *plan, dml_node node);
dml_batch dml_plan_kept(const dml_plan *plan, const dml_plan_step *s, int phase);

/* The three outputs (forward.c), or their gradients, which the loss writes. */
dml_logits dml_plan_outputs(const dml_plan *plan);
dml_logits dml_plan_output_gradients(const dml_plan *plan);

/* What a layer's norm works with. */
dml_norm_state dml_plan_norm(const dml_plan *plan, const dml_train_layer *layer, const dml_state *state);
dml_real dml_plan_scale(const dml_train_layer *layer, const dml_state *state);

typedef struct dml_forward {
    bool frozen;          /* norms use the running statistics (inference), else those of the batch */
    double momentum;      /* by which those of the batch move the running ones */
    const dml_sums *sums; /* over processes, or NULL */
} dml_forward;

/* Input, n x 3 x h x w, to outputs. Returns 0, or what sums->add returned. (forward.c) */
int dml_plan_forward(dml_plan *plan, const dml_state *state, const dml_real *input, const dml_forward *how);

/* One step again on the way back (forward.c); the running statistics stay. */
int dml_plan_step_forward(dml_plan *plan, const dml_state *state, uint32_t step, int phase, const dml_forward *how);

/* Told when the gradient of a range of the parameters is complete, so that it can travel while the rest is computed. */
typedef struct dml_ready {
    int (*ready)(void *opaque, size_t at, size_t size);
    void *opaque;
} dml_ready;

/* From the gradients of the outputs to those of all parameters: gradient += (backward.c). Only after a forward with the
   statistics of the batch. ready: NULL or told layer by layer. */
int dml_plan_backward(dml_plan *plan, const dml_state *state, dml_real *gradient, const dml_sums *sums,
                      const dml_ready *ready);

#endif
