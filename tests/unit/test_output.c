/* Labels, probabilities, mattes and edge maps at the pixels of the picture, against plain double-precision code. */
#include "pictures.h"

#include "image/placement.h"

#define SIZE 49u  /* of the input square; its logits have 13 x 13 pixels */
#define SIDE 13u
#define CLASSES 19u
#define W 61u
#define H 45u
#define BAD 0xEEu /* what outputs hold before, and must still hold where nothing belongs */

/* All that a run needs and delivers. Buffers end at a guard page; strides leave a gap after each row. */
typedef struct scene {
    dml_kernels kernels;
    dml_tensor parsing, binary, category;
    dml_logits logits;
    dmlcsr_image image;
    dml_similarity place;
    uint8_t *scratch;
    guarded labels, probabilities, probabilities8, matte, binary_edge, category_edge;
    dmlcsr_result result;
} scene;

static guarded plane_new(size_t stride, size_t element, size_t planes, uint8_t fill)
{
    size_t size = ((planes * H - 1) * stride + W) * element; /* the last row has no gap */
    guarded g = guarded_new(size);
    memset(g.data, fill, size);
    return g;
}

static void ask(scene *s)
{
    dmlcsr_result *r = &s->result;
    dmlcsr_result_init(r);
    r->labels_stride = W + 3;
    r->probabilities_stride = W + 2;
    r->probabilities8_stride = W + 5;
    r->matte_stride = W + 1;
    r->binary_edge_stride = W + 4;
    r->category_edge_stride = W + 6;
    s->labels = plane_new(r->labels_stride, 1, 1, BAD);
    s->probabilities = plane_new(r->probabilities_stride, sizeof(float), CLASSES, BAD);
    s->probabilities8 = plane_new(r->probabilities8_stride, 1, CLASSES, BAD);
    s->matte = plane_new(r->matte_stride, 1, 1, BAD);
    s->binary_edge = plane_new(r->binary_edge_stride, sizeof(float), 1, BAD);
    s->category_edge = plane_new(r->category_edge_stride, 1, 1, BAD);
    r->labels = s->labels.data;
    r->probabilities = (float *)(void *)s->probabilities.data;
    r->probabilities8 = s->probabilities8.data;
    r->matte = s->matte.data;
    r->matte_classes = 1u << 2 | 1u << 17 | 1u << 18;
    r->binary_edge = (float *)(void *)s->binary_edge.data;
    r->category_edge = s->category_edge.data;
}

static void scene_init(scene *s, const dmlcsr_region *region)
{
    ck_assert(dml_kernels_init(&s->kernels, DMLCSR_ISA_AUTO));
    s->parsing = logits_new(CLASSES, SIDE, SIDE, 6.0f, 11);
    s->binary = logits_new(2, SIDE, SIDE, 4.0f, 12);
    s->category = logits_new(CLASSES, SIDE, SIDE, 6.0f, 13);
    s->logits = (dml_logits){ &s->parsing, &s->binary, &s->category, SIZE };
    s->image = (dmlcsr_image){ (const uint8_t *)"", W, H, W, DMLCSR_GRAY8 }; /* only its size counts here */
    s->place = region ? dml_similarity_region(region, SIZE) : dml_similarity_whole(W, H, SIZE);
    s->scratch = malloc(dml_image_scratch(SIZE));
    ask(s);
}

static void scene_run(scene *s, int geometry, bool whole, dml_pool *pool)
{
    ck_assert_int_eq(dml_result_check(&s->result, &s->image, CLASSES, true, NULL), DMLCSR_OK);
    dml_image_result(&s->logits, &s->place, geometry, whole, &s->image, &s->kernels, pool, s->scratch, &s->result);
}

static void forget(scene *s)
{
    guarded_free(&s->labels);
    guarded_free(&s->probabilities);
    guarded_free(&s->probabilities8);
    guarded_free(&s->matte);
    guarded_free(&s->binary_edge);
    guarded_free(&s->category_edge);
}

static void scene_free(scene *s)
{
    forget(s);
    free(s->parsing.data);
    free(s->binary.data);
    free(s->category.data);
    free(s->scratch);
}

