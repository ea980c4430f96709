/* The trainer through its public functions: checkpoints to the bit, the self-ensemble, teaching, two processes as one, and
 * what it says when something is wrong. */
#define _DEFAULT_SOURCE /* mkdtemp, pthread_barrier */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmlcsr/train.h"

#define SIDE 49
#define CLASSES 5

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static dmlcsr_trainer_options small_options(uint32_t batch)
{
    dmlcsr_trainer_options o;
    dmlcsr_trainer_options_init(&o);
    for (int i = 0; i < 4; i++)
        o.blocks[i] = 1;
    o.divide = 16;
    o.classes = CLASSES;
    o.batch = batch;
    o.height = o.width = SIDE;
    o.threads = 2;
    o.seed = 3;
    return o;
}

static dmlcsr_trainer *make(const dmlcsr_trainer_options *options)
{
    dmlcsr_trainer *t = NULL;
    char error[256] = "";
    dmlcsr_trainer_options o = *options;
    o.error = error;
    o.error_size = sizeof error;
    ck_assert_msg(dmlcsr_trainer_create(&t, &o) == DMLCSR_OK, "%s", error);
    return t;
}

/* Picture i of a made-up set: blobs of classes, and noise. */
static void picture(uint32_t i, float *input, uint8_t *labels)
{
    const size_t plane = SIDE * SIDE;
    uint32_t random = 99 + i;
    for (size_t p = 0; p < plane; p++) {
        const size_t x = p % SIDE, y = p / SIDE;
        labels[p] = (uint8_t)((x / 10 + y / 12 + i) % CLASSES);
        for (size_t c = 0; c < 3; c++) {
            random = random * 1664525u + 1013904223u;
            input[c * plane + p] = (float)(labels[p] * (c + 1)) * .3f + (float)(random >> 24) / 256;
        }
    }
    memset(labels, 255, SIDE);
}

static float input[8 * 3 * SIDE * SIDE];
static uint8_t labels[8 * SIDE * SIDE];

static void batch(uint32_t first, uint32_t count, float *to_input, uint8_t *to_labels)
{
    for (uint32_t i = 0; i < count; i++)
        picture(first + i, to_input + (size_t)i * 3 * SIDE * SIDE, to_labels + (size_t)i * SIDE * SIDE);
}

static double step(dmlcsr_trainer *t, uint32_t number, double rate)
{
    dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
    batch(2 * number, 2, input, labels);
    ck_assert_msg(dmlcsr_trainer_step(t, input, labels, rate, &terms) == DMLCSR_OK, "%s", dmlcsr_trainer_last_error(t));
    return terms.total;
}

static void export_model(dmlcsr_trainer *t, int which, const char *name)
{
    ck_assert_msg(dmlcsr_trainer_export(t, which, path_of(name), DMLCSR_F32, NULL, 0) == DMLCSR_OK, "%s",
                  dmlcsr_trainer_last_error(t));
}

static void check_same(const char *a, const char *b, bool same)
{
    char command[400];
    snprintf(command, sizeof command, "cmp -s %s/%s %s/%s", folder, a, folder, b);
    ck_assert_int_eq(system(command) == 0, same);
}

/* ---- tests ---- */

START_TEST(test_learns)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = make(&o);
    const double first = step(t, 0, .01);
    double last = first;
    for (int i = 0; i < 30; i++)
        last = step(t, 0, .01);
    ck_assert_double_lt(last, .6 * first);
    dmlcsr_trainer_free(t);
}
END_TEST

/* Three steps, a checkpoint, three more: as six in one go, with a cycle, a teacher and a moving average on the way. */
START_TEST(test_resume)
{
    dmlcsr_trainer_options o = small_options(2);
    o.average = .9;
    for (int resumed = 0; resumed < 2; resumed++) {
        dmlcsr_trainer *t = make(&o);
        step(t, 0, .01);
        ck_assert_int_eq(dmlcsr_trainer_ensemble(t), 0);
        batch(0, 2, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), 0);
        ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), 0);
        step(t, 1, .01);
        if (resumed) {
            const char *const pair[] = {"run.epoch", "7"};
            ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("checkpoint"), pair, 1), 0);
            dmlcsr_trainer_free(t);
            o.seed = 1234; /* what it starts with does not matter */
            o.threads = 1;
            t = make(&o);
            ck_assert_int_eq(dmlcsr_trainer_restore(t, path_of("checkpoint"), NULL, NULL), 0);
        }
        step(t, 2, .005);
        step(t, 3, .005);
        dmlcsr_trainer_info info = {.struct_size = sizeof info};
        ck_assert_int_eq(dmlcsr_trainer_describe(t, &info), 0);
        ck_assert_uint_eq(info.steps, 4);
        ck_assert_uint_eq(info.cycle, 1);
        export_model(t, DMLCSR_CURRENT, resumed ? "current1" : "current0");
        export_model(t, DMLCSR_ENSEMBLE, resumed ? "ensemble1" : "ensemble0");
        export_model(t, DMLCSR_AVERAGE, resumed ? "average1" : "average0");
        dmlcsr_trainer_free(t);
    }
    check_same("current0", "current1", true);
    check_same("ensemble0", "ensemble1", true);
    check_same("average0", "average1", true);
    check_same("current0", "ensemble0", false);
}
END_TEST

