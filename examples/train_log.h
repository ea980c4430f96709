/* log.csv: a line for each epoch of a run. */
#ifndef EXAMPLES_TRAIN_LOG_H
#define EXAMPLES_TRAIN_LOG_H

#include "io.h"
#include "metrics.h"
#include "train_run.h"

/* The columns that every log has; scores of each class stand between LOG_ACCURACY and LOG_ENSEMBLE_F1. */
enum {
    LOG_EPOCH, LOG_RATE, LOG_TOTAL, LOG_LOVASZ, LOG_PARSE, LOG_BINARY_EDGE, LOG_CATEGORY_EDGE, LOG_ATTENTION_BINARY,
    LOG_ATTENTION_CATEGORY, LOG_MEAN_F1, LOG_MEAN_IOU, LOG_ACCURACY, LOG_ENSEMBLE_F1, LOG_COLUMNS
};
extern const char *const log_names[LOG_COLUMNS];

/*
 * Appends the epoch that has ended. Scores whose `classes` is 0 were not measured: their fields stay empty. Where the
 * log has another list of columns (it was begun by an older version, or with other classes), a new header goes in front.
 */
bool run_log(const run *r, double rate, const metrics *current, const metrics *ensemble);

typedef struct log_table {
    double *column[LOG_COLUMNS]; /* `count` values each; NAN where a field is empty */
    size_t count, room;
} log_table;

/* Reads it again, oldest epoch first. Of an epoch that stands there twice (a run went on before it), the last one
   counts, and what stood behind the first one does not. False, with a sentence, when it cannot be read. */
bool log_read(log_table *out, const run *r, note *error);
void log_free(log_table *t);

#endif