static dmlcsr_region tilted(void)
{
    dmlcsr_region region;
    dmlcsr_region_init(&region);
    region.center_x = 24.0f;
    region.center_y = 20.0f;
    region.size = 17.0f;
    region.rotation = 0.4f;
    return region;
}

/* ---- the reference ---- */

static double naive_logit(const dml_tensor *t, uint32_t c, double u, double v)
{
    double x = fmin(fmax(u * (t->w - 1.0) / (SIZE - 1.0), 0.0), t->w - 1.0);
    double y = fmin(fmax(v * (t->h - 1.0) / (SIZE - 1.0), 0.0), t->h - 1.0);
    uint32_t left = (uint32_t)x, top = (uint32_t)y;
    uint32_t right = left + 1 < t->w ? left + 1 : left, low = top + 1 < t->h ? top + 1 : top;
    double fx = x - left, fy = y - top;
    return (1 - fy) * ((1 - fx) * *tensor_value(t, c, top, left) + fx * *tensor_value(t, c, top, right))
           + fy * ((1 - fx) * *tensor_value(t, c, low, left) + fx * *tensor_value(t, c, low, right));
}

/* Where picture pixel (x, y) looks, and whether that is inside; false also when it is too close to call. */
static bool naive_place(const scene *s, int geometry, bool whole, uint32_t x, uint32_t y, double *u, double *v,
                        bool *close)
{
    double a = s->place.a, b = s->place.b, dx = x - (double)s->place.tx, dy = y - (double)s->place.ty;
    double ends[4];
    *u = (a * dx + b * dy) / (a * a + b * b);
    *v = (a * dy - b * dx) / (a * a + b * b);
    ends[0] = *u + 0.5, ends[1] = *v + 0.5, ends[2] = SIZE - 0.5 - *u, ends[3] = SIZE - 0.5 - *v;
    bool inside = true;
    *close = false;
    for (int i = 0; i < 4; i++) {
        inside = inside && ends[i] >= 0.0;
        *close = *close || fabs(ends[i]) < 1e-9;
    }
    if (geometry == DMLCSR_GEOMETRY_COMPATIBLE) {
        *close = *close || fabs(*u - floor(*u) - 0.5) < 1e-9 || fabs(*v - floor(*v) - 0.5) < 1e-9;
        *u = floor(*u + 0.5);
        *v = floor(*v + 0.5);
    } else if (whole) {
        *close = false;
        return true;
    }
    return inside;
}

/* Softmax into p; returns the best class, and by how much it beats the next. */
static uint32_t naive_softmax(const dml_tensor *t, double u, double v, double *p, double *margin)
{
    double logit[CLASSES] = { 0.0 }, sum = 0.0, second = -INFINITY;
    uint32_t best = 0;
    for (uint32_t c = 0; c < t->c; c++)
        logit[c] = naive_logit(t, c, u, v);
    for (uint32_t c = 1; c < t->c; c++)
        best = logit[c] > logit[best] ? c : best;
    for (uint32_t c = 0; c < t->c; c++) {
        sum += exp(logit[c] - logit[best]);
        second = c == best ? second : fmax(second, logit[c]);
    }
    for (uint32_t c = 0; c < t->c; c++)
        p[c] = exp(logit[c] - logit[best]) / sum;
    *margin = logit[best] - second;
    return best;
}

/* Interpolating logits of up to 6 rounds by some 6 * 4 units of 2^-24; positions are off by less. */
#define LOGIT_ERROR 1e-5

static void check_probabilities(const scene *s, uint32_t x, uint32_t y, const double *p)
{
    const dmlcsr_result *r = &s->result;
    double sum = 0.0, matte = 0.0;
    for (uint32_t c = 0; c < CLASSES; c++) {
        float value = r->probabilities[((size_t)c * H + y) * r->probabilities_stride + x];
        ck_assert_msg(fabs(value - p[c]) < 2 * LOGIT_ERROR, "class %u at (%u, %u): %g, expected %g", c, x, y,
                      (double)value, p[c]);
        ck_assert_int_eq(r->probabilities8[((size_t)c * H + y) * r->probabilities8_stride + x],
                         (int)(255.0f * value + 0.5f));
        sum += value;
        matte += r->matte_classes >> c & 1 ? value : 0.0;
    }
    ck_assert_double_eq_tol(sum, 1.0, 1e-5);
    ck_assert_double_eq_tol(r->matte[y * r->matte_stride + x], 255.0 * matte, 0.501);
}

