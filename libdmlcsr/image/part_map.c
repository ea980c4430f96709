#include "image/part_map.h"

#include <string.h>

size_t dml_part_map_cells(uint32_t side)
{
    return (size_t)DML_ROLES * side * side;
}

size_t dml_part_map_row(uint32_t side, uint32_t classes)
{
    return (size_t)dml_blocks(classes) * side * DML_BLOCK;
}

static void add_row(const dml_part_map *map, const dml_roles *roles, uint32_t y)
{
    const size_t side = map->side;
    float *face = dml_part_plane(map, DML_ROLE_FACE) + y * side;
    for (uint32_t k = 0; k < roles->classes; k++) {
        const uint8_t role = roles->of[k];
        const float *from = map->row + k / DML_BLOCK * side * DML_BLOCK + k % DML_BLOCK;
        float *to = dml_part_plane(map, role) + y * side;
        if (role == DML_ROLE_NONE)
            continue;
        for (size_t x = 0; x < side; x++)
            to[x] += from[x * DML_BLOCK];
        for (size_t x = 0; x < side && role != DML_ROLE_FACE; x++)
            face[x] += from[x * DML_BLOCK];
    }
}

void dml_part_map_fill(dml_part_map *map, const dml_tensor *logits, const dml_roles *roles, const dml_kernels *kernels)
{
    const size_t blocks = dml_blocks(logits->c), row = (size_t)map->side * DML_BLOCK;
    memset(map->cells, 0, dml_part_map_cells(map->side) * sizeof *map->cells);
    for (uint32_t y = 0; y < map->side; y++) {
        for (uint32_t b = 0; b < blocks; b++)
            memcpy(map->row + b * row, dml_tensor_at(logits, b, y, 0), row * sizeof(float));
        kernels->softmax(map->row, logits->c, row, map->side, map->row);
        add_row(map, roles, y);
    }
}
