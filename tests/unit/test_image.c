/* Pictures in every format, what the library reads of them, and the checks of arguments. */
#include "pictures.h"

#include "image/palette.h"

#define W 37u
#define H 29u
#define SIZE 41u

static const int packed[] = { DMLCSR_RGB8, DMLCSR_BGR8, DMLCSR_RGBA8, DMLCSR_BGRA8 };

/* Turned, shrunk along the axes, shrunk and turned, enlarged and partly outside. */
static const dml_similarity places[] = {
    { 0.8f, 0.3f, 2.5f, -4.0f }, { 2.7f, 0.0f, -40.0f, -30.0f }, { 2.0f, -1.1f, -20.0f, 3.0f },
    { 0.2f, 0.0f, 33.0f, 25.0f }
};
#define PLACES (sizeof places / sizeof *places)

static dml_tensor to_input(const dmlcsr_image *image, const dml_similarity *place, bool bgr)
{
    dml_tensor input = tensor_new(3, SIZE, SIZE);
    dml_preprocess preprocess = published;
    preprocess.bgr = bgr;
    ck_assert_int_eq(dml_image_check(image, NULL), DMLCSR_OK);
    dml_image_to_input(image, place, &preprocess, true, NULL, &input);
    return input;
}

/* The largest difference between two inputs, in levels of 0 .. 255. */
static double distance(const dml_tensor *a, const dml_tensor *b)
{
    double most = 0.0;
    for (uint32_t c = 0; c < 3; c++)
        for (uint32_t y = 0; y < SIZE; y++)
            for (uint32_t x = 0; x < SIZE; x++) {
                double d = fabs((double)*tensor_value(a, c, y, x) - (double)*tensor_value(b, c, y, x));
                most = fmax(most, d * 255.0 * published.std[c]);
            }
    return most;
}

START_TEST(test_packed_formats_agree)
{
    uint8_t *rgb = random_bytes(3 * W * H, 7);
    for (size_t p = 0; p < PLACES; p++) {
        dmlcsr_image plain = { rgb, W, H, 3 * W, DMLCSR_RGB8 };
        dml_tensor expected = to_input(&plain, &places[p], true);
        for (size_t f = 0; f < 4; f++) {
            size_t stride = format_row(packed[f], W) + 5 * f;
            guarded g = guarded_new(format_size(packed[f], W, H, stride));
            pack(rgb, W, H, packed[f], g.data, stride);
            dmlcsr_image image = { g.data, W, H, stride, packed[f] };
            dml_tensor input = to_input(&image, &places[p], true);
            ck_assert_mem_eq(input.data, expected.data, dml_tensor_size(&input) * sizeof(float));
            free(input.data);
            guarded_free(&g);
        }
        free(expected.data);
    }
    free(rgb);
}
END_TEST

START_TEST(test_grey)
{
    uint8_t *grey = random_bytes(W * H, 8), *rgb = malloc(3 * W * H);
    for (size_t i = 0; i < 3 * W * H; i++)
        rgb[i] = grey[i / 3];
    for (size_t p = 0; p < PLACES; p++) {
        guarded g = guarded_new(format_size(DMLCSR_GRAY8, W, H, W + 3));
        pack(rgb, W, H, DMLCSR_GRAY8, g.data, W + 3);
        dmlcsr_image colour = { rgb, W, H, 3 * W, DMLCSR_RGB8 }, image = { g.data, W, H, W + 3, DMLCSR_GRAY8 };
        dml_tensor expected = to_input(&colour, &places[p], false), input = to_input(&image, &places[p], false);
        ck_assert_mem_eq(input.data, expected.data, dml_tensor_size(&input) * sizeof(float));
        free(expected.data);
        free(input.data);
        guarded_free(&g);
    }
    free(grey);
    free(rgb);
}
END_TEST

/* Colours that are the same in each square of 2 x 2, so that NV12 loses nothing but rounding: half a step of Y (1.16
   levels) and of the chroma that weighs most (1.772 * 255 / 224 levels). Width and height are odd. */
