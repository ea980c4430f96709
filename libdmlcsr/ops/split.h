/* Cutting work into parts. */
#ifndef DML_OPS_SPLIT_H
#define DML_OPS_SPLIT_H

#include <stdint.h>

/* Where part `index` of `parts` nearly equal parts of `whole` begins. */
static inline uint32_t dml_split(uint32_t whole, uint32_t parts, uint32_t index)
{
    return (uint32_t)((uint64_t)whole * index / parts);
}

static inline uint32_t dml_ceil_div(uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

#endif
