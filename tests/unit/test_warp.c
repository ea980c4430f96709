/* Similarities and the warp into the input tensor, against plain double-precision code. */
#include "pictures.h"

#include "image/placement.h"

#define SIZE 45u
#define PI 3.14159265358979323846

/* Where network position (u, v) falls in the picture, by the definition in image.h. */
static void forward(const dml_similarity *place, double u, double v, double *x, double *y)
{
    *x = (double)place->a * u - (double)place->b * v + place->tx;
    *y = (double)place->b * u + (double)place->a * v + place->ty;
}

static double grey_at(const dmlcsr_image *image, int64_t x, int64_t y, uint32_t channel)
{
    if (x < 0 || y < 0 || x >= image->width || y >= image->height)
        return 0.0;
    return image->pixels[(size_t)y * image->stride + (size_t)x * 3 + channel];
}

static double bilinear(const dmlcsr_image *image, double x, double y, uint32_t channel)
{
    if (fabs(x) > 1e6 || fabs(y) > 1e6)
        return 0.0;
    int64_t left = (int64_t)floor(x), top = (int64_t)floor(y);
    double fx = x - (double)left, fy = y - (double)top;
    return (1 - fy) * ((1 - fx) * grey_at(image, left, top, channel) + fx * grey_at(image, left + 1, top, channel))
           + fy * ((1 - fx) * grey_at(image, left, top + 1, channel) + fx * grey_at(image, left + 1, top + 1, channel));
}

static double naive(const dmlcsr_image *image, const dml_similarity *place, uint32_t u, uint32_t v, uint32_t channel,
                    int samples)
{
    double sum = 0.0, x, y;
    for (int j = 0; j < samples; j++)
        for (int i = 0; i < samples; i++) {
            forward(place, u - 0.5 + (i + 0.5) / samples, v - 0.5 + (j + 0.5) / samples, &x, &y);
            sum += bilinear(image, x, y, channel);
        }
    return sum / (samples * samples);
}

/* What the warp should be, for every value. Interpolation rounds a handful of times, the sum once per sample: an error
   of at most (samples^2 + 16) units of the last place of 255. */
static void compare(const dmlcsr_image *image, const dml_similarity *place, bool fine)
{
    double scale = hypot(place->a, place->b);
    int samples = fine && scale > 1.5 ? (int)fmin(16.0, ceil(scale)) : 1;
    double bound = (samples * samples + 16) * 255.0 * 0x1p-24 / (255.0 * 0.224);
    dml_tensor input = tensor_new(3, SIZE, SIZE);
    dml_image_to_input(image, place, &published, fine, NULL, &input);
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t v = 0; v < SIZE; v++)
            for (uint32_t u = 0; u < SIZE; u++) {
                double level = naive(image, place, u, v, 2 - c, samples) / 255.0;
                double expected = (level - published.mean[c]) / published.std[c];
                ck_assert_double_eq_tol(*tensor_value(&input, c, v, u), expected, bound);
            }
    free(input.data);
}

static const struct {
    uint32_t width, height;
    float center_x, center_y, size, rotation;
} cases[] = {
    { 60, 80, 30.0f, 40.0f, 25.0f, 0.0f },     { 60, 80, 30.0f, 40.0f, 12.0f, 0.6f },
    { 60, 80, 2.0f, 79.0f, 30.0f, -0.4f },     { 300, 200, 150.0f, 90.0f, 120.0f, 0.0f },
    { 300, 200, 150.0f, 90.0f, 90.0f, 2.5f },  { 300, 200, -20.0f, 210.0f, 150.0f, 0.0f },
    { 300, 200, 10.0f, 10.0f, 200.0f, -1.0f }, { 700, 650, 350.0f, 325.0f, 350.0f, 0.0f }, /* 15.6 pixels in one */
    { 700, 650, 350.0f, 325.0f, 359.0f, 0.0f }, { 900, 20, 450.0f, 10.0f, 450.0f, 0.0f },  /* past 16: sparse */
    { 1, 1, 0.0f, 0.0f, 3.0f, 0.3f },          { 2, 3, 0.5f, 1.0f, 90.0f, 0.0f },
    { 50, 50, 25.0f, 25.0f, 30.0f, 3.14159274f }
};

