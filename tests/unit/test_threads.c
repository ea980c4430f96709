/* The thread pool: every task once, in any number of threads, many small jobs in a row, sleeping or awake; and clones of a
 * handle that parse at the same time. Also run under ThreadSanitizer. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/threads.h"
#include "support/family.h"
#include "support/portrait.h"

typedef struct tally {
    atomic_uint runs[1000];
    uint32_t threads;
    atomic_bool bad_thread;
    uint32_t plain[1000]; /* not atomic: a second writer of a slot would be a race */
} tally;

static void count(void *argument, uint32_t task, uint32_t thread)
{
    tally *t = argument;
    atomic_fetch_add(&t->runs[task], 1);
    t->plain[task] += task + 1;
    if (thread >= t->threads)
        atomic_store(&t->bad_thread, true);
}

static void run_jobs(dml_pool *pool, uint32_t threads, uint32_t tasks, uint32_t jobs)
{
    tally *t = calloc(1, sizeof *t);
    t->threads = threads;
    for (uint32_t i = 0; i < jobs; i++)
        dml_pool_run(pool, count, t, tasks);
    for (uint32_t i = 0; i < 1000; i++) {
        ck_assert_uint_eq(atomic_load(&t->runs[i]), i < tasks ? jobs : 0);
        ck_assert_uint_eq(t->plain[i], i < tasks ? jobs * (i + 1) : 0);
    }
    ck_assert(!atomic_load(&t->bad_thread));
    free(t);
}

START_TEST(every_task_once)
{
    static const uint32_t threads[] = {1, 2, 3, 7, 16};
    dml_memory memory;
    dml_error error;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        dml_pool *pool;
        ck_assert_int_eq(dml_pool_create(&pool, &memory, threads[i], &error), DMLCSR_OK);
        ck_assert_uint_eq(dml_pool_threads(pool), threads[i]);
        for (int awake = 0; awake < 2; awake++) {
            if (awake)
                dml_pool_wake(pool);
            run_jobs(pool, threads[i], 0, 3);
            run_jobs(pool, threads[i], 1, 50);
            run_jobs(pool, threads[i], 2, 300);
            run_jobs(pool, threads[i], 1000, 20);
            dml_pool_rest(pool);
        }
        dml_pool_free(pool);
    }
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
}
END_TEST

START_TEST(no_pool_is_one_thread)
{
    run_jobs(NULL, 1, 100, 2);
    ck_assert_uint_eq(dml_pool_threads(NULL), 1);
    dml_pool_wake(NULL);
    dml_pool_rest(NULL);
    dml_pool_free(NULL);
}
END_TEST

/* A pool that is at rest takes no processor time. */
START_TEST(idle_pool_sleeps)
{
    dml_memory memory;
    dml_error error;
    dml_pool *pool;
    struct timespec before, after, pause = {0, 200000000};
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    ck_assert_int_eq(dml_pool_create(&pool, &memory, 4, &error), DMLCSR_OK);
    dml_pool_wake(pool);
    run_jobs(pool, 4, 100, 5);
    dml_pool_rest(pool);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    nanosleep(&pause, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double busy = (double)(after.tv_sec - before.tv_sec) + 1e-9 * (double)(after.tv_nsec - before.tv_nsec);
    ck_assert_double_lt(busy, 0.1); /* three spinning helpers would burn .2 s and more */
    dml_pool_free(pool);
}
END_TEST

/* ---- clones ---- */

#define CLONES 4
#define W 50
#define H 41

typedef struct parser {
    dmlcsr *handle;
    const dmlcsr_image *image;
    const uint8_t *expected;
    int wrong;
} parser;

static void *parse_often(void *argument)
{
    parser *p = argument;
    for (int i = 0; i < 5; i++) {
        uint8_t labels[W * H];
        dmlcsr *extra = NULL;
        p->wrong += dmlcsr_parse(p->handle, p->image, labels, W) != DMLCSR_OK;
        p->wrong += memcmp(labels, p->expected, sizeof labels) != 0;
        p->wrong += dmlcsr_clone(&extra, p->handle) != DMLCSR_OK;
        dmlcsr_free(extra);
    }
    dmlcsr_free(p->handle);
    return NULL;
}

START_TEST(clones_run_at_once)
{
    const family tiny = {19, {1, 1, 1, 1}, 32, 0, 0, 0, "\"dmlcsr.size\":\"33\""};
    size_t size;
    unsigned char *file = family_file(&tiny, 2022, &size);
    dmlcsr_image image;
    uint8_t expected[W * H], *pixels = portrait(&image, W, H);
    parser p[CLONES];
    pthread_t thread[CLONES];
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.threads = 2;
    dmlcsr *first = NULL;
    ck_assert_int_eq(dmlcsr_create_from_memory(&first, file, size, &options), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_parse(first, &image, expected, W), DMLCSR_OK);
    for (int i = 0; i < CLONES; i++) {
        p[i] = (parser){NULL, &image, expected, 0};
        ck_assert_int_eq(dmlcsr_clone(&p[i].handle, first), DMLCSR_OK);
    }
    dmlcsr_free(first);
    for (int i = 0; i < CLONES; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, parse_often, &p[i]), 0);
    for (int i = 0; i < CLONES; i++) {
        pthread_join(thread[i], NULL);
        ck_assert_int_eq(p[i].wrong, 0);
    }
    free(pixels);
    free(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *c = tcase_create("threads");
    tcase_set_timeout(c, 240);
    tcase_add_test(c, every_task_once);
    tcase_add_test(c, no_pool_is_one_thread);
    tcase_add_test(c, idle_pool_sleeps);
    tcase_add_test(c, clones_run_at_once);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