static void check_pixel(const scene *s, int geometry, bool whole, uint32_t x, uint32_t y, uint32_t *outside)
{
    const dmlcsr_result *r = &s->result;
    double u, v, p[CLASSES] = { 1.0 }, margin = 1.0;
    bool close, inside = naive_place(s, geometry, whole, x, y, &u, &v, &close);
    uint32_t best = 0;
    if (close)
        return;
    *outside += !inside;
    if (inside)
        best = naive_softmax(&s->parsing, u, v, p, &margin);
    if (margin > LOGIT_ERROR)
        ck_assert_uint_eq(r->labels[y * r->labels_stride + x], best);
    check_probabilities(s, x, y, p);
    best = 0, margin = 1.0, p[1] = 0.0;
    if (inside)
        best = naive_softmax(&s->category, u, v, p, &margin);
    if (margin > LOGIT_ERROR)
        ck_assert_uint_eq(r->category_edge[y * r->category_edge_stride + x], best);
    p[1] = 0.0;
    if (inside)
        naive_softmax(&s->binary, u, v, p, &margin);
    ck_assert_double_eq_tol(r->binary_edge[y * r->binary_edge_stride + x], p[1], 2 * LOGIT_ERROR);
}

/* Nothing between the rows was written. */
static void check_gaps(const scene *s)
{
    const dmlcsr_result *r = &s->result;
    size_t wrong = 0;
    for (uint32_t y = 0; y + 1 < H * CLASSES; y++) {
        for (size_t x = W; x < r->probabilities_stride; x++)
            wrong += ((const uint8_t *)(r->probabilities + y * r->probabilities_stride + x))[3] != BAD;
        for (size_t x = W; x < r->probabilities8_stride; x++)
            wrong += r->probabilities8[y * r->probabilities8_stride + x] != BAD;
        if (y + 1 >= H)
            continue;
        for (size_t x = W; x < r->labels_stride; x++)
            wrong += r->labels[y * r->labels_stride + x] != BAD;
        for (size_t x = W; x < r->matte_stride; x++)
            wrong += r->matte[y * r->matte_stride + x] != BAD;
        for (size_t x = W; x < r->binary_edge_stride; x++)
            wrong += ((const uint8_t *)(r->binary_edge + y * r->binary_edge_stride + x))[3] != BAD;
        for (size_t x = W; x < r->category_edge_stride; x++)
            wrong += r->category_edge[y * r->category_edge_stride + x] != BAD;
    }
    ck_assert_uint_eq(wrong, 0);
}

/* ---- the tests ---- */

/* 0: fine, whole; 1: fine, region; 2: compatible, whole; 3: compatible, region. */
START_TEST(test_against_double)
{
    int geometry = _i & 2 ? DMLCSR_GEOMETRY_COMPATIBLE : DMLCSR_GEOMETRY_FINE;
    bool whole = !(_i & 1);
    dmlcsr_region region = tilted();
    uint32_t outside = 0;
    scene s;
    scene_init(&s, whole ? NULL : &region);
    scene_run(&s, geometry, whole, NULL);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++)
            check_pixel(&s, geometry, whole, x, y, &outside);
    ck_assert(whole && !geometry ? outside == 0 : outside > 10);
    check_gaps(&s);
    scene_free(&s);
}
END_TEST