START_TEST(test_nv12)
{
    uint8_t *random = random_bytes(3 * W * H, 9), *rgb = malloc(3 * W * H);
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++)
            memcpy(rgb + 3 * (y * W + x), random + 3 * ((y & ~1u) * W + (x & ~1u)), 3);
    for (size_t p = 0; p < PLACES; p++)
        for (int bgr = 0; bgr < 2; bgr++) {
            size_t stride = format_row(DMLCSR_NV12, W) + 2 * p;
            guarded g = guarded_new(format_size(DMLCSR_NV12, W, H, stride));
            pack_nv12(rgb, W, H, g.data, stride);
            dmlcsr_image colour = { rgb, W, H, 3 * W, DMLCSR_RGB8 }, image = { g.data, W, H, stride, DMLCSR_NV12 };
            dml_tensor expected = to_input(&colour, &places[p], bgr), input = to_input(&image, &places[p], bgr);
            ck_assert_double_lt(distance(&input, &expected), 0.5 * 255.0 / 219.0 + 0.5 * 1.772 * 255.0 / 224.0 + 1e-3);
            free(expected.data);
            free(input.data);
            guarded_free(&g);
        }
    free(random);
    free(rgb);
}
END_TEST

START_TEST(test_channel_order)
{
    static const uint8_t pixel[3] = { 200, 100, 50 }; /* red, green, blue */
    dmlcsr_image image = { pixel, 1, 1, 3, DMLCSR_RGB8 };
    dml_similarity place = dml_similarity_whole(1, 1, SIZE);
    place.tx = place.ty = 0.0f;
    for (int bgr = 0; bgr < 2; bgr++) {
        dml_tensor input = to_input(&image, &place, bgr);
        for (uint32_t c = 0; c < 3; c++) {
            double level = pixel[bgr ? 2 - c : c] / 255.0, expected = (level - published.mean[c]) / published.std[c];
            ck_assert_double_eq_tol(*tensor_value(&input, c, 0, 0), expected, 1e-5);
        }
        free(input.data);
    }
}
END_TEST

/* The tensor comes full of rubbish: border and unused lanes must be zero afterwards, the rest in range. */
START_TEST(test_border_is_cleared)
{
    uint8_t *rgb = random_bytes(3 * W * H, 10);
    dmlcsr_image image = { rgb, W, H, 3 * W, DMLCSR_RGB8 };
    for (size_t p = 0; p < PLACES; p++) {
        dml_tensor input = to_input(&image, &places[p], true);
        for (ptrdiff_t y = -1; y <= (ptrdiff_t)SIZE; y++)
            for (ptrdiff_t x = -1; x <= (ptrdiff_t)SIZE; x++) {
                const float *at = dml_tensor_at(&input, 0, y, x);
                bool border = y < 0 || x < 0 || y == SIZE || x == SIZE;
                for (int lane = 0; lane < DML_BLOCK; lane++)
                    if (border || lane > 2)
                        ck_assert(at[lane] == 0.0f);
                    else
                        ck_assert(fabsf(at[lane]) < 3.0f);
            }
        free(input.data);
    }
    free(rgb);
}
END_TEST

