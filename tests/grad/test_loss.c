/* The losses in double precision: golden numbers, finite differences, corner cases. */
#include <check.h>

#include "support/golden_labels.h"
#include "support/loss_case.h"
#include "support/ration.h"

#define TOLERANCE 1e-7

static const dml_loss_weights weights = {1, 1, .1, 4, 1, .5};
static char *golden;
static uint8_t label[GOLDEN_PIXELS], edge[GOLDEN_PIXELS], category[GOLDEN_PIXELS], room[GOLDEN_PIXELS];

static void make_labels(void)
{
    const size_t plane = (size_t)GOLDEN_SIZE * GOLDEN_SIZE;
    golden_labels(2, GOLDEN_SIZE, 0, label);
    for (size_t i = 0; i < 2; i++)
        dml_label_edges(label + i * plane, GOLDEN_SIZE, GOLDEN_SIZE, 1, edge + i * plane, category + i * plane, room);
    golden_labels(2, GOLDEN_SIZE, 1, label);
}

static dml_loss *make_loss(const loss_shape *s, const dml_core *core, const dml_comm *comm, dml_memory *memory)
{
    dml_loss *loss;
    dml_error error;
    ck_assert_int_eq(dml_loss_create(&loss, s->classes, s->n, s->oh, s->ow, s->h, s->w, core, comm, memory, &error), 0);
    return loss;
}

/* ---- golden numbers ---- */

START_TEST(golden_maps)
{
    static const struct {
        const char *name;
        const uint8_t *map;
    } maps[] = {{"label", label}, {"edge", edge}, {"category", category}};
    size_t n;
    double *counts = golden_numbers(golden, "labels/edge_pixels", &n);
    for (size_t i = 0; i < GOLDEN_PIXELS; i++)
        counts[i / (GOLDEN_PIXELS / 2)] -= edge[i];
    ck_assert(counts[0] == 0 && counts[1] == 0);
    for (size_t k = 0; k < 3; k++) {
        char path[64];
        snprintf(path, sizeof path, "labels/%s/index", maps[k].name);
        double *index = golden_numbers(golden, path, &n);
        snprintf(path, sizeof path, "labels/%s/value", maps[k].name);
        double *want = golden_numbers(golden, path, &n);
        for (size_t i = 0; i < n; i++)
            ck_assert_msg(maps[k].map[(size_t)index[i]] == want[i], "%s at %g", maps[k].name, index[i]);
        free(index);
        free(want);
    }
    free(counts);
}
END_TEST

START_TEST(golden_terms_and_gradients)
{
    static const struct {
        const char *group;
        uint32_t cycle;
    } groups[] = {{"losses_hard", 0}, {"losses_soft_n1", 1}, {"losses_soft_n3", 3}};
    const loss_shape s = {19, 2, 17, 17, GOLDEN_SIZE, GOLDEN_SIZE};
    dml_logits teacher = case_logits(&s, 0, "teacher", 3);
    dml_memory memory;
    dml_core core;
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    for (size_t i = 0; i < 3; i++) {
        const dml_teaching teaching = dml_teaching_ensemble(&teacher, groups[i].cycle);
        double worst[2];
        golden_losses(golden, groups[i].group, &core, &memory, label, edge, category, i ? &teaching : NULL, worst);
        printf("%s: terms within %.1e, gradients within %.1e\n", groups[i].group, worst[0], worst[1]);
        ck_assert_msg(worst[0] < TOLERANCE && worst[1] < TOLERANCE, "%s: %g, gradients %g", groups[i].group, worst[0],
                      worst[1]);
    }
    case_free(&teacher);
}
END_TEST

/* ---- finite differences ---- */

static void check_differences(const char *name, const dml_teaching *teaching, uint32_t edge_width)
{
    uint8_t map[126];
    dml_memory memory;
    dml_core core;
    dml_loss_terms terms;
    double worst = 0;
    dml_logits x = case_logits(&ragged, 0, "ragged", 2), gradient = case_logits(&ragged, 2, NULL, 0);
    ragged_labels(map);
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&ragged, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, edge_width, teaching, &terms, &gradient), 0);
    ck_assert(isfinite(terms.total));
    for (int output = 0; output < 3; output++) {
        const dml_batch *b = case_output(&x, output), *g = case_output(&gradient, output);
        for (size_t i = 0; i < (size_t)b->n * b->first.c * b->first.h * b->first.w; i++) {
            dml_real *v = case_at(b, i);
            const dml_real keep = *v, step = 1e-5;
            double total[2];
            for (int side = 0; side < 2; side++) {
                *v = keep + (side ? step : -step);
                ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, edge_width, teaching, &terms, NULL), 0);
                total[side] = terms.total;
            }
            *v = keep;
            worst = fmax(worst, fabs((total[1] - total[0]) / (2 * step) - *case_at(g, i)));
        }
    }
    printf("differences, %s, edges of width %u: within %.1e\n", name, edge_width, worst);
    ck_assert_double_lt(worst, 1e-8);
    case_free(&x);
    case_free(&gradient);
    dml_loss_free(loss);
}

