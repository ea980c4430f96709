/* The arithmetic that a machine can do at best: multiply-adds that touch nothing but registers. */
#ifndef PEAK_H
#define PEAK_H

#include "base/threads.h"

typedef struct peak_sample {
    double operations, seconds; /* floating-point operations, two for a multiply-add */
} peak_sample;

/* Keeps the pool busy for at least `wanted` seconds with the multiply-adds that the convolution of that instruction set
   uses (fused, or a product and a sum); DMLCSR_ISA_C: those the compiler may use without any option. Nothing when the
   machine lacks the instruction set. */
peak_sample peak_measure(int isa, dml_pool *pool, double wanted);

#endif
