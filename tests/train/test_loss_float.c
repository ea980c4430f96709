/* The losses in single precision: golden numbers on every instruction set, and independence of the threads. */
#include <check.h>

#include "support/golden_labels.h"
#include "support/loss_case.h"

static const dml_loss_weights weights = {1, 1, .1, 4, 1, .5};
static const int isas[] = {DMLCSR_ISA_C, DMLCSR_ISA_SSE41, DMLCSR_ISA_AVX2, DMLCSR_ISA_AVX512, DMLCSR_ISA_NEON};
static uint8_t label[GOLDEN_PIXELS], edge[GOLDEN_PIXELS], category[GOLDEN_PIXELS], room[GOLDEN_PIXELS];

static void make_labels(void)
{
    const size_t plane = (size_t)GOLDEN_SIZE * GOLDEN_SIZE;
    golden_labels(2, GOLDEN_SIZE, 0, label);
    for (size_t i = 0; i < 2; i++)
        dml_label_edges(label + i * plane, GOLDEN_SIZE, GOLDEN_SIZE, 1, edge + i * plane, category + i * plane, room);
    golden_labels(2, GOLDEN_SIZE, 1, label);
}

static bool has(int isa)
{
    dml_kernels kernels;
    return dml_kernels_init(&kernels, isa);
}

/* Terms within 1e-4. The sums of single precision are short (a pixel's 19 channels, then doubles): the gradients' errors
   are those of the softmax and of the resize. */
START_TEST(golden_on_every_isa)
{
    const loss_shape s = {19, 2, 17, 17, GOLDEN_SIZE, GOLDEN_SIZE};
    dml_logits teacher = case_logits(&s, 0, "teacher", 3);
    const dml_teaching teaching = dml_teaching_ensemble(&teacher, 3);
    char *golden = golden_read("tests/golden/train_65_19.json");
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++) {
        dml_memory memory;
        dml_core core;
        double hard[2], soft[2];
        if (!has(isas[i]))
            continue;
        case_core(&core, &memory, isas[i], 1);
        golden_losses(golden, "losses_hard", &core, &memory, label, edge, category, NULL, hard);
        golden_losses(golden, "losses_soft_n3", &core, &memory, label, edge, category, &teaching, soft);
        printf("%s: terms within %.1e %.1e, gradients within %.1e %.1e\n", core.kernels.name, hard[0], soft[0], hard[1],
               soft[1]);
        ck_assert(hard[0] < 1e-4 && soft[0] < 1e-4 && hard[1] < 1e-3 && soft[1] < 1e-3);
    }
    case_free(&teacher);
    free(golden);
}
END_TEST

/* Terms and gradients of five pictures of 33 x 41 with a ragged end, on some threads. */
static void run_on(uint32_t threads, int isa, const dml_teaching *teaching, dml_loss_terms *terms, dml_logits *gradient)
{
    const loss_shape s = {19, 5, 9, 11, 33, 41};
    dml_memory memory;
    dml_core core;
    dml_loss *loss;
    dml_logits x = case_logits(&s, 1, "threads", 4);
    *gradient = case_logits(&s, 1, NULL, 0);
    case_core(&core, &memory, isa, threads);
    ck_assert_int_eq(dml_loss_create(&loss, s.classes, s.n, s.oh, s.ow, s.h, s.w, &core, NULL, &memory, NULL), 0);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, label, NULL, 2, teaching, terms, gradient), 0);
    dml_loss_free(loss);
    dml_pool_free(core.pool);
    case_free(&x);
}

static void check_same(const dml_loss_terms *terms, const dml_logits *gradient, const dml_loss_terms *more,
                       dml_logits *other, const char *what)
{
    ck_assert_msg(memcmp(terms, more, sizeof *terms) == 0, "terms: %s", what);
    for (int output = 0; output < 3; output++) {
        const dml_batch *a = case_output(gradient, output), *b = case_output(other, output);
        ck_assert_msg(memcmp(a->first.data, b->first.data, case_elements(a) * sizeof(dml_real)) == 0, "%d: %s", output,
                      what);
    }
    case_free(other);
}

START_TEST(threads_and_isas_give_the_same_bits)
{
    const loss_shape s = {19, 5, 9, 11, 33, 41};
    dml_logits teacher = case_logits(&s, 0, "threads teacher", 4), gradient, other;
    dml_loss_terms terms, more;
    const dml_teaching taught[] = {dml_teaching_ensemble(&teacher, 1), dml_teaching_network(&teacher.parsing, .3)};
    for (int soft = 0; soft < 3; soft++) {
        const dml_teaching *t = soft ? &taught[soft - 1] : NULL;
        run_on(1, DMLCSR_ISA_C, t, &terms, &gradient);
        for (uint32_t threads = 2; threads <= 4; threads++) {
            run_on(threads, DMLCSR_ISA_C, t, &more, &other);
            check_same(&terms, &gradient, &more, &other, "threads");
        }
        for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
            if (has(isas[i])) {
                run_on(2, isas[i], t, &more, &other);
                check_same(&terms, &gradient, &more, &other, "instruction sets");
            }
        case_free(&gradient);
    }
    case_free(&teacher);
}
END_TEST

int main(void)
{
    make_labels();
    Suite *suite = suite_create("loss, single precision");
    TCase *tests = tcase_create("loss");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, golden_on_every_isa);
    tcase_add_test(tests, threads_and_isas_give_the_same_bits);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
