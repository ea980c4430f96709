/* The reader and the writer of safetensors: what is sound, each thing that is refused, and damage of all kinds. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model_files.h"

#define TENSOR(dtype, shape, offsets) \
    "{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}"
#define F32_2 TENSOR("F32", "2", "0,8")

static dml_memory memory;
static dml_error error;

static dml_model *open_sound(const bytes *b)
{
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    int status = dml_model_open_memory(&model, b->data, b->size, "sample", &memory, &error);
    ck_assert_msg(status == DMLCSR_OK, "%s", error.text);
    return model;
}

START_TEST(sound_file)
{
    bytes b = safetensors_file("{\"__metadata__\":{\"dmlcsr.side\":\"subject\",\"k\":\"\"},"
                               "\"module.w\":{\"shape\":[2,3],\"data_offsets\":[3,9],\"dtype\":\"U8\"},"
                               "\"none\":" TENSOR("F32", "4,0", "3,3") ","
                               "\"b\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3],"
                               "\"later\":[{\"x\":[-1.5e3,null]}]},"
                               "\"s\\u00e9\\ud83d\\ude00\\n\":" TENSOR("BOOL", "", "9,10") "}  \n", 10);
    dml_model *model = open_sound(&b);
    ck_assert_uint_eq(dml_model_count(model), 4);
    const dml_entry *w = dml_model_find(model, "w");
    ck_assert_ptr_nonnull(w);
    ck_assert_ptr_eq(w, dml_model_entry(model, 0));
    ck_assert_ptr_null(dml_model_find(model, "module.w"));
    ck_assert_uint_eq(w->rank, 2);
    ck_assert_uint_eq(w->shape[0], 2);
    ck_assert_uint_eq(w->shape[1], 3);
    ck_assert_int_eq(w->stride[0], 3);
    ck_assert_int_eq(w->stride[1], 1);
    ck_assert_uint_eq(w->data[0], 4);
    ck_assert_str_eq(w->dtype_name, "U8");
    ck_assert_uint_eq(dml_model_find(model, "none")->count, 0);
    ck_assert_uint_eq(dml_model_find(model, "s\xC3\xA9\xF0\x9F\x98\x80\n")->data[0], 10);
    ck_assert_str_eq(dml_model_metadata(model, "dmlcsr.side"), "subject");
    ck_assert_str_eq(dml_model_metadata(model, "k"), "");
    ck_assert_ptr_null(dml_model_metadata(model, "dmlcsr"));
    ck_assert_uint_eq(dml_model_metadata_count(model), 2);
    dml_model_close(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
    bytes_free(&b);
}
END_TEST

START_TEST(no_tensors)
{
    bytes b = safetensors_file("{}", 0);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
}
END_TEST

static const struct {
    const char *header;
    size_t data_size;
    int status;
    const char *word, *other;
} refusals[] = {
    /* how the tensors lie */
    { "{\"aa\":" F32_2 ",\"aa\":" TENSOR("U8", "1", "8,9") "}", 9, -6, "two tensors", "'aa'" },
    { "{\"aa\":" F32_2 ",\"module.aa\":" TENSOR("U8", "1", "8,9") "}", 9, -6, "two tensors", "'aa'" },
    { "{\"aa\":" F32_2 ",\"bb\":" TENSOR("F32", "2", "4,12") "}", 12, -6, "overlaps", "'bb'" },
    { "{\"aa\":" F32_2 ",\"bb\":" F32_2 "}", 8, -6, "overlaps", "'bb'" },
    { "{\"aa\":" F32_2 ",\"bb\":" TENSOR("U8", "0", "5,5") "}", 8, -6, "overlaps", "'bb'" },
    { "{\"aa\":" F32_2 ",\"bb\":" TENSOR("U8", "1", "9,10") "}", 10, -6, "hole", "'bb'" },
    { "{\"aa\":" TENSOR("U8", "1", "1,2") "}", 2, -6, "not at the data's start", "'aa'" },
    { "{\"aa\":" F32_2 "}", 9, -6, "1 bytes follow the last tensor", "sample" },
    { "{}", 1, -6, "1 bytes follow the last tensor", "sample" },
    { "{\"aa\":" F32_2 "}", 7, -6, "past the end of the file", "'aa'" },
    { "{\"aa\":" TENSOR("U8", "1", "1,0") "}", 2, -6, "ends before it begins", "'aa'" },
    /* sizes */
    { "{\"aa\":" TENSOR("F32", "3", "0,8") "}", 8, -6, "8 bytes of data where its shape needs 12", "'aa'" },
    { "{\"aa\":" TENSOR("F64", "2", "0,8") "}", 8, -6, "needs 16", "'aa'" },
    { "{\"aa\":" TENSOR("F32", "4294967296,4294967296", "0,0") "}", 0, -6, "impossible shape", "'aa'" },
    { "{\"aa\":" TENSOR("F32", "0,4294967296,4294967296", "0,0") "}", 0, -6, "impossible shape", "'aa'" },
    { "{\"aa\":" TENSOR("F32", "4611686018427387904", "0,0") "}", 0, -6, "impossible shape", "'aa'" },
    { "{\"aa\":" TENSOR("U8", "18446744073709551615", "0,0") "}", 0, -6, "impossible shape", "'aa'" },
    { "{\"aa\":" TENSOR("U8", "18446744073709551616", "0,0") "}", 0, -6, "number too large", "sample" },
    { "{\"aa\":" TENSOR("U8", "1,1,1,1,1,1,1,1,1", "0,1") "}", 1, -7, "8 dimensions", "'aa'" },
    /* fields */
    { "{\"aa\":{\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -6, "no dtype", "'aa'" },
    { "{\"aa\":{\"dtype\":\"U8\",\"data_offsets\":[0,1]}}", 1, -6, "no shape", "'aa'" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":[1]}}", 1, -6, "no data_offsets", "'aa'" },
    { "{\"aa\":{}}", 1, -6, "no dtype", "'aa'" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -6,
      "same field twice", "'aa'" },
    { "{\"aa\":" TENSOR("U8", "1", "0") "}", 1, -6, "two numbers", "sample" },
    { "{\"aa\":" TENSOR("U8", "1", "0,1,2") "}", 1, -6, "two numbers", "sample" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[-1,1]}}", 1, -6, "whole number", "sample" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, -6, "whole number", "sample" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":[1e0],\"data_offsets\":[0,1]}}", 1, -6, "whole number", "sample" },
    { "{\"aa\":" TENSOR("U8", "01", "0,1") "}", 1, -6, "leading zero", "sample" },
    { "{\"aa\":{\"dtype\":\"U8\",\"shape\":1,\"data_offsets\":[0,1]}}", 1, -6, "shape must be a list", "sample" },
    { "{\"aa\":{\"dtype\":8,\"shape\":[1],\"data_offsets\":[0,1]}}", 1, -6, "string is missing", "sample" },
    { "{\"aa\":[1]}", 1, -6, "tensor must be an object", "sample" },
    /* metadata */
    { "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0, -6, "twice", "'k'" },
    { "{\"__metadata__\":{},\"__metadata__\":{}}", 0, -6, "__metadata__ twice", "sample" },
    { "{\"__metadata__\":{\"k\":1}}", 0, -6, "string is missing", "sample" },
    { "{\"__metadata__\":7}", 0, -6, "__metadata__ must be an object", "sample" },
    /* JSON */
    { "{\"aa\":" F32_2 "}x", 8, -6, "follows the last '}'", "byte" },
    { "{\"aa\":" F32_2 ",}", 8, -6, "string is missing", "byte" },
    { "{\"aa\":" F32_2, 8, -6, "'}' is missing", "byte" },
    { "{\"aa\"" F32_2 "}", 8, -6, "':' is missing", "byte" },
    { "{\"a\xC0\x80\":" F32_2 "}", 8, -6, "malformed UTF-8", "byte" },
    { "{\"a\xED\xA0\x80\":" F32_2 "}", 8, -6, "malformed UTF-8", "byte" },
    { "{\"a\xF4\x90\x80\x80\":" F32_2 "}", 8, -6, "malformed UTF-8", "byte" },
    { "{\"a\xE0\x9F\xBF\":" F32_2 "}", 8, -6, "malformed UTF-8", "byte" },
    { "{\"a\xFF\":" F32_2 "}", 8, -6, "malformed UTF-8", "byte" },
    { "{\"a\\ud800\":" F32_2 "}", 8, -6, "surrogate", "byte" },
    { "{\"a\\ud800\\u0041\":" F32_2 "}", 8, -6, "surrogate", "byte" },
    { "{\"a\\udc00\":" F32_2 "}", 8, -6, "surrogate", "byte" },
    { "{\"a\\u00g0\":" F32_2 "}", 8, -6, "four hexadecimal", "byte" },
    { "{\"a\\u0000\":" F32_2 "}", 8, -6, "NUL", "byte" },
    { "{\"a\\x\":" F32_2 "}", 8, -6, "unknown escape", "byte" },
    { "{\"a\n\":" F32_2 "}", 8, -6, "control character", "byte" },
    { "{\"aa", 0, -6, "does not end", "byte" },
    { "{\"aa\\", 0, -6, "inside an escape", "byte" },
    { "{\"aa\\u12", 0, -6, "inside an escape", "byte" },
    { "{\"aa\":{\"x\":tru,", 0, -6, "value is missing", "byte" },
    { "{\"aa\":{\"x\":-,", 0, -6, "malformed number", "byte" },
    { "{\"aa\":{\"x\":[1 2]", 0, -6, "',' is missing", "byte" },
    { "{\"aa\":{\"x\":{\"y\"}", 0, -6, "':' is missing", "byte" },
};

