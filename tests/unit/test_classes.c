/* Class lists by name, and the tables between them. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/classes.h"
#include "support/family.h"

static uint8_t map[256];

static int label(int scheme, const char *name)
{
    for (uint32_t i = 0; i < dmlcsr_scheme_class_count(scheme); i++)
        if (strcmp(dmlcsr_scheme_class_name(scheme, i), name) == 0)
            return (int)i;
    ck_abort_msg("scheme %d has no class %s", scheme, name);
}

/* Where a class goes in the map made last. */
static const char *goes(int from, const char *name, int to)
{
    return dmlcsr_scheme_class_name(to, map[label(from, name)]);
}

static void make(int from, int to, int side)
{
    ck_assert_int_eq(dmlcsr_scheme_map(from, to, side, 0, map), DMLCSR_OK);
}

START_TEST(names)
{
    static const char *const expected[] = { "celebamask-hq", "lapa", "helen", "face-parsing-pytorch", "facer-celebm",
                                            "facer-lapa", "segformer", "merged-11", "merged-8" };
    static const uint32_t counts[] = { 19, 11, 11, 19, 19, 11, 19, 11, 8 };
    ck_assert_uint_eq(dmlcsr_scheme_count(), 9);
    for (int i = 0; i < 9; i++) {
        ck_assert_str_eq(dmlcsr_scheme_name(i), expected[i]);
        ck_assert_int_eq(dmlcsr_scheme_find(expected[i]), i);
        ck_assert_uint_eq(dmlcsr_scheme_class_count(i), counts[i]);
        ck_assert_str_eq(dmlcsr_scheme_class_name(i, 0), "background");
        ck_assert_uint_eq(dmlcsr_scheme_class_color(i, 0), 0);
        for (uint32_t k = 1; k < counts[i]; k++) {
            ck_assert_uint_ne(dmlcsr_scheme_class_color(i, k), 0);
            for (uint32_t j = 1; j < k; j++) {
                ck_assert_str_ne(dmlcsr_scheme_class_name(i, k), dmlcsr_scheme_class_name(i, j));
                ck_assert_uint_ne(dmlcsr_scheme_class_color(i, k), dmlcsr_scheme_class_color(i, j));
            }
        }
        ck_assert_ptr_null(dmlcsr_scheme_class_name(i, counts[i]));
    }
    ck_assert_int_eq(dmlcsr_scheme_find("LaPa"), -1);
    ck_assert_int_eq(dmlcsr_scheme_find(NULL), -1);
    for (int bad = -1; bad < 10; bad += 10) {
        ck_assert_ptr_null(dmlcsr_scheme_name(bad));
        ck_assert_uint_eq(dmlcsr_scheme_class_count(bad), 0);
        ck_assert_ptr_null(dmlcsr_scheme_class_name(bad, 0));
        ck_assert_uint_eq(dmlcsr_scheme_class_color(bad, 1), 0);
        ck_assert_int_eq(dmlcsr_scheme_side(bad), DMLCSR_SIDE_UNKNOWN);
    }
}
END_TEST

START_TEST(sides)
{
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_CELEBAMASK_HQ), DMLCSR_SIDE_SUBJECT);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_LAPA), DMLCSR_SIDE_PICTURE);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_HELEN), DMLCSR_SIDE_UNKNOWN);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_FACE_PARSING_PYTORCH), DMLCSR_SIDE_SUBJECT);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_FACER_CELEBM), DMLCSR_SIDE_PICTURE);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_FACER_LAPA), DMLCSR_SIDE_SUBJECT);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_SEGFORMER), DMLCSR_SIDE_SUBJECT);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_MERGED_11), DMLCSR_SIDE_NONE);
    ck_assert_int_eq(dmlcsr_scheme_side(DMLCSR_SCHEME_MERGED_8), DMLCSR_SIDE_NONE);
}
END_TEST

/* Written out by hand from the origins' lists: CelebAMask-HQ to the others. */
START_TEST(tables)
{
    static const struct {
        int to;
        uint8_t id[19];
    } expected[] = {
        { DMLCSR_SCHEME_CELEBAMASK_HQ, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 } },
        { DMLCSR_SCHEME_SEGFORMER, { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 } },
        { DMLCSR_SCHEME_LAPA, { 0, 1, 6, 0, 5, 4, 3, 2, 0, 0, 8, 7, 9, 10, 0, 0, 0, 0, 0 } },
        { DMLCSR_SCHEME_HELEN, { 0, 1, 6, 0, 4, 5, 2, 3, 0, 0, 8, 7, 9, 10, 0, 0, 0, 0, 0 } },
        { DMLCSR_SCHEME_FACE_PARSING_PYTORCH, { 0, 1, 10, 6, 4, 5, 2, 3, 7, 8, 11, 12, 13, 17, 18, 9, 15, 14, 16 } },
        { DMLCSR_SCHEME_FACER_CELEBM, { 0, 2, 10, 15, 8, 9, 6, 7, 4, 5, 11, 13, 12, 14, 16, 17, 18, 1, 3 } },
        { DMLCSR_SCHEME_FACER_LAPA, { 0, 1, 6, 0, 5, 4, 3, 2, 0, 0, 8, 7, 9, 10, 0, 0, 0, 0, 0 } },
        { DMLCSR_SCHEME_MERGED_11, { 0, 1, 5, 4, 3, 3, 2, 2, 7, 7, 6, 6, 6, 8, 10, 7, 10, 9, 10 } },
        { DMLCSR_SCHEME_MERGED_8, { 0, 1, 4, 3, 3, 3, 3, 3, 6, 6, 5, 5, 5, 2, 7, 6, 7, 1, 7 } },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        make(DMLCSR_SCHEME_CELEBAMASK_HQ, expected[i].to, DMLCSR_SIDE_UNKNOWN);
        ck_assert_mem_eq(map, expected[i].id, 19);
        for (int k = 19; k < 255; k++)
            ck_assert_uint_eq(map[k], 0);
        ck_assert_uint_eq(map[255], 255);
    }
}
END_TEST

