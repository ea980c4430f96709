/* The cases of tests/grad/test_ops.c in single precision, as training runs them: every instruction set against C, and
 * any number of threads against one. Elementwise operations give the same bits everywhere. Sums of products differ
 * where they are fused: with n terms, whatever the rounding, by no more than n 2^-24 of the sum of the terms' magnitudes
 * on either side, and the magnitudes are what the same operation gives for the absolute values. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "cases/ops_case.h"

static const int isas[] = {DMLCSR_ISA_SSE41, DMLCSR_ISA_AVX2, DMLCSR_ISA_AVX512, DMLCSR_ISA_NEON};
#define ISAS ((int)(sizeof isas / sizeof *isas))

static void check_field(const ops_case *c, bool exact, const ops_field *want, const ops_field *got,
                        const ops_field *magnitude)
{
    for (size_t i = 0; i < want->count; i++) {
        const double bound = exact ? 0 : 2.02 * (double)c->terms * 0x1p-24 * (double)magnitude->value[i];
        const double error = fabs((double)got->value[i] - (double)want->value[i]);
        ck_assert_msg(error <= (want->kind[i] == OPS_USED ? bound : 0), "%s on %s, at %zu: %.9g, C says %.9g +- %.1e",
                      c->op->name, c->core.kernels.name, i, (double)got->value[i], (double)want->value[i], bound);
    }
}

static void check_shape(const ops_operation *op, uint32_t shape, int isa, bool add)
{
    ops_case c, want, magnitude;
    ck_assert(ops_make(&c, op, shape, isa, 2));
    ck_assert(ops_make(&want, op, shape, DMLCSR_ISA_C, 1));
    ck_assert(ops_make(&magnitude, op, shape, DMLCSR_ISA_C, 1));
    ops_run(&c, add);
    ops_run(&want, add);
    ops_run_absolute(&magnitude, add);
    check_field(&c, op->exact_forward, &want.output, &c.output, &magnitude.output);
    for (uint32_t i = 0; i < c.inputs; i++)
        check_field(&c, op->exact, &want.gradient[i], &c.gradient[i], &magnitude.gradient[i]);
    ops_free(&c);
    ops_free(&want);
    ops_free(&magnitude);
}

START_TEST(isas_agree)
{
    const int isa = isas[_i / OPS_OPERATIONS];
    const ops_operation *op = ops_all[_i % OPS_OPERATIONS];
    dml_kernels kernels;
    if (!dml_kernels_init(&kernels, isa))
        return;
    for (uint32_t shape = 0; shape < op->shapes; shape++)
        for (int add = 0; add < 2; add++)
            check_shape(op, shape, isa, add);
}
END_TEST

/* The best instruction set cuts its tiles elsewhere than C: threads must not show there either. */
START_TEST(threads_give_the_same_bits)
{
    const ops_operation *op = ops_all[_i];
    for (uint32_t shape = 0; shape < op->shapes; shape++)
        for (uint32_t threads = 2; threads <= 7; threads = 2 * threads - 1) {
            ops_case one, many;
            ck_assert(ops_make(&one, op, shape, DMLCSR_ISA_AUTO, 1));
            ck_assert(ops_make(&many, op, shape, DMLCSR_ISA_AUTO, threads));
            ops_run(&one, false);
            ops_run(&many, false);
            ck_assert_mem_eq(one.output.value, many.output.value, one.output.count * sizeof(dml_real));
            for (uint32_t i = 0; i < one.inputs; i++)
                ck_assert_mem_eq(one.gradient[i].value, many.gradient[i].value,
                                 one.gradient[i].count * sizeof(dml_real));
            ops_free(&one);
            ops_free(&many);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops_isas");
    TCase *tests = tcase_create("single precision");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, isas_agree, 0, ISAS * OPS_OPERATIONS);
    tcase_add_loop_test(tests, threads_give_the_same_bits, 0, OPS_OPERATIONS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
