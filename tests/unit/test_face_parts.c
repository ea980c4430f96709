/* The pieces that find faces: roles of classes by their names, connected regions, and the geometry of parts. */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "image/blobs.h"
#include "image/face_fit.h"
#include "image/roles.h"

/* ---- roles ---- */

static dml_error error;

static int make_roles(dml_roles *roles, const char *side, const char *const *names, uint32_t count)
{
    memset(roles, 0, sizeof *roles);
    return dml_roles_make(roles, names, count, side, &error);
}

START_TEST(roles_of_celebamask)
{
    static const char *const names[] = {"background", "skin", "nose", "eye_g", "l_eye", "r_eye", "l_brow", "r_brow",
                                        "l_ear", "r_ear", "mouth", "u_lip", "l_lip", "hair", "hat", "ear_r", "neck_l",
                                        "neck", "cloth"};
    static const uint8_t expected[] = {DML_ROLE_NONE, DML_ROLE_FACE, DML_ROLE_NOSE, DML_ROLE_GLASSES,
                                       DML_ROLE_RIGHT_EYE, DML_ROLE_LEFT_EYE, DML_ROLE_FACE, DML_ROLE_FACE,
                                       DML_ROLE_NONE, DML_ROLE_NONE, DML_ROLE_MOUTH, DML_ROLE_MOUTH, DML_ROLE_MOUTH};
    dml_roles roles;
    ck_assert_int_eq(make_roles(&roles, "subject", names, 19), DMLCSR_OK);
    ck_assert_mem_eq(roles.of, expected, sizeof expected); /* the person's left eye is on the right of the picture */
    for (int i = 13; i < 19; i++)
        ck_assert_int_eq(roles.of[i], DML_ROLE_NONE);
    ck_assert_int_eq(make_roles(&roles, "picture", names, 19), DMLCSR_OK);
    ck_assert_int_eq(roles.of[4], DML_ROLE_LEFT_EYE);
    ck_assert_int_eq(roles.of[5], DML_ROLE_RIGHT_EYE);
    ck_assert_int_eq(make_roles(&roles, "unknown", names, 19), DMLCSR_OK);
    ck_assert_int_eq(roles.of[4], DML_ROLE_EYES);
    ck_assert_int_eq(roles.of[5], DML_ROLE_EYES);
}
END_TEST

START_TEST(roles_of_lapa)
{
    static const char *const names[] = {"background", "Skin", "left eyebrow", "right eyebrow", "left eye", "right eye",
                                        "nose", "upper lip", "inner mouth", "lower-lip", "hair"};
    static const uint8_t expected[] = {DML_ROLE_NONE, DML_ROLE_FACE, DML_ROLE_FACE, DML_ROLE_FACE, DML_ROLE_LEFT_EYE,
                                       DML_ROLE_RIGHT_EYE, DML_ROLE_NOSE, DML_ROLE_MOUTH, DML_ROLE_MOUTH,
                                       DML_ROLE_MOUTH, DML_ROLE_NONE};
    dml_roles roles;
    ck_assert_int_eq(make_roles(&roles, "picture", names, 11), DMLCSR_OK);
    ck_assert_mem_eq(roles.of, expected, sizeof expected);
}
END_TEST

START_TEST(roles_of_merged_lists)
{
    static const char *const eleven[] = {"background", "skin", "brows", "eyes", "glasses", "nose", "mouth_lips", "ears"};
    static const char *const eight[] = {"background", "skin", "hair", "eyes_brows", "nose", "mouth_lips"};
    dml_roles roles;
    ck_assert_int_eq(make_roles(&roles, "none", eleven, 8), DMLCSR_OK);
    ck_assert_int_eq(roles.of[3], DML_ROLE_EYES);
    ck_assert_int_eq(roles.of[6], DML_ROLE_MOUTH);
    ck_assert_int_eq(make_roles(&roles, "none", eight, 6), DMLCSR_ERROR_UNSUPPORTED); /* brows are not eyes */
    ck_assert_ptr_nonnull(strstr(error.text, "no class for: eyes"));
}
END_TEST

START_TEST(roles_that_are_missing)
{
    static const char *const names[] = {"class0", "class1", "l_eye"};
    dml_roles roles;
    ck_assert_int_eq(make_roles(&roles, "subject", names, 3), DMLCSR_ERROR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "no class for: skin, eyes, nose, mouth"));
}
END_TEST

/* ---- blobs ---- */

#define WIDTH 9
#define HEIGHT 6

static uint32_t find(const char *const *rows, dml_blob *blobs, uint32_t most)
{
    float plane[WIDTH * HEIGHT];
    uint32_t *scratch = malloc(dml_blobs_scratch(WIDTH, HEIGHT) * sizeof *scratch);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        plane[i] = rows[i / WIDTH][i % WIDTH] == '?' ? NAN : (float)(rows[i / WIDTH][i % WIDTH] - '0') / 10;
    const uint32_t count = dml_blobs_find(plane, WIDTH, HEIGHT, .25f, scratch, blobs, most);
    free(scratch);
    return count;
}