/* Between lists with the same parts, there and back is where one started. */
START_TEST(there_and_back)
{
    static const int same[] = { DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SCHEME_FACE_PARSING_PYTORCH,
                                DMLCSR_SCHEME_FACER_CELEBM, DMLCSR_SCHEME_SEGFORMER };
    uint8_t back[256];
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++) {
            make(same[i], same[j], DMLCSR_SIDE_UNKNOWN);
            ck_assert_int_eq(dmlcsr_scheme_map(same[j], same[i], DMLCSR_SIDE_UNKNOWN, 0, back), DMLCSR_OK);
            for (int k = 0; k < 19; k++)
                ck_assert_int_eq(back[map[k]], k);
        }
}
END_TEST

START_TEST(merged_lists_do_not_come_apart)
{
    make(DMLCSR_SCHEME_MERGED_11, DMLCSR_SCHEME_MERGED_8, DMLCSR_SIDE_UNKNOWN);
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_11, "brows", DMLCSR_SCHEME_MERGED_8), "eyes_brows");
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_11, "glasses", DMLCSR_SCHEME_MERGED_8), "eyes_brows");
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_11, "neck", DMLCSR_SCHEME_MERGED_8), "skin");
    int other = label(DMLCSR_SCHEME_MERGED_11, "glasses");
    ck_assert_int_eq(dmlcsr_scheme_map(DMLCSR_SCHEME_MERGED_8, DMLCSR_SCHEME_MERGED_11, 0, (uint8_t)other, map),
                     DMLCSR_OK);
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_8, "eyes_brows", DMLCSR_SCHEME_MERGED_11), "glasses");
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_8, "hair", DMLCSR_SCHEME_MERGED_11), "hair");
    ck_assert_str_eq(goes(DMLCSR_SCHEME_MERGED_8, "mouth_lips", DMLCSR_SCHEME_MERGED_11), "mouth_lips");
}
END_TEST

/* The same list with the other side is a swap; one that is stated already changes nothing. */
START_TEST(side_swaps)
{
    uint8_t mirror[256];
    ck_assert_int_eq(dmlcsr_scheme_mirror(DMLCSR_SCHEME_CELEBAMASK_HQ, mirror), DMLCSR_OK);
    make(DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SIDE_PICTURE);
    ck_assert_mem_eq(map, mirror, 19);
    static const uint8_t expected[19] = { 0, 1, 2, 3, 5, 4, 7, 6, 9, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
    ck_assert_mem_eq(mirror, expected, 19);
    for (int k = 19; k < 256; k++)
        ck_assert_uint_eq(mirror[k], k);
    make(DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SIDE_SUBJECT);
    for (int k = 0; k < 19; k++)
        ck_assert_uint_eq(map[k], k);
    make(DMLCSR_SCHEME_LAPA, DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SIDE_PICTURE);
    ck_assert_str_eq(goes(DMLCSR_SCHEME_LAPA, "left eye", DMLCSR_SCHEME_CELEBAMASK_HQ), "l_eye");
    make(DMLCSR_SCHEME_LAPA, DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SIDE_SUBJECT);
    ck_assert_str_eq(goes(DMLCSR_SCHEME_LAPA, "left eye", DMLCSR_SCHEME_CELEBAMASK_HQ), "r_eye");
    make(DMLCSR_SCHEME_HELEN, DMLCSR_SCHEME_CELEBAMASK_HQ, DMLCSR_SIDE_UNKNOWN);
    ck_assert_str_eq(goes(DMLCSR_SCHEME_HELEN, "left eye", DMLCSR_SCHEME_CELEBAMASK_HQ), "l_eye");
    make(DMLCSR_SCHEME_HELEN, DMLCSR_SCHEME_MERGED_8, DMLCSR_SIDE_PICTURE); /* no sides there, so nothing is asked */
    ck_assert_int_eq(dmlcsr_scheme_mirror(DMLCSR_SCHEME_MERGED_8, mirror), DMLCSR_OK);
    for (int k = 0; k < 256; k++)
        ck_assert_uint_eq(mirror[k], k);
}
END_TEST

START_TEST(wrong_arguments)
{
    uint8_t before[256];
    memset(map, 7, sizeof map);
    memcpy(before, map, sizeof map);
    const int ok = DMLCSR_SCHEME_LAPA, bad = DMLCSR_ERROR_ARGUMENT;
    ck_assert_int_eq(dmlcsr_scheme_map(-1, ok, 0, 0, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, 9, 0, 0, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, 3, 0, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, -1, 0, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, 0, 11, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, 0, 254, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, 0, 0, NULL), bad);
    ck_assert_int_eq(dmlcsr_scheme_map(DMLCSR_SCHEME_HELEN, ok, DMLCSR_SIDE_SUBJECT, 0, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_mirror(9, map), bad);
    ck_assert_int_eq(dmlcsr_scheme_mirror(ok, NULL), bad);
    ck_assert_int_eq(dmlcsr_class_map(NULL, ok, 0, 0, map), bad);
    ck_assert_int_eq(dmlcsr_class_mirror(NULL, map), bad);
    ck_assert_mem_eq(map, before, sizeof map);
    ck_assert_int_eq(dmlcsr_scheme_map(ok, ok, 0, 255, map), DMLCSR_OK);
    ck_assert_uint_eq(map[11], 255);
}
END_TEST

static dmlcsr *handle_of(const char *metadata, uint32_t classes)
{
    family f = { classes, { 1, 1, 1, 1 }, 32, 1, 0, 0, metadata };
    size_t size;
    dmlcsr *handle = NULL;
    unsigned char *file = family_file(&f, 2022, &size);
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, size, NULL), DMLCSR_OK);
    free(file);
    return handle;
}

