/* What central differences do not see of the norm: its statistics and running values. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "cases/norm_values.h"
#include "cases/ops_case.h"
#include "support/core.h"

/* ---- statistics ---------------------------------------------------------------------------------------------------- */

/* Two passes over one channel, the second about the mean of the first. */
static void moments_of(const dml_batch *b, uint32_t c, double *mean, double *m2)
{
    const double count = (double)b->n * b->first.h * b->first.w;
    *mean = *m2 = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < b->n; i++)
            for (uint32_t y = 0; y < b->first.h; y++)
                for (uint32_t x = 0; x < b->first.w; x++) {
                    const dml_tensor t = dml_batch_image(b, i);
                    const double v = dml_tensor_at(&t, c / DML_BLOCK, y, x)[c % DML_BLOCK];
                    *(pass ? m2 : mean) += pass ? (v - *mean) * (v - *mean) : v / count;
                }
}

static void check_statistics(const dml_batch *z, norm_values *v, double momentum)
{
    const double count = (double)z->n * z->first.h * z->first.w;
    for (uint32_t c = 0; c < NORM_CHANNELS; c++) {
        double mean, m2;
        moments_of(z, c, &mean, &m2);
        const double unbiased = m2 / fmax(count - 1, 1);
        ck_assert_double_eq_tol(v->mean[c], mean, 1e-14 * (1 + fabs(mean)));
        ck_assert_double_eq_tol(v->inverse[c] * sqrt(m2 / count + 1e-5), 1, 1e-12);
        ck_assert_double_eq_tol(v->running_mean[c], (1 - momentum) * c + momentum * mean, 1e-12 * (1 + fabs(mean)));
        ck_assert_double_eq_tol(v->running_var[c], (1 - momentum) * (2 + c) + momentum * unbiased,
                                1e-12 * (1 + unbiased));
    }
    for (uint32_t c = NORM_CHANNELS; c < NORM_LANES; c++)
        ck_assert(v->running_mean[c] == 0 && v->running_var[c] == 0);
}

/* n h w, far from zero: the squares of such values have no digits left for their variance. */
static void statistics_on(uint32_t n, uint32_t h, uint32_t w, double offset)
{
    dml_memory memory;
    norm_values v;
    dml_core core;
    ck_assert(core_make(&core, &memory, DMLCSR_ISA_C, 2));
    ops_field z = ops_activations(n, NORM_CHANNELS, 0, h, w, 1, 16);
    double *scratch = ops_room(dml_norm_scratch(NORM_CHANNELS, n) * sizeof *scratch);
    ops_fill(&z, "z", 1, 1);
    for (size_t k = 0; k < z.used; k++)
        z.value[z.at[k]] += offset;
    for (int k = 0; k < 2; k++) {
        const double momentum = k ? 0.1 : 0;
        norm_values_fill(&v);
        const dml_norm_state s = norm_state_of(&v);
        ck_assert_int_eq(dml_norm_statistics(&s, &core, &z.batch, momentum, NULL, scratch), 0);
        check_statistics(&z.batch, &v, momentum);
    }
    free(scratch);
    ops_release(&z);
    dml_pool_free(core.pool);
}

START_TEST(statistics)
{
    statistics_on(3, 5, 7, 0);
    statistics_on(2, 4, 1, 1e4);
    statistics_on(1, 1, 1, 3); /* nothing to estimate a variance from: 0, and no division by it */
}
END_TEST

START_TEST(frozen)
{
    norm_values v;
    norm_values_fill(&v);
    const dml_norm_state s = norm_state_of(&v);
    dml_norm_frozen(&s);
    for (uint32_t c = 0; c < NORM_CHANNELS; c++) {
        ck_assert(v.mean[c] == c);
        ck_assert_double_eq_tol(v.inverse[c], 1 / sqrt(2 + c + 1e-5), 1e-15);
    }
}
END_TEST

/* The gradient of |weight| at 0 is 0, as PyTorch has it. */
START_TEST(weight_of_zero)
{
    dml_memory memory;
    norm_values v;
    dml_core core;
    ck_assert(core_make(&core, &memory, DMLCSR_ISA_C, 1));
    ops_field z = ops_activations(1, NORM_CHANNELS, 0, 3, 3, 0, 0), dy = ops_activations(1, NORM_CHANNELS, 0, 3, 3, 0, 0);
    double *scratch = ops_room(dml_norm_scratch(NORM_CHANNELS, 1) * sizeof *scratch);
    norm_values_fill(&v);
    v.weight[4] = 0;
    ops_fill(&z, "z", 1, 1);
    ops_fill(&dy, "dy", 1, 1);
    const dml_norm_state s = norm_state_of(&v);
    const dml_norm_gradients g = {v.dweight, v.dbias, NULL, NULL, false};
    ck_assert_int_eq(dml_norm_statistics(&s, &core, &z.batch, 0, NULL, scratch), 0);
    dml_norm_run(&s, &core, &z.batch, NULL, 1, false, &z.batch, NULL);
    ck_assert_int_eq(dml_norm_back_run(&s, &core, &dy.batch, NULL, &z.batch, 1, &g, &dy.batch, NULL, scratch), 0);
    ck_assert(v.dweight[4] == 0 && v.dbias[4] != 0 && v.dweight[5] != 0);
    free(scratch);
    ops_release(&z);
    ops_release(&dy);
    dml_pool_free(core.pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_norm");
    TCase *tests = tcase_create("norm");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, statistics);
    tcase_add_test(tests, frozen);
    tcase_add_test(tests, weight_of_zero);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