START_TEST(blobs)
{
    static const char *const rows[HEIGHT] = {"900000008", "000000000", "006100300", "0006?0000", "000000050", "200000055"};
    dml_blob b[9];
    ck_assert_uint_eq(find(rows, b, 9), 5);
    ck_assert_double_eq_tol(b[0].mass, 1.5, 1e-6); /* three fives */
    ck_assert_double_eq_tol(b[0].x, (7 + 7 + 8) / 3., 1e-6);
    ck_assert_double_eq_tol(b[0].y, (4 + 5 + 5) / 3., 1e-6);
    ck_assert_uint_eq(b[0].cells, 3);
    ck_assert_uint_eq(b[0].left, 7);
    ck_assert_uint_eq(b[0].right, 8);
    ck_assert_uint_eq(b[0].top, 4);
    ck_assert_uint_eq(b[0].bottom, 5);
    ck_assert_double_eq_tol(b[1].mass, 1.2, 1e-6); /* they touch at a corner */
    ck_assert_double_eq_tol(b[2].mass, .9, 1e-6);
    ck_assert_double_eq_tol(b[3].mass, .8, 1e-6);
    ck_assert_double_eq_tol(b[4].mass, .3, 1e-6);
}
END_TEST

START_TEST(blobs_that_do_not_fit)
{
    static const char *const rows[HEIGHT] = {"304050607", "000000000", "708090708", "000000000", "505050505", "000000000"};
    static const float masses[] = {.9f, .8f, .8f, .7f};
    dml_blob b[5];
    memset(b, 0x55, sizeof b);
    const dml_blob untouched = b[4];
    ck_assert_uint_eq(find(rows, b, 4), 4);
    for (int i = 0; i < 4; i++)
        ck_assert_double_eq_tol(b[i].mass, masses[i], 1e-6);
    ck_assert(b[1].x < b[2].x); /* equal ones: the first comes first */
    ck_assert(b[3].y == 0);
    ck_assert_mem_eq(&b[4], &untouched, sizeof untouched);
    ck_assert_uint_eq(find(rows, b, 0), 0);
}
END_TEST

START_TEST(blobs_of_everything_and_nothing)
{
    static const char *const full[HEIGHT] = {"999999999", "999999999", "999999999", "999999999", "999999999", "999999999"};
    static const char *const empty[HEIGHT] = {"000000000", "000000000", "0000?0000", "000000000", "000000000", "222222222"};
    dml_blob b[2];
    ck_assert_uint_eq(find(full, b, 2), 1);
    ck_assert_uint_eq(b[0].cells, WIDTH * HEIGHT);
    ck_assert_double_eq_tol(b[0].x, 4, 1e-5);
    ck_assert_uint_eq(find(empty, b, 2), 0);
}
END_TEST

/* ---- geometry ---- */

#define SIDE 64

static dml_part_map map;

static void map_setup(void)
{
    map.side = SIDE;
    map.cells = calloc(dml_part_map_cells(SIDE), sizeof *map.cells);
}

static void map_teardown(void)
{
    free(map.cells);
}

/* An ellipse at (u, v) of the face, with half axes a and b, in face sizes. */
static void draw(const dml_face_frame *f, int role, double u, double v, double a, double b)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        const double dx = (i % SIDE - f->x) / f->size, dy = (i / SIDE - f->y) / f->size;
        const double pu = cos(f->rotation) * dx + sin(f->rotation) * dy - u;
        const double pv = cos(f->rotation) * dy - sin(f->rotation) * dx - v;
        const double inside = 1 - pu * pu / (a * a) - pv * pv / (b * b);
        if (inside > 0)
            dml_part_plane(&map, role)[i] = 1;
    }
}

/* A face with the parts of an average one. */
static void draw_face(const dml_face_frame *f, double eye_u, bool sides)
{
    draw(f, DML_ROLE_FACE, 0, 0, .54, .72);
    draw(f, sides ? DML_ROLE_LEFT_EYE : DML_ROLE_EYES, -eye_u, -.045, .077, .038);
    draw(f, sides ? DML_ROLE_RIGHT_EYE : DML_ROLE_EYES, eye_u, -.045, .077, .038);
    draw(f, DML_ROLE_NOSE, 0, .155, .13, .2);
    draw(f, DML_ROLE_MOUTH, 0, .5, .19, .095);
}

static const dml_face_frame truths[] = {{32, 30, 32, 0}, {30, 33, 28, .5}, {34, 31, 24, -.6}, {33.3, 29.1, 36, .2}};

/* One cell is 1/24 of the smallest face: centres of parts are drawn to a fraction of that. */
static void check_near(const dml_face_frame *frame, const dml_face_frame *truth)
{
    ck_assert_double_eq_tol(frame->x, truth->x, .04 * truth->size);
    ck_assert_double_eq_tol(frame->y, truth->y, .04 * truth->size);
    ck_assert_double_eq_tol(frame->size, truth->size, .06 * truth->size);
    ck_assert_double_eq_tol(frame->rotation, truth->rotation, .05);
}