START_TEST(test_against_double)
{
    dmlcsr_region region;
    dmlcsr_image image = { NULL, cases[_i].width, cases[_i].height, 3 * cases[_i].width + 1, DMLCSR_RGB8 };
    uint8_t *pixels = random_bytes(image.stride * image.height, (uint32_t)_i + 1);
    image.pixels = pixels;
    dmlcsr_region_init(&region);
    region.center_x = cases[_i].center_x;
    region.center_y = cases[_i].center_y;
    region.size = cases[_i].size;
    region.rotation = cases[_i].rotation;
    dml_similarity place = dml_similarity_region(&region, SIZE);
    dml_similarity whole = dml_similarity_whole(image.width, image.height, SIZE);
    for (int fine = 0; fine < 2; fine++) {
        compare(&image, &place, fine);
        compare(&image, &whole, fine);
    }
    free(pixels);
}
END_TEST

/* The placement of the published protocol, its own way round: picture to network. */
START_TEST(test_whole)
{
    static const uint32_t sides[][2] = { { 512, 512 }, { 640, 480 }, { 333, 1000 }, { 2, 1 }, { 65535, 65535 } };
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint32_t w = sides[i][0], h = sides[i][1];
        dml_similarity place = dml_similarity_whole(w, h, 473);
        dml_inverse inverse = dml_similarity_invert(&place);
        double s = (w > h ? w : h) - 1.0;
        for (int corner = 0; corner < 4; corner++) {
            double x = corner & 1 ? w - 1.0 : 0.0, y = corner & 2 ? h - 1.0 : 0.0;
            double u = 236.5 + (x - (w - 1) / 2.0) * 473.0 / s, v = 236.5 + (y - (h - 1) / 2.0) * 473.0 / s;
            ck_assert_double_eq_tol(inverse.a * x + inverse.b * y + inverse.tu, u, 1e-3);
            ck_assert_double_eq_tol(-inverse.b * x + inverse.a * y + inverse.tv, v, 1e-3);
        }
    }
    dml_similarity dot = dml_similarity_whole(1, 1, 473);
    ck_assert(isfinite(dot.a) && dot.a > 0.0f && isfinite(dot.tx) && isfinite(dot.ty));
}
END_TEST

START_TEST(test_region)
{
    dmlcsr_region region;
    double x, y;
    dmlcsr_region_init(&region);
    region.center_x = 100.0f;
    region.center_y = 60.0f;
    region.size = 30.0f;
    for (int i = 0; i < 3; i++) {
        region.context = i ? (float)i + 0.5f : 0.0f; /* 0 stands for 2 */
        double half = region.size * (i ? region.context : 2.0) / 2.0;
        for (int turn = -3; turn < 4; turn++) {
            region.rotation = (float)turn * 0.7f;
            dml_similarity place = dml_similarity_region(&region, SIZE);
            forward(&place, (SIZE - 1) / 2.0, (SIZE - 1) / 2.0, &x, &y);
            ck_assert_double_eq_tol(x, 100.0, 1e-4);
            ck_assert_double_eq_tol(y, 60.0, 1e-4);
            /* The middle of the square's upper side: up, turned clockwise by the rotation. */
            forward(&place, (SIZE - 1) / 2.0, -0.5, &x, &y);
            ck_assert_double_eq_tol(x, 100.0 + half * sin(region.rotation), 1e-4);
            ck_assert_double_eq_tol(y, 60.0 - half * cos(region.rotation), 1e-4);
        }
    }
}
END_TEST

/* A white spot in a black picture; where in the input is it? */
static void find_spot(uint32_t spot_x, uint32_t spot_y, float rotation, double *u, double *v)
{
    static uint8_t pixels[81 * 81];
    dmlcsr_image image = { pixels, 81, 81, 81, DMLCSR_GRAY8 };
    dml_tensor input = tensor_new(3, SIZE, SIZE);
    dmlcsr_region region;
    float most = -100.0f;
    memset(pixels, 0, sizeof pixels);
    for (uint32_t y = spot_y - 2; y <= spot_y + 2; y++)
        memset(pixels + y * 81 + spot_x - 2, 255, 5);
    dmlcsr_region_init(&region);
    region.center_x = region.center_y = 40.0f;
    region.size = 22.5f; /* one picture pixel in one network pixel */
    region.rotation = rotation;
    dml_similarity place = dml_similarity_region(&region, SIZE);
    dml_image_to_input(&image, &place, &published, true, NULL, &input);
    *u = *v = 0.0;
    int count = 0;
    for (uint32_t y = 0; y < SIZE; y++)
        for (uint32_t x = 0; x < SIZE; x++) {
            float value = *tensor_value(&input, 0, y, x);
            if (value > 1.0f) {
                *u += x;
                *v += y;
                count++;
            }
            most = fmaxf(most, value);
        }
    ck_assert_int_gt(count, 0);
    *u /= count;
    *v /= count;
    free(input.data);
}