START_TEST(finite_differences)
{
    dml_logits teacher = case_logits(&ragged, 1, "ragged teacher", 2);
    const dml_teaching ensemble = dml_teaching_ensemble(&teacher, 2);
    const dml_teaching some = dml_teaching_network(&teacher.parsing, .3), all = dml_teaching_network(&teacher.parsing, 1);
    check_differences("labels", NULL, 1);
    check_differences("labels", NULL, 2);
    check_differences("the self-ensemble", &ensemble, 1);
    check_differences("three tenths of another network", &some, 2);
    check_differences("another network alone", &all, 1);
    case_free(&teacher);
}
END_TEST

/* ---- another network as teacher ---- */

/* The labels' size is the logits', so that each pixel is one of the logits'. */
static const loss_shape flat = {5, 2, 9, 7, 9, 7};

static void run_flat(const dml_loss_weights *w, const dml_logits *x, const dml_teaching *teaching, dml_loss_terms *terms,
                     const dml_logits *gradient)
{
    uint8_t map[126];
    dml_memory memory;
    dml_core core;
    ragged_labels(map);
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&flat, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, w, x, map, NULL, 1, teaching, terms, gradient), 0);
    dml_loss_free(loss);
}

/* log softmax of a pixel of picture i. */
static void log_softmax(const dml_batch *b, size_t i, size_t pixel, double out[5])
{
    double sum = 0;
    for (size_t c = 0; c < 5; c++)
        sum += exp(out[c] = *case_at(b, (5 * i + c) * 63 + pixel));
    for (size_t c = 0; c < 5; c++)
        out[c] -= log(sum);
}

/* As the formula has it: sum over c of q log(q / p). */
static double plain_divergence(const dml_batch *teacher, const dml_batch *x, size_t i, size_t pixel)
{
    double q[5], p[5], sum = 0;
    log_softmax(teacher, i, pixel, q);
    log_softmax(x, i, pixel, p);
    for (size_t c = 0; c < 5; c++)
        sum += exp(q[c]) * (q[c] - p[c]);
    return sum;
}

/* The parsing and the two attention terms where the teacher alone is heard. */
static void plain_terms(const dml_batch *teacher, const dml_batch *x, double want[3])
{
    uint8_t map[126], binary[63], class_edge[63], dilation[63];
    double valid = 0;
    ragged_labels(map);
    want[0] = want[1] = want[2] = 0;
    for (size_t i = 0; i < 2; i++) {
        double sum[3] = {0}, count[3] = {0};
        dml_label_edges(map + 63 * i, 9, 7, 1, binary, class_edge, dilation);
        for (size_t k = 0; k < 63; k++) {
            const bool counts[3] = {true, binary[k] > 0, class_edge[k] > 0};
            for (int term = 0; term < 3 && map[63 * i + k] != DML_IGNORE; term++)
                if (counts[term]) {
                    sum[term] += plain_divergence(teacher, x, i, k);
                    count[term]++;
                }
        }
        want[0] += sum[0];
        valid += count[0];
        for (int term = 1; term < 3; term++)
            want[term] += count[term] > 0 ? sum[term] / count[term] / 2 : 0;
    }
    want[0] /= valid;
}

