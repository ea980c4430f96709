/* Argmax in AVX-512: the largest value first, then the first channel that equals it. */
#ifndef __AVX512F__
#error "argmax_avx512.c needs -mavx512f"
#endif

#include "kernels/impl.h"

#include <immintrin.h>
#include <math.h>

#include "base/compiler.h"
#include "base/tensor.h"

/* All lanes: the largest of the pixel, -infinity when all are NaN. The instruction gives its second operand next to a
   NaN, and m never is one. */
static inline __m512 pixel_max(const float *x, size_t blocks, __mmask16 tail, size_t plane)
{
    __m512 m = _mm512_set1_ps(-INFINITY);
    for (size_t b = 0; b + 1 < blocks; b++)
        m = _mm512_max_ps(_mm512_loadu_ps(x + b * plane), m);
    m = _mm512_mask_max_ps(m, tail, _mm512_loadu_ps(x + (blocks - 1) * plane), m);
    m = _mm512_max_ps(m, _mm512_shuffle_f32x4(m, m, _MM_SHUFFLE(1, 0, 3, 2)));
    m = _mm512_max_ps(m, _mm512_shuffle_f32x4(m, m, _MM_SHUFFLE(2, 3, 0, 1)));
    m = _mm512_max_ps(m, _mm512_permute_ps(m, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm512_max_ps(m, _mm512_permute_ps(m, _MM_SHUFFLE(2, 3, 0, 1)));
}

/* Bit l: channel l of the block equals m. */
static inline uint32_t equal(const float *x, __m512 m)
{
    return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), m, _CMP_EQ_OQ);
}

/* Two blocks at a time, because a branch on the block would be mispredicted. */
static inline uint32_t equal_pair(const float *x, size_t b, size_t blocks, size_t plane, __m512 m)
{
    const uint32_t second = b + 1 < blocks ? equal(x + (b + 1) * plane, m) : 0;
    return equal(x + b * plane, m) | second << DML_BLOCK;
}

void dml_argmax_avx512(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label)
{
    const size_t blocks = dml_blocks(channels);
    const __mmask16 tail = (__mmask16)(0xffffu >> (blocks * DML_BLOCK - channels));
    for (size_t p = 0; p < pixels; p++, x += DML_BLOCK) {
        const __m512 m = pixel_max(x, blocks, tail, plane);
        label[p] = 0;
        if (_mm512_cvtss_f32(m) == -INFINITY)
            continue; /* NaN counts as -infinity, but equals nothing */
        size_t b = 0;
        uint32_t found;
        while (!(found = equal_pair(x, b, blocks, plane, m)))
            b += 2;
        label[p] = (uint8_t)(b * DML_BLOCK + dml_lowest_bit((uint32_t)found));
    }
}
