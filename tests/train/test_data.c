/* Sets on disk: lists, folders, classes, labels, and the sentences when something is wrong with them. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/data_files.h"
#include "train/data.h"

static const uint8_t pixel[3] = { 1, 2, 3 };
static char sentence[512];

static int open_kind(dmlcsr_dataset **set, const char *folder, const char *name, int kind)
{
    dmlcsr_dataset_options options;
    dmlcsr_decoder decoder;
    dmlcsr_dataset_options_init(&options);
    data_decoder(&decoder);
    options.root = folder;
    options.set = name;
    options.kind = kind;
    options.decoder = &decoder;
    options.error = sentence;
    options.error_size = sizeof sentence;
    sentence[0] = 0;
    *set = NULL;
    int status = dmlcsr_dataset_open(set, &options);
    ck_assert((status == DMLCSR_OK) == (*set != NULL));
    return status;
}

static void expect_fault(const char *folder, const char *name, int kind, int status, const char *text)
{
    dmlcsr_dataset *set;
    ck_assert_int_eq(open_kind(&set, folder, name, kind), status);
    ck_assert_msg(strstr(sentence, text) != NULL, "\"%s\" is not in \"%s\"", text, sentence);
}

static void put(const char *folder, const char *name)
{
    data_raw(folder, name, pixel, name[0] == 'l' ? 1 : 3, 1, 1);
}

/* ---- lists ---- */

START_TEST(list_as_people_write_it)
{
    dmlcsr_dataset *set;
    char *folder = data_folder();
    put(folder, "images/a.raw");
    put(folder, "labels/a.raw");
    put(folder, "images/b c.raw");
    put(folder, "labels/b c.raw");
    data_text(folder, "val_list.txt", "# a comment\r\n\r\n  images/a.raw   labels/a.raw \r\n"
              "images/b c.raw\tlabels/b c.raw\tedges/not there.raw\n   # another\nimages/a.raw labels/a.raw edge");
    ck_assert_msg(open_kind(&set, folder, "val", DMLCSR_DATA_LAPA) == DMLCSR_OK, "%s", sentence);
    ck_assert_uint_eq(dmlcsr_dataset_count(set), 3);
    ck_assert_str_eq(dmlcsr_dataset_image_path(set, 0), data_path(folder, "images/a.raw"));
    ck_assert_str_eq(dmlcsr_dataset_label_path(set, 1), data_path(folder, "labels/b c.raw"));
    ck_assert_str_eq(dmlcsr_dataset_image_path(set, 2), data_path(folder, "images/a.raw"));
    ck_assert_ptr_null(dmlcsr_dataset_image_path(set, 3));
    dmlcsr_dataset_free(set);
    data_remove(folder);
}
END_TEST

START_TEST(list_faults)
{
    char *folder = data_folder();
    put(folder, "images/a.raw");
    put(folder, "labels/a.raw");
    data_text(folder, "train_list.txt", "\nimages/a.raw labels/a.raw\nimages/a.raw labels/gone.raw\n");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_IO, "train_list.txt:3: ");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_IO, "labels/gone.raw: cannot be opened");
    data_text(folder, "train_list.txt", "images/a.raw labels/a.raw\nimages labels/a.raw\n");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_IO, "images: is a folder");
    data_text(folder, "train_list.txt", "# x\nimages/a.raw\n");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "train_list.txt:2: a line needs two paths");
    data_text(folder, "train_list.txt", "images/a.raw labels/a.raw x y\n");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "what is \"y\"");
    data_text(folder, "train_list.txt", "# nothing\n\n");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "no pair");
    data_write(folder, "train_list.txt", "a\0b c\n", 6);
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "not a text file");
    data_text(folder, "train_list.txt", "");
    expect_fault(folder, "train", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "no pair");
    expect_fault(folder, "test", DMLCSR_DATA_HELEN, DMLCSR_ERROR_IO, "test_list.txt");
    expect_fault(folder, "", DMLCSR_DATA_HELEN, DMLCSR_ERROR_ARGUMENT, "set");
    data_remove(folder);
}
END_TEST

/* ---- folders ---- */

