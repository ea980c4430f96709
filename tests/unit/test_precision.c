/* options.precision, models stored as bytes, and calibration: how far results are from single precision, what AUTO makes of
 * a file, that threads and clones change nothing, and what is refused. */
#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dmlcsr/dmlcsr.h"
#include "model/model.h"
#include "support/family.h"
#include "support/portrait.h"

#define SIDE 96

/* The narrowest whose every block is full, so that nothing stays in single precision by its size alone. */
static const family member = {7, {1, 2, 1, 1}, 4, 1, 0, 0, "\"dmlcsr.size\":\"96\""};

static char folder[256], plain[300], calibrated[300], bytes[300], changed[300];
static dmlcsr_image image[2];
static uint8_t *pixels[2];
static float *input;
static char sentence[512];

static int convert_with(const char *from, const char *to, int dtype, size_t pictures, const char *const *pair)
{
    dmlcsr_convert_options o;
    dmlcsr_convert_options_init(&o);
    o.dtype = dtype;
    o.metadata = pair;
    o.metadata_count = pair != NULL;
    o.calibration = pictures ? image : NULL;
    o.calibration_count = pictures;
    o.error = sentence;
    o.error_size = sizeof sentence;
    return dmlcsr_convert(from, to, &o);
}

static int convert(const char *from, const char *to, int dtype, size_t pictures)
{
    return convert_with(from, to, dtype, pictures, NULL);
}

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.200s/dmlcsr-test-XXXXXX", base ? base : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(plain, sizeof plain, "%s/plain", folder);
    snprintf(calibrated, sizeof calibrated, "%s/calibrated", folder);
    snprintf(bytes, sizeof bytes, "%s/bytes", folder);
    snprintf(changed, sizeof changed, "%s/changed", folder);
    family_save(&member, 7, plain);
    pixels[0] = portrait(&image[0], 120, 90);
    pixels[1] = portrait(&image[1], 64, 100);
    input = malloc(3 * SIDE * SIDE * sizeof *input);
    family_noise("input", 3 * SIDE * SIDE, 1, input);
    ck_assert_msg(convert(plain, calibrated, DMLCSR_F32, 2) == DMLCSR_OK, "%s", sentence);
    ck_assert_msg(convert(plain, bytes, DMLCSR_I8, 2) == DMLCSR_OK, "%s", sentence);
}

static void teardown(void)
{
    free(pixels[0]);
    free(pixels[1]);
    free(input);
    unlink(plain);
    unlink(calibrated);
    unlink(bytes);
    unlink(changed);
    rmdir(folder);
}

static int create_with(dmlcsr **handle, const char *model, int precision, int isa, uint32_t threads, int pack)
{
    dmlcsr_options o;
    dmlcsr_options_init(&o);
    o.precision = precision;
    o.isa = isa;
    o.threads = threads;
    o.keep_edges = 1;
    o.pack = pack;
    o.error = sentence;
    o.error_size = sizeof sentence;
    return dmlcsr_create(handle, model, &o);
}

static int create(dmlcsr **handle, const char *model, int precision, int isa, uint32_t threads)
{
    return create_with(handle, model, precision, isa, threads, 0);
}

/* All three outputs one after the other, to be freed; the handle is kept or freed by the caller. */
static float *forward(dmlcsr *handle, size_t *count)
{
    uint32_t h, w;
    ck_assert_int_eq(dmlcsr_forward_size(handle, SIDE, SIDE, &h, &w), DMLCSR_OK);
    const size_t plane = (size_t)h * w, classes = dmlcsr_class_count(handle);
    *count = (2 * classes + 2) * plane;
    float *out = malloc(*count * sizeof *out);
    ck_assert_int_eq(dmlcsr_forward(handle, input, SIDE, SIDE, out, out + classes * plane, out + (classes + 2) * plane),
                     DMLCSR_OK);
    return out;
}

static float *result(const char *model, int precision, int isa, uint32_t threads, size_t *count)
{
    dmlcsr *handle;
    const int status = create(&handle, model, precision, isa, threads);
    ck_assert_msg(status == DMLCSR_OK, "%s", sentence);
    float *out = forward(handle, count);
    dmlcsr_free(handle);
    return out;
}

/* Root mean square of the difference, as a share of that of `want`. */
static double distance(const float *got, const float *want, size_t count)
{
    double error = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        error += ((double)got[i] - (double)want[i]) * ((double)got[i] - (double)want[i]);
        size += (double)want[i] * (double)want[i];
    }
    return sqrt(error / size);
}

static double distance_of(const char *model, int precision, int isa)
{
    size_t count;
    float *want = result(plain, DMLCSR_PRECISION_FP32, isa, 1, &count);
    float *got = result(model, precision, isa, 1, &count);
    const double d = distance(got, want, count);
    free(want);
    free(got);
    return d;
}

