/* What the convolutions of SSE4.1 have in common around their sums (conv_body.h): those of up to 3 pixels are in 12 of
 * the 16 registers. */
#ifndef DML_KERNELS_CONV_SSE41_H
#define DML_KERNELS_CONV_SSE41_H

#if !defined(__SSE4_1__)
#error "conv_sse41.h needs -msse4.1"
#endif

#include "kernels/conv_tile.h"
#include "kernels/impl.h"

#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define WIDTH 3
#define PARTS 4 /* registers per block */
#define LANES 4

/* Sums of single precision begin with the bias, or where they were left in y. */
DML_INLINE void begin_single(const dml_conv_tile *t, __m128 (*sum)[PARTS], const size_t width)
{
    DML_UNROLL(3)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = _mm_load_ps((t->first ? t->bias : t->y + p * DML_BLOCK) + q * LANES);
    }
}

DML_INLINE void end_single(const dml_conv_tile *t, __m128 (*sum)[PARTS], const size_t width, float *out)
{
    (void)t;
    DML_UNROLL(3)
    for (size_t p = 0; p < width; p++) {
        DML_UNROLL(4)
        for (size_t q = 0; q < PARTS; q++)
            _mm_store_ps(out + p * DML_BLOCK + q * LANES, sum[p][q]);
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
DML_INLINE void finish(const dml_conv_tile *t, const float *sum)
{
    const __m128 slope = _mm_set1_ps(t->slope), scale = _mm_set1_ps(t->scale), zero = _mm_setzero_ps();
    for (size_t p = 0; p < t->width * DML_BLOCK; p += LANES) {
        __m128 v = _mm_load_ps(sum + p);
        v = _mm_mul_ps(scale, _mm_blendv_ps(_mm_mul_ps(slope, v), v, _mm_cmpgt_ps(v, zero)));
        if (t->r)
            v = _mm_add_ps(v, _mm_load_ps(t->r + p));
        if (t->relu)
            v = _mm_max_ps(v, zero);
        _mm_store_ps(t->y + p, v);
    }
}

#endif
