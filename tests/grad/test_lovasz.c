/* Edges and Lovasz-Softmax against what defines them, computed slowly. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/family.h"
#include "train/loss.h"
#include "train/lovasz.h"

/* On an edge of width `width`, by the definition in loss.h. */
static int on_edge(const uint8_t *map, int h, int w, int y, int x, int width)
{
    const int here = map[y * w + x];
    if (here == DML_IGNORE)
        return 0;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            if (y + dy < 0 || y + dy >= h || x + dx < 0 || x + dx >= w)
                continue;
            const int other = map[(y + dy) * w + x + dx];
            if (width > 1 ? on_edge(map, h, w, y + dy, x + dx, width - 1)
                          : !(dx && dy) && other != here && other != DML_IGNORE)
                return 1;
        }
    return 0;
}

START_TEST(edges_of_any_width)
{
    enum { H = 17, W = 23 };
    uint8_t map[H * W], binary[H * W], categories[H * W], dilation[H * W], room[H * W];
    for (int i = 0; i < H * W; i++)
        map[i] = i % W > 18 && i / W < 9 ? DML_IGNORE : (uint8_t)(1 + (i % W / 7 + i / W / 6) % 3);
    for (int width = 1; width <= 4; width++) {
        dml_label_edges(map, H, W, (uint32_t)width, binary, categories, dilation);
        for (int i = 0; i < H * W; i++) {
            const int want = on_edge(map, H, W, i / W, i % W, width);
            ck_assert_msg(binary[i] == want && categories[i] == (want ? map[i] : 0), "width %d at %d", width, i);
        }
        dml_label_edges(map, H, W, (uint32_t)width, NULL, dilation, room);
        ck_assert(memcmp(dilation, categories, sizeof categories) == 0);
    }
}
END_TEST

/* Jaccard loss when the errors before a place in the order are wrong: those larger, or equal and earlier. */
static double jaccard(const dml_real *error, size_t n, size_t place, int included, double positive)
{
    double in = 0, out = 0;
    for (size_t i = 0; i < n; i++) {
        const double a = fabs(error[i]), b = fabs(error[place]);
        if (error[i] == DML_LOVASZ_IGNORED || !(a > b || (a == b && i < place) || (included && i == place)))
            continue;
        in += signbit(error[i]) != 0;
        out += signbit(error[i]) == 0;
    }
    return 1 - (positive - in) / (positive + out);
}

START_TEST(lovasz_by_definition)
{
    enum { N = 300 };
    dml_real error[N], gradient[N];
    float noise[N];
    void *sort_room = malloc(dml_lovasz_room(N));
    double positive = 0, want = 0;
    family_noise("lovasz", N, 2022, noise);
    for (int i = 0; i < N; i++) { /* many ties, errors of 0 and 1 on both sides, some pixels that do not count */
        const double size = round(fabs((double)noise[i]) * 40) / 40;
        error[i] = i % 11 == 0 ? DML_LOVASZ_IGNORED : noise[i] < -.3f ? -size : size;
        positive += signbit(error[i]) != 0;
    }
    const double got = dml_lovasz(error, N, positive, 3, 20, 200, gradient, sort_room);
    for (int i = 0; i < N; i++) {
        const int counts = error[i] != DML_LOVASZ_IGNORED;
        const double step = jaccard(error, N, (size_t)i, 1, positive) - jaccard(error, N, (size_t)i, 0, positive);
        want += counts ? fabs(error[i]) * step : 0;
        if (i >= 20 && i < 220)
            ck_assert_double_eq_tol(gradient[i - 20], counts ? (signbit(error[i]) ? -3 : 3) * step : 0, 1e-13);
    }
    ck_assert_double_eq_tol(got, want, 1e-13);
    ck_assert(dml_lovasz(error, N, positive, 3, 0, N, error, sort_room) == got);
    ck_assert(memcmp(error + 20, gradient, sizeof(dml_real) * 200) == 0);
    free(sort_room);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edges and Lovasz-Softmax");
    TCase *tests = tcase_create("definitions");
    tcase_add_test(tests, edges_of_any_width);
    tcase_add_test(tests, lovasz_by_definition);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