/* Each output asked for alone is what it is among all the others. */
START_TEST(test_alone)
{
    int geometry = _i & 1 ? DMLCSR_GEOMETRY_COMPATIBLE : DMLCSR_GEOMETRY_FINE;
    dmlcsr_region region = tilted();
    scene all, one;
    scene_init(&all, &region);
    scene_run(&all, geometry, false, NULL);
    for (int k = 0; k < 6; k++) {
        scene_init(&one, &region);
        dmlcsr_result *r = &one.result;
        r->labels = k == 0 ? r->labels : NULL;
        r->probabilities = k == 1 ? r->probabilities : NULL;
        r->probabilities8 = k == 2 ? r->probabilities8 : NULL;
        r->matte = k == 3 ? r->matte : NULL;
        r->binary_edge = k == 4 ? r->binary_edge : NULL;
        r->category_edge = k == 5 ? r->category_edge : NULL;
        scene_run(&one, geometry, false, NULL);
        const guarded *a[6] = { &all.labels, &all.probabilities, &all.probabilities8, &all.matte, &all.binary_edge,
                                &all.category_edge };
        const guarded *b[6] = { &one.labels, &one.probabilities, &one.probabilities8, &one.matte, &one.binary_edge,
                                &one.category_edge };
        size_t bytes = a[k]->map_size - (size_t)sysconf(_SC_PAGESIZE);
        ck_assert_mem_eq(a[k]->map, b[k]->map, bytes);
        scene_free(&one);
    }
    scene_free(&all);
}
END_TEST

/* Neighbouring pixels of the logits mostly agree here, so that labels take the way without sampling. */
START_TEST(test_smooth_labels)
{
    scene s;
    uint32_t counts[CLASSES] = { 0 }, outside = 0;
    scene_init(&s, NULL);
    for (uint32_t c = 0; c < CLASSES; c++)
        for (uint32_t y = 0; y < SIDE; y++)
            for (uint32_t x = 0; x < SIDE; x++)
                *tensor_value(&s.parsing, c, y, x)
                    = (float)(4.0 * sin(0.4 * x + c) + 4.0 * cos(0.3 * y * (1 + c % 3) + 2.0 * c));
    s.result.probabilities = NULL;
    s.result.probabilities8 = NULL;
    s.result.matte = NULL;
    scene_run(&s, _i, true, NULL);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            double u, v, p[CLASSES], margin;
            bool close, inside = naive_place(&s, _i, true, x, y, &u, &v, &close);
            uint32_t label = s.result.labels[y * s.result.labels_stride + x];
            uint32_t best = inside ? naive_softmax(&s.parsing, u, v, p, &margin) : 0;
            outside += !inside;
            counts[label % CLASSES]++;
            if (!close && !(inside && margin < LOGIT_ERROR))
                ck_assert_uint_eq(label, best);
        }
    uint32_t seen = 0;
    for (uint32_t c = 0; c < CLASSES; c++)
        seen += counts[c] > 0;
    ck_assert_uint_ge(seen, 4);
    ck_assert_int_eq(outside > 0, _i == DMLCSR_GEOMETRY_COMPATIBLE);
    scene_free(&s);
}
END_TEST

START_TEST(test_compose)
{
    static const float centers[2][2] = { { 18.0f, 16.0f }, { 34.0f, 25.0f } };
    dmlcsr_region region = tilted();
    scene one[2], both;
    scene_init(&both, &region);
    memset(both.labels.data, 0, (H - 1) * (W + 3) + W);
    memset(both.matte.data, 0, (H - 1) * (W + 1) + W);
    memset(both.category_edge.data, 0, (H - 1) * (W + 6) + W);
    memset(both.binary_edge.data, 0, ((H - 1) * (W + 4) + W) * sizeof(float));
    both.result.flags = DMLCSR_COMPOSE;
    for (int i = 0; i < 2; i++) {
        region.center_x = centers[i][0];
        region.center_y = centers[i][1];
        region.rotation = 0.3f - (float)i;
        scene_init(&one[i], &region);
        scene_run(&one[i], _i, false, NULL);
        both.place = one[i].place;
        scene_run(&both, _i, false, NULL);
    }
    uint32_t overlap = 0;
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            size_t at = y * both.result.labels_stride + x, edge = y * both.result.category_edge_stride + x;
            size_t matte = y * both.result.matte_stride + x, binary = y * both.result.binary_edge_stride + x;
            const dmlcsr_result *a = &one[0].result, *b = &one[1].result, *c = &both.result;
            ck_assert_uint_eq(c->labels[at], b->labels[at] ? b->labels[at] : a->labels[at]);
            ck_assert_uint_eq(c->category_edge[edge],
                              b->category_edge[edge] ? b->category_edge[edge] : a->category_edge[edge]);
            ck_assert_uint_eq(c->matte[matte], a->matte[matte] > b->matte[matte] ? a->matte[matte] : b->matte[matte]);
            ck_assert(c->binary_edge[binary] == fmaxf(a->binary_edge[binary], b->binary_edge[binary]));
            overlap += a->labels[at] && b->labels[at];
        }
    ck_assert_uint_gt(overlap, 20);
    /* Probabilities are those of the last face. */
    ck_assert_mem_eq(both.probabilities8.data, one[1].probabilities8.data, W);
    scene_free(&one[0]);
    scene_free(&one[1]);
    scene_free(&both);
}
END_TEST

