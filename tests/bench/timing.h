/* Clocks and statistics of the benchmarks. */
#ifndef TIMING_H
#define TIMING_H

#include <stddef.h>

/* Seconds since some moment, never running backwards. */
double seconds(void);

/* Sorts the values. */
double median(double *values, size_t count);
double smallest(const double *values, size_t count);

/* The most memory this process has had resident, in MiB. */
double peak_memory(void);

#endif