START_TEST(folders)
{
    static const char *const files[] = { "images/b.raw", "images/a-b.raw", "images/a.raw", "images/ab.raw",
                                         "labels/ab.raw", "labels/a.png", "labels/b.raw", "labels/a-b.raw",
                                         "labels/alone.raw", "images/.hidden" };
    dmlcsr_dataset *set;
    char *folder = data_folder(), name[64];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(name, sizeof name, "test/%s", files[i]);
        put(folder, name);
    }
    ck_assert_msg(open_kind(&set, folder, "test", DMLCSR_DATA_CELEBAMASK_HQ) == DMLCSR_OK, "%s", sentence);
    ck_assert_uint_eq(dmlcsr_dataset_count(set), 4);
    ck_assert_str_eq(dmlcsr_dataset_image_path(set, 0), data_path(folder, "test/images/a-b.raw"));
    ck_assert_str_eq(dmlcsr_dataset_image_path(set, 1), data_path(folder, "test/images/a.raw"));
    ck_assert_str_eq(dmlcsr_dataset_label_path(set, 1), data_path(folder, "test/labels/a.png"));
    ck_assert_str_eq(dmlcsr_dataset_label_path(set, 2), data_path(folder, "test/labels/ab.raw"));
    dmlcsr_dataset_free(set);
    put(folder, "test/images/new.raw");
    expect_fault(folder, "test", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "images/new.raw: there are no labels for it");
    put(folder, "test/labels/new.raw");
    put(folder, "test/images/new.jpg");
    expect_fault(folder, "test", DMLCSR_DATA_HELEN, DMLCSR_ERROR_FORMAT, "new.jpg and new.raw have the same name");
    data_remove(folder);
}
END_TEST

/* ---- classes ---- */

static void expect_mirror(const dmlcsr_dataset *set, const uint8_t *pairs, size_t count)
{
    uint8_t expected[256];
    for (unsigned i = 0; i < 256; i++)
        expected[i] = (uint8_t)i;
    for (size_t i = 0; i < count; i += 2) {
        expected[pairs[i]] = pairs[i + 1];
        expected[pairs[i + 1]] = pairs[i];
    }
    for (uint32_t i = 0; i < 256; i++)
        ck_assert_uint_eq(dmlcsr_dataset_mirror(set, i), expected[i]);
    ck_assert_uint_eq(dmlcsr_dataset_mirror(set, 1000), 1000);
}

START_TEST(known_classes)
{
    static const uint8_t celebamask[] = { 4, 5, 6, 7, 8, 9 }, lapa[] = { 2, 3, 4, 5 };
    dmlcsr_dataset *set;
    char *folder = data_folder();
    put(folder, "images/a.raw");
    put(folder, "labels/a.raw");
    data_text(folder, "train_list.txt", "images/a.raw labels/a.raw\n");
    ck_assert_int_eq(open_kind(&set, folder, "train", DMLCSR_DATA_CELEBAMASK_HQ), DMLCSR_OK);
    ck_assert_uint_eq(dmlcsr_dataset_classes(set), 19);
    ck_assert_str_eq(dmlcsr_dataset_class_name(set, 18), "cloth");
    ck_assert_ptr_null(dmlcsr_dataset_class_name(set, 19));
    expect_mirror(set, celebamask, sizeof celebamask);
    dmlcsr_dataset_free(set);
    for (int kind = DMLCSR_DATA_LAPA; kind <= DMLCSR_DATA_HELEN; kind++) {
        ck_assert_int_eq(open_kind(&set, folder, "train", kind), DMLCSR_OK);
        ck_assert_uint_eq(dmlcsr_dataset_classes(set), 11);
        expect_mirror(set, lapa, sizeof lapa);
        dmlcsr_dataset_free(set);
    }
    expect_fault(folder, "train", 4, DMLCSR_ERROR_ARGUMENT, "kind");
    data_text(folder, "label_names.txt", "bg\nskin\n");
    expect_fault(folder, "train", DMLCSR_DATA_LAPA, DMLCSR_ERROR_FORMAT, "has 2 names, but LaPa has 11 classes");
    /* other spellings of the same list, then another order: brows and eyes would trade places in a mirror */
    data_text(folder, "label_names.txt", "bg\nskin\nleft_brow\nr_brow\nleft_eye\nr_eye\nnose\nu_lip\nmouth\nl_lip\nhair\n");
    ck_assert_int_eq(open_kind(&set, folder, "train", DMLCSR_DATA_LAPA), DMLCSR_OK);
    dmlcsr_dataset_free(set);
    data_text(folder, "label_names.txt", "bg\nskin\nleft_eye\nr_eye\nl_brow\nr_brow\nnose\nu_lip\nmouth\nl_lip\nhair\n");
    expect_fault(folder, "train", DMLCSR_DATA_LAPA, DMLCSR_ERROR_FORMAT, "class 2 is \"left_eye\", which is class 4 of LaPa");
    data_remove(folder);
}
END_TEST

