/* Checkpoints and models that cannot be saved: whatever the system refuses, the call says which file and why, and the
 * file that was there before stays whole and usable. */
#define _GNU_SOURCE /* unshare, mkdtemp */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#endif

#include "support/data_files.h"
#include "support/small_trainer.h"

static char *folder;
static float input[2 * 3 * SMALL_PIXELS];
static uint8_t labels[2 * SMALL_PIXELS];

/* ---- a system that refuses ---- */

/* These take the place of the C library's functions in this program, the library's calls included. */
static struct {
    enum { NOTHING, WRITE, INTERRUPT, FSYNC, CLOSE, RENAME } call;
    size_t room; /* bytes that WRITE still takes */
    int number;  /* errno */
} refused;

static int refuse(void)
{
    errno = refused.number;
    return -1;
}

ssize_t write(int descriptor, const void *data, size_t size)
{
    if (refused.call == INTERRUPT) {
        refused.call = NOTHING;
        return refuse();
    }
    if (refused.call == WRITE && !refused.room)
        return refuse();
    if (refused.call == WRITE) {
        size = size < refused.room ? size : refused.room;
        refused.room -= size;
    }
    const struct iovec all = {(void *)(uintptr_t)data, size};
    return writev(descriptor, &all, 1);
}

int fsync(int descriptor)
{
    return refused.call == FSYNC ? refuse() : fdatasync(descriptor);
}

int rename(const char *from, const char *to)
{
    return refused.call == RENAME ? refuse() : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

#ifdef __linux__
int close(int descriptor)
{
    const int status = (int)syscall(SYS_close, descriptor);
    return refused.call == CLOSE ? refuse() : status;
}
#endif

/* ---- what must hold ---- */

static dmlcsr_trainer *trained(int steps)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    small_batch(0, 2, input, labels);
    for (int i = 0; i < steps; i++)
        ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, .01, NULL), DMLCSR_OK);
    return t;
}

static const char *path_of(const char *name)
{
    return data_path(folder, name);
}

static int save(dmlcsr_trainer *t, const char *name)
{
    return dmlcsr_trainer_save(t, path_of(name), NULL, 0);
}

static int export_model(dmlcsr_trainer *t, const char *name)
{
    return dmlcsr_trainer_export(t, DMLCSR_CURRENT, path_of(name), DMLCSR_F32, NULL, 0);
}

static void check_same(const char *a, const char *b)
{
    char command[9000];
    snprintf(command, sizeof command, "cmp '%s' '%s'", path_of(a), path_of(b));
    ck_assert_int_eq(system(command), 0);
}

static unsigned files(void)
{
    unsigned count = 0;
    struct dirent *entry;
    DIR *stream = opendir(folder);
    ck_assert_ptr_nonnull(stream);
    while ((entry = readdir(stream)))
        count += entry->d_name[0] != '.';
    closedir(stream);
    return count;
}

static void check_sentence(dmlcsr_trainer *t, int status, const char *name, int number)
{
    const char *text = dmlcsr_trainer_last_error(t);
    ck_assert_msg(status == DMLCSR_ERROR_IO, "status %d, \"%s\"", status, text);
    ck_assert_msg(strstr(text, path_of(name)) && strstr(text, strerror(number)), "\"%s\"", text);
}

/* `good` is a copy of what lies at `name`. */
static void check_kept(const char *name, unsigned count)
{
    check_same(name, "good");
    ck_assert_uint_eq(files(), count); /* nothing half written is left */
}

static size_t size_of(const char *name)
{
    struct stat info;
    ck_assert_int_eq(stat(path_of(name), &info), 0);
    return (size_t)info.st_size;
}

static void setup(void)
{
    folder = data_folder();
}

static void teardown(void)
{
    data_remove(folder);
}

/* ---- tests ---- */

