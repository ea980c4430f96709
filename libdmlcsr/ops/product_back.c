/* Transposes and products of activations, seen as matrices of pixels x channels. The way back of a product is made of
 * both: dx = dy b^T, db = x^T dy. */
#include "ops/back.h"

typedef struct job {
    const dml_core *core;
    const dml_real *zeros;
    const dml_batch *x, *b, *y, *dx, *db;
    bool add_x, add_b;
    dml_real *room;
    size_t room_size;
} job;

/* The shape of a transposed tensor: channels become the pixels of one row. */
static dml_tensor transposed(const dml_tensor *t, dml_real *data)
{
    return (dml_tensor){data, t->h * t->w, 1, t->c, 0};
}

/* y (+)= x b: a pointwise convolution whose packed weights are b as it lies in memory, [channel block][pixel][16]. */
static void product(const job *j, dml_pool *pool, const dml_tensor *x, const dml_tensor *b, const dml_tensor *y,
                    bool add)
{
    const uint32_t inner = b->h * b->w;
    const dml_conv_shape shape = {inner, b->c, 1, 1, 1, 0, DML_FORMAT_F32, DML_WINOGRAD_4X4};
    dml_conv conv = dml_conv_make(&shape, b->data, j->zeros);
    conv.panel = dml_tensor_plane(b); /* rows past the last pixel are not there; nor are they read */
    conv.add = add;
    dml_conv_run(&conv, &j->core->kernels, pool, x, NULL, y);
}

static void forward_image(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    const job *j = argument;
    const dml_tensor x = dml_batch_image(j->x, image), b = dml_batch_image(j->b, image);
    const dml_tensor y = dml_batch_image(j->y, image);
    (void)thread;
    product(j, pool, &x, &b, &y, false);
}

void dml_product_run(const dml_core *core, const dml_real *zeros, const dml_batch *x, const dml_batch *b,
                     const dml_batch *y)
{
    job j = {.core = core, .zeros = zeros, .x = x, .b = b, .y = y};
    dml_batch_run(core->pool, x->n, forward_image, &j);
}

size_t dml_product_back_room(const dml_tensor *x, const dml_tensor *b)
{
    const dml_tensor xt = transposed(x, NULL), bt = transposed(b, NULL);
    return dml_tensor_size(&xt) > dml_tensor_size(&bt) ? dml_tensor_size(&xt) : dml_tensor_size(&bt);
}

static void back_image(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    const job *j = argument;
    const dml_tensor x = dml_batch_image(j->x, image), b = dml_batch_image(j->b, image);
    const dml_tensor dy = dml_batch_image(j->y, image);
    const dml_tensor dx = dml_batch_image(j->dx, image), db = dml_batch_image(j->db, image);
    dml_real *room = j->room + thread * j->room_size;
    const dml_tensor bt = transposed(&b, room), xt = transposed(&x, room);
    dml_transpose_run(&j->core->kernels, pool, &b, &bt);
    product(j, pool, &dy, &bt, &dx, j->add_x);
    /* x^T dy has one row of pixels, whatever the shape of b */
    const dml_tensor row = {db.data, db.c, 1, db.h * db.w, 0};
    dml_transpose_run(&j->core->kernels, pool, &x, &xt);
    product(j, pool, &xt, &dy, &row, j->add_b);
}

void dml_product_back(const dml_core *core, const dml_real *zeros, const dml_batch *x, const dml_batch *b,
                      const dml_batch *dy, const dml_batch *dx, bool add_x, const dml_batch *db, bool add_b,
                      dml_real *room)
{
    job j = {core, zeros, x, b, dy, dx, db, add_x, add_b, room, dml_product_back_room(&x->first, &b->first)};
    dml_batch_run(core->pool, x->n, back_image, &j);
}

/* ---- transpose ----------------------------------------------------------------------------------------------------- */

/* Channel c of dx was pixel c of dy. The lanes past the last channel become zero. */
static void transpose_image(void *argument, uint32_t image, uint32_t thread)
{
    const job *j = argument;
    const dml_tensor dy = dml_batch_image(j->y, image), dx = dml_batch_image(j->dx, image);
    const uint32_t pixels = dx.h * dx.w;
    (void)thread;
    for (uint32_t c = 0; c < dml_blocks(dx.c) * DML_BLOCK; c++)
        for (uint32_t p = 0; p < pixels; p++) {
            dml_real *to = dx.data + c / DML_BLOCK * dml_tensor_plane(&dx) + (size_t)p * DML_BLOCK + c % DML_BLOCK;
            const dml_real *d = dy.data + p / DML_BLOCK * dml_tensor_plane(&dy) + (size_t)c * DML_BLOCK + p % DML_BLOCK;
            const dml_real before = j->add_x ? *to : 0;
            *to = c < dx.c ? before + *d : 0;
        }
}

void dml_transpose_back(const dml_core *core, const dml_batch *dy, const dml_batch *dx, bool add)
{
    job j = {.core = core, .y = dy, .dx = dx, .add_x = add};
    dml_pool_run(core->pool, transpose_image, &j, dy->n);
}