static void expect_image_error(const dmlcsr_image *image, const char *word)
{
    dml_error error = { "" };
    ck_assert_int_eq(dml_image_check(image, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_msg(strstr(error.text, word) != NULL, "'%s' does not mention '%s'", error.text, word);
    ck_assert_int_eq(dml_image_check(image, NULL), DMLCSR_ERROR_ARGUMENT);
}

START_TEST(test_image_check)
{
    static const uint8_t pixel[16] = { 0 };
    const dmlcsr_image good = { pixel, 3, 1, 9, DMLCSR_RGB8 };
    dmlcsr_image bad;
    ck_assert_int_eq(dml_image_check(&good, NULL), DMLCSR_OK);
    expect_image_error(NULL, "NULL");
    bad = good, bad.pixels = NULL, expect_image_error(&bad, "pixels");
    bad = good, bad.width = 0, expect_image_error(&bad, "0 x 1");
    bad = good, bad.height = 0, expect_image_error(&bad, "3 x 0");
    bad = good, bad.width = 65536, bad.stride = 1 << 20, expect_image_error(&bad, "65536");
    bad = good, bad.height = 65536, expect_image_error(&bad, "65536");
    bad = good, bad.format = 6, expect_image_error(&bad, "format 6");
    bad = good, bad.format = -1, expect_image_error(&bad, "format -1");
    bad = good, bad.stride = 8, expect_image_error(&bad, "stride is 8");
    bad = good, bad.height = 2, bad.stride = SIZE_MAX / 2 + 1, expect_image_error(&bad, "memory");
    bad = good, bad.format = DMLCSR_RGBA8, bad.stride = 11, expect_image_error(&bad, "12");
    bad = good, bad.format = DMLCSR_NV12, bad.stride = 3, expect_image_error(&bad, "row has 4");
    bad = good, bad.format = DMLCSR_NV12, bad.stride = 5, expect_image_error(&bad, "odd");
    bad = good, bad.format = DMLCSR_NV12, bad.stride = 4;
    ck_assert_int_eq(dml_image_check(&bad, NULL), DMLCSR_OK);
    bad = good, bad.format = DMLCSR_GRAY8, bad.stride = 3;
    ck_assert_int_eq(dml_image_check(&bad, NULL), DMLCSR_OK);
}
END_TEST

static void expect_region_error(const dmlcsr_region *region, int status, const char *word)
{
    dml_error error = { "" };
    ck_assert_int_eq(dml_region_check(region, &error), status);
    ck_assert_msg(strstr(error.text, word) != NULL, "'%s' does not mention '%s'", error.text, word);
}

START_TEST(test_region_check)
{
    dmlcsr_region good, bad;
    dmlcsr_region_init(&good);
    good.size = 10.0f;
    ck_assert_int_eq(dml_region_check(NULL, NULL), DMLCSR_OK);
    ck_assert_int_eq(dml_region_check(&good, NULL), DMLCSR_OK);
    bad = good, bad.center_x = NAN, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "center");
    bad = good, bad.center_y = INFINITY, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "center");
    bad = good, bad.size = 0.0f, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "size");
    bad = good, bad.size = -1.0f, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "size");
    bad = good, bad.size = NAN, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "size");
    bad = good, bad.size = INFINITY, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "size");
    bad = good, bad.rotation = INFINITY, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "rotation");
    bad = good, bad.context = -0.5f, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "context");
    bad = good, bad.context = NAN, expect_region_error(&bad, DMLCSR_ERROR_ARGUMENT, "context");
    bad = good, bad.reserved = 1, expect_region_error(&bad, DMLCSR_ERROR_STRUCT, "reserved");
}
END_TEST

static const dmlcsr_image canvas = { (const uint8_t *)"", 10, 4, 10, DMLCSR_GRAY8 };

/* Refused, with the word in the sentence, and the struct as it was. */
static void expect_result_error(dmlcsr_result result, bool edges, int status, const char *word)
{
    dml_error error = { "" };
    dmlcsr_result before = result;
    ck_assert_int_eq(dml_result_check(&result, &canvas, 19, edges, &error), status);
    ck_assert_msg(strstr(error.text, word) != NULL, "'%s' does not mention '%s'", error.text, word);
    ck_assert_mem_eq(&result, &before, sizeof result);
}

START_TEST(test_result_check)
{
    static uint8_t bytes[64];
    static float floats[16];
    dmlcsr_result good, bad;
    dmlcsr_result_init(&good);
    expect_result_error(good, true, DMLCSR_ERROR_ARGUMENT, "nothing");
    ck_assert_int_eq(dml_result_check(NULL, &canvas, 19, true, NULL), DMLCSR_ERROR_ARGUMENT);
    good.labels = bytes;
    bad = good, bad.labels_stride = 9, expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "labels_stride is 9");
    bad = good, bad.labels_stride = SIZE_MAX / 3, expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "memory");
    bad = good, bad.flags = 2, expect_result_error(bad, true, DMLCSR_ERROR_STRUCT, "flags");
    bad = good, bad.reserved = 2, expect_result_error(bad, true, DMLCSR_ERROR_STRUCT, "reserved");
    bad = good, bad.matte = bytes, expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "matte_classes is empty");
    bad.matte_classes = 1u << 19, expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "past the last one, 18");
    bad = good, bad.binary_edge = floats, expect_result_error(bad, false, DMLCSR_ERROR_NO_EDGES, "binary_edge");
    bad = good, bad.category_edge = bytes, expect_result_error(bad, false, DMLCSR_ERROR_NO_EDGES, "category_edge");
    bad = good, bad.probabilities = (float *)(void *)(bytes + ((uintptr_t)bytes % 4 ? 0 : 1));
    expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "aligned");
    bad = good, bad.probabilities = floats, bad.probabilities_stride = SIZE_MAX / 19 / 16;
    expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "probabilities_stride");
    bad = good, bad.probabilities8 = bytes, bad.probabilities8_stride = 1;
    expect_result_error(bad, true, DMLCSR_ERROR_ARGUMENT, "probabilities8_stride");
}
END_TEST