START_TEST(another_network)
{
    dml_logits x = case_logits(&flat, 0, "flat", 2), teacher = case_logits(&flat, 1, "flat teacher", 3);
    const dml_teaching some = dml_teaching_network(&teacher.parsing, .3), all = dml_teaching_network(&teacher.parsing, 1);
    dml_loss_terms hard, mixed, soft;
    double want[3];
    run_flat(&weights, &x, NULL, &hard, NULL);
    run_flat(&weights, &x, &some, &mixed, NULL);
    run_flat(&weights, &x, &all, &soft, NULL);
    plain_terms(&teacher.parsing, &x.parsing, want);
    const double h[3] = {hard.parse_ce, hard.attention_binary, hard.attention_category},
                 m[3] = {mixed.parse_ce, mixed.attention_binary, mixed.attention_category},
                 s[3] = {soft.parse_ce, soft.attention_binary, soft.attention_category};
    for (int i = 0; i < 3; i++) {
        ck_assert_double_gt(want[i], .1);
        ck_assert_double_eq_tol(s[i], want[i], 1e-13 * want[i]);
        ck_assert_double_eq_tol(m[i], .7 * h[i] + .3 * want[i], 1e-13 * (h[i] + want[i]));
    }
    ck_assert(soft.lovasz == hard.lovasz && soft.binary_edge == hard.binary_edge
              && soft.category_edge == hard.category_edge);
    case_free(&x);
    case_free(&teacher);
}
END_TEST

static bool same_bytes(const dml_logits *a, const dml_logits *b)
{
    bool same = true;
    for (int i = 0; i < 3; i++)
        same = same && memcmp(case_output(a, i)->first.data, case_output(b, i)->first.data,
                              case_elements(case_output(a, i)) * sizeof(dml_real)) == 0;
    return same;
}

/* A share of 0 is no teacher, to the bit; a small one is nearly none. */
START_TEST(no_share)
{
    dml_logits x = case_logits(&flat, 0, "flat", 2), teacher = case_logits(&flat, 1, "flat teacher", 3);
    dml_logits one = case_logits(&flat, 1, NULL, 0), two = case_logits(&flat, 1, NULL, 0);
    dml_teaching none = dml_teaching_network(&teacher.parsing, 0);
    dml_loss_terms hard, soft;
    run_flat(&weights, &x, NULL, &hard, &one);
    run_flat(&weights, &x, &none, &soft, &two);
    ck_assert(memcmp(&hard, &soft, sizeof hard) == 0 && same_bytes(&one, &two));
    none.share = 1e-9;
    run_flat(&weights, &x, &none, &soft, &two);
    ck_assert(soft.total != hard.total && !same_bytes(&one, &two));
    ck_assert_double_eq_tol(soft.total, hard.total, 1e-9 * 8 * hard.total);
    case_free(&x);
    case_free(&teacher);
    case_free(&one);
    case_free(&two);
}
END_TEST

/* Who says what the network says already has nothing to teach. */
START_TEST(own_logits)
{
    const dml_loss_weights parsing = {1, 0, 0, 4, 1, 0};
    dml_logits x = case_logits(&flat, 0, "flat", 2), gradient = case_logits(&flat, 1, NULL, 0);
    const dml_teaching own = dml_teaching_network(&x.parsing, 1);
    dml_loss_terms terms;
    run_flat(&parsing, &x, &own, &terms, &gradient);
    ck_assert_double_eq_tol(terms.total, 0, 1e-14);
    for (size_t i = 0; i < 2 * 5 * 63; i++)
        ck_assert_double_eq_tol(*case_at(&gradient.parsing, i), 0, 1e-15);
    case_free(&x);
    case_free(&gradient);
}
END_TEST

/* ---- corner cases ---- */

static void check_all_ignored(const dml_teaching *teaching)
{
    uint8_t map[126];
    dml_memory memory;
    dml_core core;
    dml_loss_terms terms, zero = {0};
    dml_logits x = case_logits(&ragged, 0, "ragged", 2), gradient = case_logits(&ragged, 1, NULL, 0);
    memset(map, DML_IGNORE, sizeof map);
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&ragged, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, teaching, &terms, &gradient), 0);
    ck_assert(memcmp(&terms, &zero, sizeof terms) == 0);
    for (int output = 0; output < 3; output++)
        for (size_t i = 0; i < case_elements(case_output(&gradient, output)); i++)
            ck_assert(case_output(&gradient, output)->first.data[i] == 0);
    case_free(&x);
    case_free(&gradient);
    dml_loss_free(loss);
}

START_TEST(all_ignored)
{
    dml_logits teacher = case_logits(&ragged, 1, "ragged teacher", 2);
    const dml_teaching ensemble = dml_teaching_ensemble(&teacher, 1);
    const dml_teaching network = dml_teaching_network(&teacher.parsing, .5);
    check_all_ignored(NULL);
    check_all_ignored(&ensemble);
    check_all_ignored(&network);
    case_free(&teacher);
}
END_TEST

