/* The whole way back through small members of the family against central differences, in double precision. The loss is a
 * sum of the outputs with fixed weights, so that its gradient is known exactly. */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/network.h"

static const dml_forward training = {.momentum = 0};

/* Weights of the loss: noise for each output, in its own order. */
static void write_gradients(const network *net, const dml_logits *to)
{
    const dml_batch *const out[3] = {&to->parsing, &to->binary_edge, &to->category_edge};
    static const char *const name[3] = {"a", "b", "c"};
    (void)net;
    for (int k = 0; k < 3; k++) {
        const size_t size = (size_t)out[k]->first.c * out[k]->first.h * out[k]->first.w;
        dml_real *v = malloc(out[k]->n * size * sizeof *v);
        network_noise(name[k], out[k]->n * size, 1, 7, v);
        for (uint32_t i = 0; i < out[k]->n; i++) {
            const dml_tensor t = dml_batch_image(out[k], i);
            dml_tensor_import(&t, v + i * size);
        }
        free(v);
    }
}

static double loss_of(network *net)
{
    static const char *const name[3] = {"a", "b", "c"};
    ck_assert_int_eq(dml_plan_forward(net->plan, &net->state, net->input, &training), 0);
    const dml_logits o = dml_plan_outputs(net->plan);
    const dml_batch *const out[3] = {&o.parsing, &o.binary_edge, &o.category_edge};
    double sum = 0;
    for (int k = 0; k < 3; k++) {
        const size_t size = (size_t)out[k]->first.c * out[k]->first.h * out[k]->first.w, all = out[k]->n * size;
        dml_real *weight = malloc(all * sizeof *weight), *value = malloc(all * sizeof *value);
        network_noise(name[k], all, 1, 7, weight);
        for (uint32_t i = 0; i < out[k]->n; i++) {
            const dml_tensor t = dml_batch_image(out[k], i);
            dml_tensor_export(&t, value + i * size);
        }
        for (size_t i = 0; i < all; i++)
            sum += (double)(weight[i] * value[i]);
        free(weight);
        free(value);
    }
    return sum;
}

static void run_back(network *net)
{
    loss_of(net);
    const dml_logits to = dml_plan_output_gradients(net->plan);
    write_gradients(net, &to);
    memset(net->gradient, 0, net->draft.size * sizeof(dml_real));
    ck_assert_int_eq(dml_plan_backward(net->plan, &net->state, net->gradient, NULL, NULL), 0);
}

/* Two values of every tensor. A kink between the two sides of a difference shows as a large error; such a value is tried
   with a smaller step, and few may fail all steps. */
static void check_member(const dml_family *member, const uint32_t blocks[4], uint32_t n, uint32_t h, uint32_t w)
{
    network *net = network_make(member, blocks, n, h, w, false, 2, 11);
    dml_real *values = malloc(dml_draft_largest(&net->draft) * sizeof *values);
    uint32_t tried = 0, wrong = 0;
    run_back(net);
    for (uint32_t k = 0; k < net->draft.parameters; k++) {
        const dml_parameter *p = &net->draft.parameter[k];
        if (p->statistic)
            continue;
        double norm = 0;
        for (size_t i = 0; i < p->size; i++)
            norm += (double)(net->gradient[p->at + i] * net->gradient[p->at + i]);
        norm = sqrt(norm / (double)p->count);
        for (size_t pick = 0; pick < 2; pick++) {
            const size_t index = pick ? p->count / 2 : 0;
            double best = INFINITY;
            dml_real *gradient = calloc(p->count, sizeof *gradient), kept[1];
            dml_parameter_unpack(p, net->gradient + p->at, gradient);
            for (double step = 1e-4; step > 1e-7 && best > 1e-6; step /= 10) {
                double side[2];
                dml_parameter_unpack(p, net->state.parameters + p->at, values);
                kept[0] = values[index];
                for (int s = 0; s < 2; s++) {
                    values[index] = kept[0] + (dml_real)(s ? step : -step);
                    dml_parameter_pack(p, values, net->state.parameters + p->at);
                    side[s] = loss_of(net);
                }
                values[index] = kept[0];
                dml_parameter_pack(p, values, net->state.parameters + p->at);
                const double error = fabs((side[1] - side[0]) / (2 * step) - (double)gradient[index]);
                best = fmin(best, error / (norm + 1e-3));
            }
            free(gradient);
            tried++;
            if (best > 1e-5) {
                wrong++;
                fprintf(stderr, "%s[%zu]: error %.2g of the gradient's deviation %.3g\n", p->name, index, best, norm);
            }
        }
    }
    ck_assert_msg(wrong * 50 <= tried, "%u of %u derivatives are wrong", wrong, tried);
    free(values);
    network_free(net);
}

static const uint32_t one_block[4] = {1, 1, 1, 1}, two_blocks[4] = {2, 1, 2, 2};

START_TEST(test_small)
{
    const dml_family member = dml_family_published(5, 16);
    check_member(&member, one_block, 2, 33, 41);
}
END_TEST

/* Widths that do not fill blocks, one of each kind. */
START_TEST(test_ragged)
{
    const dml_family member = {7, {5, 6, 9}, {3, 5, 6, 7}, 20, 11, 9, 10, 13, 3, 12};
    check_member(&member, two_blocks, 3, 34, 29);
}
END_TEST

/* Recomputed bottlenecks, and other numbers of threads, give the same bits. */
START_TEST(test_same_bits)
{
    const dml_family member = dml_family_published(5, 16);
    network *want = network_make(&member, two_blocks, 3, 49, 41, false, 1, 3);
    run_back(want);
    for (uint32_t threads = 1; threads <= 4; threads++)
        for (int recompute = 0; recompute < 2; recompute++) {
            network *net = network_make(&member, two_blocks, 3, 49, 41, recompute, threads, 3);
            run_back(net);
            ck_assert_mem_eq(net->gradient, want->gradient, net->draft.size * sizeof(dml_real));
            if (recompute)
                ck_assert_uint_lt(net->plan->arena_bytes, want->plan->arena_bytes);
            network_free(net);
        }
    network_free(want);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network");
    TCase *tests = tcase_create("way back");
    tcase_set_timeout(tests, 0);
    tcase_add_test(tests, test_small);
    tcase_add_test(tests, test_ragged);
    tcase_add_test(tests, test_same_bits);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
