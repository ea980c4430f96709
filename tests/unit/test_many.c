/* dmlcsr_parse_many: the same bits as one call after the other, for any number of threads; maps that jobs share; what it
 * says of jobs that fail; progress and cancelling; and a memory limit that leaves no room for more threads. */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "support/family.h"
#include "support/portrait.h"

#define WIDTH 90
#define HEIGHT 70
#define PIXELS (WIDTH * HEIGHT)
#define JOBS 11

static const family tiny = {7, {1, 1, 1, 1}, 32, 1, 0, 0, "\"dmlcsr.size\":\"48\""};
static unsigned char *file;
static size_t file_size;
static uint8_t *pixels;
static dmlcsr_image image;
static dmlcsr_region region[JOBS];
static dmlcsr_result result[JOBS];
static dmlcsr_job job[JOBS];
static uint8_t one_by_one[JOBS][PIXELS], together[JOBS][PIXELS];

static void setup(void)
{
    file = family_file(&tiny, 2026, &file_size);
    pixels = portrait(&image, WIDTH, HEIGHT);
    memset(job, 0, sizeof job);
    for (int i = 0; i < JOBS; i++) {
        dmlcsr_region_init(&region[i]);
        region[i].center_x = 20 + 5 * (float)i;
        region[i].center_y = 60 - 4 * (float)i;
        region[i].size = 15 + (float)i;
        region[i].rotation = .1f * (float)i;
        dmlcsr_result_init(&result[i]);
        job[i] = (dmlcsr_job){.image = &image, .region = i % 4 ? &region[i] : NULL, .result = &result[i]};
    }
}

static void teardown(void)
{
    free(file);
    free(pixels);
}

static dmlcsr *make(dmlcsr_options *options, uint32_t threads)
{
    dmlcsr *handle;
    char sentence[256] = "";
    options->threads = threads;
    options->error = sentence;
    options->error_size = sizeof sentence;
    const int status = dmlcsr_create_from_memory(&handle, file, file_size, options);
    ck_assert_msg(status == DMLCSR_OK, "%s", sentence);
    return handle;
}

static dmlcsr *simple(uint32_t threads)
{
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    return make(&options, threads);
}

/* labels: PIXELS for each job, or one map for all of them. */
static void write_to(uint8_t *labels, size_t step, uint32_t flags)
{
    for (size_t i = 0; i < JOBS; i++) {
        result[i].labels = labels + i * step;
        result[i].flags = flags;
    }
}

static void reference(uint8_t *labels, size_t step, uint32_t flags)
{
    dmlcsr *handle = simple(1);
    write_to(labels, step, flags);
    for (int i = 0; i < JOBS; i++)
        ck_assert_int_eq(dmlcsr_parse_region(handle, &image, job[i].region, &result[i]), DMLCSR_OK);
    dmlcsr_free(handle);
}

START_TEST(same_bits)
{
    static const uint32_t threads[] = {1, 2, 3, 7, 16};
    reference(one_by_one[0], PIXELS, 0);
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        dmlcsr *handle = simple(threads[t]);
        for (size_t count = 0; count <= JOBS; count++) {
            memset(together, 99, sizeof together);
            write_to(together[0], PIXELS, 0);
            ck_assert_int_eq(dmlcsr_parse_many(handle, job, count), DMLCSR_OK);
            ck_assert_mem_eq(together, one_by_one, count * PIXELS);
            for (size_t i = 0; i < count; i++)
                ck_assert_int_eq(job[i].status, DMLCSR_OK);
            if (count < JOBS)
                ck_assert_uint_eq(together[count][0], 99);
        }
        dmlcsr_free(handle);
    }
}
END_TEST

/* Where regions overlap, the later one wins: the order shows. */
START_TEST(one_map)
{
    for (int i = 0; i < JOBS; i++) {
        job[i].region = &region[i];
        region[i].center_x = 45;
        region[i].center_y = 35;
        region[i].size = 20;
    }
    memset(one_by_one, 0, sizeof one_by_one);
    reference(one_by_one[0], 0, DMLCSR_COMPOSE);
    for (int again = 0; again < 20; again++) {
        dmlcsr *handle = simple(3);
        memset(together, 0, sizeof together);
        write_to(together[0], 0, DMLCSR_COMPOSE);
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_OK);
        ck_assert_mem_eq(together[0], one_by_one[0], PIXELS);
        dmlcsr_free(handle);
    }
}
END_TEST

