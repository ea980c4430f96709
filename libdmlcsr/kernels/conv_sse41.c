/* One tile of a convolution in SSE4.1: up to 3 pixels x 1 panel, the 12 sums in registers. Products are rounded. */
#if !defined(__SSE4_1__)
#error "conv_sse41.c needs -msse4.1"
#endif

#include "kernels/impl.h"

#include <smmintrin.h>

#include "base/tensor.h"

#define WIDTH 3
#define PARTS 4 /* registers per block */
#define LANES 4

/* The sums of the tile, stored to `out`. width and step are constants where this is inlined, so that each loop over pixels
   unrolls and `sum` lives in registers. */
static inline __attribute__((always_inline)) void sums(const dml_conv_tile *t, float *out, const size_t width,
                                                       const size_t step)
{
    const float *w = t->w;
    __m128 sum[WIDTH][PARTS];
#pragma GCC unroll 3
    for (size_t p = 0; p < width; p++) {
#pragma GCC unroll 4
        for (size_t q = 0; q < PARTS; q++)
            sum[p][q] = _mm_load_ps((t->first ? t->bias : t->y + p * DML_BLOCK) + q * LANES);
    }
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const float *x = (const float *)t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
#pragma GCC unroll 1
                for (size_t k = 0; k < count; k++) {
#pragma GCC unroll 3
                    for (size_t p = 0; p < width; p++) {
                        const __m128 value = _mm_set1_ps(x[p * step * DML_BLOCK + k]);
#pragma GCC unroll 4
                        for (size_t q = 0; q < PARTS; q++)
                            sum[p][q] = _mm_add_ps(sum[p][q],
                                                   _mm_mul_ps(value, _mm_load_ps(w + k * DML_BLOCK + q * LANES)));
                    }
                }
                w += DML_BLOCK * DML_BLOCK;
            }
        }
    }
#pragma GCC unroll 3
    for (size_t p = 0; p < width; p++) {
#pragma GCC unroll 4
        for (size_t q = 0; q < PARTS; q++)
            _mm_store_ps(out + p * DML_BLOCK + q * LANES, sum[p][q]);
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
static void finish(const dml_conv_tile *t, const float *sum)
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

#define CASES(width)            \
    case (width) * 2:           \
        sums(t, out, width, 1); \
        break;                  \
    case (width) * 2 + 1:       \
        sums(t, out, width, 2); \
        break;

void dml_conv_sse41(const dml_conv_tile *t)
{
    float buffer[WIDTH * DML_BLOCK] __attribute__((aligned(64)));
    float *out = t->last ? buffer : t->y; /* not y: the residual may be there */
    switch (t->width * 2 + t->step - 1) {
        CASES(1)
        CASES(2)
        CASES(3)
    }
    if (t->last)
        finish(t, buffer);
}