/* A teacher changes a step. */
START_TEST(test_teacher)
{
    const dmlcsr_trainer_options o = small_options(2);
    double total[2];
    for (int teach = 0; teach < 2; teach++) {
        dmlcsr_trainer *t = make(&o);
        step(t, 0, .01);
        ck_assert_int_eq(dmlcsr_trainer_ensemble(t), 0);
        batch(0, 2, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), 0);
        ck_assert_int_eq(dmlcsr_trainer_teach(t, teach), 0);
        total[teach] = step(t, 0, .01);
        dmlcsr_trainer_free(t);
    }
    ck_assert_double_lt(total[1], total[0]); /* KL to a mixture with what was just predicted is below cross entropy */
}
END_TEST

/* What is exported is a model that parses. */
START_TEST(test_export)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = make(&o);
    dmlcsr *parser = NULL;
    static uint8_t rgb[SIDE * SIDE * 3], label[SIDE * SIDE];
    uint32_t filled = 0;
    step(t, 0, .01);
    export_model(t, DMLCSR_CURRENT, "model");
    ck_assert_int_eq(dmlcsr_create(&parser, path_of("model"), NULL), 0);
    ck_assert_uint_eq(dmlcsr_class_count(parser), CLASSES);
    const dmlcsr_image photo = {rgb, SIDE, SIDE, 3 * SIDE, DMLCSR_RGB8};
    ck_assert_int_eq(dmlcsr_parse(parser, &photo, label, SIDE), 0);
    dmlcsr_free(parser);
    dmlcsr_trainer_options other = o;
    other.seed = 8;
    other.divide = 1;
    other.family = path_of("model");
    dmlcsr_trainer *copy = make(&other);
    ck_assert_int_eq(dmlcsr_trainer_fill(copy, path_of("model"), NULL, NULL, &filled), 0);
    export_model(copy, DMLCSR_CURRENT, "copy");
    check_same("model", "copy", true);
    ck_assert_uint_gt(filled, 100);
    dmlcsr_trainer_free(copy);
    dmlcsr_trainer_free(t);
}
END_TEST

/* ---- two processes, as threads ---- */

typedef struct meeting {
    pthread_barrier_t barrier;
    double sum[2][4096];
    const float *mine[2];
    float *reduced[2];
    size_t size;
} meeting;

typedef struct process {
    meeting *m;
    uint32_t rank;
    dmlcsr_trainer *trainer;
    double total[3];
    pthread_t thread;
} process;

static int sum(void *opaque, double *values, size_t n)
{
    process *p = opaque;
    if (n > 4096)
        return 1;
    memcpy(p->m->sum[p->rank], values, n * sizeof *values);
    pthread_barrier_wait(&p->m->barrier);
    for (size_t i = 0; i < n; i++)
        values[i] = p->m->sum[0][i] + p->m->sum[1][i];
    pthread_barrier_wait(&p->m->barrier);
    return 0;
}

static int gather(void *opaque, const float *mine, size_t n, float *all)
{
    process *p = opaque;
    p->m->mine[p->rank] = mine;
    pthread_barrier_wait(&p->m->barrier);
    for (int i = 0; i < 2; i++)
        memcpy(all + (size_t)i * n, p->m->mine[i], n * sizeof *all);
    pthread_barrier_wait(&p->m->barrier);
    return 0;
}

/* Rank 0 adds both up and hands the sum to both. */
static int reduce_begin(void *opaque, float *values, size_t n)
{
    process *p = opaque;
    p->m->reduced[p->rank] = values;
    pthread_barrier_wait(&p->m->barrier);
    for (size_t i = 0; p->rank == 0 && i < n; i++)
        p->m->reduced[0][i] = p->m->reduced[1][i] = p->m->reduced[0][i] + p->m->reduced[1][i];
    pthread_barrier_wait(&p->m->barrier);
    return 0;
}

static int reduce_end(void *opaque)
{
    (void)opaque;
    return 0;
}

static void *run_process(void *argument)
{
    process *p = argument;
    float *in = malloc(2 * 3 * SIDE * SIDE * sizeof *in);
    uint8_t *lab = malloc(2 * SIDE * SIDE);
    for (uint32_t i = 0; i < 3; i++) {
        dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
        batch(4 * i + 2 * p->rank, 2, in, lab);
        if (dmlcsr_trainer_step(p->trainer, in, lab, 1e-3, &terms))
            terms.total = NAN;
        p->total[i] = terms.total;
    }
    free(in);
    free(lab);
    return NULL;
}

