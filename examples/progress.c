#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CELLS 24
#define SECONDS_BETWEEN 0.08

double steady_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

void progress_start(progress *p, size_t total, bool quiet)
{
    const char *terminal = getenv("TERM");
    memset(p, 0, sizeof *p);
    p->total = total;
    p->wanted = !quiet && total > 1 && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    p->started = steady_seconds();
}

/* The last letters of a name; control characters would move the cursor. */
static void short_name(const char *name, char *out, size_t size)
{
    size_t length = strlen(name);
    if (length >= size)
        name += length - size + 1;
    snprintf(out, size, "%s", name);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c < 32 || (unsigned char)*c >= 127)
            *c = '?';
}

void progress_show(progress *p, double part)
{
    double now = steady_seconds();
    if (!p->wanted || (p->shown && now - p->drawn < SECONDS_BETWEEN))
        return;
    double share = ((double)p->done + part) / (double)p->total;
    char bar[CELLS + 1], name[29], left[32] = "";
    for (int i = 0; i < CELLS; i++)
        bar[i] = i < (int)(share * CELLS) ? '#' : '.';
    bar[CELLS] = 0;
    short_name(p->name ? p->name : "", name, sizeof name);
    if (share > 0 && now - p->started > 1) {
        double seconds = (now - p->started) * (1 - share) / share;
        snprintf(left, sizeof left, " %d:%02d left", (int)(seconds / 60), (int)seconds % 60);
    }
    fprintf(stderr, "\r[%s] %zu/%zu%s %s\033[K", bar, p->done, p->total, left, name);
    fflush(stderr);
    p->shown = true;
    p->drawn = now;
}

void progress_hide(progress *p)
{
    if (!p->shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    p->shown = false;
}
