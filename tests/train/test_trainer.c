/* The trainer through its public functions: checkpoints to the bit, the self-ensemble, teaching, two processes as one, and
 * what it says when something is wrong. */
#define _DEFAULT_SOURCE /* mkdtemp */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmlcsr/train.h"
#include "support/family.h"
#include "support/meeting.h"
#include "support/small_trainer.h"

static char folder[64];

static const char *path_of(const char *name)
{
    static char path[2][128];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static float input[8 * 3 * SMALL_PIXELS];
static uint8_t labels[8 * SMALL_PIXELS];

static double step(dmlcsr_trainer *t, uint32_t number, double rate)
{
    dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
    small_batch(2 * number, 2, input, labels);
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

static void expect(const dmlcsr_trainer *t, int got, int status, const char *text)
{
    ck_assert_int_eq(got, status);
    ck_assert_msg(strstr(dmlcsr_trainer_last_error(t), text) != NULL, "\"%s\" is not in \"%s\"", text,
                  dmlcsr_trainer_last_error(t));
}

/* ---- tests ---- */

START_TEST(test_learns)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
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
        dmlcsr_trainer *t = small_trainer(&o);
        step(t, 0, .01);
        ck_assert_int_eq(dmlcsr_trainer_ensemble(t), 0);
        small_batch(0, 2, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), 0);
        ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), 0);
        step(t, 1, .01);
        if (resumed) {
            const char *const pair[] = {"run.epoch", "7"};
            ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("checkpoint"), pair, 1), 0);
            dmlcsr_trainer_free(t);
            o.seed = 1234; /* what it starts with does not matter */
            o.threads = 1;
            t = small_trainer(&o);
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
        dmlcsr_trainer *t = small_trainer(&o);
        step(t, 0, .01);
        ck_assert_int_eq(dmlcsr_trainer_ensemble(t), 0);
        small_batch(0, 2, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), 0);
        ck_assert_int_eq(dmlcsr_trainer_teach(t, teach), 0);
        total[teach] = step(t, 0, .01);
        dmlcsr_trainer_free(t);
    }
    ck_assert_double_lt(total[1], total[0]); /* KL to a mixture with what was just predicted is below cross entropy */
}
END_TEST

/* ---- another network ---- */

enum { OUT_SIDE = (SMALL_SIDE - 1) / 4 + 1, LOGITS = 2 * SMALL_CLASSES * OUT_SIDE * OUT_SIDE };

/* The same logits all over a picture: `height` for its class, else 0. */
static const float *lesson(uint32_t class0, uint32_t class1, float height)
{
    static float logits[LOGITS];
    for (size_t i = 0; i < LOGITS; i++) {
        const size_t channel = i / (OUT_SIDE * OUT_SIDE);
        logits[i] = channel == class0 || channel == SMALL_CLASSES + class1 ? height : 0;
    }
    return logits;
}

static dmlcsr_loss_terms terms_of(dmlcsr_trainer *t)
{
    dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
    ck_assert_msg(dmlcsr_trainer_step(t, input, labels, 0, &terms) == DMLCSR_OK, "%s", dmlcsr_trainer_last_error(t));
    return terms;
}

static dmlcsr_loss_terms taught(dmlcsr_trainer *t, const float *logits, double share)
{
    ck_assert_msg(dmlcsr_trainer_distil(t, logits, share) == DMLCSR_OK, "%s", dmlcsr_trainer_last_error(t));
    return terms_of(t);
}

