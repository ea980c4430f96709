/* dmlcsr-train: trains a network of the DML-CSR family on labelled faces. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "train_run.h"

static void interrupt(int signal)
{
    (void)signal;
    run_interrupted = 1;
}

/* The first signal ends the step under way, a second one ends the program at once. */
static void catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int main(int argc, char **argv)
{
    settings s;
    run r;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a log is read while it grows */
    int status = settings_read(&s, argc, argv);
    if (status >= 0)
        return status;
    catch_signals();
    status = run_open(&r, &s);
    if (status == RUN_DONE)
        status = run_go(&r);
    run_close(&r);
    return status;
}