/* Nothing is mirrored, and a head that is tilted to the right of the picture comes out upright. */
START_TEST(test_directions)
{
    double u, v;
    find_spot(30, 36, 0.0f, &u, &v); /* left of the centre (40, 40) and above it */
    ck_assert_double_eq_tol(u, 22.0 - 10.0, 0.3);
    ck_assert_double_eq_tol(v, 22.0 - 4.0, 0.3);
    find_spot(55, 40, (float)(PI / 2), &u, &v); /* the top of a head that lies to the right */
    ck_assert_double_eq_tol(u, 22.0, 0.3);
    ck_assert_double_eq_tol(v, 22.0 - 15.0, 0.3);
    find_spot(50, 30, (float)(PI / 4), &u, &v); /* tilted to the right by 45 degrees */
    ck_assert_double_eq_tol(u, 22.0, 0.5);
    ck_assert_double_eq_tol(v, 22.0 - 14.14, 0.5);
    find_spot(40, 55, (float)(PI / 2), &u, &v); /* and below the centre of a head to the right is on its left */
    ck_assert_double_eq_tol(u, 22.0 + 15.0, 0.3);
    ck_assert_double_eq_tol(v, 22.0, 0.3);
}
END_TEST

/* A picture mirrored together with its region gives the mirrored input. */
START_TEST(test_mirror)
{
    uint32_t w = 64, h = 50;
    uint8_t *pixels = random_bytes(w * h, 77), *mirrored = malloc(w * h);
    for (uint32_t i = 0; i < w * h; i++)
        mirrored[i] = pixels[i / w * w + w - 1 - i % w];
    dmlcsr_image image = { pixels, w, h, w, DMLCSR_GRAY8 }, mirror = { mirrored, w, h, w, DMLCSR_GRAY8 };
    dmlcsr_region region;
    dml_tensor left = tensor_new(3, SIZE, SIZE), right = tensor_new(3, SIZE, SIZE);
    dmlcsr_region_init(&region);
    region.center_x = 20.0f;
    region.center_y = 24.0f;
    region.size = 24.0f;
    region.rotation = 0.3f;
    dml_similarity place = dml_similarity_region(&region, SIZE);
    dml_image_to_input(&image, &place, &published, false, NULL, &left);
    region.center_x = (float)(w - 1) - region.center_x;
    region.rotation = -region.rotation;
    place = dml_similarity_region(&region, SIZE);
    dml_image_to_input(&mirror, &place, &published, false, NULL, &right);
    for (uint32_t v = 0; v < SIZE; v++)
        for (uint32_t u = 0; u < SIZE; u++)
            ck_assert_double_eq_tol(*tensor_value(&left, 1, v, u), *tensor_value(&right, 1, v, SIZE - 1 - u), 1e-3);
    free(pixels);
    free(mirrored);
    free(left.data);
    free(right.data);
}
END_TEST

/* Anything finite that a caller may write into a region: no crash, no endless loop, finite numbers. */
START_TEST(test_wild_regions)
{
    static const float wild[] = { 0.0f, 1e30f, -1e30f, 3.4e38f, -3.4e38f, 1e-30f, 1e-45f, 12.5f };
    static const float sizes[] = { 1e-45f, 1e-38f, 1e-6f, 10.0f, 1e9f, 3.4e38f };
    guarded pixels = guarded_new(25 * 17);
    dmlcsr_image image = { pixels.data, 25, 17, 25, DMLCSR_GRAY8 };
    dml_tensor input = tensor_new(3, SIZE, SIZE);
    dmlcsr_region region;
    dmlcsr_region_init(&region);
    for (size_t i = 0; i < 8 * 8 * 6 * 4; i++) {
        region.center_x = wild[i % 8];
        region.center_y = wild[i / 8 % 8];
        region.size = sizes[i / 64 % 6];
        region.rotation = wild[i / 384 * 2 % 8] + (i & 1 ? 1e20f : 0.0f);
        region.context = i & 2 ? 3e38f : 1.0f;
        dml_similarity place = dml_similarity_region(&region, SIZE);
        ck_assert(isfinite(place.a) && isfinite(place.b) && isfinite(place.tx) && isfinite(place.ty));
        dml_inverse inverse = dml_similarity_invert(&place);
        ck_assert(isfinite(inverse.a) && isfinite(inverse.b) && isfinite(inverse.tu) && isfinite(inverse.tv));
        dml_image_to_input(&image, &place, &published, true, NULL, &input);
        ck_assert(isfinite(*tensor_value(&input, 0, SIZE / 2, SIZE / 2)));
        for (uint32_t y = 0; y < 17; y++) {
            uint32_t begin = 99, end = 99;
            dml_inverse_span(&inverse, y, 25, SIZE, &begin, &end);
            ck_assert(begin <= end && end <= 25);
        }
    }
    guarded_free(&pixels);
    free(input.data);
}
END_TEST

