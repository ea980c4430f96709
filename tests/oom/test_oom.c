/* Makes the n-th allocation fail, for every n, in all that allocates: the call must return an error with a sentence, leak
 * nothing, and leave what was there before working. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "support/family.h"
#include "support/portrait.h"
#include "support/ration.h"

static const family tiny = {19, {1, 1, 1, 1}, 32, 1, 1, 0, "\"dmlcsr.size\":\"33\",\"dmlcsr.note\":\"x\""};

static unsigned char *file;
static size_t file_size;
static ration supply;
static dmlcsr_options options;
static char sentence[256];

static void setup(void)
{
    file = family_file(&tiny, 2022, &file_size);
    supply.left = -1;
    supply.held = 0;
    dmlcsr_options_init(&options);
    options.allocate = ration_allocate;
    options.release = ration_release;
    options.opaque = &supply;
    options.threads = 2;
    options.keep_edges = 1;
    options.error = sentence;
    options.error_size = sizeof sentence;
}

static void teardown(void)
{
    free(file);
}

/* Runs until it succeeds, with 0, 1, 2 ... allocations granted. */
START_TEST(create_from_memory)
{
    dmlcsr *handle = NULL;
    long n = 0;
    for (int status = -1; status != DMLCSR_OK; n++) {
        ration_set(&supply, n);
        sentence[0] = 0;
        status = dmlcsr_create_from_memory(&handle, file, file_size, &options);
        ck_assert_int_lt(n, 10000);
        if (status == DMLCSR_OK)
            break;
        ck_assert_int_eq(status, DMLCSR_ERROR_MEMORY);
        ck_assert_str_ne(sentence, "");
        ck_assert_ptr_null(handle);
        ck_assert_int_eq(supply.held, 0);
    }
    ck_assert_int_gt(n, 10);
    dmlcsr_free(handle);
    ck_assert_int_eq(supply.held, 0);
}
END_TEST

static void create_from_file(const char *path)
{
    dmlcsr *handle = NULL;
    options.input_size = 33;
    for (long n = 0;; n++) {
        ration_set(&supply, n);
        int status = dmlcsr_create(&handle, path, &options);
        ck_assert_int_lt(n, 10000);
        if (status == DMLCSR_OK)
            break;
        ck_assert_msg(status == DMLCSR_ERROR_MEMORY, "%s, allocation %ld: %d %s", path, n, status, sentence);
        ck_assert_int_eq(supply.held, 0);
    }
    dmlcsr_free(handle);
    ck_assert_int_eq(supply.held, 0);
}

START_TEST(create_from_pth)
{
    create_from_file("tests/golden/tiny_zip.pth");
    create_from_file("tests/golden/tiny_legacy.pth");
}
END_TEST

START_TEST(clone_and_forward)
{
    dmlcsr *handle = NULL, *second = NULL;
    float *in = calloc(3 * 65 * 65, sizeof *in), *out = calloc(19 * 17 * 17, sizeof *out);
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &options), DMLCSR_OK);
    long before = supply.held;
    for (long n = 0; !second; n++) {
        ration_set(&supply, n);
        int status = dmlcsr_clone(&second, handle);
        ck_assert_int_eq(status, second ? DMLCSR_OK : DMLCSR_ERROR_MEMORY);
        ck_assert(second || supply.held == before);
    }
    dmlcsr_free(second);
    ck_assert_int_eq(supply.held, before);
    for (long n = 0, status = -1; status != DMLCSR_OK; n++) {
        ration_set(&supply, n);
        status = dmlcsr_forward(handle, in, 65, 65, out, NULL, NULL);
        ck_assert(status == DMLCSR_OK || status == DMLCSR_ERROR_MEMORY);
        ck_assert(status == DMLCSR_OK || strstr(dmlcsr_last_error(handle), "no memory"));
    }
    dmlcsr_free(handle);
    ck_assert_int_eq(supply.held, 0);
    free(in);
    free(out);
}
END_TEST

START_TEST(parse_needs_nothing)
{
    dmlcsr *handle = NULL;
    dmlcsr_image image;
    uint8_t labels[40 * 30], *pixels = portrait(&image, 40, 30);
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &options), DMLCSR_OK);
    ration_set(&supply, 0);
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 40), DMLCSR_OK);
    dmlcsr_free(handle);
    free(pixels);
}
END_TEST

/* The first search makes what it needs; the next ones need nothing. */
START_TEST(find_faces)
{
    dmlcsr *handle = NULL;
    dmlcsr_image image;
    dmlcsr_face face[4];
    size_t count = 77;
    uint8_t *pixels = portrait(&image, 40, 30);
    long n = 0;
    options.log = NULL;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &options), DMLCSR_OK);
    const long before = supply.held;
    for (int status = -1; status != DMLCSR_OK; n++) {
        ration_set(&supply, n);
        status = dmlcsr_find_faces(handle, &image, NULL, face, 4, &count);
        ck_assert_int_lt(n, 100);
        if (status == DMLCSR_OK)
            break;
        ck_assert_int_eq(status, DMLCSR_ERROR_MEMORY);
        ck_assert_ptr_nonnull(strstr(dmlcsr_last_error(handle), "memory"));
        ck_assert_uint_eq(count, 77);
        ck_assert_int_eq(supply.held, before);
    }
    ck_assert_int_gt(n, 5);
    ration_set(&supply, 0);
    ck_assert_int_eq(dmlcsr_find_faces(handle, &image, NULL, face, 4, &count), DMLCSR_OK);
    dmlcsr_free(handle);
    ck_assert_int_eq(supply.held, 0);
    free(pixels);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom");
    TCase *c = tcase_create("oom");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 300);
    tcase_add_test(c, create_from_memory);
    tcase_add_test(c, create_from_pth);
    tcase_add_test(c, clone_and_forward);
    tcase_add_test(c, parse_needs_nothing);
    tcase_add_test(c, find_faces);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
