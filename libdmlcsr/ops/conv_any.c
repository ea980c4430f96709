/* Which way a convolution of inference goes: in one place, so that benchmarks go the network's. */
#include "ops/winograd.h"

bool dml_conv_by_winograd(const dml_conv_shape *shape, bool residual, uint32_t h, uint32_t w)
{
    return !residual && dml_winograd_pays(shape, 1, h, w);
}

size_t dml_conv_any_room(const dml_conv_shape *shape, bool residual, size_t x_size, uint32_t h, uint32_t w,
                         uint32_t threads)
{
    return dml_conv_by_winograd(shape, residual, h, w) ? dml_winograd_room(shape, 1, h, w, threads)
                                                       : dml_conv_narrow_room(shape->format, x_size);
}

#ifndef DML_DOUBLE /* inference alone */
void dml_conv_any_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                      const dml_tensor *r, const dml_tensor *y, dml_real *room)
{
    if (dml_conv_by_winograd(&conv->shape, r != NULL, y->h, y->w))
        dml_winograd_run(conv, kernels, pool, &(dml_batch){*x, 1, 0}, &(dml_batch){*y, 1, 0}, room);
    else if (conv->shape.format != DML_FORMAT_F32)
        dml_conv_narrow_run(conv, kernels, pool, x, r, y, room);
    else
        dml_conv_run(conv, kernels, pool, x, r, y);
}
#endif