static bool same_terms(dmlcsr_loss_terms a, dmlcsr_loss_terms b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* With a rate of 0 a network stays what it is, so that steps can be compared. */
START_TEST(test_distil)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    small_batch(0, 2, input, labels);
    const dmlcsr_loss_terms hard = terms_of(t), all = taught(t, lesson(1, 2, 3), 1);
    ck_assert(fabs(all.parse - hard.parse) > .01 && all.gradient_norm != hard.gradient_norm);
    ck_assert(all.lovasz == hard.lovasz && all.binary_edge == hard.binary_edge);
    ck_assert(same_terms(terms_of(t), hard)); /* forgotten */
    const dmlcsr_loss_terms some = taught(t, lesson(1, 2, 3), .25);
    ck_assert_double_eq_tol(some.parse, .75 * hard.parse + .25 * all.parse, 1e-5);
    ck_assert_double_eq_tol(some.attention_binary, .75 * hard.attention_binary + .25 * all.attention_binary, 1e-5);
    ck_assert(!same_terms(taught(t, lesson(2, 1, 3), 1), all)); /* a picture's logits are for that picture */
    dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1);
    ck_assert(same_terms(taught(t, lesson(1, 2, 3), 0), hard));
    dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1);
    ck_assert(same_terms(taught(t, NULL, .5), hard));
    dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1);
    ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, -1, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert(same_terms(terms_of(t), all)); /* a step that fails leaves them for the next one */
    dmlcsr_trainer_free(t);
}
END_TEST

/* A teacher that is sure of the labels is as good as they are; one that is sure of others is not. */
START_TEST(test_distil_layout)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    small_batch(0, 2, input, labels);
    memset(labels, 1, SMALL_PIXELS);
    memset(labels + SMALL_PIXELS, 4, SMALL_PIXELS);
    const dmlcsr_loss_terms hard = terms_of(t), right = taught(t, lesson(1, 4, 50), 1);
    const dmlcsr_loss_terms wrong = taught(t, lesson(4, 1, 50), 1);
    ck_assert_double_eq_tol(right.parse, hard.parse, 1e-5);
    ck_assert_double_eq_tol(right.gradient_norm, hard.gradient_norm, 1e-4 * hard.gradient_norm);
    ck_assert(fabs(wrong.parse - hard.parse) > .01);
    dmlcsr_trainer_free(t);
}
END_TEST

static size_t bytes_of(const dmlcsr_trainer *t)
{
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    ck_assert_int_eq(dmlcsr_trainer_describe(t, &info), DMLCSR_OK);
    return info.total_bytes;
}

START_TEST(test_distil_errors)
{
    const dmlcsr_trainer_options o = small_options(2);
    const double shares[] = {-.1, 1.1, NAN, INFINITY};
    dmlcsr_trainer *t = small_trainer(&o);
    float bad[LOGITS];
    small_batch(0, 2, input, labels);
    const dmlcsr_loss_terms hard = terms_of(t), all = taught(t, lesson(1, 2, 3), 1);
    const size_t bytes = bytes_of(t);
    ck_assert_int_eq(dmlcsr_trainer_distil(NULL, lesson(1, 2, 3), 1), DMLCSR_ERROR_ARGUMENT);
    dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1);
    for (int i = 0; i < 4; i++)
        expect(t, dmlcsr_trainer_distil(t, lesson(2, 1, 3), shares[i]), DMLCSR_ERROR_ARGUMENT, "share is ");
    memcpy(bad, lesson(2, 1, 3), sizeof bad);
    bad[((SMALL_CLASSES + 3) * OUT_SIDE + 7) * OUT_SIDE + 5] = NAN;
    expect(t, dmlcsr_trainer_distil(t, bad, 1), DMLCSR_ERROR_ARGUMENT, "logit of picture 1, class 3 at (5, 7) is ");
    ck_assert(same_terms(terms_of(t), all)); /* what waited still waited */
    ck_assert_uint_eq(bytes_of(t), bytes);
    ck_assert_int_eq(dmlcsr_trainer_ensemble(t), 0);
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), 0);
    dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1);
    expect(t, dmlcsr_trainer_teach(t, 1), DMLCSR_ERROR_ARGUMENT, "logits of another network wait");
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("waiting"), NULL, 0), 0);
    ck_assert_int_eq(dmlcsr_trainer_restore(t, path_of("waiting"), NULL, NULL), 0);
    ck_assert(same_terms(terms_of(t), hard)); /* they were for the step of another time */
    ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), 0);
    expect(t, dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1), DMLCSR_ERROR_ARGUMENT, "while the self-ensemble does");
    ck_assert_int_eq(dmlcsr_trainer_distil(t, NULL, 0), 0);
    ck_assert_int_eq(dmlcsr_trainer_teach(t, 0), 0);
    ck_assert(same_terms(taught(t, lesson(1, 2, 3), 1), all));
    dmlcsr_trainer_free(t);
}
END_TEST

