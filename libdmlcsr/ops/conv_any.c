/* Which way a convolution of inference goes: in one place, so that benchmarks go the network's. */
#include "ops/strassen.h"
#include "ops/winograd.h"

dml_conv_way dml_conv_way_of(const dml_conv_shape *shape, bool residual, uint32_t h, uint32_t w)
{
    if (!residual && dml_winograd_pays(shape, 1, h, w))
        return DML_CONV_WINOGRAD;
    return dml_strassen_pays(shape, h, w) ? DML_CONV_STRASSEN : DML_CONV_DIRECT;
}

size_t dml_conv_any_room(const dml_conv_shape *shape, bool residual, size_t x_size, uint32_t h, uint32_t w,
                         uint32_t threads)
{
    switch (dml_conv_way_of(shape, residual, h, w)) {
    case DML_CONV_WINOGRAD: return dml_winograd_room(shape, 1, h, w, threads);
    case DML_CONV_STRASSEN: return dml_strassen_room(shape, threads);
    default: return dml_conv_narrow_room(shape->format, x_size);
    }
}

#ifndef DML_DOUBLE /* inference alone */
void dml_conv_any_run(const dml_conv *conv, const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x,
                      const dml_tensor *r, const dml_tensor *y, dml_real *room)
{
    switch (dml_conv_way_of(&conv->shape, r != NULL, y->h, y->w)) {
    case DML_CONV_WINOGRAD:
        dml_winograd_run(conv, kernels, pool, &(dml_batch){*x, 1, 0}, &(dml_batch){*y, 1, 0}, room);
        break;
    case DML_CONV_STRASSEN: dml_strassen_run(conv, kernels, pool, x, r, y, room); break;
    default:
        if (conv->shape.format != DML_FORMAT_F32)
            dml_conv_narrow_run(conv, kernels, pool, x, r, y, room);
        else
            dml_conv_run(conv, kernels, pool, x, r, y);
    }
}
#endif