/* A layer's output errs by about sqrt 2 times the rounding of a factor: 2^-9 / sqrt 3 of it with bfloat16, and with bytes
   1 / (255 sqrt 12) of the range of the inputs, which is some 10 of their deviations, and the like of the weights. Some 20
   layers follow each other, and random weights neither damp nor enlarge: sqrt 20 times. */
#define BF16_ERROR (0x1p-9 / 1.73 * 1.42 * 4.5)
#define INT8_ERROR (10. / (255 * 3.46) * 1.42 * 4.5)

START_TEST(results_are_near)
{
    for (int isa = DMLCSR_ISA_C; isa <= DMLCSR_ISA_NEON; isa++) {
        if (!dmlcsr_isa_available(isa))
            continue;
        const double bf16 = distance_of(plain, DMLCSR_PRECISION_BF16, isa);
        const double int8 = distance_of(calibrated, DMLCSR_PRECISION_INT8, isa);
        const double stored = distance_of(bytes, DMLCSR_PRECISION_FP32, isa);
        ck_assert_msg(bf16 > 1e-5 && bf16 < 3 * BF16_ERROR, "bf16 is off by %g, isa %d", bf16, isa);
        ck_assert_msg(int8 > 1e-4 && int8 < 3 * INT8_ERROR, "int8 is off by %g, isa %d", int8, isa);
        ck_assert_msg(stored > 1e-5 && stored < 3 * INT8_ERROR, "bytes are off by %g, isa %d", stored, isa);
    }
}
END_TEST

static void expect_precision(const char *model, int precision, const char *name)
{
    dmlcsr *handle;
    ck_assert_int_eq(create(&handle, model, precision, DMLCSR_ISA_AUTO, 1), DMLCSR_OK);
    ck_assert_str_eq(dmlcsr_precision(handle), name);
    dmlcsr_free(handle);
}

START_TEST(auto_follows_the_file)
{
    expect_precision(plain, DMLCSR_PRECISION_AUTO, "fp32");
    expect_precision(calibrated, DMLCSR_PRECISION_AUTO, "int8");
    expect_precision(bytes, DMLCSR_PRECISION_AUTO, "int8");
    expect_precision(bytes, DMLCSR_PRECISION_FP32, "fp32");
    expect_precision(plain, DMLCSR_PRECISION_BF16, "bf16");
    ck_assert_str_eq(dmlcsr_precision(NULL), "");
    ck_assert_int_eq(dmlcsr_precision_find("auto"), DMLCSR_PRECISION_AUTO);
    ck_assert_int_eq(dmlcsr_precision_find("int8"), DMLCSR_PRECISION_INT8);
    ck_assert_int_eq(dmlcsr_precision_find("int4"), -1);
    ck_assert_int_eq(dmlcsr_precision_find(NULL), -1);
}
END_TEST

START_TEST(narrow_weights_take_less)
{
    size_t size[3];
    for (int p = DMLCSR_PRECISION_FP32; p <= DMLCSR_PRECISION_INT8; p++) {
        dmlcsr *handle;
        ck_assert_int_eq(create(&handle, calibrated, p, DMLCSR_ISA_AUTO, 1), DMLCSR_OK);
        dmlcsr_memory(handle, &size[p - DMLCSR_PRECISION_FP32], NULL);
        dmlcsr_free(handle);
    }
    ck_assert_msg(size[1] < size[0] * 6 / 10 && size[2] < size[1], "%zu, %zu and %zu bytes", size[0], size[1], size[2]);
}
END_TEST

START_TEST(packed_weights_give_the_same_bits)
{
    for (int isa = DMLCSR_ISA_AUTO; isa <= DMLCSR_ISA_NEON; isa++)
        for (int p = DMLCSR_PRECISION_FP32; p <= DMLCSR_PRECISION_INT8; p++) {
            size_t count, plain_size, packed_size;
            if (!dmlcsr_isa_available(isa))
                continue;
            dmlcsr *one, *packed;
            ck_assert_int_eq(create(&one, calibrated, p, isa, 1), DMLCSR_OK);
            ck_assert_int_eq(create_with(&packed, calibrated, p, isa, 3, 1), DMLCSR_OK);
            float *want = forward(one, &count), *got = forward(packed, &count);
            ck_assert_mem_eq(want, got, count * sizeof *want);
            dmlcsr_memory(one, &plain_size, NULL);
            dmlcsr_memory(packed, &packed_size, NULL);
            ck_assert_msg(packed_size > plain_size + plain_size / 2, "%zu and %zu bytes", plain_size, packed_size);
            free(want);
            free(got);
            dmlcsr_free(one);
            dmlcsr_free(packed);
        }
}
END_TEST