START_TEST(failed_jobs)
{
    reference(one_by_one[0], PIXELS, 0);
    for (uint32_t threads = 1; threads <= 4; threads++) {
        dmlcsr *handle = simple(threads);
        memset(together, 0, sizeof together);
        write_to(together[0], PIXELS, DMLCSR_COMPOSE); /* a failed one must not be waited for */
        job[3].image = NULL;
        job[5].reserved = 1;
        job[6].result = NULL;
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_ERROR_ARGUMENT);
        ck_assert_msg(strstr(dmlcsr_last_error(handle), "job 3: ") != NULL, "%s", dmlcsr_last_error(handle));
        for (int i = 0; i < JOBS; i++) {
            const int want = i == 5 ? DMLCSR_ERROR_STRUCT : i == 3 || i == 6 ? DMLCSR_ERROR_ARGUMENT : DMLCSR_OK;
            ck_assert_int_eq(job[i].status, want);
            if (want == DMLCSR_OK)
                ck_assert_mem_eq(together[i], one_by_one[i], PIXELS);
        }
        job[3].image = &image;
        job[5].reserved = 0;
        job[6].result = &result[6];
        dmlcsr_free(handle);
    }
}
END_TEST

START_TEST(bad_arguments)
{
    dmlcsr *handle = simple(2);
    ck_assert_int_eq(dmlcsr_parse_many(NULL, job, 1), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_parse_many(handle, NULL, 0), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_parse_many(handle, NULL, 1), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(dmlcsr_last_error(handle), "jobs is NULL");
    dmlcsr_free(handle);
}
END_TEST

typedef struct watcher {
    dmlcsr *handle, *clone; /* the handle is cloned by another thread while it is at work */
    uint32_t calls, last, total;
} watcher;

static void *make_clone(void *opaque)
{
    watcher *w = opaque;
    dmlcsr_clone(&w->clone, w->handle);
    return NULL;
}

static int watch(void *opaque, uint32_t done, uint32_t total)
{
    watcher *w = opaque;
    pthread_t thread;
    ck_assert_uint_ge(done, w->last);
    if (w->handle && !w->clone) {
        ck_assert_int_eq(pthread_create(&thread, NULL, make_clone, w), 0);
        pthread_join(thread, NULL);
    }
    w->calls++;
    w->last = done;
    w->total = total;
    return 0;
}

static dmlcsr *watched(watcher *w, uint32_t threads)
{
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.progress = watch;
    options.opaque = w;
    *w = (watcher){0};
    return make(&options, threads);
}

START_TEST(progress)
{
    for (uint32_t threads = 1; threads <= 3; threads++) {
        watcher w;
        dmlcsr *handle = watched(&w, threads);
        write_to(together[0], PIXELS, 0);
        ck_assert_int_eq(dmlcsr_parse_many(handle, NULL, 0), DMLCSR_OK);
        ck_assert_uint_eq(w.calls, 0); /* 0 of 0 is no share */
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_OK);
        ck_assert_uint_eq(w.total, JOBS);
        ck_assert_uint_eq(w.last, JOBS); /* the end is told, once */
        ck_assert_uint_le(w.calls, JOBS + 1);
        if (threads == 1)
            ck_assert_uint_eq(w.calls, JOBS + 1);
        w.calls = w.last = 0;
        job[3].image = NULL;
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_ERROR_ARGUMENT);
        ck_assert_uint_lt(w.last, JOBS);
        job[3].image = &image;
        dmlcsr_free(handle);
    }
}
END_TEST

