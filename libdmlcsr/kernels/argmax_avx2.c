/* Argmax in AVX2: the largest value first, then the first channel that equals it. */
#ifndef __AVX2__
#error "argmax_avx2.c needs -mavx2"
#endif

#include "kernels/impl.h"

#include <immintrin.h>
#include <math.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 8

/* Ones for the lanes in use: read at DML_BLOCK - n for n of them. */
static const uint32_t in_use[2 * DML_BLOCK] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                               ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

static inline __m256 mask_of(size_t n, size_t lane)
{
    return _mm256_castsi256_ps(_mm256_loadu_si256((const __m256i *)(in_use + DML_BLOCK - n + lane)));
}

/* All lanes: the largest of the pixel, -infinity when all are NaN. The instruction gives its second operand next to a
   NaN, and m never is one. */
static inline __m256 pixel_max(const float *x, size_t blocks, __m256 low, __m256 high, size_t plane)
{
    const __m256 lowest = _mm256_set1_ps(-INFINITY);
    __m256 m = lowest;
    for (size_t b = 0; b + 1 < blocks; b++) {
        m = _mm256_max_ps(_mm256_loadu_ps(x + b * plane), m);
        m = _mm256_max_ps(_mm256_loadu_ps(x + b * plane + LANES), m);
    }
    const float *last = x + (blocks - 1) * plane;
    m = _mm256_max_ps(_mm256_blendv_ps(lowest, _mm256_loadu_ps(last), low), m);
    m = _mm256_max_ps(_mm256_blendv_ps(lowest, _mm256_loadu_ps(last + LANES), high), m);
    m = _mm256_max_ps(m, _mm256_permute2f128_ps(m, m, 1));
    m = _mm256_max_ps(m, _mm256_permute_ps(m, _MM_SHUFFLE(1, 0, 3, 2)));
    return _mm256_max_ps(m, _mm256_permute_ps(m, _MM_SHUFFLE(2, 3, 0, 1)));
}

/* Bit l: channel l of the block equals m. */
static inline uint32_t equal(const float *x, __m256 m)
{
    const int low = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x), m, _CMP_EQ_OQ));
    const int high = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(x + LANES), m, _CMP_EQ_OQ));
    return (uint32_t)low | (uint32_t)high << LANES;
}

/* Two blocks at a time, because a branch on the block would be mispredicted. */
static inline uint32_t equal_pair(const float *x, size_t b, size_t blocks, size_t plane, __m256 m)
{
    const uint32_t second = b + 1 < blocks ? equal(x + (b + 1) * plane, m) : 0;
    return equal(x + b * plane, m) | second << DML_BLOCK;
}

void dml_argmax_avx2(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label)
{
    const size_t blocks = dml_blocks(channels), tail = channels - (blocks - 1) * DML_BLOCK;
    const __m256 low = mask_of(tail, 0), high = mask_of(tail, LANES);
    for (size_t p = 0; p < pixels; p++, x += DML_BLOCK) {
        const __m256 m = pixel_max(x, blocks, low, high, plane);
        label[p] = 0;
        if (_mm256_cvtss_f32(m) == -INFINITY)
            continue; /* NaN counts as -infinity, but equals nothing */
        size_t b = 0;
        uint32_t found;
        while (!(found = equal_pair(x, b, blocks, plane, m)))
            b += 2;
        label[p] = (uint8_t)(b * DML_BLOCK + dml_lowest_bit((uint32_t)found));
    }
}
