/* dmlcsr-train: trains a network of the DML-CSR family on labelled faces. */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "processes.h"
#include "train_run.h"

static void interrupt(int signal)
{
    (void)signal;
    run_interrupted = 1;
}

/* The first signal ends the step under way, a second one ends the program at once. SIGUSR1 is what mpirun hands on. */
static void catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
#ifdef SIGXFSZ
    action.sa_handler = SIG_IGN; /* a file that grows too large is an error, told like a full disk */
    sigaction(SIGXFSZ, &action, NULL);
    action.sa_handler = interrupt;
#endif
    if (processes_count() > 1)
        sigaction(SIGUSR1, &action, NULL);
}

static int train(settings *s)
{
    run r;
    catch_signals();
    processes_communicator(); /* all of them make it, before anything can go wrong in one */
    int status = processes_worst(run_open(&r, s));
    if (status == RUN_DONE)
        status = run_join(&r, s);
    if (status == RUN_DONE)
        status = run_go(&r);
    if (status == RUN_FAILED && !r.together)
        processes_end_all(status);
    run_leave(&r);
    run_close(&r);
    return status;
}

int main(int argc, char **argv)
{
    settings s;
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a log is read while it grows */
    if (!processes_start("dmlcsr-train"))
        return RUN_FAILED;
    int status = processes_worst(settings_read(&s, argc, argv));
    if (status < 0)
        status = train(&s);
    processes_stop();
    return status;
}
