/* The norm over several processes, here threads that meet at a barrier: the same as one process with all pictures. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "cases/norm_values.h"
#include "cases/ops_case.h"
#include "support/core.h"
#include "support/meeting.h"

typedef struct process {
    meeting *m;
    unsigned rank;
    int calls, fails_at, status;
    dml_batch z, u, dy;
    norm_values v;
} process;

static int add(void *opaque, double *value, size_t n)
{
    process *p = opaque;
    if (++p->calls == p->fails_at)
        return 9;
    meeting_add(p->m, p->rank, value, n);
    return 0;
}

static void run_alone(process *p, const dml_sums *sums)
{
    dml_memory memory;
    dml_core core;
    ck_assert(core_make(&core, &memory, DMLCSR_ISA_C, 1 + p->rank));
    const dml_norm_state s = norm_state_of(&p->v);
    const dml_norm_gradients g = {p->v.dweight, p->v.dbias, p->v.dscale, NULL, false};
    double *scratch = ops_room(dml_norm_scratch(NORM_CHANNELS, p->z.n) * sizeof *scratch);
    norm_values_fill(&p->v);
    p->status = dml_norm_statistics(&s, &core, &p->z, 0.1, sums, scratch);
    if (!p->status) {
        dml_norm_run(&s, &core, &p->z, NULL, 0.5, false, &p->u, NULL);
        p->status = dml_norm_back_run(&s, &core, &p->dy, NULL, &p->u, 0.5, &g, &p->dy, sums, scratch);
    }
    free(scratch);
    dml_pool_free(core.pool);
}

static void *run_process(void *argument)
{
    process *p = argument;
    const dml_sums sums = {add, p, 2};
    run_alone(p, &sums);
    return NULL;
}

static dml_batch images(const ops_field *f, uint32_t first, uint32_t n)
{
    dml_batch b = f->batch;
    b.first.data += first * b.stride;
    b.n = n;
    return b;
}

/* The same statistics and dz everywhere; gradients of parameters are each process's own. */
static void check_halves(const process *whole, const process half[2])
{
    for (uint32_t c = 0; c < NORM_CHANNELS; c++) {
        for (int k = 0; k < 2; k++) {
            const norm_values *v = &half[k].v, *w = &whole->v;
            ck_assert_double_eq_tol(v->mean[c], w->mean[c], 1e-14);
            ck_assert_double_eq_tol(v->inverse[c], w->inverse[c], 1e-13);
            ck_assert_double_eq_tol(v->running_mean[c], w->running_mean[c], 1e-13);
            ck_assert_double_eq_tol(v->running_var[c], w->running_var[c], 1e-13);
        }
        ck_assert_double_eq_tol(half[0].v.dweight[c] + half[1].v.dweight[c], whole->v.dweight[c], 1e-13);
        ck_assert_double_eq_tol(half[0].v.dbias[c] + half[1].v.dbias[c], whole->v.dbias[c], 1e-13);
    }
    ck_assert_double_eq_tol(half[0].v.dscale[0] + half[1].v.dscale[0], whole->v.dscale[0], 1e-12);
}

/* Three images in one process; two and one in two. */
START_TEST(processes)
{
    meeting m = MEETING_INIT;
    ops_field f[6]; /* z, u, dy of the whole, and of the halves */
    pthread_t thread[2];
    for (int i = 0; i < 6; i++) {
        f[i] = ops_activations(3, NORM_CHANNELS, 0, 4, 5, i % 2, 0);
        ops_fill(&f[i], i % 3 == 2 ? "dy" : "z", 1, 1);
    }
    /* Pictures of different brightness: the means of the processes are not the common one. */
    for (size_t k = 0; k < f[0].used; k++) {
        f[0].value[f[0].at[k]] += k >= f[0].used / 3 * 2 ? 2 : 0;
        f[3].value[f[3].at[k]] += k >= f[3].used / 3 * 2 ? 2 : 0;
    }
    process whole = {.z = f[0].batch, .u = f[1].batch, .dy = f[2].batch}, half[2];
    for (unsigned k = 0; k < 2; k++)
        half[k] = (process){.m = &m, .rank = k, .z = images(&f[3], 2 * k, 2 - k), .u = images(&f[4], 2 * k, 2 - k),
                            .dy = images(&f[5], 2 * k, 2 - k)};
    run_alone(&whole, NULL);
    for (int k = 0; k < 2; k++)
        ck_assert_int_eq(pthread_create(&thread[k], NULL, run_process, &half[k]), 0);
    for (int k = 0; k < 2; k++)
        pthread_join(thread[k], NULL);
    ck_assert_int_eq(whole.status | half[0].status | half[1].status, 0);
    check_halves(&whole, half);
    for (size_t k = 0; k < f[2].used; k++)
        ck_assert_double_eq_tol(f[2].value[f[2].at[k]], f[5].value[f[5].at[k]], 1e-13);
    for (int i = 0; i < 6; i++)
        ops_release(&f[i]);
}
END_TEST

/* A sum that fails ends the operation with its status: the mean's, the distances', the way back's. */
START_TEST(failing_sums)
{
    meeting m = MEETING_INIT;
    for (int at = 1; at <= 3; at++) {
        ops_field f[6];
        pthread_t thread[2];
        process p[2];
        for (int i = 0; i < 6; i++)
            f[i] = ops_activations(1, NORM_CHANNELS, 0, 2, 2, 0, 0);
        for (unsigned k = 0; k < 2; k++) {
            p[k] = (process){.m = &m, .rank = k, .fails_at = at, .z = f[3 * k].batch, .u = f[3 * k + 1].batch,
                             .dy = f[3 * k + 2].batch};
            ck_assert_int_eq(pthread_create(&thread[k], NULL, run_process, &p[k]), 0);
        }
        for (int k = 0; k < 2; k++) {
            pthread_join(thread[k], NULL);
            ck_assert_int_eq(p[k].status, 9);
            ck_assert_int_eq(p[k].calls, at);
        }
        for (int i = 0; i < 6; i++)
            ops_release(&f[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_processes");
    TCase *tests = tcase_create("norm");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, processes);
    tcase_add_test(tests, failing_sums);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
