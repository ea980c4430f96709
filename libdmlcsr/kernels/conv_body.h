/* One tile of a convolution with one panel, for every kind of factors and every instruction set whose registers hold a
 * part of a block. The sums stay in registers (finish() may want them in memory at the end).
 *
 * Who includes it says, beside what conv_<isa>.h has (WIDTH, PARTS, INLINE, finish):
 *     element                                   type of x and w
 *     sums                                      a register of sums; PARTS of them are a pixel
 *     begin(t, sum, width)                      sets the sums of all pixels
 *     accumulate(sum, x, w, count, width, step) adds the products of one tap: `count` input channels of a block
 *     end(t, sum, width, out)                   stores them as single precision
 *     NAME                                      of the function */

/* width and step are constants where this is inlined, so that each loop over pixels unrolls and `sum` lives in
   registers. */
DML_INLINE void conv(const dml_conv_tile *t, float *out, const size_t width, const size_t step)
{
    const element *w = t->w;
    sums sum[WIDTH][PARTS];
    begin(t, sum, width);
    for (size_t b = 0; b < t->blocks; b++) {
        const size_t count = b == t->blocks - 1 ? t->tail : DML_BLOCK;
        for (size_t i = 0; i < t->kernel_h; i++) {
            const element *x = (const element *)t->x + b * t->x_plane + i * t->x_row;
            for (size_t j = 0; j < t->kernel_w; j++, x += t->x_column) {
                accumulate(sum, x, w, count, width, step);
                w += DML_BLOCK * DML_BLOCK;
            }
        }
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

void NAME(const dml_conv_tile *t)
{
    _Alignas(64) float buffer[WIDTH * DML_BLOCK];
    float *out = t->last ? buffer : t->y; /* not y: the residual may be there */
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
    if (t->last)
        finish(t, buffer);
}
