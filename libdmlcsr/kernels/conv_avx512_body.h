/* One tile of a convolution in AVX-512, for every kind of factors: up to 14 pixels x 2 panels. The 28 sums stay in
 * registers, with two registers for the weights and two for the input channels that are broadcast. At the end they go
 * through memory that is at hand, so that what becomes of them is there once, not in each of the 25 shapes of a tile.
 *
 * Who includes it says what the factors are:
 *     element                  type of x and w
 *     PER_LANE                 their number in 32 bits: so many input channels are multiplied at once
 *     sums                     a register of 16 sums
 *     DOT(sum, x, w)           adds the products of PER_LANE channels of all lanes
 *     begin(t, sum, width, o)  sets the sums of panel o
 *     end(sum, unit, bias)     a complete sum, as memory has it, as single precision
 *     ADD(sum, r)              adds a residual to a sum; not there: that is done with sums in memory
 *     NAME                     of the function */

/* Whether the residual of a tile is added while its sums are in registers, and nothing else happens to them. A piece of a
   sum is such a tile; it has no stride. */
DML_INLINE bool adds_here(const dml_conv_tile *t, size_t panels, size_t step)
{
#ifdef ADD
    return panels > step && t->last && dml_adds_alone(t);
#else
#define ADD(sum, r) ((void)(r), sum)
    (void)t, (void)panels, (void)step;
    return false;
#endif
}

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
    const size_t window = (size_t)t->kernel_h * t->kernel_w;
    dml_tap tap = {0};
    for (size_t taps = t->blocks * window; taps > 0; taps--) {
        const size_t count = PER_LANE > 1 || taps > window ? DML_BLOCK : t->tail;
        const element *x = (const element *)t->x + tap.at;
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
        dml_next_tap(t, &tap);
    }
    DML_UNROLL(2)
    for (size_t o = 0; o < panels; o++) {
        if (adds_here(t, panels, step)) {
            DML_UNROLL(14)
            for (size_t p = 0; p < width; p++)
                sum[o][p] = ADD(sum[o][p], _mm512_load_ps(t->r + o * t->r_plane + p * DML_BLOCK));
        }
        DML_UNROLL(14)
        for (size_t p = 0; p < width; p++)
            _mm512_store_si512(out + o * out_plane + p * DML_BLOCK, (__m512i)sum[o][p]);
    }
}

#define CASE(width, panels, step)                       \
    case ((width) * 2 + (panels) - 1) * 2 + (step) - 1: \
        conv(t, out, out_plane, width, panels, step);   \
        break;
#define ONE_PANEL(width) CASE(width, 1, 1) CASE(width, 1, 2)

/* Few pixels go panel by panel, and one panel takes half of many at a time: then half the shapes are enough. */
static bool has_shape(const dml_conv_tile *t)
{
    const uint32_t most = t->panels > t->step ? WIDTH : WIDTH / 2;
    return t->width <= most && (t->panels < 2 || t->width > most / 2);
}

static void run(const dml_conv_tile *t, float *out, size_t out_plane)
{
    switch ((t->width * 2 + t->panels - 1) * 2 + t->step - 1) {
        ONE_PANEL(1)
        ONE_PANEL(2)
        ONE_PANEL(3)
        ONE_PANEL(4)
        ONE_PANEL(5)
        ONE_PANEL(6)
        ONE_PANEL(7)
        CASE(4, 2, 2)
        CASE(5, 2, 2)
        CASE(6, 2, 2)
        CASE(7, 2, 2)
        CASE(8, 2, 1)
        CASE(9, 2, 1)
        CASE(10, 2, 1)
        CASE(11, 2, 1)
        CASE(12, 2, 1)
        CASE(13, 2, 1)
        CASE(14, 2, 1)
    }
}

/* `width` pixels from `first` on, `panels` panels from `o` on, of a tile. */
DML_NOT_INLINE void run_part(const dml_conv_tile *t, size_t first, uint32_t width, size_t o, uint32_t panels)
{
    dml_conv_tile part = *t;
    part.x = (const element *)t->x + first * t->step * DML_BLOCK;
    part.w = (const element *)t->w + o * t->w_panel;
    part.bias += o * DML_BLOCK;
    part.y += o * t->y_plane + first * DML_BLOCK;
    part.r = t->r ? t->r + o * t->r_plane + first * DML_BLOCK : NULL;
    part.unit = t->unit ? t->unit + o * DML_BLOCK : NULL;
    part.width = width;
    part.panels = panels;
    NAME(&part);
}

static void run_parts(const dml_conv_tile *t)
{
    const uint32_t half = t->width / 2;
    if (t->width > WIDTH / 2) {
        run_part(t, 0, half, 0, t->panels);
        run_part(t, half, t->width - half, 0, t->panels);
    } else {
        run_part(t, 0, t->width, 0, 1);
        run_part(t, 0, t->width, 1, 1);
    }
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
    if (!has_shape(t)) {
        run_parts(t);
        return;
    }
    if (!t->last || adds_here(t, t->panels, t->step)) {
        run(t, t->y, t->y_plane);
        return;
    }
    dml_prefetch_outputs(t);
    run(t, buffer[0], WIDTH * DML_BLOCK); /* not to y: the residual may be there */
    for (size_t o = 0; o < t->panels; o++)
        finish(t, buffer[o], o);
}
