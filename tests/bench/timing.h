/* Clocks and statistics of the benchmarks. */
#ifndef TIMING_H
#define TIMING_H

#include <stddef.h>

/* Seconds since some moment, never running backwards. */
double seconds(void);

/* Both sort the values. The percentile is the least value that `share` of them (above 0, at most 1) do not exceed. */
double median(double *values, size_t count);
double percentile(double *values, size_t count, double share);
double smallest(const double *values, size_t count);

/* The most memory this process has had resident, in MiB. */
double peak_memory(void);

#endif
