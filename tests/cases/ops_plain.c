/* What has no parameters, as cases: maximum, resize, gate, softmax, transpose. */
#include <stdlib.h>

#include "cases/ops_case.h"

/* From h x w to y_h x y_w, as far as the operation does not say. */
typedef struct plain_shape {
    uint32_t c, n, h, w, y_h, y_w, x_pad, dx_pad, y_pad;
    size_t gap;
    bool in_place; /* softmax: dx over dy */
} plain_shape;

static void make(ops_case *c, const plain_shape *s)
{
    c->shape = s;
    ops_add_input(c, ops_activations(s->n, s->c, 0, s->h, s->w, s->x_pad, s->gap),
                  ops_activations(s->n, s->c, 0, s->h, s->w, s->dx_pad, s->gap),
                  s->in_place ? OPS_WRITTEN : OPS_EITHER);
    c->output = ops_activations(s->n, s->c, 0, s->y_h, s->y_w, s->y_pad, s->gap);
    c->doutput = ops_activations(s->n, s->c, 0, s->y_h, s->y_w, s->y_pad, s->gap);
    c->terms = (size_t)s->h * s->w + s->c + 8;
}

/* ---- maximum ------------------------------------------------------------------------------------------------------- */

static const plain_shape maxpool_shapes[] = {
    {5, 2, 7, 9, 4, 5, 0, 0, 0, 0, false}, {33, 3, 6, 8, 3, 4, 1, 2, 1, 32, false},
    {16, 1, 1, 1, 1, 1, 0, 1, 0, 0, false}, {19, 2, 1, 6, 1, 3, 1, 0, 0, 0, false},
    {19, 1, 5, 2, 3, 1, 0, 0, 2, 16, false},
};

/* All values different: those of one step of a long cycle. */
static void maxpool_make(ops_case *c, uint32_t shape)
{
    make(c, &maxpool_shapes[shape]);
    ops_field *x = &c->input[0];
    for (size_t k = 0; k < x->used; k++)
        x->value[x->at[k]] = (dml_real)(k * 7919 % 10007 + 1) / 5003 - 1;
}

static void maxpool_forward(ops_case *c)
{
    for (uint32_t i = 0; i < c->output.batch.n; i++) {
        const dml_tensor x = dml_batch_image(&c->input[0].batch, i), y = dml_batch_image(&c->output.batch, i);
        dml_maxpool_run(&c->core.kernels, c->core.pool, &x, &y);
    }
}

static void maxpool_back(ops_case *c, bool add)
{
    dml_maxpool_back(&c->core, &c->input[0].batch, &c->output.batch, &c->doutput.batch, &c->gradient[0].batch, add);
}

const ops_operation ops_maxpool = {"maxpool", sizeof maxpool_shapes / sizeof *maxpool_shapes, false, true, true,
                                   maxpool_make, maxpool_forward, maxpool_back};

/* ---- resize, gate -------------------------------------------------------------------------------------------------- */

static const plain_shape resize_shapes[] = {
    {5, 2, 4, 3, 9, 7, 0, 0, 0, 0, false}, {33, 3, 5, 5, 3, 9, 1, 2, 1, 32, false},
    {16, 1, 1, 1, 4, 3, 0, 1, 0, 0, false}, {19, 2, 3, 4, 1, 1, 0, 0, 1, 0, false},
    {19, 1, 2, 1, 5, 6, 1, 0, 0, 16, false}, {5, 1, 3, 6, 3, 6, 0, 0, 0, 0, false},
    {16, 1, 2, 20, 3, 261, 0, 0, 0, 0, false},
};

static void resize_make(ops_case *c, uint32_t shape)
{
    make(c, &resize_shapes[shape]);
    c->terms += c->output.used;
}

static void resize_forward(ops_case *c)
{
    for (uint32_t i = 0; i < c->output.batch.n; i++) {
        const dml_tensor x = dml_batch_image(&c->input[0].batch, i), y = dml_batch_image(&c->output.batch, i);
        const dml_tensor f = c->inputs > 1 ? dml_batch_image(&c->input[1].batch, i) : (dml_tensor){0};
        dml_resize_run(&c->core.kernels, c->core.pool, &x, f.data ? &f : NULL, &y);
    }
}

static void resize_back(ops_case *c, bool add)
{
    dml_resize_back(&c->core, &c->doutput.batch, &c->gradient[0].batch, add);
}

