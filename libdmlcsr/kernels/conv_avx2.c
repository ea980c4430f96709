/* One tile of a convolution in AVX2 with FMA: up to 6 pixels x 1 panel. The 12 sums stay in registers, with two
 * registers for the weights and two for the input channel that is broadcast. */
#if !defined(__AVX2__) || !defined(__FMA__)
#error "conv_avx2.c needs -mavx2 -mfma"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"

#define WIDTH 6
#define HALF 8 /* lanes of a register: half a block */

/* The sums of the tile, stored to `out`. width and step are constants where this is inlined, so that each loop over pixels
   unrolls and `low` and `high` live in registers. */
static inline __attribute__((always_inline)) void sums(const dml_conv_tile *t, float *out, const size_t width,
                                                       const size_t step)
{
    const float *w = t->w;
    __m256 low[WIDTH], high[WIDTH];
#pragma GCC unroll 6
    for (size_t p = 0; p < width; p++) {
        const float *start = t->first ? t->bias : t->y + p * DML_BLOCK;
        low[p] = _mm256_load_ps(start);
        high[p] = _mm256_load_ps(start + HALF);
    }
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const float *x = (const float *)t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
#pragma GCC unroll 1
                for (size_t k = 0; k < count; k++) {
                    const __m256 weight_low = _mm256_load_ps(w + k * DML_BLOCK);
                    const __m256 weight_high = _mm256_load_ps(w + k * DML_BLOCK + HALF);
#pragma GCC unroll 6
                    for (size_t p = 0; p < width; p++) {
                        const __m256 value = _mm256_broadcast_ss(x + p * step * DML_BLOCK + k);
                        low[p] = _mm256_fmadd_ps(value, weight_low, low[p]);
                        high[p] = _mm256_fmadd_ps(value, weight_high, high[p]);
                    }
                }
                w += DML_BLOCK * DML_BLOCK;
            }
        }
    }
#pragma GCC unroll 6
    for (size_t p = 0; p < width; p++) {
        _mm256_store_ps(out + p * DML_BLOCK, low[p]);
        _mm256_store_ps(out + p * DML_BLOCK + HALF, high[p]);
    }
}

/* Activation, scale and residual on the way from the buffer to y. */
static void finish(const dml_conv_tile *t, const float *sum)
{
    const __m256 slope = _mm256_set1_ps(t->slope), scale = _mm256_set1_ps(t->scale), zero = _mm256_setzero_ps();
    for (size_t p = 0; p < t->width * DML_BLOCK; p += HALF) {
        __m256 v = _mm256_load_ps(sum + p);
        v = _mm256_blendv_ps(_mm256_mul_ps(v, slope), v, _mm256_cmp_ps(v, zero, _CMP_GT_OQ));
        v = t->r ? _mm256_fmadd_ps(v, scale, _mm256_load_ps(t->r + p)) : _mm256_mul_ps(v, scale);
        if (t->relu)
            v = _mm256_max_ps(v, zero);
        _mm256_store_ps(t->y + p, v);
    }
}

#define CASES(width)            \
    case (width) * 2:           \
        sums(t, out, width, 1); \
        break;                  \
    case (width) * 2 + 1:       \
        sums(t, out, width, 2); \
        break;

void dml_conv_avx2(const dml_conv_tile *t)
{
    float buffer[WIDTH * DML_BLOCK] __attribute__((aligned(64)));
    float *out = t->last ? buffer : t->y; /* not y: the residual may be there */
    switch (t->width * 2 + t->step - 1) {
        CASES(1)
        CASES(2)
        CASES(3)
        CASES(4)
        CASES(5)
        CASES(6)
    }
    if (t->last)
        finish(t, buffer);
}
