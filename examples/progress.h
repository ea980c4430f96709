/* A progress bar on standard error, only where a person looks at it. */
#ifndef EXAMPLES_PROGRESS_H
#define EXAMPLES_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct progress {
    bool shown;         /* the terminal has a bar on its last line */
    bool wanted;
    size_t done, total; /* pictures */
    const char *name;   /* of the picture at work; of a long one, the end is shown */
    const char *text;   /* or what there is to say; of a long one, as much as the line has room for */
    double started, drawn; /* seconds of a steady clock */
} progress;

/* Seconds of a clock that only goes forward. */
double steady_seconds(void);

/* A bar is wanted for more than one picture on a terminal that can move its cursor. */
void progress_start(progress *p, size_t total, bool quiet);
/* Draws: `done` pictures are ready and `part` (0 to 1) of the next one. Redraws at most some ten times a second. */
void progress_show(progress *p, double part);
/* Takes the bar away, before anything else is printed. */
void progress_hide(progress *p);

#endif