START_TEST(refused)
{
    expect_refused(safetensors_file(refusals[_i].header, refusals[_i].data_size), refusals[_i].status,
                   refusals[_i].word, refusals[_i].other);
}
END_TEST

static bytes with_length(uint64_t length, const char *rest)
{
    bytes b = { 0 };
    bytes_number(&b, length, 8);
    bytes_text(&b, rest);
    return b;
}

START_TEST(refused_length)
{
    expect_refused(with_length(100000001, "{}"), DMLCSR_ERROR_FORMAT, "larger than the format allows", "100000001");
    expect_refused(with_length(UINT64_MAX, "{}"), DMLCSR_ERROR_FORMAT, "larger than the format allows", "sample");
    expect_refused(with_length(3, "{}"), DMLCSR_ERROR_FORMAT, "header of 3 bytes reaches past the end", "sample");
    expect_refused(with_length(2, " {}"), DMLCSR_ERROR_FORMAT, "does not begin with '{'", "sample");
    expect_refused(with_length(0, "{}"), DMLCSR_ERROR_FORMAT, "does not begin with '{'", "sample");
    expect_refused(with_length(1, "{}"), DMLCSR_ERROR_FORMAT, "string is missing", "sample");
    bytes b = { 0 };
    bytes_text(&b, "{}");
    expect_refused(b, DMLCSR_ERROR_FORMAT, "only 2 bytes", "sample");
    b = (bytes){ 0 };
    bytes_text(&b, "version https://example.org/spec/v1\n");
    expect_refused(b, DMLCSR_ERROR_FORMAT, "neither safetensors nor", "sample");
}
END_TEST

