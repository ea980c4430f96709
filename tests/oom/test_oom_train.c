/* Makes the n-th allocation fail, for every n, in all of training that allocates: the call must return an error with a
 * sentence, leak nothing, and leave what was there before as it was. */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/data_files.h"
#include "support/ration.h"
#include "support/small_trainer.h"

#define MANY 10000 /* more allocations than any call makes */

static ration supply;
static char sentence[512];
static char *folder;
static float input[2 * 3 * SMALL_PIXELS];
static uint8_t labels[2 * SMALL_PIXELS];

static void setup(void)
{
    supply.left = -1;
    supply.held = 0;
    folder = data_set(4, 40, 36, 0);
    small_batch(0, 2, input, labels);
}

static void teardown(void)
{
    data_remove(folder);
    ck_assert_int_eq(supply.held, 0);
    ck_assert_uint_eq(data_alive(), 0);
}

/* The sentence of a call that had no memory. */
static void check_failure(int status, const char *text, long n)
{
    ck_assert_msg(status == DMLCSR_ERROR_MEMORY, "allocation %ld: status %d, \"%s\"", n, status, text);
    ck_assert_msg(strstr(text, "memory") != NULL, "allocation %ld: \"%s\"", n, text);
    ck_assert_int_lt(n, MANY);
}

/* ---- data ---- */

static dmlcsr_dataset *open_set(const char *name)
{
    dmlcsr_dataset_options o;
    dmlcsr_decoder decoder;
    dmlcsr_dataset *set = NULL;
    int status = -1;
    dmlcsr_dataset_options_init(&o);
    data_decoder(&decoder);
    o.root = folder;
    o.set = name;
    o.decoder = &decoder;
    o.error = sentence;
    o.error_size = sizeof sentence;
    o.allocate = ration_allocate;
    o.release = ration_release;
    o.opaque = &supply;
    for (long n = 0; status != DMLCSR_OK; n++) {
        sentence[0] = 0;
        ration_set(&supply, n);
        status = dmlcsr_dataset_open(&set, &o);
        if (status == DMLCSR_OK) {
            ck_assert_int_gt(n, 4);
            break;
        }
        check_failure(status, sentence, n);
        ck_assert_ptr_null(set);
        ck_assert_int_eq(supply.held, 0);
    }
    ration_set(&supply, -1);
    return set;
}

START_TEST(dataset)
{
    const uint8_t pixel[3] = {0, 0, 0};
    dmlcsr_dataset *set = open_set("train");
    ck_assert_uint_eq(dmlcsr_dataset_count(set), 4);
    dmlcsr_dataset_free(set);
    data_raw(folder, "val/images/a.raw", pixel, 3, 1, 1); /* the same from folders */
    data_raw(folder, "val/labels/a.raw", pixel, 1, 1, 1);
    set = open_set("val");
    ck_assert_uint_eq(dmlcsr_dataset_count(set), 1);
    dmlcsr_dataset_free(set);
}
END_TEST

static dmlcsr_loader *make_loader(const dmlcsr_dataset *set, size_t cache_bytes)
{
    dmlcsr_loader_options o;
    dmlcsr_label_noise noise;
    dmlcsr_loader *loader = NULL;
    const long before = supply.held;
    int status = -1;
    dmlcsr_loader_options_init(&o);
    dmlcsr_label_noise_init(&noise);
    noise.share = 1;
    o.noise = &noise;
    o.batch = 2;
    o.size = 33;
    o.threads = 2;
    o.cache_side = 30;
    o.cache_bytes = cache_bytes;
    o.error = sentence;
    o.error_size = sizeof sentence;
    o.allocate = ration_allocate;
    o.release = ration_release;
    o.opaque = &supply;
    for (long n = 0; status != DMLCSR_OK; n++) {
        sentence[0] = 0;
        ration_set(&supply, n);
        status = dmlcsr_loader_create(&loader, set, &o);
        if (status == DMLCSR_OK) {
            ck_assert_int_gt(n, 10);
            break;
        }
        check_failure(status, sentence, n);
        ck_assert_ptr_null(loader);
        ck_assert_int_eq(supply.held, before);
    }
    ration_set(&supply, -1);
    return loader;
}

