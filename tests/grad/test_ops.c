/* Every operation of ops/back.h against central differences in double precision: each input, written and added to, on
 * ragged shapes, with borders, unused lanes and the memory between images compared exactly; and the same bits on any
 * number of threads.
 *
 * The loss is the sum of output * dy. An input moves along a few directions: dense noise, in which an error of any one
 * value shows, and single values, which say where. With VERBOSE in the environment the worst error of each operation is
 * printed, as a share of |gradient| |direction|. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "cases/ops_case.h"

#define DENSE 3
#define SINGLE 12

/* ---- differences --------------------------------------------------------------------------------------------------- */

static double loss_of(ops_case *c, double *largest)
{
    const ops_field *y = &c->output, *dy = &c->doutput;
    double sum = 0;
    c->op->forward(c);
    for (size_t k = 0; k < y->used; k++) {
        sum += y->value[y->at[k]] * dy->value[dy->at[k]];
        *largest = fmax(*largest, fabs(y->value[y->at[k]]));
    }
    return sum;
}

static void choose_direction(uint32_t which, ops_field *v)
{
    char name[32];
    snprintf(name, sizeof name, "direction %u", (unsigned)which);
    if (which < DENSE)
        ops_fill(v, name, 1, 1);
    for (size_t k = 0; which >= DENSE && k < v->used; k++)
        v->value[v->at[k]] = k == (v->used - 1) * (which - DENSE) / (SINGLE - 1);
}

/* What the loss gains along a direction, per unit; *error: of that number. Linear: a long step loses nothing to
   rounding and has no other error. Else the error of a central difference is the third derivative, a sixth of it, times
   the step squared: some 10 for the functions here, whose values, deviations and gammas are near 1. */
static double difference(ops_case *c, uint32_t input, const dml_real *v, double norms, double *error)
{
    ops_field *x = &c->input[input];
    const double step = c->op->linear ? 0.25 : 0x1p-17;
    double side[2], largest = 0;
    dml_real *before = ops_room(x->count * sizeof *before);
    memcpy(before, x->value, x->count * sizeof *before);
    for (int s = 0; s < 2; s++) {
        for (size_t k = 0; k < x->used; k++)
            x->value[x->at[k]] = before[x->at[k]] + (s ? step : -step) * v[x->at[k]];
        side[s] = loss_of(c, &largest);
    }
    memcpy(x->value, before, x->count * sizeof *before);
    free(before);
    /* rounding: the sums behind an output, then that of the loss; it wanders, hence the square root */
    const double terms = sqrt((double)(c->terms + c->output.used));
    *error = 4 * terms * 0x1p-53 * largest * (double)c->output.used / step;
    if (!c->op->linear)
        *error += 10 * step * step * norms;
    return (side[1] - side[0]) / (2 * step);
}

/* Compares the way back's gradient of one input, and returns the worst error as a share of |gradient| |direction|. */
static double check_input(ops_case *c, uint32_t input, const dml_real *gradient)
{
    ops_field *x = &c->input[input];
    double worst = 0;
    dml_real *kept = ops_room(x->count * sizeof *kept), *v = ops_room(x->count * sizeof *v);
    for (uint32_t which = 0; which < DENSE + SINGLE; which++) {
        double want = 0, g = 0, d = 0, error;
        memcpy(kept, x->value, x->count * sizeof *kept);
        choose_direction(which, x);
        memcpy(v, x->value, x->count * sizeof *v);
        memcpy(x->value, kept, x->count * sizeof *kept);
        for (size_t k = 0; k < x->used; k++) {
            const double along = v[x->at[k]];
            want += gradient[k] * along;
            g += gradient[k] * gradient[k];
            d += along * along;
        }
        const double got = difference(c, input, v, sqrt(g * d), &error);
        ck_assert_msg(fabs(got - want) <= error, "input %u along %u: %.12g, the difference is %.12g +- %.1e",
                      (unsigned)input, (unsigned)which, want, got, error);
        worst = fmax(worst, fabs(got - want) / (sqrt(g * d) + 1e-3));
    }
    free(kept);
    free(v);
    return worst;
}

/* The gradient without what was there before. */
static void take_gradient(const ops_case *c, uint32_t input, bool add, dml_real *to)
{
    const ops_field *g = &c->gradient[input];
    ops_field before = {.value = ops_room(g->count * sizeof(dml_real)), .at = g->at, .used = g->used};
    if (c->mode[input] == OPS_SUMMED || (c->mode[input] == OPS_EITHER && add))
        ops_fill(&before, "before", input, 1);
    for (size_t k = 0; k < g->used; k++)
        to[k] = g->value[g->at[k]] - before.value[g->at[k]];
    free(before.value);
}

static void check_clean(const ops_case *c)
{
    ck_assert_uint_eq(ops_field_dirt(&c->output), c->output.count);
    for (uint32_t i = 0; i < c->inputs; i++) {
        ck_assert_msg(ops_field_dirt(&c->gradient[i]) == c->gradient[i].count, "gradient %u: dirt at %zu of %zu",
                      (unsigned)i, ops_field_dirt(&c->gradient[i]), c->gradient[i].count);
        ck_assert_uint_eq(c->gradient[i].used, c->input[i].used);
    }
}

static double check_shape(const ops_operation *op, uint32_t shape, bool add)
{
    ops_case c;
    double worst = 0;
    ck_assert(ops_make(&c, op, shape, DMLCSR_ISA_C, 1));
    ops_run(&c, add);
    check_clean(&c);
    for (uint32_t i = 0; i < c.inputs; i++) {
        dml_real *gradient = ops_room((c.gradient[i].used + 1) * sizeof *gradient);
        take_gradient(&c, i, add, gradient);
        worst = fmax(worst, check_input(&c, i, gradient));
        free(gradient);
    }
    ops_free(&c);
    return worst;
}

START_TEST(differences)
{
    const ops_operation *op = ops_all[_i];
    double worst = 0;
    for (uint32_t shape = 0; shape < op->shapes; shape++)
        for (int add = 0; add < 2; add++) {
            const double error = check_shape(op, shape, add);
            mark_point();
            worst = fmax(worst, error);
        }
    if (getenv("VERBOSE"))
        printf("%-10s gradients within %.1e of their norm\n", op->name, worst);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------------------------------------- */

static void check_same(const ops_case *a, const ops_case *b)
{
    ck_assert_mem_eq(a->output.value, b->output.value, a->output.count * sizeof(dml_real));
    for (uint32_t i = 0; i < a->inputs; i++)
        ck_assert_mem_eq(a->gradient[i].value, b->gradient[i].value, a->gradient[i].count * sizeof(dml_real));
}

START_TEST(threads_give_the_same_bits)
{
    static const uint32_t threads[] = {2, 3, 7};
    const ops_operation *op = ops_all[_i];
    for (uint32_t shape = 0; shape < op->shapes; shape++)
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            ops_case one, many;
            ck_assert(ops_make(&one, op, shape, DMLCSR_ISA_C, 1));
            ck_assert(ops_make(&many, op, shape, DMLCSR_ISA_C, threads[t]));
            for (int add = 0; add < 2; add++) {
                ops_run(&one, add);
                ops_run(&many, add);
                check_same(&one, &many);
            }
            ops_free(&one);
            ops_free(&many);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("ops");
    TCase *tests = tcase_create("way back");
    tcase_set_timeout(tests, 300);
    tcase_add_loop_test(tests, differences, 0, OPS_OPERATIONS);
    tcase_add_loop_test(tests, threads_give_the_same_bits, 0, OPS_OPERATIONS);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
