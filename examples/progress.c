#define _POSIX_C_SOURCE 200809L
#include "progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define CELLS 24      /* of the bar */
#define CELLS_SHORT 12 /* beside a text */
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

static int columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
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
    char bar[CELLS + 1], name[29], left[32] = "", line[512];
    const int cells = p->text ? CELLS_SHORT : CELLS;
    for (int i = 0; i < cells; i++)
        bar[i] = i < (int)(share * cells) ? '#' : '.';
    bar[cells] = 0;
    short_name(p->name ? p->name : "", name, sizeof name);
    if (share > 0 && now - p->started > 1) {
        double seconds = (now - p->started) * (1 - share) / share;
        snprintf(left, sizeof left, " %d:%02d left", (int)(seconds / 60), (int)seconds % 60);
    }
    snprintf(line, sizeof line, "[%s] %zu/%zu%s %s", bar, p->done, p->total, left, p->text ? p->text : name);
    fprintf(stderr, "\r%.*s\033[K", columns() - 1, line); /* a line that wraps could not be taken back */
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
