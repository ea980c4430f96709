/* One tile of a convolution, panel by panel, for every kind of factors and every instruction set whose registers hold a
 * part of a block. The sums stay in registers (finish() may want them in memory at the end).
 *
 * Who includes it says, beside what conv_<isa>.h has (WIDTH, PARTS, INLINE, finish):
 *     element                                   type of x and w
 *     sums                                      a register of sums; PARTS of them are a pixel
 *     begin(t, sum, width)                      sets the sums of all pixels
 *     accumulate(sum, x, w, count, width, step) adds the products of one tap: `count` input channels of a block
 *     end(t, sum, width, out)                   stores them as single precision
 *     END_ADDS                                  defined: it also adds the residual of a tile that does no more than that
 *     NAME                                      of the function */

/* width and step are constants where this is inlined, so that each loop over pixels unrolls and `sum` lives in
   registers. */
DML_INLINE void conv(const dml_conv_tile *t, float *out, const size_t width, const size_t step)
{
    const element *w = t->w;
    sums sum[WIDTH][PARTS];
    begin(t, sum, width);
    const size_t window = (size_t)t->kernel_h * t->kernel_w;
    dml_tap tap = {0};
    for (size_t taps = t->blocks * window; taps > 0; taps--) {
        accumulate(sum, (const element *)t->x + tap.at, w, taps > window ? DML_BLOCK : t->tail, width, step);
        w += DML_BLOCK * DML_BLOCK;
        dml_next_tap(t, &tap);
    }
    end(t, sum, width, out);
}

#define CASES(width)            \
    case (width) * 2:           \
        conv(t, out, width, 1); \
        break;                  \
    case (width) * 2 + 1:       \
        conv(t, out, width, 2); \
        break;

DML_NOT_INLINE void run(const dml_conv_tile *t, float *out)
{
    switch (t->width * 2 + t->step - 1) {
        CASES(1)
        CASES(2)
        CASES(3)
#if WIDTH > 3
        CASES(4)
        CASES(5)
#endif
#if WIDTH > 5
        CASES(6)
#endif
    }
}

/* Panels one after the other: the next one finds the pixels in the first cache. */
void NAME(const dml_conv_tile *t)
{
    _Alignas(64) float buffer[WIDTH * DML_BLOCK];
#ifdef END_ADDS
    const bool complete = !t->last || dml_adds_alone(t);
#else
    const bool complete = !t->last;
#endif
    if (!complete)
        dml_prefetch_outputs(t);
    dml_conv_tile panel = *t;
    for (size_t o = 0; o < t->panels; o++) {
        panel.w = (const element *)t->w + o * t->w_panel;
        panel.y = t->y + o * t->y_plane;
        panel.bias = t->bias + o * DML_BLOCK;
        panel.r = t->r ? t->r + o * t->r_plane : NULL;
        panel.unit = t->unit ? t->unit + o * DML_BLOCK : NULL;
        run(&panel, complete ? panel.y : buffer); /* not y: the residual may be there */
        if (!complete)
            finish(&panel, buffer);
    }
}