/* An epoch with n allocations; how many of its two steps failed. Each failure names a photograph. */
static int epoch(dmlcsr_loader *loader, long n)
{
    int failed = 0;
    ration_set(&supply, n);
    ck_assert_int_eq(dmlcsr_loader_start(loader, 0, 0), DMLCSR_OK);
    for (int step = 0; step < 2; step++) {
        dmlcsr_loader_batch batch = {.struct_size = sizeof batch};
        const int status = dmlcsr_loader_next(loader, &batch);
        if (status == DMLCSR_OK)
            continue;
        check_failure(status, dmlcsr_loader_last_error(loader), n);
        ck_assert_ptr_nonnull(strstr(dmlcsr_loader_last_error(loader), "/images/f0"));
        failed++;
    }
    ration_set(&supply, -1);
    return failed;
}

/* Without a cache, and with one, which only keeps what was loaded. */
START_TEST(loading)
{
    dmlcsr_dataset *set = open_set("train");
    for (int cached = 0; cached < 2; cached++) {
        dmlcsr_loader *loader = make_loader(set, cached ? 1 << 20 : 0);
        const long before = supply.held;
        long n = 0;
        while (epoch(loader, n) > 0)
            n++;
        ck_assert_int_ge(n, 4 * (cached ? 1 : 4)); /* source, room to reduce, noise and its table; cached ones remain */
        ck_assert_int_eq(supply.held, before + 4 * cached);
        ck_assert_int_eq(epoch(loader, -1), 0);
        dmlcsr_loader_free(loader);
    }
    dmlcsr_dataset_free(set);
}
END_TEST

/* ---- the trainer ---- */

static dmlcsr_trainer *make_trainer(const char *family)
{
    dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = NULL;
    int status = -1;
    o.average = .9;
    o.family = family;
    o.error = sentence;
    o.error_size = sizeof sentence;
    o.allocate = ration_allocate;
    o.release = ration_release;
    o.opaque = &supply;
    for (long n = 0; status != DMLCSR_OK; n++) {
        sentence[0] = 0;
        ration_set(&supply, n);
        status = dmlcsr_trainer_create(&t, &o);
        if (status == DMLCSR_OK) {
            ck_assert_int_gt(n, 30);
            break;
        }
        check_failure(status, sentence, n);
        ck_assert_ptr_null(t);
        ck_assert_int_eq(supply.held, 0);
    }
    ration_set(&supply, -1);
    return t;
}

static bool same_files(const char *a, const char *b)
{
    char command[9000];
    snprintf(command, sizeof command, "cmp -s '%s' '%s'", data_path(folder, a), data_path(folder, b));
    return system(command) == 0;
}

static void save(dmlcsr_trainer *t, const char *name)
{
    ck_assert_int_eq(dmlcsr_trainer_save(t, data_path(folder, name), NULL, 0), DMLCSR_OK);
}

static void step(dmlcsr_trainer *t)
{
    ck_assert_msg(dmlcsr_trainer_step(t, input, labels, .01, NULL) == DMLCSR_OK, "%s", dmlcsr_trainer_last_error(t));
}

static int call_ensemble(dmlcsr_trainer *t)
{
    return dmlcsr_trainer_ensemble(t);
}

static int call_teach(dmlcsr_trainer *t)
{
    return dmlcsr_trainer_teach(t, 1);
}

static int call_save(dmlcsr_trainer *t)
{
    static const char *const pair[] = {"run.epoch", "1"};
    return dmlcsr_trainer_save(t, data_path(folder, "saved"), pair, 1);
}

static int call_export(dmlcsr_trainer *t)
{
    return dmlcsr_trainer_export(t, DMLCSR_AVERAGE, data_path(folder, "exported"), DMLCSR_F16, NULL, 0);
}

static int call_fill(dmlcsr_trainer *t)
{
    return dmlcsr_trainer_fill(t, data_path(folder, "model"), NULL, NULL, NULL);
}

static int call_restore(dmlcsr_trainer *t)
{
    return dmlcsr_trainer_restore(t, data_path(folder, "checkpoint"), NULL, NULL);
}

