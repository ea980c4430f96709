/* Vectors of REGISTER bytes for bodies that serve several instruction sets: the compilers' own, so plain + - * work on
 * them. Without REGISTER a vector is one number, and the body is the C definition. A body is included once in a file that
 * defines ISA (a suffix) and REGISTER.
 *
 * All loads and stores are unaligned ones, which cost nothing where the address is aligned. Choices are made with masks:
 * GCC 12 has no ?: on vectors in C. */
#ifndef DML_KERNELS_VECTOR_H
#define DML_KERNELS_VECTOR_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define NAME_(op, isa) dml_##op##_##isa
#define NAME(op, isa) NAME_(op, isa)
#define KERNEL(op) NAME(op, ISA)

#ifdef REGISTER
typedef float vector DML_VECTOR(REGISTER);
typedef float anywhere DML_VECTOR_ANYWHERE(REGISTER, 4);
typedef int32_t choice DML_VECTOR(REGISTER); /* a lane is all ones or all zeros */
#else
typedef dml_real vector, anywhere;
typedef bool choice;
#endif

#define LANES (sizeof(vector) / sizeof(dml_real))
#define PARTS (DML_BLOCK / LANES)                                          /* registers of a pixel */
#define EACH_PART DML_UNROLL(4) for (size_t h = 0; h < PARTS; h++) /* lanes h LANES .. */
#define AT(pointer, pixel) ((pointer) + (pixel) * DML_BLOCK + h * LANES)

static inline vector load(const dml_real *p)
{
    return *(const anywhere *)p;
}

static inline void store(dml_real *p, vector v)
{
    *(anywhere *)p = v;
}

#ifdef REGISTER
static inline vector all(float v)
{
    return v - (vector){0}; /* v, also when it is -0 */
}

static inline vector only(choice c, vector v)
{
    return (vector)((choice)v & c);
}

static inline vector choose(choice c, vector yes, vector no)
{
    return (vector)(((choice)yes & c) | ((choice)no & ~c));
}

static inline choice positive(vector v)
{
    return v > (vector){0};
}
#else
static inline vector all(dml_real v)
{
    return v;
}

static inline vector choose(choice c, vector yes, vector no)
{
    return c ? yes : no;
}

static inline choice positive(vector v)
{
    return v > 0;
}
#endif

#endif