/* It has its original's callback, and the original has it still, for the layers of a parse. */
START_TEST(cloned_meanwhile)
{
    for (uint32_t threads = 1; threads <= 2; threads++) {
        watcher w;
        dmlcsr *handle = watched(&w, threads);
        w.handle = handle;
        write_to(together[0], PIXELS, 0);
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_OK);
        ck_assert_ptr_nonnull(w.clone);
        dmlcsr *const both[] = {handle, w.clone};
        for (int i = 0; i < 2; i++) {
            w.calls = w.last = 0;
            ck_assert_int_eq(dmlcsr_parse(both[i], &image, together[0], WIDTH), DMLCSR_OK);
            ck_assert_uint_gt(w.total, JOBS);
            ck_assert_uint_eq(w.calls, w.total + 1);
            dmlcsr_free(both[i]);
        }
    }
}
END_TEST

/* Not the second call: the caller's thread, which makes them, may get no job but those that are left over. */
static int stop_after_one(void *opaque, uint32_t done, uint32_t total)
{
    (void)opaque;
    ck_assert_uint_eq(total, JOBS);
    ck_assert_uint_le(done, JOBS);
    return done > 0;
}

START_TEST(cancelling)
{
    for (uint32_t threads = 1; threads <= 3; threads++) {
        dmlcsr_options options;
        dmlcsr_options_init(&options);
        options.progress = stop_after_one;
        dmlcsr *handle = make(&options, threads);
        int cancelled = 0;
        write_to(together[0], PIXELS, 0);
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_ERROR_CANCELLED);
        for (int i = 0; i < JOBS; i++)
            cancelled += job[i].status == DMLCSR_ERROR_CANCELLED;
        ck_assert_int_ge(cancelled, 1);
        ck_assert_int_lt(cancelled, JOBS);
        ck_assert_ptr_nonnull(strstr(dmlcsr_last_error(handle), "cancelled"));
        dmlcsr_free(handle);
    }
}
END_TEST

/* An input of another size, which needs memory of its own. */
static int forward(dmlcsr *handle)
{
    enum { SIDE = 81, OUT = 21 };
    float *input = calloc(3 * SIDE * SIDE, sizeof *input), *parsing = malloc(7 * OUT * OUT * sizeof *parsing);
    const int status = dmlcsr_forward(handle, input, SIDE, SIDE, parsing, NULL, NULL);
    free(input);
    free(parsing);
    return status;
}

/* With no room for another thread's scratch, jobs run one by one; what is held never passes the limit, neither then nor when
   the handle itself wants more. */
START_TEST(memory_limit)
{
    size_t weights, scratch;
    int fitted = 0;
    dmlcsr *handle = simple(3);
    dmlcsr_memory(handle, &weights, &scratch);
    dmlcsr_free(handle);
    reference(one_by_one[0], PIXELS, 0);
    for (int room = 0; room < 8; room++) {
        dmlcsr_options options;
        size_t held;
        dmlcsr_options_init(&options);
        options.memory_limit = weights + scratch + scratch / 16 + (size_t)room * scratch;
        handle = make(&options, 3);
        write_to(together[0], PIXELS, 0);
        memset(together, 99, sizeof together);
        ck_assert_int_eq(dmlcsr_parse_many(handle, job, JOBS), DMLCSR_OK);
        ck_assert_mem_eq(together, one_by_one, sizeof together);
        dmlcsr_memory(handle, NULL, &held);
        ck_assert_uint_le(weights + held, options.memory_limit);
        if (room == 4)
            ck_assert_uint_gt(held, 2 * scratch);
        if (room < 2)
            ck_assert_uint_lt(held, scratch + 1024); /* one thread of three is no use, and is not kept */
        const int status = forward(handle);
        dmlcsr_memory(handle, NULL, &held);
        ck_assert_uint_le(weights + held, options.memory_limit);
        fitted += status == DMLCSR_OK;
        if (status != DMLCSR_OK)
            ck_assert_int_eq(status, DMLCSR_ERROR_LIMIT);
        dmlcsr_free(handle);
    }
    ck_assert_int_gt(fitted, 0);
    ck_assert_int_lt(fitted, 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("many");
    TCase *c = tcase_create("many");
    tcase_set_timeout(c, 120);
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_add_test(c, same_bits);
    tcase_add_test(c, one_map);
    tcase_add_test(c, failed_jobs);
    tcase_add_test(c, bad_arguments);
    tcase_add_test(c, progress);
    tcase_add_test(c, cloned_meanwhile);
    tcase_add_test(c, cancelling);
    tcase_add_test(c, memory_limit);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
