/* dmlcsr_find_faces: arguments, cancelling, a memory limit, models without the classes it needs; and with the default model
 * a made-up picture in which nobody is. What it finds is tested in tests/examples/test_faces.sh. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "support/family.h"
#include "support/portrait.h"

#define WIDTH 90
#define HEIGHT 70

static const family tiny = {19, {1, 1, 1, 1}, 32, 1, 0, 0, "\"dmlcsr.size\":\"48\""};
static const family nameless = {7, {1, 1, 1, 1}, 32, 1, 0, 0, "\"dmlcsr.size\":\"48\""};
static uint8_t *pixels;
static dmlcsr_image image;
static dmlcsr_face face[8];
static size_t count;

static void setup(void)
{
    pixels = portrait(&image, WIDTH, HEIGHT);
    memset(face, 0x5a, sizeof face);
    count = 77;
}

static void teardown(void)
{
    free(pixels);
}

static dmlcsr *make(const family *member, const dmlcsr_options *given)
{
    size_t size;
    unsigned char *file = family_file(member, 2026, &size);
    dmlcsr_options options;
    char sentence[256] = "";
    dmlcsr *handle = NULL;
    dmlcsr_options_init(&options);
    if (given)
        options = *given;
    options.error = sentence;
    options.error_size = sizeof sentence;
    const int status = dmlcsr_create_from_memory(&handle, file, size, &options);
    ck_assert_msg(status == DMLCSR_OK, "%s", sentence);
    free(file);
    return handle;
}

static void refused(dmlcsr *handle, const dmlcsr_image *photo, const dmlcsr_find_options *options, dmlcsr_face *faces,
                    size_t *number, int status, const char *says)
{
    ck_assert_int_eq(dmlcsr_find_faces(handle, photo, options, faces, 8, number), status);
    ck_assert_msg(strstr(dmlcsr_last_error(handle), says) != NULL, "\"%s\" is not in \"%s\"", says,
                  dmlcsr_last_error(handle));
    ck_assert_uint_eq(count, 77);
    for (size_t i = 0; i < sizeof face; i++)
        ck_assert_int_eq(((const uint8_t *)face)[i], 0x5a);
}

START_TEST(arguments)
{
    static const struct {
        float smallest, threshold;
        uint32_t reserved;
        int status;
        const char *says;
    } cases[] = {
        {7.9f, 0, 0, DMLCSR_ERROR_ARGUMENT, "smallest is 7.9"},
        {-1, 0, 0, DMLCSR_ERROR_ARGUMENT, "smallest is -1"},
        {1e9f, 0, 0, DMLCSR_ERROR_ARGUMENT, "smallest is 1e+09"},
        {NAN, 0, 0, DMLCSR_ERROR_ARGUMENT, "smallest is "},
        {0, -.1f, 0, DMLCSR_ERROR_ARGUMENT, "threshold is -0.1"},
        {0, 1.1f, 0, DMLCSR_ERROR_ARGUMENT, "threshold is 1.1"},
        {0, NAN, 0, DMLCSR_ERROR_ARGUMENT, "threshold is "},
        {0, 0, 1, DMLCSR_ERROR_STRUCT, "reserved is 1"},
    };
    dmlcsr *h = make(&tiny, NULL);
    dmlcsr_find_options o;
    dmlcsr_image wrong = image;
    ck_assert_int_eq(dmlcsr_find_faces(NULL, &image, NULL, face, 8, &count), DMLCSR_ERROR_ARGUMENT);
    refused(h, NULL, NULL, face, &count, DMLCSR_ERROR_ARGUMENT, "image is NULL");
    refused(h, &image, NULL, NULL, &count, DMLCSR_ERROR_ARGUMENT, "faces is NULL");
    refused(h, &image, NULL, face, NULL, DMLCSR_ERROR_ARGUMENT, "count is NULL");
    wrong.width = 0;
    refused(h, &wrong, NULL, face, &count, DMLCSR_ERROR_ARGUMENT, "image is 0 x 70");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dmlcsr_find_options_init(&o);
        o.smallest = cases[i].smallest;
        o.threshold = cases[i].threshold;
        o.reserved = cases[i].reserved;
        refused(h, &image, &o, face, &count, cases[i].status, cases[i].says);
    }
    dmlcsr_find_options_init(&o);
    o.struct_size = 1;
    refused(h, &image, &o, face, &count, DMLCSR_ERROR_STRUCT, "dmlcsr_find_options.struct_size is 1");
    ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, NULL, 0, &count), DMLCSR_OK);
    dmlcsr_free(h);
}
END_TEST

START_TEST(a_model_without_names)
{
    dmlcsr *h = make(&nameless, NULL);
    refused(h, &image, NULL, face, &count, DMLCSR_ERROR_UNSUPPORTED, "no class for: skin, eyes, nose, mouth");
    dmlcsr_free(h);
}
END_TEST

/* Pictures of a single pixel, and as flat as can be. */
START_TEST(odd_pictures)
{
    static const uint32_t sizes[][2] = {{1, 1}, {1, 70}, {90, 1}, {2, 3}};
    dmlcsr *h = make(&tiny, NULL);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        dmlcsr_image odd = image;
        odd.width = sizes[i][0];
        odd.height = sizes[i][1];
        ck_assert_int_eq(dmlcsr_find_faces(h, &odd, NULL, face, 8, &count), DMLCSR_OK);
    }
    dmlcsr_free(h);
}
END_TEST