START_TEST(of_a_handle)
{
    uint8_t expected[256];
    dmlcsr *handle = handle_of("\"dmlcsr.size\":\"33\",\"dmlcsr.side\":\"subject\"", 19);
    for (int to = 0; to < 9; to++) {
        make(DMLCSR_SCHEME_CELEBAMASK_HQ, to, 0);
        memcpy(expected, map, sizeof expected);
        ck_assert_int_eq(dmlcsr_class_map(handle, to, 0, 0, map), DMLCSR_OK);
        ck_assert_mem_eq(map, expected, sizeof map);
    }
    ck_assert_int_eq(dmlcsr_class_mirror(handle, map), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_scheme_mirror(DMLCSR_SCHEME_CELEBAMASK_HQ, expected), DMLCSR_OK);
    ck_assert_mem_eq(map, expected, sizeof map);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_OWN, DMLCSR_SIDE_PICTURE, 0, map), DMLCSR_OK);
    ck_assert_mem_eq(map, expected, 19);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_OWN, DMLCSR_SIDE_SUBJECT, 0, map), DMLCSR_OK);
    ck_assert_uint_eq(map[4], 4);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_OWN, DMLCSR_SIDE_SUBJECT, 19, map), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_class_map(handle, -2, 0, 0, map), DMLCSR_ERROR_ARGUMENT);
    dmlcsr_free(handle);
}
END_TEST

/* Spellings of one's own, a name nobody knows, and a side that the model does not state. */
START_TEST(of_a_handle_with_own_names)
{
    dmlcsr *handle = handle_of("\"dmlcsr.size\":\"33\","
                               "\"dmlcsr.classes\":\"bg Face_Skin tail tail LEFT-eye reye ear\"", 7);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_MERGED_11, 0, 4, map), DMLCSR_OK);
    static const uint8_t expected[8] = { 0, 1, 4, 4, 3, 3, 7, 4 };
    ck_assert_mem_eq(map, expected, 8);
    ck_assert_int_eq(dmlcsr_class_mirror(handle, map), DMLCSR_OK);
    static const uint8_t mirrored[8] = { 0, 1, 2, 3, 5, 4, 6, 7 };
    ck_assert_mem_eq(map, mirrored, 8);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_OWN, 0, 0, map), DMLCSR_OK);
    static const uint8_t own[8] = { 0, 1, 2, 3, 4, 5, 6, 0 };
    ck_assert_mem_eq(map, own, 8);
    ck_assert_int_eq(dmlcsr_class_map(handle, DMLCSR_SCHEME_OWN, DMLCSR_SIDE_PICTURE, 0, map), DMLCSR_ERROR_ARGUMENT);
    dmlcsr_free(handle);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("classes");
    TCase *tests = tcase_create("classes");
    tcase_add_test(tests, names);
    tcase_add_test(tests, sides);
    tcase_add_test(tests, tables);
    tcase_add_test(tests, there_and_back);
    tcase_add_test(tests, merged_lists_do_not_come_apart);
    tcase_add_test(tests, side_swaps);
    tcase_add_test(tests, wrong_arguments);
    tcase_add_test(tests, of_a_handle);
    tcase_add_test(tests, of_a_handle_with_own_names);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
