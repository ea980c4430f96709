/* What lanes_run() measured, as a table and as JSON. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "lanes.h"

/* json: NULL for none. Sorts the times. */
void report(bench *b, FILE *json);

#endif