/* A thousand levels must not cost a thousand stack frames; 64 are enough for anything. */
START_TEST(deep_nesting)
{
    for (int levels = 64; levels <= 200000; levels += 199936) {
        bytes b = { 0 };
        bytes_text(&b, "{\"a\":{\"x\":");
        for (int i = 0; i < levels; i++)
            bytes_text(&b, "[");
        for (int i = 0; i < levels; i++)
            bytes_text(&b, "]");
        bytes_text(&b, ",\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}");
        bytes_number(&b, 0, 1);
        bytes file = safetensors_file((const char *)b.data, 0);
        bytes_free(&b);
        if (levels == 64) {
            ck_assert_int_eq(open_sample(file.data, file.size, &error), DMLCSR_OK);
            bytes_free(&file);
        } else {
            expect_refused(file, DMLCSR_ERROR_FORMAT, "nested too deeply", "sample");
        }
    }
}
END_TEST

/* A type that is not known is no error until the tensor is read. */
START_TEST(unknown_type)
{
    bytes b = safetensors_file("{\"q\":" TENSOR("F8_E4M3", "3", "0,3") "}", 3);
    float values[3] = { 7, 7, 7 };
    dml_kernels kernels;
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_C));
    dml_model *model = open_sound(&b);
    const dml_entry *q = dml_model_find(model, "q");
    ck_assert_int_eq(q->dtype, DML_OTHER);
    ck_assert_str_eq(q->dtype_name, "F8_E4M3");
    ck_assert_uint_eq(q->bytes, 3);
    ck_assert_int_eq(dml_entry_read(q, &kernels, values, &error), DMLCSR_ERROR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "'q'"));
    ck_assert_ptr_nonnull(strstr(error.text, "F8_E4M3"));
    ck_assert_int_eq(dml_entry_copy(q, values, &error), DMLCSR_ERROR_UNSUPPORTED);
    ck_assert(values[0] == 7);
    dml_model_close(model);
    bytes_free(&b);
}
END_TEST

