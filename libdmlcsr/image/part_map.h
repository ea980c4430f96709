/* How much of each role is where: the network's probabilities on its own grid, added up by role. */
#ifndef DML_IMAGE_PART_MAP_H
#define DML_IMAGE_PART_MAP_H

#include <stddef.h>

#include "base/tensor.h"
#include "image/roles.h"
#include "kernels/kernels.h"

/* DML_ROLES planes of side x side cells. Plane DML_ROLE_FACE has all parts of the face, those with a role of their own,
   too. Plane DML_ROLE_NONE is scratch. */
typedef struct dml_part_map {
    uint32_t side;
    float *cells;
    float *row; /* aligned; for the probabilities of a row */
} dml_part_map;

/* Floats that `cells` and `row` need. */
size_t dml_part_map_cells(uint32_t side);
size_t dml_part_map_row(uint32_t side, uint32_t classes);

static inline float *dml_part_plane(const dml_part_map *map, int role)
{
    return map->cells + (size_t)role * map->side * map->side;
}

/* logits: side x side, with as many classes as the roles are for. */
void dml_part_map_fill(dml_part_map *map, const dml_tensor *logits, const dml_roles *roles, const dml_kernels *kernels);

#endif