/* Fails until it does not; `kept`: blocks that stay when it succeeds. All that time the trainer does not change. */
static void starve(dmlcsr_trainer *t, int (*call)(dmlcsr_trainer *t), long least, long kept)
{
    const long before = supply.held;
    long n = 0;
    save(t, "before");
    for (;; n++) {
        dmlcsr_trainer_export(t, 77, "", DMLCSR_F32, NULL, 0); /* another sentence */
        ration_set(&supply, n);
        const int status = call(t);
        ration_set(&supply, -1);
        if (status == DMLCSR_OK)
            break;
        check_failure(status, dmlcsr_trainer_last_error(t), n);
        ck_assert_int_eq(supply.held, before);
        ck_assert_int_eq(dmlcsr_trainer_export(t, 77, "", DMLCSR_F32, NULL, 0), DMLCSR_ERROR_ARGUMENT);
        save(t, "after");
        ck_assert_msg(same_files("before", "after"), "changed when allocation %ld failed", n);
    }
    ck_assert_int_ge(n, least);
    ck_assert_int_eq(supply.held, before + kept);
}

START_TEST(trainer)
{
    dmlcsr_trainer *t = make_trainer(NULL);
    ration_set(&supply, 0); /* a step takes no memory, nor do statistics */
    step(t);
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_AVERAGE, input), DMLCSR_OK);
    ration_set(&supply, -1);
    starve(t, call_save, 8, 0);
    starve(t, call_export, 8, 0);
    starve(t, call_ensemble, 2, 2);
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), DMLCSR_OK);
    starve(t, call_teach, 1, 1);
    ration_set(&supply, 0);
    step(t); /* nor does a step with a teacher */
    dmlcsr_trainer_free(t);
}
END_TEST

static int call_distil(dmlcsr_trainer *t)
{
    static float logits[2 * SMALL_CLASSES * SMALL_PIXELS]; /* more than there are */
    return dmlcsr_trainer_distil(t, logits, .5);
}

START_TEST(trainer_with_another_network)
{
    dmlcsr_trainer *t = make_trainer(NULL);
    step(t);
    starve(t, call_distil, 1, 1);
    ration_set(&supply, 0);
    step(t);
    ck_assert_int_eq(call_distil(t), DMLCSR_OK); /* the room is there */
    step(t);
    dmlcsr_trainer_free(t);
}
END_TEST

/* Into a trainer that lacks the ensemble and its teaching. */
START_TEST(trainer_from_files)
{
    dmlcsr_trainer *t = make_trainer(NULL);
    step(t);
    ck_assert_int_eq(dmlcsr_trainer_export(t, DMLCSR_CURRENT, data_path(folder, "model"), DMLCSR_F32, NULL, 0), 0);
    ck_assert_int_eq(dmlcsr_trainer_ensemble(t), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), DMLCSR_OK);
    save(t, "checkpoint");
    dmlcsr_trainer_free(t);
    t = make_trainer(data_path(folder, "model"));
    starve(t, call_fill, 4, 0);
    starve(t, call_restore, 4, 3);
    save(t, "again");
    ck_assert(same_files("checkpoint", "again"));
    step(t);
    dmlcsr_trainer_free(t);
}
END_TEST

/* Half an allocator is none. */
START_TEST(hooks_come_together)
{
    dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = NULL;
    dmlcsr_dataset_options d;
    dmlcsr_dataset *set = NULL;
    dmlcsr_dataset_options_init(&d);
    o.error = d.error = sentence;
    o.error_size = d.error_size = sizeof sentence;
    o.allocate = ration_allocate;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(sentence, "allocate and options.release come together"));
    d.root = folder;
    d.set = "train";
    d.release = ration_release;
    ck_assert_int_eq(dmlcsr_dataset_open(&set, &d), DMLCSR_ERROR_ARGUMENT);
    ck_assert(!t && !set);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {dataset, loading, trainer, trainer_with_another_network,
                                  trainer_from_files, hooks_come_together};
    Suite *suite = suite_create("oom of training");
    TCase *c = tcase_create("oom");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 600);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