/* Types, unaligned data, and lengths around the block the reader works in. */
START_TEST(values)
{
    static const unsigned counts[] = { 1, 1023, 1024, 1025, 5000 };
    dml_kernels kernels;
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_AUTO));
    for (unsigned k = 0; k < sizeof counts / sizeof *counts; k++) {
        const unsigned n = counts[k];
        char header[512];
        snprintf(header, sizeof header,
                 "{\"x\":" TENSOR("U8", "1", "0,1") ","
                 "\"d\":{\"dtype\":\"F64\",\"shape\":[%u],\"data_offsets\":[1,%u]},"
                 "\"f\":{\"dtype\":\"F32\",\"shape\":[%u],\"data_offsets\":[%u,%u]},"
                 "\"h\":{\"dtype\":\"F16\",\"shape\":[%u],\"data_offsets\":[%u,%u]},"
                 "\"b\":{\"dtype\":\"BF16\",\"shape\":[%u],\"data_offsets\":[%u,%u]}}",
                 n, 1 + 8 * n, n, 1 + 8 * n, 1 + 12 * n, n, 1 + 12 * n, 1 + 14 * n, n, 1 + 14 * n, 1 + 16 * n);
        bytes b = safetensors_file(header, 1);
        for (unsigned i = 0; i < n; i++) {
            const double value = (double)i - 2;
            uint64_t bits;
            memcpy(&bits, &value, 8);
            bytes_number(&b, bits, 8);
        }
        for (unsigned i = 0; i < n; i++) {
            const float value = (float)i * 0.25f;
            uint32_t bits;
            memcpy(&bits, &value, 4);
            bytes_number(&b, bits, 4);
        }
        for (unsigned i = 0; i < n; i++)
            bytes_number(&b, dml_f16_from_float((float)(i % 2048)), 2);
        for (unsigned i = 0; i < n; i++)
            bytes_number(&b, dml_bf16_from_float((float)(i % 256)), 2);
        dml_model *model = open_sound(&b);
        float *out = malloc(n * sizeof *out);
        ck_assert_ptr_nonnull(out);
        for (unsigned t = 0; t < 4; t++) {
            ck_assert_int_eq(dml_entry_read(dml_model_entry(model, t + 1), &kernels, out, &error), DMLCSR_OK);
            for (unsigned i = 0; i < n; i++) {
                const float expected = t == 0 ? (float)i - 2 : t == 1 ? (float)i * 0.25f
                                       : (float)(i % (t == 2 ? 2048 : 256));
                ck_assert_msg(out[i] == expected, "tensor %u, value %u of %u", t, i, n);
            }
        }
        ck_assert_int_eq(dml_entry_read(dml_model_find(model, "x"), &kernels, out, &error), DMLCSR_ERROR_UNSUPPORTED);
        free(out);
        dml_model_close(model);
        bytes_free(&b);
    }
}
END_TEST

START_TEST(not_finite)
{
    static const uint32_t bad[] = { 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001, 0xFFFFFFFF };
    static const unsigned places[] = { 0, 1023, 1024, 1499 };
    dml_kernels kernels;
    float out[1500];
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_C));
    for (unsigned k = 0; k < 5; k++) {
        for (unsigned p = 0; p < 4; p++) {
            char expected[80];
            bytes b = safetensors_file("{\"w\":" TENSOR("F32", "1500", "0,6000") "}", 0);
            for (unsigned i = 0; i < 1500; i++)
                bytes_number(&b, i == places[p] ? bad[k] : 0x7F7FFFFF, 4);
            dml_model *model = open_sound(&b);
            ck_assert_int_eq(dml_entry_read(dml_model_entry(model, 0), &kernels, out, &error), DMLCSR_ERROR_MODEL);
            snprintf(expected, sizeof expected, "tensor 'w': value %u of 1500 is not finite", places[p]);
            ck_assert_msg(!strncmp(error.text, expected, strlen(expected)), "%s", error.text);
            dml_model_close(model);
            bytes_free(&b);
        }
    }
    bytes b = safetensors_file("{\"d\":" TENSOR("F64", "1", "0,8") "}", 0);
    bytes_number(&b, UINT64_C(0x7FE0000000000000), 8); /* finite, but not as a float */
    dml_model *model = open_sound(&b);
    ck_assert_int_eq(dml_entry_read(dml_model_entry(model, 0), &kernels, out, &error), DMLCSR_ERROR_MODEL);
    dml_model_close(model);
    bytes_free(&b);
}
END_TEST

