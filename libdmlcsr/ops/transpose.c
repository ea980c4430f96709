#include "ops/ops.h"

#include <string.h>

typedef struct job {
    const dml_kernels *kernels;
    const dml_tensor *x, *y;
} job;

/* Output block `block`: input pixels 16 block .. 16 block + 15 become its lanes. */
static void run_block(void *argument, uint32_t block, uint32_t thread)
{
    const job *j = argument;
    const dml_tensor *x = j->x, *y = j->y;
    uint32_t pixels = x->h * x->w, first = block * DML_BLOCK;
    uint32_t rows = pixels - first < DML_BLOCK ? pixels - first : DML_BLOCK;
    (void)thread;
    for (uint32_t channel = 0; channel < x->c; channel += DML_BLOCK) {
        _Alignas(DML_ALIGNMENT) dml_real in[DML_BLOCK * DML_BLOCK] = {0}, out[DML_BLOCK * DML_BLOCK];
        uint32_t columns = x->c - channel < DML_BLOCK ? x->c - channel : DML_BLOCK;
        const dml_real *source = dml_tensor_at(x, channel / DML_BLOCK, 0, first);
        dml_real *target = dml_tensor_at(y, block, 0, channel);
        if (rows == DML_BLOCK && columns == DML_BLOCK) {
            j->kernels->transpose16(source, DML_BLOCK, target, DML_BLOCK);
            continue;
        }
        memcpy(in, source, rows * DML_BLOCK * sizeof *in);
        j->kernels->transpose16(in, DML_BLOCK, out, DML_BLOCK);
        memcpy(target, out, columns * DML_BLOCK * sizeof *out);
    }
}

void dml_transpose_run(const dml_kernels *kernels, dml_pool *pool, const dml_tensor *x, const dml_tensor *y)
{
    job j = {kernels, x, y};
    dml_pool_run(pool, run_block, &j, dml_blocks(y->c));
}
