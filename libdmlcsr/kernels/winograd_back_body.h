/* The adjoints of Winograd's transforms, for the gradient of the weights; see winograd_body.h, and back.h for what each
 * does. */
#include "kernels/back_impl.h"
#include "kernels/kernels.h"
#include "kernels/vector.h"
#include "kernels/winograd.h"

/* One row or column of A d: 4 values to 6, the adjoint of output_line. */
static inline void gradient_line(const vector *d, size_t step, vector *z, size_t z_step)
{
    const vector d0 = d[0], d1 = d[step], d2 = d[2 * step], d3 = d[3 * step];
    const vector even1 = d0 + (d2 + d2), odd1 = (d1 + (d3 + d3)) * all(ROOT);
    const vector even2 = d0 + d2 * all(HALF), odd2 = (d1 + d3 * all(HALF)) * all(HALF_ROOT);
    z[0] = d0;
    z[z_step] = even1 + odd1;
    z[2 * z_step] = even1 - odd1;
    z[3 * z_step] = even2 + odd2;
    z[4 * z_step] = even2 - odd2;
    z[5 * z_step] = d3;
}

void KERNEL(winograd_output_back)(const dml_real *dy, size_t y_row, size_t y_column, uint32_t tiles, void *result,
                                  size_t position)
{
    dml_real *dm = result;
    for (size_t t = 0; t < tiles; t++, dy += DML_WINOGRAD * y_column, dm += DML_BLOCK)
        for (size_t h = 0; h < PARTS; h++) {
            vector d[4], half[24], line[6];
            for (size_t j = 0; j < 4; j++) { /* columns: half is 6 x 4 */
                for (size_t i = 0; i < 4; i++)
                    d[i] = load(AT(dy + i * y_row + j * y_column, 0));
                gradient_line(d, 1, half + j, 4);
            }
            for (size_t i = 0; i < 6; i++) {
                gradient_line(half + 4 * i, 1, line, 1);
                for (size_t j = 0; j < 6; j++)
                    store(AT(dm, 0) + (6 * i + j) * position, line[j]);
            }
        }
}

/* One row or column of G^T u: 6 values to 3, the adjoint of weight_line. */
static inline void weight_back_line(const vector *u, size_t step, vector *g, size_t g_step)
{
    const vector even1 = (u[step] + u[2 * step]) * all(SIXTH), odd1 = (u[step] - u[2 * step]) * all(ROOT * SIXTH);
    const vector even2 = (u[3 * step] + u[4 * step]) * all(THIRD), odd2 = (u[3 * step] - u[4 * step]) * all(ROOT * THIRD);
    g[0] = u[0] + even1 - (even2 + even2);
    g[g_step] = odd1 - odd2;
    g[2 * g_step] = even1 + even1 - even2 + u[5 * step];
}

void KERNEL(winograd_weight_back)(const dml_real *du, size_t position, dml_real *dw)
{
    for (size_t k = 0; k < DML_BLOCK; k++)
        for (size_t h = 0; h < PARTS; h++) {
            vector u[6], half[18], line[3];
            for (size_t j = 0; j < 6; j++) { /* columns: half is 3 x 6 */
                for (size_t i = 0; i < 6; i++)
                    u[i] = load(AT(du, k) + (6 * i + j) * position);
                weight_back_line(u, 1, half + j, 6);
            }
            for (size_t i = 0; i < 3; i++) {
                weight_back_line(half + 6 * i, 1, line, 1);
                for (size_t j = 0; j < 3; j++) {
                    dml_real *g = AT(dw, (3 * i + j) * DML_BLOCK + k);
                    store(g, load(g) + line[j]);
                }
            }
        }
}
