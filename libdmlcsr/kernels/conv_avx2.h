/* What the convolutions of AVX2 have in common around their sums (conv_body.h): those of up to 6 pixels are in 12
 * of the 16 registers. */
#ifndef DML_KERNELS_CONV_AVX2_H
#define DML_KERNELS_CONV_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "conv_avx2.h needs -mavx2 -mfma"
#endif

#include "kernels/conv_tile.h"
#include "kernels/impl.h"

#include <immintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define WIDTH 6
#define PARTS 2
#define LANES 8 /* of a register: half a block */

/* Sums of single precision begin with the bias, or where they were left in y. */
DML_INLINE void begin_single(const dml_conv_tile *t, __m256 (*sum)[PARTS], const size_t width)
{
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        const float *start = t->first ? t->bias : t->y + p * DML_BLOCK;
        sum[p][0] = _mm256_load_ps(start);
        sum[p][1] = _mm256_load_ps(start + LANES);
    }
}

/* The residual of a tile that only adds it goes on top while the sums are in registers. */
DML_INLINE void end_single(const dml_conv_tile *t, __m256 (*sum)[PARTS], const size_t width, float *out)
{
    if (t->last && dml_adds_alone(t)) {
        DML_UNROLL(6)
        for (size_t p = 0; p < width; p++) {
            sum[p][0] = _mm256_add_ps(sum[p][0], _mm256_load_ps(t->r + p * DML_BLOCK));
            sum[p][1] = _mm256_add_ps(sum[p][1], _mm256_load_ps(t->r + p * DML_BLOCK + LANES));
        }
    }
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++) {
        _mm256_store_ps(out + p * DML_BLOCK, sum[p][0]);
        _mm256_store_ps(out + p * DML_BLOCK + LANES, sum[p][1]);
    }
}

/* Sums of whole numbers begin with 0, and get their unit and the bias at the end. */
DML_INLINE void begin_whole(const dml_conv_tile *t, __m256i (*sum)[PARTS], const size_t width)
{
    (void)t;
    DML_UNROLL(6)
    for (size_t p = 0; p < width; p++)
        sum[p][0] = sum[p][1] = _mm256_setzero_si256();
}

DML_INLINE void end_whole(const dml_conv_tile *t, __m256i (*sum)[PARTS], const size_t width, float *out)
{
    DML_UNROLL(2)
    for (size_t q = 0; q < PARTS; q++) {
        const __m256 unit = _mm256_load_ps(t->unit + q * LANES), bias = _mm256_load_ps(t->bias + q * LANES);
        DML_UNROLL(6)
        for (size_t p = 0; p < width; p++)
            _mm256_store_ps(out + p * DML_BLOCK + q * LANES,
                            _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(sum[p][q]), unit), bias));
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
DML_INLINE void finish(const dml_conv_tile *t, const float *sum)
{
    const __m256 slope = _mm256_set1_ps(t->slope), scale = _mm256_set1_ps(t->scale), zero = _mm256_setzero_ps();
    if (dml_adds_alone(t)) {
        for (size_t p = 0; p < t->width * DML_BLOCK; p += LANES)
            _mm256_store_ps(t->y + p, _mm256_add_ps(_mm256_load_ps(sum + p), _mm256_load_ps(t->r + p)));
        return;
    }
    for (size_t p = 0; p < t->width * DML_BLOCK; p += LANES) {
        __m256 v = _mm256_load_ps(sum + p);
        v = _mm256_blendv_ps(_mm256_mul_ps(v, slope), v, _mm256_cmp_ps(v, zero, _CMP_GT_OQ));
        v = t->r ? _mm256_fmadd_ps(v, scale, _mm256_load_ps(t->r + p)) : _mm256_mul_ps(v, scale);
        if (t->relu)
            v = _mm256_max_ps(v, zero);
        _mm256_store_ps(t->y + p, v);
    }
}

#endif