/* The room for the logits is part of what a trainer holds, and is taken once. */
START_TEST(test_distil_memory)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    const size_t before = bytes_of(t);
    ck_assert_int_eq(dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1), 0);
    const size_t after = bytes_of(t);
    ck_assert_uint_ge(after, before + LOGITS * sizeof(float));
    ck_assert_int_eq(dmlcsr_trainer_distil(t, lesson(1, 2, 3), 1), 0);
    ck_assert_uint_eq(bytes_of(t), after);
    dmlcsr_trainer_free(t);
}
END_TEST

/* What is exported is a model that parses. */
START_TEST(test_export)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    dmlcsr *parser = NULL;
    static uint8_t rgb[SMALL_PIXELS * 3], label[SMALL_PIXELS];
    uint32_t filled = 0;
    step(t, 0, .01);
    export_model(t, DMLCSR_CURRENT, "model");
    ck_assert_int_eq(dmlcsr_create(&parser, path_of("model"), NULL), 0);
    ck_assert_uint_eq(dmlcsr_class_count(parser), SMALL_CLASSES);
    const dmlcsr_image photo = {rgb, SMALL_SIDE, SMALL_SIDE, 3 * SMALL_SIDE, DMLCSR_RGB8};
    ck_assert_int_eq(dmlcsr_parse(parser, &photo, label, SMALL_SIDE), 0);
    dmlcsr_free(parser);
    dmlcsr_trainer_options other = o;
    other.seed = 8;
    other.divide = 1;
    other.family = path_of("model");
    dmlcsr_trainer *copy = small_trainer(&other);
    ck_assert_int_eq(dmlcsr_trainer_fill(copy, path_of("model"), NULL, NULL, &filled), 0);
    export_model(copy, DMLCSR_CURRENT, "copy");
    check_same("model", "copy", true);
    ck_assert_uint_gt(filled, 100);
    dmlcsr_trainer_free(copy);
    dmlcsr_trainer_free(t);
}
END_TEST

static void forward(const char *name, float *out)
{
    dmlcsr *parser = NULL;
    ck_assert_int_eq(dmlcsr_create(&parser, path_of(name), NULL), 0);
    ck_assert_int_eq(dmlcsr_forward(parser, input, SMALL_SIDE, SMALL_SIDE, out, NULL, NULL), 0);
    dmlcsr_free(parser);
}

static void must_be_taken(void *opaque, const char *name, const char *why)
{
    (void)opaque;
    ck_assert_msg(!why, "%s: %s", name, why);
}

/* A network whose widths no divisor describes: another in each place that may have its own. */
START_TEST(test_odd_family)
{
    static const family member = {.classes = SMALL_CLASSES, .blocks = {2, 1, 1, 2}, .divide = 16, .edges = 1};
    static const family_oddity odd = {{5, 6, 9}, {3, 5, 6, 8}, 20, 11, 9, 10, 32, 3, 12, 0, {7, 4}, 13, 18, 17, 15};
    enum { OUTPUTS = SMALL_CLASSES * 13 * 13 };
    static float is[OUTPUTS], must[OUTPUTS];
    dmlcsr_trainer_options o = small_options(2);
    size_t size;
    unsigned char *file = family_odd_file(&member, &odd, 5, &size);
    FILE *f = fopen(path_of("odd"), "wb");
    ck_assert(f && fwrite(file, 1, size, f) == size && fclose(f) == 0);
    free(file);
    o.family = path_of("odd");
    dmlcsr_trainer *t = small_trainer(&o);
    ck_assert_int_eq(dmlcsr_trainer_fill(t, path_of("odd"), must_be_taken, NULL, NULL), 0);
    export_model(t, DMLCSR_CURRENT, "model");
    forward("odd", must);
    forward("model", is);
    ck_assert_mem_eq(is, must, sizeof is);
    const double before = step(t, 0, .002);
    for (int i = 0; i < 8; i++)
        step(t, 0, .002);
    ck_assert_double_lt(step(t, 0, 0), before);
    dmlcsr_trainer_free(t);
}
END_TEST

