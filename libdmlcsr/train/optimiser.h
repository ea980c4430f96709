/* Stochastic gradient descent over the flat vectors, and what is added up over them. */
#ifndef DML_TRAIN_OPTIMISER_H
#define DML_TRAIN_OPTIMISER_H

#include "ops/back.h"

/* Room for dml_gradient_square: doubles. */
size_t dml_gradient_room(size_t size);

/* Sum of the squares, in double precision and in an order that does not depend on the threads. */
double dml_gradient_square(const dml_core *core, const dml_real *gradient, size_t size, double *room);

/* m = momentum m + (clip g + decay w); w -= rate m, for all parameters (PyTorch's SGD with weight decay). */
typedef struct dml_sgd {
    double rate, momentum, decay;
    double clip; /* factor of the gradient, 1: as it is */
} dml_sgd;
void dml_sgd_run(const dml_core *core, const dml_sgd *how, const dml_real *gradient, size_t size, dml_real *momentum,
                 dml_real *parameters);

/* values = 0 */
void dml_clear_run(const dml_core *core, size_t size, dml_real *values);

/* to = keep * to + (1 - keep) * from: the moving average, and with keep = n / (n + 1) the self-ensemble. */
void dml_average_run(const dml_core *core, double keep, const dml_real *from, size_t size, dml_real *to);

#endif
