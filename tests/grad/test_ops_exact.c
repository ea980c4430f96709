/* Where differences say nothing: equal maxima, ReLU at zero, and who runs which image. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "cases/ops_case.h"
#include "support/core.h"

/* ---- maximum ------------------------------------------------------------------------------------------------------- */

/* What PyTorch does: the first of equal values, row by row, gets all. */
static void first_maximum(const dml_tensor *x, const dml_tensor *dy, const dml_tensor *dx, uint32_t c)
{
    for (ptrdiff_t y = 0; y < dy->h; y++)
        for (ptrdiff_t p = 0; p < dy->w; p++) {
            dml_real best = 0, *to = NULL;
            for (ptrdiff_t i = 2 * y - 1; i <= 2 * y + 1; i++)
                for (ptrdiff_t k = 2 * p - 1; k <= 2 * p + 1; k++) {
                    if (i < 0 || k < 0 || i >= x->h || k >= x->w)
                        continue;
                    const dml_real v = dml_tensor_at(x, c / DML_BLOCK, i, k)[c % DML_BLOCK];
                    if (to && v <= best)
                        continue;
                    best = v;
                    to = dml_tensor_at(dx, c / DML_BLOCK, i, k) + c % DML_BLOCK;
                }
            *to += dml_tensor_at(dy, c / DML_BLOCK, y, p)[c % DML_BLOCK];
        }
}

START_TEST(equal_maxima)
{
    for (uint32_t shape = 0; shape < ops_maxpool.shapes; shape++) {
        ops_case c;
        ck_assert(ops_make(&c, &ops_maxpool, shape, DMLCSR_ISA_C, 2));
        ops_field *x = &c.input[0], *g = &c.gradient[0];
        for (size_t k = 0; k < x->used; k++) /* -1, 0 or 1: zeros as large as the border, and all-negative windows */
            x->value[x->at[k]] = (dml_real)(k * 7919 % 10007 % 3) - 1;
        ops_run(&c, false);
        dml_real *got = ops_room(g->count * sizeof *got);
        memcpy(got, g->value, g->count * sizeof *got);
        for (size_t k = 0; k < g->used; k++)
            g->value[g->at[k]] = 0;
        for (uint32_t i = 0; i < x->batch.n; i++) {
            const dml_tensor t = dml_batch_image(&x->batch, i), d = dml_batch_image(&c.doutput.batch, i);
            const dml_tensor to = dml_batch_image(&g->batch, i);
            for (uint32_t channel = 0; channel < t.c; channel++)
                first_maximum(&t, &d, &to, channel);
        }
        for (size_t k = 0; k < g->used; k++) /* up to four windows, added in the same order */
            ck_assert(got[g->at[k]] == g->value[g->at[k]]);
        free(got);
        ops_free(&c);
    }
}
END_TEST

/* ---- ReLU ---------------------------------------------------------------------------------------------------------- */

START_TEST(relu)
{
    dml_memory memory;
    dml_core core;
    ck_assert(core_make(&core, &memory, DMLCSR_ISA_C, 1));
    ops_field x = ops_activations(2, 19, 0, 3, 5, 0, 16), y = ops_activations(2, 19, 0, 3, 5, 2, 0);
    ops_fill(&x, "x", 1, 1);
    x.value[x.at[7]] = 0;
    for (size_t i = 0; i < y.count; i++)
        y.value[i] = 55;
    dml_relu_run(&core, &x.batch, &y.batch);
    ck_assert_uint_eq(ops_field_dirt(&y), y.count);
    for (size_t k = 0; k < x.used; k++)
        ck_assert(y.value[y.at[k]] == (x.value[x.at[k]] > 0 ? x.value[x.at[k]] : 0));
    ops_release(&x);
    ops_release(&y);
}
END_TEST

/* ---- images -------------------------------------------------------------------------------------------------------- */

typedef struct visits {
    uint32_t count[64], thread[64];
    dml_pool *pool[64];
} visits;

static void visit(void *argument, uint32_t image, uint32_t thread, dml_pool *pool)
{
    visits *v = argument;
    v->count[image]++;
    v->thread[image] = thread;
    v->pool[image] = pool;
}

/* Each image once; with a pool of their own only where images are not side by side. */
START_TEST(images)
{
    for (uint32_t threads = 1; threads <= 7; threads += 2)
        for (uint32_t n = 1; n <= 40; n++) {
            dml_memory memory;
            dml_pool *pool;
            visits v = {{0}, {0}, {NULL}};
            dml_memory_init(&memory, NULL, NULL, NULL, 0);
            ck_assert_int_eq(dml_pool_create(&pool, &memory, threads, NULL), 0);
            dml_batch_run(pool, n, visit, &v);
            const bool aside = n % threads == 0 || n >= 4 * threads;
            for (uint32_t i = 0; i < n; i++) {
                ck_assert_uint_eq(v.count[i], 1);
                ck_assert(v.pool[i] == (aside ? NULL : pool));
                ck_assert_uint_lt(v.thread[i], aside ? threads : 1);
            }
            ck_assert_uint_eq(v.count[n], 0);
            dml_pool_free(pool);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_exact");
    TCase *tests = tcase_create("exact");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, equal_maxima);
    tcase_add_test(tests, relu);
    tcase_add_test(tests, images);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
