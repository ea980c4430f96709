/* The arithmetic that a machine can do at best: multiply-adds that touch nothing but registers. */
#ifndef PEAK_H
#define PEAK_H

#include <stdint.h>

/* Floating-point operations per second, in 1e9, of `threads` threads at once with the instructions that the convolution
   of that instruction set uses (a fused multiply-add, or a product and a sum). DMLCSR_ISA_C: those the compiler may
   use without any option. 0: the machine or the build lacks it. */
double peak_gflops(int isa, uint32_t threads);

#endif
