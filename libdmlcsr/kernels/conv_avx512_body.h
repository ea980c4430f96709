/* One tile of a convolution in AVX-512, for every kind of factors: up to 14 pixels x 2 panels. The 28 sums stay in
 * registers from the bias to the residual, with two registers for the weights and two for the input channels that are
 * broadcast.
 *
 * Who includes it says what the factors are:
 *     element              type of x and w
 *     PER_LANE             their number in 32 bits: so many input channels are multiplied at once
 *     sums                 a register of 16 sums
 *     DOT(sum, x, w)       adds the products of PER_LANE channels of all lanes
 *     begin(t, o, p)       the sums of pixel p and panel o before
 *     store(t, sum, o, p)  what becomes of them
 *     NAME                 of the function */
typedef int32_t lane __attribute__((may_alias, aligned(sizeof(element))));

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
    const element *w0 = t->w, *w1 = w0 + (panels > 1 ? t->w_panel : 0);
    sums sum[2][WIDTH];
    UNROLL(14)
    for (size_t p = 0; p < width; p++) {
        sum[0][p] = begin(t, 0, p);
        if (panels > 1)
            sum[1][p] = begin(t, 1, p);
    }
    prefetch_outputs(t, width, panels);
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = PER_LANE > 1 || b < t->blocks - 1 ? DML_BLOCK : t->tail;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const element *x = (const element *)t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
#pragma GCC unroll 1
                for (size_t k = 0; k < count; k += PER_LANE) {
                    /* the pixels that follow, one by one: most likely the next tile */
                    _mm_prefetch((const char *)(x + (width * step + k) * DML_BLOCK), _MM_HINT_T0);
                    const __m512i weight0 = _mm512_load_si512(w0 + k * DML_BLOCK);
                    const __m512i weight1 = panels > 1 ? _mm512_load_si512(w1 + k * DML_BLOCK) : weight0;
                    UNROLL(14)
                    for (size_t p = 0; p < width; p++) {
                        const __m512i value = _mm512_set1_epi32(*(const lane *)(x + p * step * DML_BLOCK + k));
                        sum[0][p] = DOT(sum[0][p], value, weight0);
                        if (panels > 1)
                            sum[1][p] = DOT(sum[1][p], value, weight1);
                    }
                }
                w0 += DML_BLOCK * DML_BLOCK;
                w1 += DML_BLOCK * DML_BLOCK;
            }
        }
    }
    UNROLL(14)
    for (size_t p = 0; p < width; p++) {
        store(t, sum[0][p], 0, p);
        if (panels > 1)
            store(t, sum[1][p], 1, p);
    }
}

#define CASE(width, panels, step)                       \
    case ((width) * 2 + (panels) - 1) * 2 + (step) - 1: \
        conv(t, width, panels, step);                   \
        break;
#define CASES(width) CASE(width, 1, 1) CASE(width, 1, 2) CASE(width, 2, 1) CASE(width, 2, 2)

void NAME(const dml_conv_tile *t)
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
