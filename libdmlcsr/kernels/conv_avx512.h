/* What the convolutions of AVX-512 have in common around their sums (conv_avx512_body.h). */
#ifndef DML_KERNELS_CONV_AVX512_H
#define DML_KERNELS_CONV_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "conv_avx512.h needs -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#include "kernels/conv_tile.h"
#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define WIDTH 14

/* Sums of single precision begin with the bias, or where they were left in y. */
DML_INLINE void begin_single(const dml_conv_tile *t, __m512 *sum, const size_t width, size_t o)
{
    const float *y = t->y + o * t->y_plane;
    if (t->first) {
        DML_UNROLL(14)
        for (size_t p = 0; p < width; p++)
            sum[p] = _mm512_load_ps(t->bias + o * DML_BLOCK);
    } else {
        DML_UNROLL(14)
        for (size_t p = 0; p < width; p++)
            sum[p] = _mm512_load_ps(y + p * DML_BLOCK);
    }
}

DML_INLINE __m512 end_single(__m512 sum, __m512 unit, __m512 bias)
{
    (void)unit, (void)bias;
    return sum;
}

#endif