START_TEST(test_result_defaults)
{
    static uint8_t bytes[64];
    static float floats[16];
    dmlcsr_result result;
    dmlcsr_result_init(&result);
    result.labels = result.probabilities8 = result.matte = result.category_edge = bytes;
    result.probabilities = result.binary_edge = floats;
    result.labels_stride = 12;
    result.matte_classes = 1u << 18 | 1;
    ck_assert_int_eq(dml_result_check(&result, &canvas, 19, true, NULL), DMLCSR_OK);
    ck_assert_uint_eq(result.labels_stride, 12);
    ck_assert_uint_eq(result.probabilities_stride, 10);
    ck_assert_uint_eq(result.probabilities8_stride, 10);
    ck_assert_uint_eq(result.matte_stride, 10);
    ck_assert_uint_eq(result.binary_edge_stride, 10);
    ck_assert_uint_eq(result.category_edge_stride, 10);
    result.matte_classes = UINT64_MAX;
    ck_assert_int_eq(dml_result_check(&result, &canvas, 64, true, NULL), DMLCSR_OK);
}
END_TEST

static int apart(uint32_t a, uint32_t b)
{
    int sum = 0;
    for (int shift = 0; shift < 24; shift += 8)
        sum += abs((int)(a >> shift & 255) - (int)(b >> shift & 255));
    return sum;
}

START_TEST(test_palette)
{
    static const char *const celeb[] = { "background", "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow",
                                         "l_ear", "r_ear", "mouth", "u_lip", "l_lip", "hair", "hat", "ear_r",
                                         "neck_l", "neck", "cloth" };
    static const char *const same[][2] = {
        { "l_eye", "left_eye" }, { "left eye", "LEFT-EYE" }, { "u_lip", "upper lip" },
        { "r_brow", "right_brow" }, { "mouth", "inner_mouth" }, { "l_lip", "lower_lip" },
        { "ear_r", "earring" }, { "neck_l", "necklace" }, { "eye_g", "glasses" }
    };
    for (uint32_t i = 0; i < 19; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_assert_msg(apart(dml_class_color(celeb[i], i), dml_class_color(celeb[j], j)) >= 60, "%s and %s",
                          celeb[i], celeb[j]);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        ck_assert_uint_eq(dml_class_color(same[i][0], 1), dml_class_color(same[i][1], 2));
    ck_assert_uint_eq(dml_class_color("background", 3), 0);
    ck_assert_uint_eq(dml_class_color(NULL, 0), 0);
    ck_assert_uint_eq(dml_class_color("scarf", 4), dml_class_color("Scarf", 9));
    ck_assert_uint_ne(dml_class_color("scarf", 4), dml_class_color("beard", 4));
    for (uint32_t k = 1; k < 256; k++) {
        ck_assert_uint_ne(dml_class_color(NULL, k), 0);
        ck_assert_uint_le(dml_class_color(NULL, k), 0xFFFFFF);
        ck_assert_int_ge(apart(dml_class_color(NULL, k), dml_class_color(NULL, k - 1)), 60);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("image");
    TCase *formats = tcase_create("formats"), *checks = tcase_create("checks");
    tcase_add_test(formats, test_packed_formats_agree);
    tcase_add_test(formats, test_grey);
    tcase_add_test(formats, test_nv12);
    tcase_add_test(formats, test_channel_order);
    tcase_add_test(formats, test_border_is_cleared);
    tcase_add_test(checks, test_image_check);
    tcase_add_test(checks, test_region_check);
    tcase_add_test(checks, test_result_check);
    tcase_add_test(checks, test_result_defaults);
    tcase_add_test(checks, test_palette);
    suite_add_tcase(suite, formats);
    suite_add_tcase(suite, checks);
    return run_suite(suite);
}
