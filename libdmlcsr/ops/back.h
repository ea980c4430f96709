/* The way back through each operation: `<op>_back` beside `<op>`, over batches. A gradient has the shape of its value,
 * with a border of its own. Gradients of weights are always added (+=). Gradients of activations take `add`: false for
 * the first contribution to a tensor in a step, which writes it whole, border included (cleared), true for the others,
 * which add to what is there; this saves clearing and reading every tensor once.
 *
 * Threads split outputs or whole images, never a sum: results do not depend on their number. */
#ifndef DML_OPS_BACK_H
#define DML_OPS_BACK_H

#include "base/tensor.h"
#include "base/threads.h"
#include "kernels/back.h"
#include "ops/conv.h"
#include "ops/ops.h"

/* What training computes with. */
typedef struct dml_core {
    dml_kernels kernels;
    dml_back_kernels back;
    dml_pool *pool; /* or NULL */
} dml_core;

/* Calls `task` once for each image: images side by side with no pool where there are enough of them for the threads,
   else one after the other with the pool. thread: below dml_pool_threads(), no two tasks that run at once have the same. */
typedef void (*dml_image_task)(void *argument, uint32_t image, uint32_t thread, dml_pool *pool);
void dml_batch_run(dml_pool *pool, uint32_t images, dml_image_task task, void *argument);

/* A convolution of a whole batch, without a residual, in the faster of the two ways. room: dml_winograd_room() elements. */
void dml_conv_batch_run(const dml_conv *conv, const dml_core *core, const dml_batch *x, const dml_batch *y,
                        dml_real *room);

/* The first pixel of a row of one image and block, and the border of one; b may be NULL: NULL, nothing. */
dml_real *dml_batch_row(const dml_batch *b, uint32_t image, uint32_t block, uint32_t y);
void dml_batch_clear_border(const dml_batch *b, uint32_t image, uint32_t block);
/* One block, border included. */
void dml_tensor_clear_block(const dml_tensor *t, uint32_t block);

/* ---- convolution (conv_back.c) ----
 * Weights and their gradients are packed as dml_conv_pack() packs them. */

/* Elements of the weights transposed for the way back: a convolution from shape->out to the input's blocks. */
size_t dml_conv_back_weight_size(const dml_conv_shape *shape);
/* Packed weights -> the same, input and output exchanged and taps mirrored. */
void dml_conv_back_transpose(const dml_conv_shape *shape, const dml_real *weight, const dml_core *core,
                             dml_real *transposed);

/* dx (+)= W^T dy. dy.pad >= dilation (kernel - 1) / 2 when the stride is 1; zeros: as many zeros as dx has channels (rounded
   up to blocks); room: dml_conv_back_input_room() elements, for n images, x being h x w. */
size_t dml_conv_back_input_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads);
void dml_conv_back_input(const dml_conv_shape *shape, const dml_core *core, const dml_real *transposed,
                         const dml_real *zeros, const dml_batch *dy, const dml_batch *dx, bool add, dml_real *room);
/* dweight += x * dy; x has the border that the convolution reads. Where Winograd's way pays (winograd_back.c) it is taken;
   room: dml_winograd_back_room() elements, for n images, dy being h x w. */
void dml_conv_back_weight(const dml_conv_shape *shape, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                          dml_real *dweight, dml_real *room);
size_t dml_winograd_back_room(const dml_conv_shape *shape, uint32_t n, uint32_t h, uint32_t w, uint32_t threads);
void dml_winograd_back_weight(const dml_conv_shape *shape, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                              dml_real *dweight, dml_real *room);
/* dbias[channel] += sum over pixels and images; blocks * 16 values */
void dml_conv_back_bias(const dml_core *core, const dml_batch *dy, dml_real *dbias);

/* ---- norm (norm.c, norm_back.c) ---- */

/* A norm of `channels` channels; vectors have room for whole blocks. */
typedef struct dml_norm_state {
    uint32_t channels;
    bool plain;               /* scale is weight as it is; else |weight| + eps (activated norm) */
    dml_real slope;           /* 1 for a plain norm */
    const dml_real *weight, *bias;
    dml_real *running_mean, *running_var;
    dml_real *mean, *inverse; /* of the batch: mean and 1 / sqrt(var + eps); set by statistics, read on the way back */
} dml_norm_state;

#define DML_NORM_EPSILON 1e-5

