/* The sums of Strassen's product for the instruction set ISA, with vectors as vector.h says: the definition and all vector
 * versions at once, with the same bits. kernels.h says what each does. */
#include "kernels/impl.h"
#include "kernels/vector.h"

void KERNEL(strassen_sums)(const dml_real *x11, size_t right, size_t down, size_t n, dml_real *s, size_t step)
{
    const dml_real *x12 = x11 + right, *x21 = x11 + down, *x22 = x21 + right;
    for (size_t i = 0; i < n; i += LANES) {
        const vector v11 = load(x11 + i), v12 = load(x12 + i), v21 = load(x21 + i), v22 = load(x22 + i);
        store(s + i, v11 + v22);
        store(s + step + i, v21 + v22);
        store(s + 2 * step + i, v11 + v12);
        store(s + 3 * step + i, v21 - v11);
        store(s + 4 * step + i, v12 - v22);
    }
}

/* As a convolution ends (kernels.h), at so many elements of y and of the residual. */
static inline void put(const dml_strassen_tile *t, size_t y, size_t r, vector v)
{
    v = all(t->scale) * choose(positive(v), v, all(t->slope) * v);
    if (t->r)
        v = v + load(t->r + r);
    store(t->y + y, t->relu ? choose(positive(v), v, all(0)) : v);
}

void KERNEL(strassen_output)(const dml_strassen_tile *t)
{
    for (size_t i = 0; i < (size_t)t->width * DML_BLOCK; i += LANES) {
        const dml_real *m = t->m + i;
        const vector upper = load(t->bias + i % DML_BLOCK), lower = load(t->bias + t->bias_down + i % DML_BLOCK);
        const vector m1 = load(m), m2 = load(m + t->step), m3 = load(m + 2 * t->step), m4 = load(m + 3 * t->step);
        const vector m5 = load(m + 4 * t->step), m6 = load(m + 5 * t->step), m7 = load(m + 6 * t->step);
        put(t, i, i, upper + (m1 + m4 - m5 + m7));
        put(t, i + t->right, i + t->r_right, upper + (m3 + m5));
        put(t, i + t->down, i + t->r_down, lower + (m2 + m4));
        put(t, i + t->down + t->right, i + t->r_down + t->r_right, lower + (m1 - m2 + m3 + m6));
    }
}