/* The interval against the test of every pixel. */
START_TEST(test_span)
{
    uint32_t seed = 5, hits = 0, wrong = 0;
    for (int i = 0; i < 2000; i++) {
        dmlcsr_region region;
        dmlcsr_region_init(&region);
        region.center_x = 30.0f + 60.0f * next_signed(&seed);
        region.center_y = 20.0f + 60.0f * next_signed(&seed);
        region.size = i % 3 ? 20.5f + 20.0f * next_signed(&seed) : 16.0f;
        region.rotation = i % 4 ? 4.0f * next_signed(&seed) : (float)(i % 8) * (float)(PI / 4);
        dml_similarity place = dml_similarity_region(&region, SIZE);
        dml_inverse n = dml_similarity_invert(&place);
        for (uint32_t y = 0; y < 40; y++) {
            uint32_t begin, end;
            dml_inverse_span(&n, y, 60, SIZE, &begin, &end);
            wrong += begin > end || end > 60;
            for (uint32_t x = 0; x < 60; x++) {
                double u = n.b * y + n.tu + n.a * x, v = n.a * y + n.tv - n.b * x;
                bool inside = u >= -0.5 && u < SIZE - 0.5 && v >= -0.5 && v < SIZE - 0.5;
                wrong += inside != (x >= begin && x < end);
                hits += inside;
            }
        }
    }
    ck_assert_uint_eq(wrong, 0);
    ck_assert_uint_gt(hits, 10000);
}
END_TEST

START_TEST(test_threads)
{
    static const uint32_t threads[] = { 1, 2, 3, 7 };
    uint8_t *pixels = random_bytes(200 * 150 * 3, 3);
    dmlcsr_image image = { pixels, 200, 150, 600, DMLCSR_BGR8 };
    dml_similarity places[2] = { dml_similarity_whole(200, 150, SIZE), { 2.0f, 1.5f, -3.0f, 4.0f } };
    dml_memory memory;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    for (int i = 0; i < 2; i++) {
        dml_tensor expected = tensor_new(3, SIZE, SIZE);
        dml_image_to_input(&image, &places[i], &published, true, NULL, &expected);
        for (int t = 0; t < 4; t++) {
            dml_pool *pool = NULL;
            dml_tensor input = tensor_new(3, SIZE, SIZE);
            ck_assert_int_eq(dml_pool_create(&pool, &memory, threads[t], NULL), DMLCSR_OK);
            dml_image_to_input(&image, &places[i], &published, true, pool, &input);
            ck_assert_mem_eq(input.data, expected.data, dml_tensor_size(&input) * sizeof(float));
            dml_pool_free(pool);
            free(input.data);
        }
        free(expected.data);
    }
    free(pixels);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warp");
    TCase *place = tcase_create("placement"), *warp = tcase_create("warp");
    tcase_add_test(place, test_whole);
    tcase_add_test(place, test_region);
    tcase_add_test(place, test_span);
    tcase_add_loop_test(warp, test_against_double, 0, (int)(sizeof cases / sizeof *cases));
    tcase_add_test(warp, test_directions);
    tcase_add_test(warp, test_mirror);
    tcase_add_test(warp, test_wild_regions);
    tcase_add_test(warp, test_threads);
    tcase_set_timeout(warp, 60);
    suite_add_tcase(suite, place);
    suite_add_tcase(suite, warp);
    return run_suite(suite);
}
