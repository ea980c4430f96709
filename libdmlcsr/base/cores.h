/* How many threads are worth starting here. */
#ifndef DML_BASE_CORES_H
#define DML_BASE_CORES_H

#include <stdint.h>

/* Physical cores that this process may run on (hyper-threads of one core count once); at least 1. */
uint32_t dml_physical_cores(void);

#endif