/* ---- two processes, as threads ---- */

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
    meeting_add(p->m, p->rank, values, n);
    return 0;
}

static int gather(void *opaque, const float *mine, size_t n, float *all)
{
    process *p = opaque;
    meeting_gather(p->m, p->rank, mine, n * sizeof *mine, all);
    return 0;
}

static int reduce_begin(void *opaque, float *values, size_t n)
{
    process *p = opaque;
    meeting_add_single(p->m, p->rank, values, n);
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
    float *in = malloc(2 * 3 * SMALL_PIXELS * sizeof *in);
    uint8_t *lab = malloc(2 * SMALL_PIXELS);
    for (uint32_t i = 0; i < 3; i++) {
        dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
        small_batch(4 * i + 2 * p->rank, 2, in, lab);
        if (dmlcsr_trainer_step(p->trainer, in, lab, 1e-3, &terms))
            terms.total = NAN;
        p->total[i] = terms.total;
    }
    free(in);
    free(lab);
    return NULL;
}

static void make_process(process *p, meeting *m, uint32_t rank, uint64_t seed)
{
    dmlcsr_communicator c;
    dmlcsr_trainer_options half = small_options(2);
    dmlcsr_communicator_init(&c);
    c.rank = rank;
    c.processes = 2;
    c.sum = sum;
    c.gather = gather;
    c.reduce_begin = reduce_begin;
    c.reduce_end = reduce_end;
    c.opaque = p;
    half.communicator = &c;
    half.seed = seed;
    *p = (process){.m = m, .rank = rank};
    p->trainer = small_trainer(&half);
}

static void run_processes(process p[2])
{
    for (int r = 0; r < 2; r++)
        ck_assert_int_eq(pthread_create(&p[r].thread, NULL, run_process, &p[r]), 0);
    for (int r = 0; r < 2; r++)
        pthread_join(p[r].thread, NULL);
}

START_TEST(test_two_processes)
{
    meeting m = MEETING_INIT;
    process p[2];
    double whole[3];
    const dmlcsr_trainer_options one = small_options(4);
    dmlcsr_trainer *t = small_trainer(&one);
    for (uint32_t i = 0; i < 3; i++) {
        dmlcsr_loss_terms terms = {.struct_size = sizeof terms};
        small_batch(4 * i, 4, input, labels);
        ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, 1e-3, &terms), 0);
        whole[i] = terms.total;
    }
    for (uint32_t r = 0; r < 2; r++)
        make_process(&p[r], &m, r, 3);
    run_processes(p);
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
}
END_TEST

