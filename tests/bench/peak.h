/* The arithmetic that a machine can do at best: multiply-adds that touch nothing but registers. */
#ifndef PEAK_H
#define PEAK_H

#include "ops/conv.h"

typedef struct peak_sample {
    double operations, seconds; /* two operations for a multiply-add */
} peak_sample;

/* Keeps the pool busy for at least `wanted` seconds with the multiply-adds that the convolution of that instruction set
   uses for that format (fused, or a product and a sum, or sums of several products); DMLCSR_ISA_C: those the compiler
   may use without any option, of single precision. Nothing when the machine lacks the instruction set. */
peak_sample peak_measure(int isa, dml_format format, dml_pool *pool, double wanted);

/* What it runs, since that is not always what the convolution does: C and NEON are measured in single precision
   alone. */
const char *peak_instruction(int isa, dml_format format);

#endif
