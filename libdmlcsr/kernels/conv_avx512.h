/* What the convolutions of AVX-512 have in common around their sums (conv_avx512_body.h). */
#ifndef DML_KERNELS_CONV_AVX512_H
#define DML_KERNELS_CONV_AVX512_H

#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "conv_avx512.h needs -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"
#include "kernels/unroll.h"

#define WIDTH 14
#define INLINE static inline __attribute__((always_inline))

/* Activation, scale and residual of the sum of pixel p and panel o, on its way to y. */
INLINE void finish(const dml_conv_tile *t, __m512 v, size_t o, size_t p)
{
    const __m512 zero = _mm512_setzero_ps();
    const __m512 scale = _mm512_set1_ps(t->scale);
    v = _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, zero, _CMP_NGT_UQ), v, _mm512_set1_ps(t->slope));
    v = t->r ? _mm512_fmadd_ps(v, scale, _mm512_load_ps(t->r + o * t->r_plane + p * DML_BLOCK)) : _mm512_mul_ps(v, scale);
    _mm512_store_ps(t->y + o * t->y_plane + p * DML_BLOCK, _mm512_mask_max_ps(v, t->relu ? (__mmask16)-1 : 0, v, zero));
}

/* Where a sum of single precision begins, and where it goes: it may wait in y. */
INLINE __m512 begin_single(const dml_conv_tile *t, size_t o, size_t p)
{
    return _mm512_load_ps(t->first ? t->bias + o * DML_BLOCK : t->y + o * t->y_plane + p * DML_BLOCK);
}

INLINE void store_single(const dml_conv_tile *t, __m512 sum, size_t o, size_t p)
{
    if (t->last)
        finish(t, sum, o, p);
    else
        _mm512_store_ps(t->y + o * t->y_plane + p * DML_BLOCK, sum);
}

#endif
