/* The exponential function of softmax, for arguments of at most 0: constants that all instruction sets share.
 *
 * z = n ln 2 + r with n the integer nearest to z / ln 2, so that |r| <= 0.3467 and e^z = 2^n e^r. ln 2 is split in two
 * (Cody and Waite): the upper part has 15 bits, so n times it is exact. e^r = 1 + r + r^2 (C2 + r C3 + ... + r^4 C6),
 * the coefficients of least relative error (Remez exchange), 3.1e-9. With the rounding of each step the result is
 * within 3 units of 2^-24. Below EXP_LOWEST = ln 2^-126 the result is 0 rather than a subnormal number.
 *
 * z is a difference x - m whose rounding error would show in the result when z is large, so the error is computed
 * (exactly: Knuth's two-sum) and added to r. No step is fused: the results are the same on every instruction set. */
#ifndef DML_KERNELS_EXP_H
#define DML_KERNELS_EXP_H

#define EXP_LOWEST -87.33654f
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62e4p-1f
#define EXP_LN2_LOW 0x1.7f7d1cp-20f
#define EXP_ROUND 0x1.8p23f /* adding it rounds to an integer, which is then in the lowest bits */
#define EXP_C2 0x1.fffffcp-2f
#define EXP_C3 0x1.555492p-3f
#define EXP_C4 0x1.5558f4p-5f
#define EXP_C5 0x1.123a20p-7f
#define EXP_C6 0x1.6a23c8p-10f

#endif