static const char sample[] = "{\"__metadata__\":{\"a\":\"b\"},\"one\":" TENSOR("F32", "2,3", "0,24") ","
                             "\"t\\u0077o\":" TENSOR("F16", "4", "24,32") ","
                             "\"n\":" TENSOR("I64", "", "32,40") "}";

START_TEST(damaged)
{
    bytes b = safetensors_file(sample, 40);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    abuse_sample(&b, 6000);
    bytes_free(&b);
}
END_TEST

START_TEST(starved)
{
    bytes b = safetensors_file(sample, 40);
    ck_assert_uint_gt(starve_sample(&b), 4);
    bytes_free(&b);
}
END_TEST

START_TEST(limited)
{
    bytes b = safetensors_file(sample, 40);
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, 600);
    ck_assert_int_eq(dml_model_open_memory(&model, b.data, b.size, "sample", &memory, &error), DMLCSR_ERROR_LIMIT);
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
    bytes_free(&b);
}
END_TEST

/* Headers that are quadratic for a careless reader: 100,000 tensors, of which the last two collide or all overlap. */
START_TEST(many_tensors)
{
    for (int overlap = 0; overlap < 2; overlap++) {
        bytes header = { 0 };
        bytes_text(&header, "{");
        for (unsigned i = 0; i < 100000; i++) {
            char text[128];
            snprintf(text, sizeof text, "%s\"t%u\":" TENSOR("U8", "%d", "0,%d"), i ? "," : "",
                     i == 99999 && !overlap ? 99998 : i, overlap, overlap);
            bytes_text(&header, text);
        }
        bytes_text(&header, "}");
        bytes_number(&header, 0, 1);
        bytes b = safetensors_file((const char *)header.data, (size_t)overlap);
        bytes_free(&header);
        const clock_t before = clock();
        expect_refused(b, DMLCSR_ERROR_FORMAT, overlap ? "overlaps" : "'t99998'", "sample");
        ck_assert_msg((double)(clock() - before) / CLOCKS_PER_SEC < 20, "takes too long");
    }
}
END_TEST

START_TEST(hostile_names)
{
    bytes header = { 0 };
    bytes_text(&header, "{\"\\u001b[31m\\n");
    for (int i = 0; i < 5000; i++)
        bytes_text(&header, "\xC3\xA9");
    bytes_text(&header, "\":" TENSOR("U8", "2", "0,1") "}");
    bytes_number(&header, 0, 1);
    bytes b = safetensors_file((const char *)header.data, 1);
    bytes_free(&header);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(error.text, "tensor '?[31m?\xC3\xA9"));
    ck_assert_ptr_nonnull(strstr(error.text, "\xC3\xA9...' has 1 bytes of data where its shape needs 2"));
    bytes_free(&b);
}
END_TEST

START_TEST(not_a_file)
{
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    ck_assert_int_eq(dml_model_open(&model, "tests/unit/data/missing.safetensors", &memory, &error), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "missing.safetensors: cannot be opened"));
    ck_assert_int_eq(dml_model_open(&model, "tests/unit", &memory, &error), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "is a folder"));
    ck_assert_int_eq(dml_model_open(&model, "/dev/null", &memory, &error), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(error.text, "device"));
    ck_assert_ptr_null(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *tests = tcase_create("safetensors");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, sound_file);
    tcase_add_test(tests, no_tensors);
    tcase_add_loop_test(tests, refused, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(tests, refused_length);
    tcase_add_test(tests, deep_nesting);
    tcase_add_test(tests, unknown_type);
    tcase_add_test(tests, values);
    tcase_add_test(tests, not_finite);
    tcase_add_test(tests, damaged);
    tcase_add_test(tests, starved);
    tcase_add_test(tests, limited);
    tcase_add_test(tests, many_tensors);
    tcase_add_test(tests, hostile_names);
    tcase_add_test(tests, not_a_file);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
