/* Convolutions, depthwise ones and products of matrices as cases: what multiplies and adds. */
#include <stdlib.h>

#include "ops/winograd.h"
#include "cases/ops_case.h"

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* ---- convolution --------------------------------------------------------------------------------------------------- */

typedef struct conv_shape {
    dml_conv_shape conv;
    uint32_t n, h, w, x_pad, dy_pad, dx_pad;
    size_t gap;
} conv_shape;

static const conv_shape conv_shapes[] = {
    {{5, 16, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 2, 7, 9, 1, 1, 1, 0},
    {{16, 19, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 3, 5, 4, 0, 0, 0, 32},
    {{16, 19, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 1, 5, 4, 2, 1, 0, 0},
    {{33, 5, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 1, 7, 3, 2, 2, 3, 0},
    {{16, 33, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 2, 1, 6, 3, 2, 0, 16},
    {{19, 33, 3, 2, 1, 0, DML_FORMAT_F32, 0}, 2, 7, 8, 1, 0, 0, 0},
    {{19, 33, 3, 2, 1, 0, DML_FORMAT_F32, 0}, 3, 8, 5, 2, 1, 1, 16},
    {{19, 5, 3, 2, 1, 0, DML_FORMAT_F32, 0}, 1, 1, 1, 1, 0, 0, 0},
    {{16, 5, 1, 2, 1, 0, DML_FORMAT_F32, 0}, 2, 8, 7, 0, 0, 1, 0},
    {{33, 16, 1, 2, 1, 0, DML_FORMAT_F32, 0}, 1, 1, 5, 1, 1, 0, 0},
    {{24, 7, 3, 1, 1, 19, DML_FORMAT_F32, 0}, 2, 6, 5, 1, 1, 1, 48},
    {{40, 16, 1, 1, 1, 20, DML_FORMAT_F32, 0}, 2, 3, 3, 0, 0, 0, 0},
    {{37, 19, 3, 1, 1, 16, DML_FORMAT_F32, 0}, 1, 4, 4, 2, 2, 1, 0},
    {{5, 5, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 1, 1, 1, 1, 1, 0, 0},
    {{5, 16, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 1, 2, 131, 1, 1, 1, 0},
    {{16, 16, 1, 1, 1, 0, DML_FORMAT_F32, 0}, 2, 13, 12, 0, 0, 0, 0},
    {{160, 16, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 1, 5, 4, 1, 1, 0, 0},
    /* Winograd's way: ragged tiles, a dilation, parts, more bands than one */
    {{33, 40, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 2, 15, 14, 1, 1, 1, 16},
    {{32, 32, 3, 1, 2, 0, DML_FORMAT_F32, 0}, 2, 16, 15, 2, 2, 2, 0},
    {{40, 33, 3, 1, 1, 24, DML_FORMAT_F32, 0}, 3, 12, 16, 2, 1, 0, 0},
    {{16, 16, 3, 1, 1, 0, DML_FORMAT_F32, 0}, 2, 64, 64, 1, 1, 1, 0},
};

/* Transforms enlarge magnitudes, by no more than the rows of A^T, G and B^T both ways: 25 x 25. */
#define WINOGRAD_GROWTH 625

static void conv_make(ops_case *c, uint32_t shape)
{
    const conv_shape *s = c->shape = &conv_shapes[shape];
    const dml_conv_shape *v = &s->conv;
    const uint32_t h = dml_conv_side(s->h, v->stride), w = dml_conv_side(s->w, v->stride), taps = v->kernel * v->kernel;
    ops_add_input(c, ops_activations(s->n, v->in, v->part, s->h, s->w, s->x_pad, s->gap),
                  ops_activations(s->n, v->in, v->part, s->h, s->w, s->dx_pad, s->gap), OPS_EITHER);
    ops_add_input(c, ops_conv_weights(v), ops_conv_weights(v), OPS_SUMMED);
    ops_add_input(c, ops_vector(v->out), ops_vector(v->out), OPS_SUMMED);
    c->output = ops_activations(s->n, v->out, 0, h, w, 1, s->gap);
    c->doutput = ops_activations(s->n, v->out, 0, h, w, s->dy_pad, s->gap);
    c->terms = largest(largest(v->in, v->out) * taps, (size_t)s->n * h * w) + 2;
    if (dml_winograd_pays(v, s->n, h, w))
        c->terms *= WINOGRAD_GROWTH;
}

static void conv_forward(ops_case *c)
{
    const conv_shape *s = c->shape;
    const dml_conv conv = dml_conv_make(&s->conv, c->input[1].value, c->input[2].value);
    const dml_tensor *first = &c->output.batch.first;
    const size_t size = dml_winograd_room(&s->conv, s->n, first->h, first->w, dml_pool_threads(c->core.pool));
    dml_real *room = ops_room(size * sizeof *room);
    dml_conv_batch_run(&conv, &c->core, &c->input[0].batch, &c->output.batch, room);
    free(room);
}

static void conv_back(ops_case *c, bool add)
{
    const conv_shape *s = c->shape;
    const dml_conv_shape *v = &s->conv;
    const ops_field *g = c->gradient;
    const size_t lanes = (size_t)dml_conv_blocks(v) * DML_BLOCK;
    dml_real *transposed = ops_room(dml_conv_back_weight_size(v) * sizeof *transposed);
    dml_real *zeros = ops_room(lanes * sizeof *zeros);
    const uint32_t threads = dml_pool_threads(c->core.pool);
    const dml_tensor *dy = &c->doutput.batch.first;
    const size_t size = largest(dml_conv_back_input_room(v, s->n, s->h, s->w, threads),
                                dml_winograd_back_room(v, s->n, dy->h, dy->w, threads));
    dml_real *room = ops_room(size * sizeof *room);
    dml_conv_back_transpose(v, c->input[1].value, &c->core, transposed);
    dml_conv_back_input(v, &c->core, transposed, zeros, &c->doutput.batch, &g[0].batch, add, room);
    dml_conv_back_weight(v, &c->core, &c->input[0].batch, &c->doutput.batch, g[1].value, room);
    dml_conv_back_bias(&c->core, &c->doutput.batch, g[2].value);
    free(transposed);
    free(zeros);
    free(room);
}

const ops_operation ops_conv = {"conv", sizeof conv_shapes / sizeof *conv_shapes, true, false, false,
                                conv_make, conv_forward, conv_back};

/* ---- depthwise ----------------------------------------------------------------------------------------------------- */

typedef struct depthwise_shape {
    uint32_t c, stride, n, h, w, x_pad, dx_pad, dy_pad;
    size_t gap;
} depthwise_shape;

static const depthwise_shape depthwise_shapes[] = {
    {5, 1, 2, 4, 7, 1, 1, 0, 0},  {33, 2, 3, 7, 8, 1, 2, 1, 32}, {16, 2, 1, 1, 1, 1, 1, 0, 0},
    {19, 2, 2, 6, 1, 2, 1, 0, 0}, {19, 1, 1, 1, 5, 1, 3, 2, 16},
};

static void depthwise_make(ops_case *c, uint32_t shape)
{
    const depthwise_shape *s = c->shape = &depthwise_shapes[shape];
    const uint32_t h = dml_conv_side(s->h, s->stride), w = dml_conv_side(s->w, s->stride);
    ops_add_input(c, ops_activations(s->n, s->c, 0, s->h, s->w, s->x_pad, s->gap),
                  ops_activations(s->n, s->c, 0, s->h, s->w, s->dx_pad, s->gap), OPS_EITHER);
    ops_add_input(c, ops_depthwise_weights(s->c), ops_depthwise_weights(s->c), OPS_SUMMED);
    c->output = ops_activations(s->n, s->c, 0, h, w, 1, 0);
    c->doutput = ops_activations(s->n, s->c, 0, h, w, s->dy_pad, s->gap);
    c->room = ops_room((s->c + DML_BLOCK) * sizeof(dml_real)); /* a bias of zeros */
    c->terms = largest(9, (size_t)s->n * h * w) + 2;
}

static dml_depthwise depthwise_of(const ops_case *c)
{
    const depthwise_shape *s = c->shape;
    return (dml_depthwise){c->input[1].value, c->room, s->c, s->stride, 1};
}

static void depthwise_forward(ops_case *c)
{
    const dml_depthwise op = depthwise_of(c);
    for (uint32_t i = 0; i < c->output.batch.n; i++) {
        const dml_tensor x = dml_batch_image(&c->input[0].batch, i), y = dml_batch_image(&c->output.batch, i);
        dml_depthwise_run(&op, &c->core.kernels, c->core.pool, &x, &y);
    }
}

static void depthwise_back(ops_case *c, bool add)
{
    const dml_depthwise op = depthwise_of(c);
    dml_depthwise_back(&op, &c->core, &c->input[0].batch, &c->doutput.batch, &c->gradient[0].batch, add,
                       c->gradient[1].value);
}

const ops_operation ops_depthwise = {"depthwise", sizeof depthwise_shapes / sizeof *depthwise_shapes, true, false, true,
                                     depthwise_make, depthwise_forward, depthwise_back};

/* ---- product ------------------------------------------------------------------------------------------------------- */

/* x: h x w pixels of `inner` channels; b: inner pixels (as rows x inner / rows) of c channels. */
typedef struct product_shape {
    uint32_t n, h, w, inner, rows, c;
    size_t gap;
} product_shape;

static const product_shape product_shapes[] = {
    {2, 3, 5, 16, 4, 19, 0}, {1, 1, 1, 5, 1, 33, 0}, {3, 4, 5, 33, 3, 5, 32}, {2, 1, 19, 6, 1, 16, 0},
    {1, 7, 7, 1, 1, 5, 16},
};

static void product_make(ops_case *c, uint32_t shape)
{
    const product_shape *s = c->shape = &product_shapes[shape];
    const uint32_t columns = s->inner / s->rows;
    ops_add_input(c, ops_activations(s->n, s->inner, 0, s->h, s->w, 0, s->gap),
                  ops_activations(s->n, s->inner, 0, s->h, s->w, 0, s->gap), OPS_EITHER);
    ops_add_input(c, ops_activations(s->n, s->c, 0, s->rows, columns, 0, s->gap),
                  ops_activations(s->n, s->c, 0, s->rows, columns, 0, 0), OPS_EITHER);
    c->output = ops_activations(s->n, s->c, 0, s->h, s->w, 0, s->gap);
    c->doutput = ops_activations(s->n, s->c, 0, s->h, s->w, 0, s->gap);
    c->room = ops_room((largest(s->inner, s->c) + s->h * s->w + DML_BLOCK) * sizeof(dml_real)); /* zeros */
    c->terms = largest(largest(s->inner, s->c), s->h * s->w) + 2;
}

static void product_forward(ops_case *c)
{
    dml_product_run(&c->core, c->room, &c->input[0].batch, &c->input[1].batch, &c->output.batch);
}

static void product_back(ops_case *c, bool add)
{
    const dml_batch *x = &c->input[0].batch, *b = &c->input[1].batch;
    const size_t size = dml_product_back_room(&x->first, &b->first) * dml_pool_threads(c->core.pool);
    dml_real *room = ops_room(size * sizeof *room);
    dml_product_back(&c->core, c->room, x, b, &c->doutput.batch, &c->gradient[0].batch, add, &c->gradient[1].batch, add,
                     room);
    free(room);
}

const ops_operation ops_product = {"product", sizeof product_shapes / sizeof *product_shapes, true, false, false,
                                   product_make, product_forward, product_back};