START_TEST(threads_and_clones_give_the_same_bits)
{
    for (int p = DMLCSR_PRECISION_BF16; p <= DMLCSR_PRECISION_INT8; p++) {
        size_t count;
        float *one = result(calibrated, p, DMLCSR_ISA_AUTO, 1, &count);
        float *three = result(calibrated, p, DMLCSR_ISA_AUTO, 3, &count);
        dmlcsr *handle, *clone;
        ck_assert_int_eq(create(&handle, calibrated, p, DMLCSR_ISA_AUTO, 2), DMLCSR_OK);
        ck_assert_int_eq(dmlcsr_clone(&clone, handle), DMLCSR_OK);
        dmlcsr_free(handle);
        float *cloned = forward(clone, &count);
        ck_assert_mem_eq(one, three, count * sizeof *one);
        ck_assert_mem_eq(one, cloned, count * sizeof *one);
        dmlcsr_free(clone);
        free(one);
        free(three);
        free(cloned);
    }
}
END_TEST

/* ---- files ---- */

/* `from` with one tensor in place of that of its name. */
static void replace(const char *from, const dml_output *other)
{
    dml_memory memory;
    dml_error error;
    dml_model *model;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    ck_assert_int_eq(dml_model_open(&model, from, &memory, &error), DMLCSR_OK);
    const size_t count = dml_model_count(model);
    dml_output *tensors = calloc(count, sizeof *tensors);
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        const dml_entry *e = dml_model_entry(model, i);
        tensors[i] = (dml_output){e->name, e->dtype, e->rank, e->shape, e->data};
        if (strcmp(e->name, other->name) == 0) {
            tensors[i] = *other;
            found = true;
        }
    }
    ck_assert(found);
    ck_assert_msg(dml_safetensors_write(changed, tensors, count, NULL, 0, &memory, &error) == DMLCSR_OK, "%s", error.text);
    free(tensors);
    dml_model_close(model);
}

static void expect_refusal(const char *model, int precision, const char *word)
{
    dmlcsr *handle;
    *sentence = 0;
    ck_assert_int_eq(create(&handle, model, precision, DMLCSR_ISA_AUTO, 1), DMLCSR_ERROR_MODEL);
    ck_assert_msg(strstr(sentence, word) != NULL, "\"%s\" does not have \"%s\"", sentence, word);
}

START_TEST(ranges_are_checked)
{
    static const float bad[][3] = {{1, 2, 0}, {-2, -1, 0}, {0, 0, 0}, {0, NAN, 0}, {-INFINITY, 1, 0}, {-3e38f, 3e38f, 0}};
    static const uint64_t two = 2, three = 3;
    static const char name[] = "layer1.0.conv1.input_range";
    expect_refusal(plain, DMLCSR_PRECISION_INT8, "input_range");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        replace(calibrated, &(dml_output){name, DML_F32, 1, &two, bad[i]});
        expect_refusal(changed, DMLCSR_PRECISION_INT8, name);
    }
    replace(calibrated, &(dml_output){name, DML_F32, 1, &three, bad[0]});
    expect_refusal(changed, DMLCSR_PRECISION_AUTO, name);
    expect_precision(changed, DMLCSR_PRECISION_FP32, "fp32"); /* which does not look there */
}
END_TEST

/* What convert() writes of a model, to be freed. */
static unsigned char *converted(const char *from, size_t pictures, const char *const *pair, size_t *size)
{
    ck_assert_msg(convert_with(from, changed, DMLCSR_F32, pictures, pair) == DMLCSR_OK, "%s", sentence);
    FILE *file = fopen(changed, "rb");
    ck_assert(file && fseek(file, 0, SEEK_END) == 0);
    *size = (size_t)ftell(file);
    rewind(file);
    unsigned char *out = malloc(*size);
    ck_assert(out && fread(out, 1, *size, file) == *size);
    fclose(file);
    return out;
}

/* Metadata that come with the call count for its pictures, too. */
START_TEST(calibrated_as_it_will_be)
{
    static const char *const pair[] = {"dmlcsr.size", "64"};
    size_t size[3];
    unsigned char *at_once = converted(plain, 2, pair, &size[0]), *late = converted(calibrated, 0, pair, &size[1]);
    free(converted(plain, 0, pair, &size[2]));
    unsigned char *in_turn = converted(changed, 2, NULL, &size[2]);
    ck_assert(size[0] == size[1] && size[0] == size[2]);
    ck_assert_mem_eq(at_once, in_turn, size[0]);
    ck_assert_mem_ne(at_once, late, size[0]); /* other ranges, found at another size */
    free(at_once);
    free(late);
    free(in_turn);
}
END_TEST