START_TEST(own_classes)
{
    static const uint8_t sides[] = { 2, 3, 4, 5 };
    static const char *const given[] = { "nothing", "right-hand", "left-hand" };
    dmlcsr_dataset *set;
    dmlcsr_dataset_options options;
    char *folder = data_set(1, 8, 8, 0);
    ck_assert_int_eq(open_kind(&set, folder, "train", DMLCSR_DATA_CUSTOM), DMLCSR_OK);
    ck_assert_uint_eq(dmlcsr_dataset_classes(set), 7);
    ck_assert_str_eq(dmlcsr_dataset_class_name(set, 4), "left brow");
    expect_mirror(set, sides, sizeof sides);
    dmlcsr_dataset_free(set);
    dmlcsr_dataset_options_init(&options);
    options.root = folder;
    options.set = "train";
    options.class_names = given;
    options.class_count = 3;
    ck_assert_int_eq(dmlcsr_dataset_open(&set, &options), DMLCSR_OK);
    expect_mirror(set, (const uint8_t[]){ 1, 2 }, 2);
    ck_assert_int_eq(dmlcsr_dataset_read(set, 0, NULL, NULL, NULL, 0), DMLCSR_ERROR_ARGUMENT); /* no decoder */
    dmlcsr_dataset_free(set);
    options.struct_size = 3;
    ck_assert_int_eq(dmlcsr_dataset_open(&set, &options), DMLCSR_ERROR_STRUCT);
    data_text(folder, "label_names.txt", "skin\nbg\n");
    expect_fault(folder, "train", DMLCSR_DATA_CUSTOM, DMLCSR_ERROR_FORMAT, "the first name is \"skin\"");
    data_text(folder, "label_names.txt", "bg\n");
    expect_fault(folder, "train", DMLCSR_DATA_CUSTOM, DMLCSR_ERROR_FORMAT, "has 1 names");
    remove(data_path(folder, "label_names.txt"));
    expect_fault(folder, "train", DMLCSR_DATA_CUSTOM, DMLCSR_ERROR_IO, "label_names.txt");
    data_remove(folder);
}
END_TEST

/* ---- reading ---- */

