/* Each operation of ops/back.h as something that can be asked for its outputs and its gradients, whatever it is: for
 * central differences in double precision in tests/grad, for comparing instruction sets in single precision in
 * tests/train. This folder is compiled for both. */
#ifndef TEST_OPS_CASE_H
#define TEST_OPS_CASE_H

#include "ops/back.h"

#define OPS_INPUTS 5
#define OPS_FOREIGN_VALUE 77 /* what lies between the images of a batch and belongs to somebody else */

enum { OPS_ZERO, OPS_USED, OPS_FOREIGN };

/* Activations, weights or a vector, with the places that hold values: the rest is border, unused lanes or foreign. */
typedef struct ops_field {
    dml_real *value;
    size_t count;        /* elements in memory */
    unsigned char *kind; /* of each */
    size_t *at, used;    /* those of kind OPS_USED */
    dml_batch batch;     /* of activations */
} ops_field;

/* How an operation treats the gradient of an input. */
typedef enum ops_mode { OPS_EITHER, OPS_WRITTEN, OPS_SUMMED } ops_mode;

typedef struct ops_case ops_case;

typedef struct ops_operation {
    const char *name;
    uint32_t shapes;
    bool linear;               /* in each of its inputs alone */
    bool exact_forward, exact; /* the output's, the gradients' bits are the same on every instruction set */
    void (*make)(ops_case *c, uint32_t shape);
    void (*forward)(ops_case *c);
    void (*back)(ops_case *c, bool add);
} ops_operation;

struct ops_case {
    const ops_operation *op;
    dml_memory memory;
    dml_core core;
    const void *shape;
    uint32_t inputs;
    ops_field input[OPS_INPUTS], gradient[OPS_INPUTS];
    ops_mode mode[OPS_INPUTS];
    ops_field output, doutput, kept; /* kept: what an operation leaves for its way back */
    dml_real *room;                  /* of the operation, or NULL */
    size_t terms;                    /* the longest sum of products */
    bool linear_part;                /* forward without its ReLU */
};

extern const ops_operation ops_conv, ops_depthwise, ops_product, ops_norm, ops_maxpool, ops_resize, ops_gate,
    ops_softmax, ops_transpose;
#define OPS_OPERATIONS 9
extern const ops_operation *const ops_all[OPS_OPERATIONS];

/* One of the shapes of an operation, inputs and the gradient of its output filled with noise. Exits when there is no
   memory; false when the machine lacks the instruction set. */
bool ops_make(ops_case *c, const ops_operation *op, uint32_t shape, int isa, uint32_t threads);
void ops_free(ops_case *c);

/* Forward and back. Before, gradients hold other values where the operation adds to them, else what must not stay. */
void ops_run(ops_case *c, bool add);
/* The same with all inputs, and what gradients hold before, replaced by their absolute values (for good). */
void ops_run_absolute(ops_case *c, bool add);

/* The first place where a field has something other than zero in its border or unused lanes, or where foreign memory
   was written: an index, or count. */
size_t ops_field_dirt(const ops_field *f);

/* ---- for the operations ---- */

/* n images; `gap` foreign elements after each (a multiple of 16); part: as in dml_conv_shape. */
ops_field ops_activations(uint32_t n, uint32_t c, uint32_t part, uint32_t h, uint32_t w, uint32_t pad, size_t gap);
/* `used` values in room for whole blocks. */
ops_field ops_vector(size_t used);
/* Packed weights of a convolution, of a depthwise one. */
ops_field ops_conv_weights(const dml_conv_shape *shape);
ops_field ops_depthwise_weights(uint32_t channels);

/* Adds an input, and its gradient with a layout of its own. Returns its index. */
uint32_t ops_add_input(ops_case *c, ops_field value, ops_field gradient, ops_mode mode);
/* scale * noise of that name into the used places. */
void ops_fill(ops_field *f, const char *name, uint64_t seed, double scale);
void ops_copy(const ops_field *from, ops_field *to);
void ops_release(ops_field *f);
void *ops_room(size_t bytes); /* cleared, aligned, to be freed */

#endif
