#include "ops/ops.h"

#include <string.h>

void dml_tensor_import(const dml_tensor *t, const dml_real *planar)
{
    size_t plane = (size_t)t->h * t->w;
    memset(t->data, 0, dml_tensor_size(t) * sizeof *t->data);
    for (uint32_t c = 0; c < t->c; c++)
        for (uint32_t y = 0; y < t->h; y++) {
            dml_real *to = dml_tensor_at(t, c / DML_BLOCK, y, 0) + c % DML_BLOCK;
            const dml_real *from = planar + c * plane + (size_t)y * t->w;
            for (uint32_t x = 0; x < t->w; x++)
                to[(size_t)x * DML_BLOCK] = from[x];
        }
}

void dml_tensor_export(const dml_tensor *t, dml_real *planar)
{
    size_t plane = (size_t)t->h * t->w;
    for (uint32_t c = 0; c < t->c; c++)
        for (uint32_t y = 0; y < t->h; y++) {
            const dml_real *from = dml_tensor_at(t, c / DML_BLOCK, y, 0) + c % DML_BLOCK;
            dml_real *to = planar + c * plane + (size_t)y * t->w;
            for (uint32_t x = 0; x < t->w; x++)
                to[x] = from[(size_t)x * DML_BLOCK];
        }
}