START_TEST(scales_are_checked)
{
    static const float values[16] = {1, NAN};
    static const uint64_t few = 3, many = 128;
    static const char name[] = "layer4.0.conv2.weight_scale";
    float *scale = calloc(128, sizeof *scale);
    scale[5] = INFINITY;
    replace(bytes, &(dml_output){name, DML_F32, 1, &few, values});
    expect_refusal(changed, DMLCSR_PRECISION_FP32, name);
    replace(bytes, &(dml_output){name, DML_F16, 1, &many, scale});
    expect_refusal(changed, DMLCSR_PRECISION_FP32, name);
    replace(bytes, &(dml_output){name, DML_F32, 1, &many, scale});
    expect_refusal(changed, DMLCSR_PRECISION_FP32, "layer4.0.conv2.weight");
    free(scale);
}
END_TEST

static int count_types(void *opaque, const dmlcsr_tensor_info *tensor)
{
    size_t *count = opaque; /* I8, their scales, ranges */
    count[0] += strcmp(tensor->dtype, "I8") == 0;
    const size_t length = strlen(tensor->name);
    count[1] += length > 6 && strcmp(tensor->name + length - 6, "_scale") == 0;
    count[2] += length > 12 && strcmp(tensor->name + length - 12, ".input_range") == 0;
    return 0;
}

static void count_in(const char *path, size_t count[3])
{
    dmlcsr_visitor v;
    dmlcsr_visitor_init(&v);
    v.tensor = count_types;
    v.opaque = count;
    memset(count, 0, 3 * sizeof *count);
    ck_assert_int_eq(dmlcsr_inspect(path, &v), DMLCSR_OK);
}

/* There and back: scales come and go with their tensors, ranges stay until new ones take their place. */
START_TEST(bytes_become_numbers_again)
{
    size_t stored[3], back[3], again[3], count;
    count_in(bytes, stored);
    ck_assert(stored[0] > 10 && stored[0] == stored[1] && stored[2] > 10);
    ck_assert_msg(convert(bytes, changed, DMLCSR_F32, 0) == DMLCSR_OK, "%s", sentence);
    count_in(changed, back);
    ck_assert(back[0] == 0 && back[1] == 0 && back[2] == stored[2]);
    float *want = result(bytes, DMLCSR_PRECISION_FP32, DMLCSR_ISA_AUTO, 1, &count);
    float *got = result(changed, DMLCSR_PRECISION_FP32, DMLCSR_ISA_AUTO, 1, &count);
    ck_assert_mem_eq(got, want, count * sizeof *got); /* the same values */
    free(got);
    free(want);
    ck_assert_msg(convert(bytes, changed, DMLCSR_I8, 1) == DMLCSR_OK, "%s", sentence);
    count_in(changed, again);
    ck_assert_mem_eq(again, stored, sizeof stored);
}
END_TEST

START_TEST(convert_checks_its_arguments)
{
    dmlcsr_convert_options o;
    unlink(changed); /* of the tests before */
    dmlcsr_convert_options_init(&o);
    o.error = sentence;
    o.error_size = sizeof sentence;
    o.dtype = DMLCSR_I8 + 1;
    ck_assert_int_eq(dmlcsr_convert(plain, changed, &o), DMLCSR_ERROR_ARGUMENT);
    o.dtype = DMLCSR_F32;
    o.calibration_count = 1;
    ck_assert_int_eq(dmlcsr_convert(plain, changed, &o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(sentence, "calibration"));
    dmlcsr_image two[2] = {image[0], image[0]};
    two[1].width = 0;
    o.calibration = two;
    o.calibration_count = 2;
    ck_assert_int_eq(dmlcsr_convert(plain, changed, &o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(sentence, "picture 1"));
    ck_assert_int_ne(access(changed, F_OK), 0);
    /* as it was in 0.1: the fields behind do not exist */
    o.struct_size = offsetof(dmlcsr_convert_options, calibration);
    ck_assert_msg(dmlcsr_convert(plain, changed, &o) == DMLCSR_OK, "%s", sentence);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("precision");
    TCase *tests = tcase_create("precision");
    tcase_add_unchecked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, results_are_near);
    tcase_add_test(tests, auto_follows_the_file);
    tcase_add_test(tests, narrow_weights_take_less);
    tcase_add_test(tests, packed_weights_give_the_same_bits);
    tcase_add_test(tests, threads_and_clones_give_the_same_bits);
    tcase_add_test(tests, ranges_are_checked);
    tcase_add_test(tests, calibrated_as_it_will_be);
    tcase_add_test(tests, scales_are_checked);
    tcase_add_test(tests, bytes_become_numbers_again);
    tcase_add_test(tests, convert_checks_its_arguments);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