/* From a frame that is off, as a scan gives it, to the face. */
START_TEST(fit_finds_the_frame)
{
    const dml_face_frame truth = truths[_i / 2];
    dml_face_frame frame = {truth.x + .12 * truth.size, truth.y - .1 * truth.size, 1.15 * truth.size, truth.rotation / 2};
    dml_face_parts parts;
    map_setup();
    draw_face(&truth, .245, _i % 2);
    for (int i = 0; i < 4; i++) {
        dml_face_measure(&map, &frame, &parts);
        ck_assert(dml_face_fit(&parts, &frame, &frame));
    }
    check_near(&frame, &truth);
    dml_face_measure(&map, &frame, &parts);
    ck_assert_double_gt(dml_face_confidence(&parts), .8);
    map_teardown();
}
END_TEST

/* A face that turns aside is no smaller for that. */
START_TEST(fit_of_a_turned_face)
{
    const dml_face_frame truth = truths[0];
    dml_face_frame frame = truth;
    dml_face_parts parts;
    map_setup();
    draw_face(&truth, .15, true);
    dml_face_measure(&map, &frame, &parts);
    ck_assert(dml_face_fit(&parts, &frame, &frame));
    check_near(&frame, &truth);
    map_teardown();
}
END_TEST

/* Glasses stand for eyes; a nose for the mouth that a hand hides. */
START_TEST(fit_without_some_parts)
{
    const dml_face_frame truth = truths[1];
    dml_face_frame frame = truth;
    dml_face_parts parts;
    map_setup();
    draw(&truth, DML_ROLE_FACE, 0, 0, .54, .72);
    draw(&truth, DML_ROLE_GLASSES, 0, -.045, .4, .15);
    draw(&truth, DML_ROLE_MOUTH, 0, .5, .19, .095);
    dml_face_measure(&map, &frame, &parts);
    ck_assert(dml_face_fit(&parts, &frame, &frame));
    check_near(&frame, &truth);
    memset(dml_part_plane(&map, DML_ROLE_MOUTH), 0, SIDE * SIDE * sizeof(float));
    dml_face_measure(&map, &truth, &parts);
    ck_assert(!dml_face_fit(&parts, &truth, &frame));
    draw(&truth, DML_ROLE_NOSE, 0, .155, .13, .2);
    dml_face_measure(&map, &truth, &parts);
    ck_assert(dml_face_fit(&parts, &truth, &frame));
    check_near(&frame, &truth);
    memset(dml_part_plane(&map, DML_ROLE_GLASSES), 0, SIDE * SIDE * sizeof(float));
    dml_face_measure(&map, &truth, &parts);
    ck_assert(!dml_face_fit(&parts, &truth, &frame));
    map_teardown();
}
END_TEST

/* What hangs together with no face: upside down, parts too far from their places, a part missing, nothing at all. */
START_TEST(confidence_of_what_is_no_face)
{
    const dml_face_frame truth = {32, 32, 30, 0}, turned = {32, 32, 30, 3.14159265};
    dml_face_parts parts;
    for (int k = 0; k < 4; k++) {
        map_setup();
        if (k == 0)
            draw_face(&turned, .245, true);
        else if (k < 3)
            draw_face(&truth, k == 1 ? .55 : .245, true);
        if (k == 2)
            memset(dml_part_plane(&map, DML_ROLE_NOSE), 0, SIDE * SIDE * sizeof(float));
        dml_face_measure(&map, &truth, &parts);
        ck_assert_double_lt(dml_face_confidence(&parts), .3);
        map_teardown();
    }
}
END_TEST

/* Frames at the edge of a map, beyond it, tiny and huge ones read nothing that is not there (under a sanitizer). */
START_TEST(measure_anywhere)
{
    static const double places[] = {-1e9, -40, 0, 31.5, 63, 64, 1e9}, sizes[] = {1e-9, 1, 64, 1e9};
    dml_face_parts parts;
    map_setup();
    draw_face(&truths[0], .245, true);
    for (size_t i = 0; i < 7 * 7 * 4; i++) {
        const dml_face_frame f = {places[i % 7], places[i / 7 % 7], sizes[i / 49], .3};
        dml_face_measure(&map, &f, &parts);
        ck_assert(isfinite(parts.skin.share) && isfinite(dml_face_confidence(&parts)));
    }
    map_teardown();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("face parts");
    TCase *c = tcase_create("face parts");
    tcase_add_test(c, roles_of_celebamask);
    tcase_add_test(c, roles_of_lapa);
    tcase_add_test(c, roles_of_merged_lists);
    tcase_add_test(c, roles_that_are_missing);
    tcase_add_test(c, blobs);
    tcase_add_test(c, blobs_that_do_not_fit);
    tcase_add_test(c, blobs_of_everything_and_nothing);
    tcase_add_loop_test(c, fit_finds_the_frame, 0, 8);
    tcase_add_test(c, fit_of_a_turned_face);
    tcase_add_test(c, fit_without_some_parts);
    tcase_add_test(c, confidence_of_what_is_no_face);
    tcase_add_test(c, measure_anywhere);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