/* Background counts as a part like any other where it is in the matte: outside the region it is certain. */
START_TEST(test_background_matte)
{
    dmlcsr_region region = tilted();
    scene s;
    region.center_x = 500.0f;
    scene_init(&s, &region);
    s.result.matte_classes = 1;
    scene_run(&s, _i, false, NULL);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            ck_assert_uint_eq(s.result.matte[y * s.result.matte_stride + x], 255);
            ck_assert_uint_eq(s.result.labels[y * s.result.labels_stride + x], 0);
        }
    scene_free(&s);
}
END_TEST

START_TEST(test_threads)
{
    static const uint32_t threads[] = { 1, 2, 3, 7 };
    dmlcsr_region region = tilted();
    scene s, expected;
    dml_memory memory;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    scene_init(&expected, &region);
    scene_run(&expected, _i, false, NULL);
    for (int t = 0; t < 4; t++) {
        dml_pool *pool = NULL;
        scene_init(&s, &region);
        ck_assert_int_eq(dml_pool_create(&pool, &memory, threads[t], NULL), DMLCSR_OK);
        scene_run(&s, _i, false, pool);
        dml_pool_free(pool);
        ck_assert_mem_eq(s.labels.data, expected.labels.data, (H - 1) * s.result.labels_stride + W);
        ck_assert_mem_eq(s.probabilities.data, expected.probabilities.data,
                         ((CLASSES * H - 1) * s.result.probabilities_stride + W) * sizeof(float));
        ck_assert_mem_eq(s.matte.data, expected.matte.data, (H - 1) * s.result.matte_stride + W);
        ck_assert_mem_eq(s.category_edge.data, expected.category_edge.data,
                         (H - 1) * s.result.category_edge_stride + W);
        ck_assert_mem_eq(s.binary_edge.data, expected.binary_edge.data,
                         ((H - 1) * s.result.binary_edge_stride + W) * sizeof(float));
        scene_free(&s);
    }
    scene_free(&expected);
}
END_TEST

/* A model gone wrong: labels stay classes, bytes stay defined (the sanitizers watch). */
START_TEST(test_not_a_number)
{
    static const float values[] = { NAN, INFINITY, -INFINITY };
    scene s;
    scene_init(&s, NULL);
    for (size_t i = 0; i < dml_tensor_size(&s.parsing); i++)
        s.parsing.data[i] = s.category.data[i] = values[i % 7 % 3];
    for (size_t i = 0; i < dml_tensor_size(&s.binary); i++)
        s.binary.data[i] = values[i % 7 % 3];
    scene_run(&s, _i, true, NULL);
    s.result.probabilities = NULL;
    s.result.probabilities8 = s.result.matte = NULL;
    scene_run(&s, _i, true, NULL);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            ck_assert_uint_lt(s.result.labels[y * s.result.labels_stride + x], CLASSES);
            ck_assert_uint_lt(s.result.category_edge[y * s.result.category_edge_stride + x], CLASSES);
        }
    scene_free(&s);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("output");
    TCase *values = tcase_create("values"), *rules = tcase_create("rules");
    tcase_add_loop_test(values, test_against_double, 0, 4);
    tcase_add_loop_test(values, test_smooth_labels, 0, 2);
    tcase_add_loop_test(rules, test_alone, 0, 2);
    tcase_add_loop_test(rules, test_compose, 0, 2);
    tcase_add_loop_test(rules, test_background_matte, 0, 2);
    tcase_add_loop_test(rules, test_threads, 0, 2);
    tcase_add_loop_test(rules, test_not_a_number, 0, 2);
    tcase_set_timeout(values, 60);
    tcase_set_timeout(rules, 60);
    suite_add_tcase(suite, values);
    suite_add_tcase(suite, rules);
    return run_suite(suite);
}
