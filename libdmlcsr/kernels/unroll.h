/* Loops over registers. */
#ifndef DML_KERNELS_UNROLL_H
#define DML_KERNELS_UNROLL_H

/* Before a loop whose count, at most `most`, is known where it is inlined: no loop is left, and arrays that it goes
   through can live in registers. An order to unroll n times is not enough for clang, which then unrolls too late for
   that, and keeps the sums of a convolution in memory (2.4 times slower). */
#ifdef __clang__
#define UNROLL(most) _Pragma("clang loop unroll(full)")
#else
#define UNROLL_(text) _Pragma(#text)
#define UNROLL(most) UNROLL_(GCC unroll most)
#endif

#endif
