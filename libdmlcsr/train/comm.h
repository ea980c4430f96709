/* What several processes that train together must tell each other. The library knows no network: a program brings these
 * functions (dmlcsr-train: MPI). */
#ifndef DML_TRAIN_COMM_H
#define DML_TRAIN_COMM_H

#include "ops/back.h"

typedef struct dml_comm {
    dml_sums sums; /* sums.processes: how many there are */
    uint32_t rank;
    /* all[p n .. p n + n - 1] receives `mine` of process p; 0 or an error */
    int (*gather)(void *opaque, const dml_real *mine, size_t n, dml_real *all);
} dml_comm;

#endif
