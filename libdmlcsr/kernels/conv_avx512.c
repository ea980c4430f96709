/* One tile of a convolution in AVX-512: up to 14 pixels x 2 panels. The 28 sums stay in registers from the bias to the
 * residual, with two registers for the weights and two for the input channel that is broadcast. */
#if !defined(__AVX512F__) || !defined(__AVX512BW__) || !defined(__AVX512DQ__) || !defined(__AVX512VL__)
#error "conv_avx512.c needs -mavx512f -mavx512bw -mavx512dq -mavx512vl"
#endif

#include "kernels/impl.h"

#include <immintrin.h>

#include "base/tensor.h"

#define WIDTH 14
#define INLINE static inline __attribute__((always_inline))

/* Activation, scale and residual of a sum. */
INLINE __m512 finish(const dml_conv_tile *t, __m512 v, const float *r)
{
    const __m512 zero = _mm512_setzero_ps();
    const __m512 scale = _mm512_set1_ps(t->scale);
    v = _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, zero, _CMP_NGT_UQ), v, _mm512_set1_ps(t->slope));
    v = r ? _mm512_fmadd_ps(v, scale, _mm512_load_ps(r)) : _mm512_mul_ps(v, scale);
    return _mm512_mask_max_ps(v, t->relu ? (__mmask16)-1 : 0, v, zero);
}

/* Asks for what the end of the tile will touch, while there is time. */
INLINE void prefetch_outputs(const dml_conv_tile *t, const size_t width, const size_t panels)
{
    for (size_t o = 0; o < panels; o++) {
#pragma GCC unroll 1
        for (size_t p = 0; p < width * DML_BLOCK; p += DML_BLOCK) {
            _mm_prefetch((const char *)(t->y + o * t->y_plane + p), _MM_HINT_T0);
            if (t->r)
                _mm_prefetch((const char *)(t->r + o * t->r_plane + p), _MM_HINT_T0);
        }
    }
}

/* width, panels and step are constants where this is inlined, so that each loop over pixels and panels unrolls and
   `sum` lives in registers. */
INLINE void conv(const dml_conv_tile *t, const size_t width, const size_t panels, const size_t step)
{
    const float *w0 = t->w, *w1 = t->w + (panels > 1 ? t->w_panel : 0);
    __m512 sum[2][WIDTH];
#pragma GCC unroll 2
    for (size_t o = 0; o < panels; o++) {
#pragma GCC unroll 14
        for (size_t p = 0; p < width; p++)
            sum[o][p] = _mm512_load_ps(t->first ? t->bias + o * DML_BLOCK : t->y + o * t->y_plane + p * DML_BLOCK);
    }
    prefetch_outputs(t, width, panels);
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const float *x = t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
#pragma GCC unroll 1
                for (size_t k = 0; k < count; k++) {
                    /* the pixels that follow, one by one: most likely the next tile */
                    _mm_prefetch((const char *)(x + (width * step + k) * DML_BLOCK), _MM_HINT_T0);
                    const __m512 weight0 = _mm512_load_ps(w0 + k * DML_BLOCK);
                    const __m512 weight1 = panels > 1 ? _mm512_load_ps(w1 + k * DML_BLOCK) : weight0;
#pragma GCC unroll 14
                    for (size_t p = 0; p < width; p++) {
                        const __m512 value = _mm512_set1_ps(x[p * step * DML_BLOCK + k]);
                        sum[0][p] = _mm512_fmadd_ps(value, weight0, sum[0][p]);
                        if (panels > 1)
                            sum[1][p] = _mm512_fmadd_ps(value, weight1, sum[1][p]);
                    }
                }
                w0 += DML_BLOCK * DML_BLOCK;
                w1 += DML_BLOCK * DML_BLOCK;
            }
        }
    }
#pragma GCC unroll 2
    for (size_t o = 0; o < panels; o++) {
        float *y = t->y + o * t->y_plane;
        const float *r = t->r ? t->r + o * t->r_plane : NULL;
#pragma GCC unroll 14
        for (size_t p = 0; p < width; p++) {
            if (t->last)
                sum[o][p] = finish(t, sum[o][p], r ? r + p * DML_BLOCK : NULL);
            _mm512_store_ps(y + p * DML_BLOCK, sum[o][p]);
        }
    }
}

#define CASE(width, panels, step)                       \
    case ((width) * 2 + (panels) - 1) * 2 + (step) - 1: \
        conv(t, width, panels, step);                   \
        break;
#define CASES(width) CASE(width, 1, 1) CASE(width, 1, 2) CASE(width, 2, 1) CASE(width, 2, 2)

void dml_conv_avx512(const dml_conv_tile *t)
{
    switch ((t->width * 2 + t->panels - 1) * 2 + t->step - 1) {
        CASES(1)
        CASES(2)
        CASES(3)
        CASES(4)
        CASES(5)
        CASES(6)
        CASES(7)
        CASES(8)
        CASES(9)
        CASES(10)
        CASES(11)
        CASES(12)
        CASES(13)
        CASES(14)
    }
}