START_TEST(refusals)
{
    int (*const write_file[])(dmlcsr_trainer *, const char *) = {save, export_model};
    dmlcsr_trainer *before = trained(1), *after = trained(3);
    for (int kind = 0; kind < 2; kind++) {
        ck_assert_int_eq(write_file[kind](before, "file"), DMLCSR_OK);
        ck_assert_int_eq(write_file[kind](before, "good"), DMLCSR_OK);
        const size_t size = size_of("file");
        const struct { int call; size_t room; int number; } faults[] = {
            {WRITE, 0, ENOSPC}, {WRITE, 5, ENOSPC}, {WRITE, size / 2, EDQUOT}, {WRITE, size - 1, ENOSPC},
            {FSYNC, 0, EIO},    {FSYNC, 0, ENOSPC}, {RENAME, 0, EROFS},
#ifdef __linux__
            {CLOSE, 0, EDQUOT},
#endif
        };
        for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
            refused.room = faults[i].room;
            refused.number = faults[i].number;
            refused.call = faults[i].call;
            const int status = write_file[kind](after, "file");
            refused.call = NOTHING;
            check_sentence(after, status, "file", faults[i].number);
            check_kept("file", 2);
        }
        refused.number = EINTR; /* no error: a signal came in between */
        refused.call = INTERRUPT;
        ck_assert_int_eq(write_file[kind](after, "file"), DMLCSR_OK);
        ck_assert_int_eq(refused.call, NOTHING);
        ck_assert_int_eq(write_file[kind](after, "good"), DMLCSR_OK);
        check_kept("file", 2);
    }
    dmlcsr_trainer_free(before);
    dmlcsr_trainer_free(after);
}
END_TEST

/* What is left is a checkpoint from which training goes on as if nothing had happened. */
static void check_goes_on(void)
{
    dmlcsr_trainer *through = trained(3), *again = trained(0);
    small_batch(0, 2, input, labels);
    ck_assert_int_eq(dmlcsr_trainer_restore(again, path_of("file"), NULL, NULL), DMLCSR_OK);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(dmlcsr_trainer_step(again, input, labels, .01, NULL), DMLCSR_OK);
    ck_assert_int_eq(save(through, "through"), DMLCSR_OK);
    ck_assert_int_eq(save(again, "again"), DMLCSR_OK);
    check_same("through", "again");
    dmlcsr_trainer_free(through);
    dmlcsr_trainer_free(again);
}

/* Every file of the process may have so many bytes: a disk that is full at that point. */
static int save_limited(dmlcsr_trainer *t, const char *name, size_t bytes)
{
    struct rlimit old, small;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = bytes;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int status = save(t, name);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    return status;
}

START_TEST(limit)
{
    dmlcsr_trainer *before = trained(1), *after = trained(3);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(save(before, "file"), DMLCSR_OK);
    ck_assert_int_eq(save(before, "good"), DMLCSR_OK);
    const size_t size = size_of("file"), room[] = {0, 1, 4096, size / 2, size - 1};
    for (size_t i = 0; i < sizeof room / sizeof *room; i++) {
        const int status = save_limited(after, "file", room[i]);
        check_sentence(after, status, "file", EFBIG);
        check_kept("file", 2);
        check_sentence(after, save_limited(after, "new", room[i]), "new", EFBIG);
        ck_assert_uint_eq(files(), 2); /* a first checkpoint leaves nothing either */
    }
    ck_assert_int_eq(save_limited(after, "new", size), DMLCSR_OK);
    check_goes_on();
    dmlcsr_trainer_free(before);
    dmlcsr_trainer_free(after);
}
END_TEST

#ifdef __linux__

/* A file system of that size over the folder, seen by this process alone; false where that is not allowed. */
static bool mount_small(size_t bytes)
{
    char options[64];
    snprintf(options, sizeof options, "size=%zu", bytes);
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
           && mount("none", folder, "tmpfs", 0, options) == 0;
}

/* Room for one file and a half. */
START_TEST(full_file_system)
{
    dmlcsr_trainer *before = trained(1), *after = trained(3);
    ck_assert_int_eq(save(before, "file"), DMLCSR_OK);
    if (!mount_small(size_of("file") * 3 / 2)) {
        puts("skip  a full file system: mounting one needs root");
        fflush(stdout);
    } else {
        ck_assert_int_eq(save(before, "file"), DMLCSR_OK);
        for (int i = 0; i < 3; i++) {
            const int status = save(after, "file");
            check_sentence(after, status, "file", ENOSPC);
            ck_assert_uint_eq(files(), 1);
        }
        dmlcsr_trainer *again = trained(0);
        ck_assert_int_eq(dmlcsr_trainer_restore(again, path_of("file"), NULL, NULL), DMLCSR_OK);
        dmlcsr_trainer_free(again);
        ck_assert_int_eq(umount2(folder, MNT_DETACH), 0);
    }
    dmlcsr_trainer_free(before);
    dmlcsr_trainer_free(after);
}
END_TEST

#endif

int main(void)
{
    Suite *suite = suite_create("full disk");
    TCase *tests = tcase_create("full disk");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, refusals);
    tcase_add_test(tests, limit);
#ifdef __linux__
    tcase_add_test(tests, full_file_system);
#endif
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