static void gate_make(ops_case *c, uint32_t shape)
{
    const plain_shape *s = &resize_shapes[shape];
    resize_make(c, shape);
    ops_add_input(c, ops_activations(s->n, s->c, 0, s->y_h, s->y_w, s->dx_pad, s->gap),
                  ops_activations(s->n, s->c, 0, s->y_h, s->y_w, s->x_pad, s->gap), OPS_EITHER);
}

static void gate_back(ops_case *c, bool add)
{
    const size_t size = dml_gate_back_room(&c->doutput.batch.first) * dml_pool_threads(c->core.pool);
    dml_real *room = ops_room(size * sizeof *room);
    dml_gate_back(&c->core, &c->input[0].batch, &c->input[1].batch, &c->doutput.batch, &c->gradient[0].batch, add,
                  &c->gradient[1].batch, add, room);
    free(room);
}

#define RESIZE_SHAPES (sizeof resize_shapes / sizeof *resize_shapes)
const ops_operation ops_resize = {"resize", RESIZE_SHAPES, true, true, true, resize_make, resize_forward, resize_back};
const ops_operation ops_gate = {"gate", RESIZE_SHAPES, true, true, true, gate_make, resize_forward, gate_back};

/* ---- softmax ------------------------------------------------------------------------------------------------------- */

static const plain_shape softmax_shapes[] = {
    {5, 2, 3, 4, 3, 4, 0, 0, 0, 0, false}, {33, 3, 1, 7, 1, 7, 1, 2, 1, 32, false},
    {16, 1, 1, 1, 1, 1, 0, 0, 0, 0, false}, {19, 2, 4, 1, 4, 1, 1, 1, 1, 0, true},
    {1, 1, 2, 2, 2, 2, 0, 0, 0, 0, false},
};

static void softmax_make(ops_case *c, uint32_t shape)
{
    make(c, &softmax_shapes[shape]);
}

static void softmax_forward(ops_case *c)
{
    for (uint32_t i = 0; i < c->output.batch.n; i++) {
        const dml_tensor x = dml_batch_image(&c->input[0].batch, i), y = dml_batch_image(&c->output.batch, i);
        dml_softmax_run(&c->core.kernels, c->core.pool, &x, &y);
    }
}

static void softmax_back(ops_case *c, bool add)
{
    const plain_shape *s = c->shape;
    if (s->in_place)
        ops_copy(&c->doutput, &c->gradient[0]);
    dml_softmax_back(&c->core, &c->output.batch, s->in_place ? &c->gradient[0].batch : &c->doutput.batch,
                     &c->gradient[0].batch, add && !s->in_place);
}

const ops_operation ops_softmax = {"softmax", sizeof softmax_shapes / sizeof *softmax_shapes, false, true, true,
                                   softmax_make, softmax_forward, softmax_back};

/* ---- transpose ----------------------------------------------------------------------------------------------------- */

static const plain_shape transpose_shapes[] = {
    {5, 2, 3, 4, 0, 0, 0, 0, 0, 0, false}, {33, 3, 1, 19, 0, 0, 0, 0, 0, 32, false},
    {16, 1, 8, 4, 0, 0, 0, 0, 0, 0, false}, {1, 1, 1, 1, 0, 0, 0, 0, 0, 16, false},
};

/* Channels become pixels. */
static void transpose_make(ops_case *c, uint32_t shape)
{
    const plain_shape *s = c->shape = &transpose_shapes[shape];
    ops_add_input(c, ops_activations(s->n, s->c, 0, s->h, s->w, 0, s->gap),
                  ops_activations(s->n, s->c, 0, s->h, s->w, 0, s->gap), OPS_EITHER);
    c->output = ops_activations(s->n, s->h * s->w, 0, 1, s->c, 0, s->gap);
    c->doutput = ops_activations(s->n, s->h * s->w, 0, 1, s->c, 0, s->gap);
    c->terms = 1;
}

static void transpose_forward(ops_case *c)
{
    for (uint32_t i = 0; i < c->output.batch.n; i++) {
        const dml_tensor x = dml_batch_image(&c->input[0].batch, i), y = dml_batch_image(&c->output.batch, i);
        dml_transpose_run(&c->core.kernels, c->core.pool, &x, &y);
    }
}

static void transpose_back(ops_case *c, bool add)
{
    dml_transpose_back(&c->core, &c->doutput.batch, &c->gradient[0].batch, add);
}

const ops_operation ops_transpose = {"transpose", sizeof transpose_shapes / sizeof *transpose_shapes, true, true, true,
                                     transpose_make, transpose_forward, transpose_back};
