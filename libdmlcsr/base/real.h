/* The number that the network is computed with: single precision. The tests of the gradients build the C kernels, ops/
 * and train/ a second time with DML_DOUBLE, because finite differences and a network in training mode need more digits
 * than single precision has. */
#ifndef DML_BASE_REAL_H
#define DML_BASE_REAL_H

#ifdef DML_DOUBLE
typedef double dml_real;
#else
typedef float dml_real;
#endif

#endif