START_TEST(labels_are_checked)
{
    uint8_t label[6 * 4] = { 0 }, wide[16 * 8 * 3] = { 0 };
    dmlcsr_bitmap image, map;
    char *folder = data_set(2, 8, 8, 0);
    dmlcsr_dataset *set = data_open(folder);
    label[2] = 255;
    label[3 * 6 + 2] = 7;
    data_raw(folder, "labels/f001.raw", label, 1, 6, 4);
    ck_assert_int_eq(dmlcsr_dataset_read(set, 0, &image, &map, sentence, sizeof sentence), DMLCSR_OK);
    ck_assert_uint_eq(map.width, 8);
    dmlcsr_dataset_release(set, &image);
    dmlcsr_dataset_release(set, &map);
    dmlcsr_dataset_release(set, &map);
    ck_assert_int_eq(dmlcsr_dataset_read(set, 1, &image, &map, sentence, sizeof sentence), DMLCSR_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(sentence, data_path(folder, "labels/f001.raw")));
    ck_assert_ptr_nonnull(strstr(sentence, "pixel x = 2, y = 3 has class id 7, but ids are 0 to 6"));
    ck_assert_int_eq(dmlcsr_dataset_read(set, 1, &image, NULL, NULL, 0), DMLCSR_OK);
    dmlcsr_dataset_release(set, &image);
    memset(label, 0, sizeof label);
    data_raw(folder, "images/f001.raw", wide, 3, 16, 8);
    data_raw(folder, "labels/f001.raw", label, 1, 2, 4);
    ck_assert_int_eq(dmlcsr_dataset_read(set, 1, &image, &map, sentence, sizeof sentence), DMLCSR_ERROR_FORMAT);
    ck_assert_ptr_nonnull(strstr(sentence, "images/f001.raw: is 16 x 8 pixels, but its labels "));
    ck_assert_ptr_nonnull(strstr(sentence, "labels/f001.raw are 2 x 4"));
    data_raw(folder, "labels/f001.raw", label, 1, 5, 3); /* rounded */
    ck_assert_int_eq(dmlcsr_dataset_read(set, 1, &image, &map, sentence, sizeof sentence), DMLCSR_OK);
    dmlcsr_dataset_release(set, &image);
    dmlcsr_dataset_release(set, &map);
    data_text(folder, "labels/f001.raw", "no picture");
    ck_assert_int_eq(dmlcsr_dataset_read(set, 1, &image, &map, sentence, sizeof sentence), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(sentence, "labels/f001.raw: is no raw file"));
    ck_assert_int_eq(dmlcsr_dataset_read(set, 2, &image, &map, sentence, sizeof sentence), DMLCSR_ERROR_ARGUMENT);
    ck_assert_uint_eq(data_alive(), 0);
    dmlcsr_dataset_free(set);
    data_remove(folder);
}
END_TEST

/* ---- random numbers, reduced pictures ---- */

START_TEST(draws)
{
    enum { N = 1000 };
    uint32_t order[N], again[N], other[N], seen[N] = { 0 }, fixed = 0;
    double sum = 0, squares = 0;
    dml_draws d = dml_draws_of(1, 2, 3, DML_DRAWS_AUGMENT);
    for (uint64_t i = 0; i < 20000; i++) {
        double value = dml_draw_normal(&d, i);
        sum += value;
        squares += value * value;
    }
    ck_assert_double_eq_tol(sum / 20000, 0, .03); /* four deviations */
    ck_assert_double_eq_tol(squares / 20000, 1, .04);
    dml_draw_order(5, 1, N, order);
    dml_draw_order(5, 1, N, again);
    dml_draw_order(5, 2, N, other);
    ck_assert_mem_eq(order, again, sizeof order);
    for (uint32_t i = 0; i < N; i++) {
        seen[order[i]]++;
        fixed += order[i] == other[i];
    }
    for (uint32_t i = 0; i < N; i++)
        ck_assert_uint_eq(seen[i], 1);
    ck_assert_uint_lt(fixed, 10); /* one is expected */
}
END_TEST

START_TEST(reduced_pictures_keep_their_mean)
{
    uint8_t from[13 * 7 * 3], to[5 * 4 * 3], label[4], small[1];
    float room[13 * 3];
    double mean[2][3] = { { 0 } };
    for (int i = 0; i < 13 * 7 * 3; i++)
        from[i] = (uint8_t)(i * 29 % 256);
    dml_reduce_image(from, 13, 7, to, 5, 4, room);
    for (int i = 0; i < 13 * 7 * 3; i++)
        mean[0][i % 3] += from[i] / (13.0 * 7);
    for (int i = 0; i < 5 * 4 * 3; i++)
        mean[1][i % 3] += to[i] / (5.0 * 4);
    for (int c = 0; c < 3; c++)
        ck_assert_double_eq_tol(mean[0][c], mean[1][c], .5);
    dml_reduce_image(from, 13, 7, from, 13, 7, room);
    for (int i = 0; i < 13 * 7 * 3; i++)
        ck_assert_uint_eq(from[i], (uint8_t)(i * 29 % 256));
    memcpy(label, "\1\2\3\4", 4);
    dml_reduce_label(label, 2, 2, small, 1, 1);
    ck_assert_uint_eq(small[0], 4);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { list_as_people_write_it, list_faults, folders, known_classes, own_classes,
                                          labels_are_checked, draws, reduced_pictures_keep_their_mean };
    Suite *suite = suite_create("data");
    TCase *all = tcase_create("data");
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