/* ---- progress ---- */

typedef struct watcher {
    uint32_t calls, last, stop; /* stop: the call that cancels, or 0 */
} watcher;

static int watch(void *opaque, uint32_t done, uint32_t total)
{
    watcher *w = opaque;
    ck_assert_uint_le(done, total);
    ck_assert_uint_ge(done, w->last);
    w->last = done < total ? done : 0; /* parses begin again */
    return ++w->calls == w->stop;
}

START_TEST(progress_and_cancel)
{
    watcher w = {0, 0, 0};
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.progress = watch;
    options.opaque = &w;
    options.threads = 2;
    dmlcsr *h = make(&tiny, &options);
    ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, face, 8, &count), DMLCSR_OK);
    ck_assert_uint_eq(w.last, 0); /* the end was told */
    const uint32_t all = w.calls;
    ck_assert_uint_gt(all, 100);
    memset(face, 0x5a, sizeof face);
    for (uint32_t stop = 1; stop < all; stop += all / 7) {
        w = (watcher){0, 0, stop};
        count = 77;
        refused(h, &image, NULL, face, &count, DMLCSR_ERROR_CANCELLED, "cancelled by the progress callback");
        ck_assert_uint_eq(w.calls, stop);
    }
    w = (watcher){0, 0, 0};
    ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, face, 8, &count), DMLCSR_OK);
    ck_assert_uint_eq(w.calls, all);
    dmlcsr_free(h);
}
END_TEST

/* ---- memory ---- */

START_TEST(within_the_limit)
{
    size_t weights, before, after;
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.threads = 1;
    dmlcsr *h = make(&tiny, &options);
    dmlcsr_memory(h, &weights, &before);
    ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, face, 8, &count), DMLCSR_OK);
    dmlcsr_memory(h, NULL, &after);
    ck_assert_uint_gt(after, before);
    dmlcsr_free(h);
    for (int enough = 0; enough < 2; enough++) {
        options.memory_limit = weights + before + (enough ? 2 * (after - before) : (after - before) / 2);
        h = make(&tiny, &options);
        memset(face, 0x5a, sizeof face);
        count = 77;
        if (enough)
            ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, face, 8, &count), DMLCSR_OK);
        else
            refused(h, &image, NULL, face, &count, DMLCSR_ERROR_LIMIT, "no memory");
        dmlcsr_free(h);
    }
}
END_TEST

/* ---- with the default model ---- */

START_TEST(nobody_in_plain_pictures)
{
    dmlcsr *h;
    ck_assert_int_eq(dmlcsr_create(&h, NULL, NULL), DMLCSR_OK);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 3 * WIDTH * HEIGHT; i++)
            pixels[i] = k ? (uint8_t)(i / 3 % WIDTH * 2 + i % 3 * 20) : 128;
        ck_assert_int_eq(dmlcsr_find_faces(h, &image, NULL, face, 8, &count), DMLCSR_OK);
        ck_assert_uint_eq(count, 0);
    }
    dmlcsr_free(h);
}
END_TEST

START_TEST(region_of_a_face)
{
    const dmlcsr_face f = {1, 2, 3, .5f, 4, 5, 6, 7, .9f};
    dmlcsr_region r;
    dmlcsr_face_region(&f, &r);
    ck_assert_uint_eq(r.struct_size, sizeof r);
    ck_assert(r.center_x == 1 && r.center_y == 2 && r.size == 3 && r.rotation == .5f && r.context == 0 && !r.reserved);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("find");
    TCase *c = tcase_create("find");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 300);
    tcase_add_test(c, arguments);
    tcase_add_test(c, a_model_without_names);
    tcase_add_test(c, odd_pictures);
    tcase_add_test(c, progress_and_cancel);
    tcase_add_test(c, within_the_limit);
    tcase_add_test(c, nobody_in_plain_pictures);
    tcase_add_test(c, region_of_a_face);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
