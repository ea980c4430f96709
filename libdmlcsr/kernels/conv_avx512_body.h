/* One tile of a convolution in AVX-512, for every kind of factors: up to 14 pixels x 2 panels. The 28 sums stay in
 * registers, with two registers for the weights and two for the input channels that are broadcast. At the end they go
 * through memory that is at hand, so that what becomes of them is there once, not in each of the 42 shapes of a tile.
 *
 * Who includes it says what the factors are:
 *     element                  type of x and w
 *     PER_LANE                 their number in 32 bits: so many input channels are multiplied at once
 *     sums                     a register of 16 sums
 *     DOT(sum, x, w)           adds the products of PER_LANE channels of all lanes
 *     begin(t, sum, width, o)  sets the sums of panel o
 *     end(sum, unit, bias)     a complete sum, as memory has it, as single precision
 *     NAME                     of the function */

/* width, panels and step are constants where this is inlined, so that each loop over pixels and panels unrolls and
   `sum` lives in registers. */
DML_INLINE void conv(const dml_conv_tile *t, float *out, size_t out_plane, const size_t width, const size_t panels,
                     const size_t step)
{
    const element *w0 = t->w, *w1 = w0 + (panels > 1 ? t->w_panel : 0);
    sums sum[2][WIDTH];
    begin(t, sum[0], width, 0);
    if (panels > 1)
        begin(t, sum[1], width, 1);
    /* one loop over blocks and taps, since three of them would be most of the code of a shape */
    const size_t window = (size_t)t->kernel_h * t->kernel_w;
    const size_t next_row = t->x_row - t->kernel_w * t->x_column, next_block = t->x_plane - t->kernel_h * t->x_row;
    size_t at = 0;
    uint32_t i = 0, j = 0;
    for (size_t taps = t->blocks * window; taps > 0; taps--) {
        const size_t count = PER_LANE > 1 || taps > window ? DML_BLOCK : t->tail;
        const element *x = (const element *)t->x + at;
        DML_LOOP
        for (size_t k = 0; k < count; k += PER_LANE) {
            /* the pixels that follow, one by one: most likely the next tile */
            _mm_prefetch((const char *)(x + (width * step + k) * DML_BLOCK), _MM_HINT_T0);
            const __m512i weight0 = _mm512_load_si512(w0 + k * DML_BLOCK);
            const __m512i weight1 = panels > 1 ? _mm512_load_si512(w1 + k * DML_BLOCK) : weight0;
            DML_UNROLL(14)
            for (size_t p = 0; p < width; p++) {
                const __m512i value = _mm512_set1_epi32(dml_load_32(x + p * step * DML_BLOCK + k));
                sum[0][p] = DOT(sum[0][p], value, weight0);
                if (panels > 1)
                    sum[1][p] = DOT(sum[1][p], value, weight1);
            }
        }
        w0 += DML_BLOCK * DML_BLOCK;
        w1 += DML_BLOCK * DML_BLOCK;
        at += t->x_column;
        if (++j == t->kernel_w) {
            j = 0;
            at += next_row;
            if (++i == t->kernel_h) {
                i = 0;
                at += next_block;
            }
        }
    }
    DML_UNROLL(14)
    for (size_t p = 0; p < width; p++)
        _mm512_store_si512(out + p * DML_BLOCK, (__m512i)sum[0][p]);
    if (panels > 1) {
        out += out_plane;
        DML_UNROLL(14)
        for (size_t p = 0; p < width; p++)
            _mm512_store_si512(out + p * DML_BLOCK, (__m512i)sum[1][p]);
    }
}

#define CASE(width, panels, step)                       \
    case ((width) * 2 + (panels) - 1) * 2 + (step) - 1: \
        conv(t, out, out_plane, width, panels, step);   \
        break;
#define STEP_1(width) CASE(width, 1, 1) CASE(width, 2, 1)
#define STEPS(width) STEP_1(width) CASE(width, 1, 2) CASE(width, 2, 2)

static void run(const dml_conv_tile *t, float *out, size_t out_plane)
{
    switch ((t->width * 2 + t->panels - 1) * 2 + t->step - 1) {
        STEPS(1)
        STEPS(2)
        STEPS(3)
        STEPS(4)
        STEPS(5)
        STEPS(6)
        STEPS(7)
        STEP_1(8)
        STEP_1(9)
        STEP_1(10)
        STEP_1(11)
        STEP_1(12)
        STEP_1(13)
        STEP_1(14)
    }
}

/* Strides of 2 are rare: no shapes of their own for more than half the pixels. */
static void halves(const dml_conv_tile *t)
{
    dml_conv_tile half = *t;
    half.width = t->width / 2;
    NAME(&half);
    half.x = (const element *)t->x + half.width * t->step * DML_BLOCK;
    half.y += half.width * DML_BLOCK;
    half.r = t->r ? t->r + half.width * DML_BLOCK : NULL;
    half.width = t->width - half.width;
    NAME(&half);
}

/* Activation, scale and residual of the sums of panel o, on their way to y. Constants are in registers: what is stored
   there could be the tile, for all that a compiler knows. */
static void finish(const dml_conv_tile *t, const float *sum, size_t o)
{
    const __m512 zero = _mm512_setzero_ps(), slope = _mm512_set1_ps(t->slope), scale = _mm512_set1_ps(t->scale);
    const __m512 unit = t->unit ? _mm512_load_ps(t->unit + o * DML_BLOCK) : zero;
    const __m512 bias = t->unit ? _mm512_load_ps(t->bias + o * DML_BLOCK) : zero;
    const __mmask16 relu = t->relu ? 0xffff : 0;
    const size_t size = t->width * DML_BLOCK;
    const float *r = t->r ? t->r + o * t->r_plane : NULL;
    float *y = t->y + o * t->y_plane;
    if (dml_adds_alone(t)) {
        for (size_t p = 0; p < size; p += DML_BLOCK)
            _mm512_store_ps(y + p, _mm512_add_ps(end(_mm512_load_ps(sum + p), unit, bias), _mm512_load_ps(r + p)));
        return;
    }
    for (size_t p = 0; p < size; p += DML_BLOCK) {
        __m512 v = end(_mm512_load_ps(sum + p), unit, bias);
        v = _mm512_mask_mul_ps(v, _mm512_cmp_ps_mask(v, zero, _CMP_NGT_UQ), v, slope);
        v = r ? _mm512_fmadd_ps(v, scale, _mm512_load_ps(r + p)) : _mm512_mul_ps(v, scale);
        _mm512_store_ps(y + p, _mm512_mask_max_ps(v, relu, v, zero));
    }
}

void NAME(const dml_conv_tile *t)
{
    _Alignas(64) float buffer[2][WIDTH * DML_BLOCK];
    if (t->step > 1 && t->width > WIDTH / 2) {
        halves(t);
        return;
    }
    prefetch_outputs(t);
    if (!t->last) {
        run(t, t->y, t->y_plane);
        return;
    }
    run(t, buffer[0], WIDTH * DML_BLOCK); /* not to y: the residual may be there */
    for (size_t o = 0; o < t->panels; o++)
        finish(t, buffer[o], o);
}
