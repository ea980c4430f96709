/* Argmax in SSE4.1: the largest value first, then the first channel that equals it. */
#ifndef __SSE4_1__
#error "argmax_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <math.h>
#include <smmintrin.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4

/* The larger of each lane; m where v is NaN. m never is. */
static inline __m128 larger(__m128 v, __m128 m)
{
    return _mm_max_ps(v, m);
}

static inline __m128 block_max(const float *x, __m128 m)
{
    for (size_t l = 0; l < DML_BLOCK; l += LANES)
        m = larger(_mm_loadu_ps(x + l), m);
    return m;
}

/* All lanes: the largest of the pixel, -infinity when all are NaN. */
static inline __m128 pixel_max(const float *x, size_t blocks, size_t tail, size_t plane)
{
    __m128 m = _mm_set1_ps(-INFINITY);
    for (size_t b = 0; b + 1 < blocks; b++)
        m = block_max(x + b * plane, m);
    const float *last = x + (blocks - 1) * plane;
    size_t l = 0;
    for (; l + LANES <= tail; l += LANES)
        m = larger(_mm_loadu_ps(last + l), m);
    for (; l < tail; l++)
        m = larger(_mm_load1_ps(last + l), m);
    m = _mm_max_ps(m, _mm_movehl_ps(m, m));
    m = _mm_max_ps(m, _mm_shuffle_ps(m, m, 1));
    return _mm_shuffle_ps(m, m, 0);
}

/* Bit l: channel l of the block equals m. */
static inline uint32_t equal(const float *x, __m128 m)
{
    const __m128i a = _mm_castps_si128(_mm_cmpeq_ps(_mm_loadu_ps(x), m));
    const __m128i b = _mm_castps_si128(_mm_cmpeq_ps(_mm_loadu_ps(x + 4), m));
    const __m128i c = _mm_castps_si128(_mm_cmpeq_ps(_mm_loadu_ps(x + 8), m));
    const __m128i d = _mm_castps_si128(_mm_cmpeq_ps(_mm_loadu_ps(x + 12), m));
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16(_mm_packs_epi32(a, b), _mm_packs_epi32(c, d)));
}

/* Two blocks at a time, because a branch on the block would be mispredicted. */
static inline uint32_t equal_pair(const float *x, size_t b, size_t blocks, size_t plane, __m128 m)
{
    const uint32_t second = b + 1 < blocks ? equal(x + (b + 1) * plane, m) : 0;
    return equal(x + b * plane, m) | second << DML_BLOCK;
}

void dml_argmax_sse41(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label)
{
    const size_t blocks = dml_blocks(channels), tail = channels - (blocks - 1) * DML_BLOCK;
    for (size_t p = 0; p < pixels; p++, x += DML_BLOCK) {
        const __m128 m = pixel_max(x, blocks, tail, plane);
        label[p] = 0;
        if (_mm_cvtss_f32(m) == -INFINITY)
            continue; /* NaN counts as -infinity, but equals nothing */
        size_t b = 0;
        uint32_t found;
        while (!(found = equal_pair(x, b, blocks, plane, m)))
            b += 2;
        label[p] = (uint8_t)(b * DML_BLOCK + dml_lowest_bit((uint32_t)found));
    }
}