/* How sums over several processes are added up: values[0 .. n-1] become the sums over all of them. NULL: one process. */
typedef struct dml_sums {
    int (*add)(void *opaque, double *values, size_t n);
    void *opaque;
    uint32_t processes;
} dml_sums;

/* Statistics of z over the batch (over all processes): sets mean and inverse, and moves the running values by `momentum`
   (0: leaves them), with the unbiased variance. scratch: dml_norm_scratch() doubles. Returns 0, or what sums->add
   returned. */
size_t dml_norm_scratch(uint32_t channels, uint32_t images);
int dml_norm_statistics(const dml_norm_state *s, const dml_core *core, const dml_batch *z, double momentum,
                        const dml_sums *sums, double *scratch);
/* The same from the running values: mean = running_mean, inverse = 1 / sqrt(running_var + eps). */
void dml_norm_frozen(const dml_norm_state *s);

/* u = leaky(norm(z)); y = relu?(scale u + r). u may be z; u or y may be NULL. Borders of y (and of u unless it is z) are
   cleared. r: NULL or the same shape as y; y may be r. */
void dml_norm_run(const dml_norm_state *s, const dml_core *core, const dml_batch *z, const dml_batch *r, dml_real scale,
                  bool relu, const dml_batch *u, const dml_batch *y);

/* The way back through y = relu?(scale leaky(norm(z)) + r).
   dy: gradient of y. mask: what is positive where the ReLU let through (y itself, or u when nothing was added), NULL
   without ReLU. kept: u for an activated norm (inverted, as inplace ABN does), z for a plain one.
   dr: gradient of r (NULL: none), add as above. dz receives the gradient of the norm's input (may be dy; written whole,
   border cleared). dweight, dbias += (blocks * 16 values); dscale += one value, NULL when scale is not a parameter. */
typedef struct dml_norm_gradients {
    dml_real *dweight, *dbias, *dscale;
    const dml_batch *dr;
    bool add;
} dml_norm_gradients;
int dml_norm_back_run(const dml_norm_state *s, const dml_core *core, const dml_batch *dy, const dml_batch *mask,
                      const dml_batch *kept, dml_real scale, const dml_norm_gradients *g, const dml_batch *dz,
                      const dml_sums *sums, double *scratch);

/* ---- the others, each beside its forward ---- */

/* y = relu(x), border of y cleared */
void dml_relu_run(const dml_core *core, const dml_batch *x, const dml_batch *y);
/* dx (+)=, dweight (packed, += ). x.pad >= 1, dx.pad >= 1; the border of dx is zero afterwards. */
void dml_depthwise_back(const dml_depthwise *op, const dml_core *core, const dml_batch *x, const dml_batch *dy,
                        const dml_batch *dx, bool add, dml_real *dweight);
void dml_maxpool_back(const dml_core *core, const dml_batch *x, const dml_batch *y, const dml_batch *dy,
                      const dml_batch *dx, bool add);
void dml_resize_back(const dml_core *core, const dml_batch *dy, const dml_batch *dx, bool add);
/* y = f up(x) + f: dx (+)=, df (+)=. room: floats for one channel block of y and of its gradient per thread:
   dml_gate_back_room() */
size_t dml_gate_back_room(const dml_tensor *y);
void dml_gate_back(const dml_core *core, const dml_batch *x, const dml_batch *f, const dml_batch *dy,
                   const dml_batch *dx, bool add_x, const dml_batch *df, bool add_f, dml_real *room);
/* y: what softmax gave; dx may be dy when add is false */
void dml_softmax_back(const dml_core *core, const dml_batch *y, const dml_batch *dy, const dml_batch *dx, bool add);
/* x channels <-> pixels, see dml_transpose_run */
void dml_transpose_back(const dml_core *core, const dml_batch *dy, const dml_batch *dx, bool add);
/* y = x b, image by image (matrices of pixels x channels, net/graph.h): dx (+)= dy b^T, db (+)= x^T dy. room:
   dml_product_back_room() elements per thread; zeros: as many as the widest of the tensors has channels. */
size_t dml_product_back_room(const dml_tensor *x, const dml_tensor *b);
void dml_product_run(const dml_core *core, const dml_real *zeros, const dml_batch *x, const dml_batch *b,
                     const dml_batch *y);
void dml_product_back(const dml_core *core, const dml_real *zeros, const dml_batch *x, const dml_batch *b,
                      const dml_batch *dy, const dml_batch *dx, bool add_x, const dml_batch *db, bool add_b,
                      dml_real *room);

#endif
