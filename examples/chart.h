/* A line chart as a PNG file: how losses, rates and scores go over the epochs. */
#ifndef EXAMPLES_CHART_H
#define EXAMPLES_CHART_H

#include "io.h"

typedef struct chart_series {
    const char *name;
    const double *y; /* NAN: there is no value here, and the line goes straight on to the next one */
    const double *x; /* NULL: 1, 2, 3 ... */
    size_t count;
    uint32_t color;  /* 0xRRGGBB; 0: one of the chart's own */
} chart_series;

/* Zero is a sound value for all fields but `series`. */
typedef struct chart {
    const char *title, *x_label, *y_label;
    uint32_t width, height;  /* of the picture; 0: 960 x 540 */
    bool log_y;              /* values of 0 and below are left out */
    bool has_range;          /* the y axis goes from `low` to `high`, not from the smallest to the largest value */
    double low, high;
    bool has_x_range;        /* the same for the x axis */
    double x_low, x_high;
    const double *marks;     /* x values where a dashed line stands (ends of cycles) */
    size_t mark_count;
    const chart_series *series;
    size_t series_count;
} chart;

/* False, with a sentence that does not name the file. */
bool chart_save(const char *path, const chart *c, note *error);
/* Several charts below each other in one picture, all as wide as the first. */
bool charts_save(const char *path, const chart *charts, size_t count, note *error);

#endif