/* Borders and the lanes past the last channel: every value but those of n c h w. */
START_TEST(gradients_are_written_whole)
{
    uint8_t map[126];
    dml_memory memory;
    dml_core core;
    dml_loss_terms terms;
    dml_logits x = case_logits(&ragged, 0, "ragged", 2), gradient = case_logits(&ragged, 2, NULL, 0);
    ragged_labels(map);
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&ragged, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, NULL, &terms, &gradient), 0);
    for (int output = 0; output < 3; output++) {
        const dml_batch *g = case_output(&gradient, output);
        for (size_t i = 0; i < (size_t)g->n * g->first.c * g->first.h * g->first.w; i++) {
            ck_assert(*case_at(g, i) != 77);
            *case_at(g, i) = 0;
        }
        for (size_t i = 0; i < case_elements(g); i++)
            ck_assert(g->first.data[i] == 0);
    }
    case_free(&x);
    case_free(&gradient);
    dml_loss_free(loss);
}
END_TEST

/* A probability that underflows has a logarithm all the same. */
START_TEST(saturated_pixels)
{
    uint8_t map[126];
    dml_memory memory;
    dml_core core;
    dml_loss_terms terms;
    dml_logits x = case_logits(&ragged, 0, "ragged", 0), gradient = case_logits(&ragged, 0, NULL, 0);
    memset(map, 1, sizeof map);
    for (size_t i = 0; i < 2 * 5 * 12; i++)
        *case_at(&x.parsing, i) = i / 12 % 5 == 4 ? 2000 : 0;
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_loss *loss = make_loss(&ragged, &core, NULL, &memory);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, NULL, &terms, &gradient), 0);
    ck_assert_double_eq_tol(terms.parse_ce, 2000, 1e-9);
    ck_assert(isfinite(terms.total) && isfinite(*case_at(&gradient.parsing, 17)));
    const dml_teaching own = dml_teaching_ensemble(&x, 1);
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, &own, &terms, &gradient), 0);
    ck_assert(isfinite(terms.parse_ce) && isfinite(*case_at(&gradient.parsing, 17)));
    map[9] = 5; /* no such class */
    ck_assert_int_eq(dml_loss_run(loss, &weights, &x, map, NULL, 1, NULL, &terms, &gradient), DMLCSR_ERROR_ARGUMENT);
    case_free(&x);
    case_free(&gradient);
    dml_loss_free(loss);
}
END_TEST

START_TEST(no_memory)
{
    dml_memory memory;
    dml_core core;
    dml_loss *loss = NULL;
    dml_error error;
    ration supply = {-1, 0};
    int status = DMLCSR_ERROR_MEMORY, n = 0;
    case_core(&core, &memory, DMLCSR_ISA_AUTO, 1);
    dml_memory_init(&memory, ration_allocate, ration_release, &supply, 0);
    for (; status == DMLCSR_ERROR_MEMORY; n++) {
        ration_set(&supply, n);
        status = dml_loss_create(&loss, 5, 2, 4, 3, 9, 7, &core, NULL, &memory, &error);
        ck_assert(status == DMLCSR_OK || (!loss && memory.used == 0));
    }
    ck_assert(status == DMLCSR_OK && n > 5);
    ck_assert(memory.used >= dml_loss_bytes(loss));
    dml_loss_free(loss);
    ck_assert(memory.used == 0);
    status = dml_loss_create(&loss, 5, 70000, 4, 3, 300, 300, &core, NULL, &memory, &error);
    ck_assert_int_eq(status, DMLCSR_ERROR_ARGUMENT);
}
END_TEST

int main(void)
{
    golden = golden_read("tests/golden/train_65_19.json");
    make_labels();
    Suite *suite = suite_create("loss");
    TCase *tests = tcase_create("loss");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, golden_maps);
    tcase_add_test(tests, golden_terms_and_gradients);
    tcase_add_test(tests, finite_differences);
    tcase_add_test(tests, another_network);
    tcase_add_test(tests, no_share);
    tcase_add_test(tests, own_logits);
    tcase_add_test(tests, all_ignored);
    tcase_add_test(tests, gradients_are_written_whole);
    tcase_add_test(tests, saturated_pixels);
    tcase_add_test(tests, no_memory);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(golden);
    return failed != 0;
}