START_TEST(test_two_processes)
{
    static meeting m;
    process p[2];
    double whole[3];
    const dmlcsr_trainer_options one = small_options(4);
    dmlcsr_trainer *t = make(&one);
    pthread_barrier_init(&m.barrier, NULL, 2);
    for (uint32_t i = 0; i < 3; i++) {
        dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
        batch(4 * i, 4, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, 1e-3, &terms), 0);
        whole[i] = terms.total;
    }
    for (uint32_t r = 0; r < 2; r++) {
        dmlcsr_communicator c;
        dmlcsr_trainer_options half = small_options(2);
        dmlcsr_communicator_init(&c);
        c.rank = r;
        c.processes = 2;
        c.sum = sum;
        c.gather = gather;
        c.reduce_begin = reduce_begin;
        c.reduce_end = reduce_end;
        c.opaque = &p[r];
        half.communicator = &c;
        p[r] = (process){.m = &m, .rank = r};
        p[r].trainer = make(&half);
    }
    for (int r = 0; r < 2; r++)
        ck_assert_int_eq(pthread_create(&p[r].thread, NULL, run_process, &p[r]), 0);
    for (int r = 0; r < 2; r++)
        pthread_join(p[r].thread, NULL);
    /* the first loss differs by rounding; steps multiply the difference (doc/training.md) */
    static const double limit[3] = {1e-5, 1e-3, 2e-2};
    for (int i = 0; i < 3; i++) {
        ck_assert(p[0].total[i] == p[1].total[i]);
        ck_assert_double_lt(fabs(p[0].total[i] - whole[i]) / whole[i], limit[i]);
    }
    export_model(p[0].trainer, DMLCSR_CURRENT, "rank0");
    export_model(p[1].trainer, DMLCSR_CURRENT, "rank1");
    check_same("rank0", "rank1", true);
    for (int r = 0; r < 2; r++)
        dmlcsr_trainer_free(p[r].trainer);
    dmlcsr_trainer_free(t);
    pthread_barrier_destroy(&m.barrier);
}
END_TEST

/* ---- what is wrong ---- */

START_TEST(test_errors)
{
    dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = NULL;
    char error[256] = "";
    o.error = error;
    o.error_size = sizeof error;
    o.classes = 1;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error, "classes is 1"));
    o.classes = CLASSES;
    o.memory_limit = 1000000;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_LIMIT);
    o.memory_limit = 0;
    o.isa = 99;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ISA);
    o.struct_size = 8;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_STRUCT);
    o.struct_size = sizeof o;
    ck_assert_ptr_null(t);
    o.isa = DMLCSR_ISA_AUTO;
    t = make(&o);
    batch(0, 2, input, labels);
    labels[SIDE * SIDE + 5 * SIDE + 7] = CLASSES;
    ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, .01, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "label 5 of picture 1 at (7, 5)"));
    ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_trainer_export(t, DMLCSR_ENSEMBLE, path_of("x"), DMLCSR_F32, NULL, 0), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_trainer_save(t, "/nowhere/at/all", NULL, 0), DMLCSR_ERROR_IO);
    export_model(t, DMLCSR_CURRENT, "model");
    ck_assert_int_eq(dmlcsr_trainer_restore(t, path_of("model"), NULL, NULL), DMLCSR_ERROR_MODEL);
    dmlcsr_trainer_free(t);
    dmlcsr_trainer_free(NULL);
}
END_TEST

/* A loss that is not a number leaves the parameters alone. */
START_TEST(test_diverged)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = make(&o);
    step(t, 0, .01);
    batch(0, 2, input, labels);
    input[100] = NAN;
    ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, .01, NULL), DMLCSR_ERROR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "step 2"));
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_trainer_describe(t, &info);
    ck_assert_uint_eq(info.steps, 1);
    dmlcsr_trainer_free(t);
}
END_TEST

START_TEST(test_schedule)
{
    const dmlcsr_schedule s = {1, .9, 200, 10, 150, 10};
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 0), .1, 1e-12);
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 10), 1, 1e-12);
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 105), pow(.5, .9), 1e-12);
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 150), .5, 1e-12);
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 159), .01, 1e-12);
    ck_assert_double_eq_tol(dmlcsr_schedule_rate(&s, 160), .5, 1e-12);
    ck_assert_uint_eq(dmlcsr_schedule_cycles(&s, 150), 0);
    ck_assert_uint_eq(dmlcsr_schedule_cycles(&s, 160), 1);
    ck_assert_uint_eq(dmlcsr_schedule_cycles(&s, 200), 5);
}
END_TEST

int main(void)
{
    snprintf(folder, sizeof folder, "/tmp/test_trainer.XXXXXX");
    if (!mkdtemp(folder))
        return 2;
    Suite *suite = suite_create("trainer");
    TCase *tests = tcase_create("trainer");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, test_learns);
    tcase_add_test(tests, test_resume);
    tcase_add_test(tests, test_teacher);
    tcase_add_test(tests, test_export);
    tcase_add_test(tests, test_two_processes);
    tcase_add_test(tests, test_errors);
    tcase_add_test(tests, test_diverged);
    tcase_add_test(tests, test_schedule);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return failed || system(command) != 0;
}