/* Gradients of different networks must not be added up; a model file makes them alike. */
START_TEST(test_unlike_processes)
{
    meeting m = MEETING_INIT;
    process p[2];
    for (uint32_t r = 0; r < 2; r++)
        make_process(&p[r], &m, r, 3 + r);
    export_model(p[0].trainer, DMLCSR_CURRENT, "start");
    run_processes(p);
    for (int r = 0; r < 2; r++) {
        ck_assert(isnan(p[r].total[0]));
        ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(p[r].trainer), "do not begin with the same parameters"));
        ck_assert_int_eq(dmlcsr_trainer_fill(p[r].trainer, path_of("start"), NULL, NULL, NULL), 0);
    }
    run_processes(p);
    for (int r = 0; r < 2; r++) {
        ck_assert(isfinite(p[r].total[2]));
        dmlcsr_trainer_free(p[r].trainer);
    }
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
    o.classes = SMALL_CLASSES;
    o.momentum = NAN;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error, "momentum is "));
    o.momentum = .9;
    o.family = "/nowhere/model";
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(error, "/nowhere/model: cannot be opened"));
    o.family = NULL;
    o.memory_limit = 1000000;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(error, "options.memory_limit"));
    o.memory_limit = 0;
    o.isa = 99;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ISA);
    ck_assert_ptr_nonnull(strstr(error, "instruction set 99 (unknown)"));
    o.isa = dmlcsr_isa_available(DMLCSR_ISA_NEON) ? DMLCSR_ISA_AVX2 : DMLCSR_ISA_NEON;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_ISA);
    ck_assert_ptr_nonnull(strstr(error, o.isa == DMLCSR_ISA_NEON ? "set 5 (neon)" : "set 3 (avx2)"));
    o.struct_size = 8;
    ck_assert_int_eq(dmlcsr_trainer_create(&t, &o), DMLCSR_ERROR_STRUCT);
    o.struct_size = sizeof o;
    ck_assert_ptr_null(t);
    o.isa = DMLCSR_ISA_AUTO;
    t = small_trainer(&o);
    small_batch(0, 2, input, labels);
    labels[SMALL_PIXELS + 5 * SMALL_SIDE + 7] = SMALL_CLASSES;
    ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, .01, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "step 1: label 5 of picture 1 at (7, 5) is none of the 5 classes"));
    expect(t, dmlcsr_trainer_step(t, input, labels, -1, NULL), DMLCSR_ERROR_ARGUMENT, "rate is -1");
    expect(t, dmlcsr_trainer_step(t, input, labels, NAN, NULL), DMLCSR_ERROR_ARGUMENT, "rate is ");
    expect(t, dmlcsr_trainer_step(t, input, labels, INFINITY, NULL), DMLCSR_ERROR_ARGUMENT, "rate is inf");
    expect(t, dmlcsr_trainer_step(t, NULL, labels, .01, NULL), DMLCSR_ERROR_ARGUMENT, "NULL");
    expect(t, dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), DMLCSR_ERROR_ARGUMENT, "no network 1");
    expect(t, dmlcsr_trainer_export(t, DMLCSR_CURRENT, path_of("x"), 7, NULL, 0), DMLCSR_ERROR_ARGUMENT, "dtype is 7");
    expect(t, dmlcsr_trainer_save(t, path_of("x"), NULL, 1), DMLCSR_ERROR_ARGUMENT, "metadata");
    expect(t, dmlcsr_trainer_fill(t, path_of("missing"), NULL, NULL, NULL), DMLCSR_ERROR_IO, path_of("missing"));
    expect(t, dmlcsr_trainer_restore(t, path_of("missing"), NULL, NULL), DMLCSR_ERROR_IO, path_of("missing"));
    ck_assert_int_eq(dmlcsr_trainer_teach(t, 1), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_trainer_export(t, DMLCSR_ENSEMBLE, path_of("x"), DMLCSR_F32, NULL, 0), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_trainer_save(t, "/nowhere/at/all", NULL, 0), DMLCSR_ERROR_IO);
    export_model(t, DMLCSR_CURRENT, "model");
    expect(t, dmlcsr_trainer_restore(t, path_of("model"), NULL, NULL), DMLCSR_ERROR_MODEL, path_of("model"));
    dmlcsr_trainer_free(t);
    dmlcsr_trainer_free(NULL);
}
END_TEST

/* A loss that is not a number leaves the trainer alone: statistics, too, which the way forward has moved. */
START_TEST(test_diverged)
{
    const dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    step(t, 0, .01);
    ck_assert_int_eq(dmlcsr_trainer_ensemble(t), DMLCSR_OK);
    small_batch(0, 2, input, labels);
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("sound"), NULL, 0), DMLCSR_OK);
    input[100] = NAN;
    ck_assert_int_eq(dmlcsr_trainer_step(t, input, labels, .01, NULL), DMLCSR_ERROR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "step 2: "));
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_ENSEMBLE, input), DMLCSR_ERROR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "statistics of network 1"));
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("after"), NULL, 0), DMLCSR_OK);
    check_same("sound", "after", true);
    dmlcsr_trainer_info info = {.struct_size = sizeof info};
    dmlcsr_trainer_describe(t, &info);
    ck_assert_uint_eq(info.steps, 1);
    dmlcsr_trainer_free(t);
}
END_TEST

/* The moving average is the network itself until the first step; statistics that cannot be estimated stay. */
START_TEST(test_average)
{
    dmlcsr_trainer_options o = small_options(2);
    o.average = .9;
    dmlcsr_trainer *t = small_trainer(&o);
    export_model(t, DMLCSR_CURRENT, "current");
    export_model(t, DMLCSR_AVERAGE, "average");
    check_same("current", "average", true);
    o.seed = 1234;
    dmlcsr_trainer *other = small_trainer(&o);
    ck_assert_int_eq(dmlcsr_trainer_fill(other, path_of("current"), NULL, NULL, NULL), DMLCSR_OK);
    export_model(other, DMLCSR_AVERAGE, "filled");
    check_same("current", "filled", true);
    dmlcsr_trainer_free(other);

    small_batch(0, 2, input, labels);
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_AVERAGE, input), DMLCSR_OK);
    step(t, 0, .01); /* from here on they are to be estimated anew */
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("sound"), NULL, 0), DMLCSR_OK);
    small_batch(0, 2, input, labels);
    input[100] = NAN;
    ck_assert_int_eq(dmlcsr_trainer_estimate(t, DMLCSR_AVERAGE, input), DMLCSR_ERROR_DIVERGED);
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("after"), NULL, 0), DMLCSR_OK);
    check_same("sound", "after", true);
    dmlcsr_trainer_free(t);
}
END_TEST

/* A checkpoint that is cut short, or of another network, or with a value that is none, changes nothing. */
START_TEST(test_damaged_checkpoint)
{
    dmlcsr_trainer_options o = small_options(2);
    dmlcsr_trainer *t = small_trainer(&o);
    step(t, 0, .01);
    ck_assert_int_eq(dmlcsr_trainer_ensemble(t), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("sound"), NULL, 0), DMLCSR_OK);
    dmlcsr_trainer_free(t);
    static const char *const damage[] = {
        "head -c 9000 %s >%s",                              /* cut short */
        "sed 's/cycle 1 /cycle 0 /' %s >%s",                /* an ensemble that has never been made */
        "sed 's/ensemble\\./elsewhere/g' %s >%s",           /* the other way round */
        "sed 's/steps 1 /stops 1 /' %s >%s",                /* no position */
        "{ head -c -4 %s; printf '\\0\\0\\300\\177'; } >%s", /* the last value is NaN */
    };
    o.seed = 7;
    t = small_trainer(&o);
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("before"), NULL, 0), DMLCSR_OK);
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        char command[400];
        snprintf(command, sizeof command, damage[i], path_of("sound"), path_of("damaged"));
        ck_assert_int_eq(system(command), 0);
        const int status = dmlcsr_trainer_restore(t, path_of("damaged"), NULL, NULL);
        ck_assert_msg(status == DMLCSR_ERROR_MODEL || status == DMLCSR_ERROR_FORMAT, "%zu: %d", i, status);
        ck_assert_msg(strstr(dmlcsr_trainer_last_error(t), path_of("damaged")) != NULL, "%s",
                      dmlcsr_trainer_last_error(t));
        ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("after"), NULL, 0), DMLCSR_OK);
        check_same("before", "after", true);
    }
    ck_assert_int_eq(dmlcsr_trainer_restore(t, path_of("sound"), NULL, NULL), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_trainer_save(t, path_of("after"), NULL, 0), DMLCSR_OK);
    check_same("sound", "after", true);
    dmlcsr_trainer_free(t);
    o.divide = 8;
    t = small_trainer(&o);
    ck_assert_int_eq(dmlcsr_trainer_restore(t, path_of("sound"), NULL, NULL), DMLCSR_ERROR_MODEL);
    ck_assert_ptr_nonnull(strstr(dmlcsr_trainer_last_error(t), "another network: tensor current.conv1.weight"));
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
    tcase_add_test(tests, test_distil);
    tcase_add_test(tests, test_distil_layout);
    tcase_add_test(tests, test_distil_errors);
    tcase_add_test(tests, test_distil_memory);
    tcase_add_test(tests, test_export);
    tcase_add_test(tests, test_odd_family);
    tcase_add_test(tests, test_two_processes);
    tcase_add_test(tests, test_unlike_processes);
    tcase_add_test(tests, test_errors);
    tcase_add_test(tests, test_diverged);
    tcase_add_test(tests, test_average);
    tcase_add_test(tests, test_damaged_checkpoint);
    tcase_add_test(tests, test_schedule);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 || failed;
}
