/* What a picture becomes: placement, augmentation, colours. */
#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "support/data_files.h"
#include "image/image.h"
#include "support/portrait.h"
#include "train/data.h"

#define SIZE 64
#define PIXELS (SIZE * SIZE)

static float planes[3][PIXELS];
static float *const plane[3] = { planes[0], planes[1], planes[2] };
static uint8_t label[PIXELS], inside[PIXELS], identity[256];

/* Labels in patches, colours that follow them. */
static dml_source face(uint32_t w, uint32_t h)
{
    dml_source s = { malloc((size_t)w * h * 3), malloc((size_t)w * h), w, h, w, h, w, h, 0 };
    data_face(s.label, w, h, 7, 2);
    for (size_t i = 0; i < (size_t)w * h; i++)
        for (unsigned c = 0; c < 3; c++)
            s.image[3 * i + c] = data_colour(s.label[i], c);
    return s;
}

static void face_free(dml_source *s)
{
    free(s->image);
    free(s->label);
}

static void look(const dml_source *s, const dml_change *change, const uint8_t *mirror)
{
    dml_affine place = dml_view_place(s->w, s->h, SIZE, change);
    for (int i = 0; i < 256; i++)
        identity[i] = (uint8_t)i;
    dml_view_image(s, &place, SIZE, plane);
    dml_view_label(s, &place, SIZE, mirror ? mirror : identity, label, inside);
}

/* Every pixel whose surroundings have one label has that label's colour (black for 255): both move together. */
static unsigned expect_colours_follow(int reach)
{
    unsigned checked = 0;
    for (int y = reach; y < SIZE - reach; y++)
        for (int x = reach; x < SIZE - reach; x++) {
            uint8_t here = label[y * SIZE + x];
            int same = 1;
            for (int dy = -reach; dy <= reach; dy++)
                for (int dx = -reach; dx <= reach; dx++)
                    same &= label[(y + dy) * SIZE + x + dx] == here;
            for (unsigned c = 0; c < 3 && same; c++)
                ck_assert_float_eq_tol(planes[c][y * SIZE + x], here == 255 ? 0.0f : data_colour(here, c), .01f);
            checked += (unsigned)same;
        }
    return checked;
}

/* ---- without a change: what the parser does ---- */

START_TEST(identity_is_the_preprocessing)
{
    static const uint32_t sizes[][2] = { { SIZE + 1, SIZE + 1 }, { 50, 40 }, { 90, 91 }, { 230, 170 }, { 20, 200 } };
    dml_memory memory;
    dml_preprocess raw = { { 0, 0, 0 }, { 1, 1, 1 }, false };
    dml_tensor input = { NULL, 3, SIZE, SIZE, 0 };
    dml_change none = dml_change_none();
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    input.data = dml_alloc(&memory, dml_tensor_size(&input) * sizeof(float));
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        dmlcsr_image image;
        uint32_t w = sizes[k][0], h = sizes[k][1];
        uint8_t *pixels = portrait(&image, w, h), *blank = calloc(w, h);
        dml_similarity place = dml_similarity_whole(w, h, SIZE);
        dml_source source = { pixels, blank, w, h, w, h, w, h, 0 };
        dml_image_to_input(&image, &place, &raw, true, NULL, &input);
        look(&source, &none, NULL);
        for (size_t i = 0; i < PIXELS; i++)
            for (int c = 0; c < 3; c++) /* positions of a float: 1e-5 pixels, times a contrast of 255 */
                ck_assert_float_eq_tol(planes[c][i], 255 * input.data[i * DML_BLOCK + (size_t)c], .05f);
        free(pixels);
        free(blank);
    }
    dml_release(&memory, input.data);
}
END_TEST

START_TEST(larger_photograph)
{
    dml_source small = face(80, 72), large = face(160, 144);
    dml_change none = dml_change_none();
    small.label_w = 80; /* labels of the small one, photograph of the large one */
    dml_source mixed = { large.image, small.label, 160, 144, 80, 72, 80, 72, 0 };
    look(&mixed, &none, NULL);
    ck_assert_uint_gt(expect_colours_follow(2), 1500);
    face_free(&small);
    face_free(&large);
}
END_TEST

/* ---- changes ---- */

START_TEST(flip)
{
    uint8_t mirror[256];
    static float first[3][PIXELS];
    static uint8_t first_label[PIXELS];
    dml_source s = face(71, 80), m = face(71, 80); /* no position is half-way between two pixels */
    dml_change change = dml_change_none();
    for (int i = 0; i < 256; i++)
        mirror[i] = (uint8_t)i;
    mirror[2] = 3;
    mirror[3] = 2;
    for (uint32_t y = 0; y < s.h; y++)
        for (uint32_t x = 0; x < s.w; x++) {
            size_t to = y * s.w + x, from = y * s.w + s.w - 1 - x;
            m.label[to] = mirror[s.label[from]];
            memcpy(m.image + 3 * to, s.image + 3 * from, 3);
        }
    look(&m, &change, NULL);
    memcpy(first, planes, sizeof planes);
    memcpy(first_label, label, sizeof label);
    change.flip = true;
    look(&s, &change, mirror);
    ck_assert_mem_eq(label, first_label, sizeof label);
    for (int c = 0; c < 3; c++)
        for (int i = 0; i < PIXELS; i++)
            ck_assert_float_eq_tol(planes[c][i], first[c][i], 1e-3f);
    face_free(&s);
    face_free(&m);
}
END_TEST

/* A mark right of the centre falls below it after a quarter turn, left of it when the picture is mirrored as well: the
   picture is mirrored first. */
START_TEST(turning)
{
    dml_source s = face(65, 65);
    dml_change change = dml_change_none();
    memset(s.label, 0, 65 * 65);
    for (int y = -3; y <= 3; y++)
        for (int x = -3; x <= 3; x++)
            s.label[(32 + y) * 65 + 52 + x] = 1;
    look(&s, &change, NULL);
    ck_assert_uint_eq(label[32 * SIZE + 52], 1);
    change.angle = 1.5707963267948966;
    look(&s, &change, NULL);
    ck_assert_uint_eq(label[52 * SIZE + 32], 1);
    ck_assert_uint_eq(label[32 * SIZE + 52], 0);
    change.flip = true;
    look(&s, &change, NULL);
    ck_assert_uint_eq(label[12 * SIZE + 32], 1);
    change = dml_change_none();
    change.move_x = .25;
    change.move_y = -.125;
    look(&s, &change, NULL);
    ck_assert_uint_eq(label[24 * SIZE + 32], 0);
    ck_assert_uint_eq(label[24 * SIZE + 2], 255);
    ck_assert_uint_eq(label[63 * SIZE + 30], 255);
    face_free(&s);
}
END_TEST

START_TEST(labels_and_colours_move_together)
{
    dmlcsr_augment augment;
    dml_source s = face(150, 130);
    unsigned outside = 0;
    dmlcsr_augment_init(&augment);
    augment.translate = .1f;
    for (uint64_t p = 0; p < 60; p++) {
        dml_change change = dml_change_draw(&augment, 1, 2, p);
        ck_assert(change.scale >= .75 && change.scale <= 1.25 && fabs(change.angle) < 1.0472);
        look(&s, &change, NULL);
        ck_assert_uint_gt(expect_colours_follow(2), 800);
        for (int i = 0; i < PIXELS; i++) {
            outside += label[i] == 255;
            ck_assert((label[i] == 255) == !inside[i]);
        }
    }
    ck_assert_uint_gt(outside, 60 * PIXELS / 50);
    face_free(&s);
}
END_TEST

START_TEST(numbers_of_the_paper)
{
    enum { N = 20000 };
    dmlcsr_augment augment;
    double turned = 0, flipped = 0, cut = 0, far = 0;
    dmlcsr_augment_init(&augment);
    for (uint64_t p = 0; p < N; p++) {
        dml_change c = dml_change_draw(&augment, 9, 0, p);
        turned += c.angle != 0;
        flipped += c.flip;
        cut += c.scale == .75 || c.scale == 1.25;
        far += fabs(c.angle) > 1.047197;
        ck_assert(!dml_change_colours(&c));
    }
    ck_assert_double_eq_tol(turned / N, .6, .014); /* four deviations */
    ck_assert_double_eq_tol(flipped / N, .5, .015);
    ck_assert_double_eq_tol(cut / N, .3173, .014);
    ck_assert_double_eq_tol(far / N, .6 * .0455, .005);
}
END_TEST

/* ---- colours ---- */

START_TEST(colours)
{
    static float room[PIXELS];
    static uint8_t before[PIXELS];
    dml_source s = face(100, 100);
    dml_canvas canvas = { { planes[0], planes[1], planes[2] }, label, inside, SIZE, room };
    for (int kind = 0; kind < 6; kind++) {
        double change_sum = 0;
        static float first[3][PIXELS];
        dml_change change = dml_change_none();
        change.scale = 1.2;
        change.brightness = kind == 0 ? 1.3f : 1;
        change.contrast = kind == 1 ? .7f : 1;
        change.grey = kind == 2;
        change.blur = kind == 3 ? 1.5f : 0;
        change.quality = kind == 4 ? 10 : 0;
        change.occlude = kind == 5;
        ck_assert(dml_change_colours(&change));
        look(&s, &change, NULL);
        memcpy(first, planes, sizeof planes);
        memcpy(before, label, sizeof label);
        dml_colour_change(&canvas, &change);
        ck_assert_mem_eq(before, label, sizeof label);
        for (int i = 0; i < PIXELS; i++)
            for (int c = 0; c < 3; c++) {
                ck_assert(planes[c][i] >= 0 && planes[c][i] <= 255 && (inside[i] || planes[c][i] == 0));
                change_sum += fabs(planes[c][i] - first[c][i]);
            }
        ck_assert_double_gt(change_sum / PIXELS, .5);
        if (kind == 2)
            ck_assert_float_eq_tol(planes[0][2000], planes[2][2000], 1e-3f);
    }
    face_free(&s);
}
END_TEST

START_TEST(gentle_changes_are_small)
{
    static float room[PIXELS], first[3][PIXELS];
    dml_source s = face(100, 100);
    dml_canvas canvas = { { planes[0], planes[1], planes[2] }, label, inside, SIZE, room };
    dml_change change = dml_change_none();
    change.quality = 100;
    look(&s, &change, NULL);
    memcpy(first, planes, sizeof planes);
    dml_colour_change(&canvas, &change);
    for (int i = 0; i < PIXELS; i++)
        for (int c = 0; c < 3; c++) /* 64 waves of amplitude 1/4 at most, rounded by a half */
            ck_assert_float_eq_tol(planes[c][i], inside[i] ? first[c][i] : 0, 8);
    change = dml_change_none();
    change.occlude = change.occlude_ignore = true;
    look(&s, &change, NULL);
    dml_colour_change(&canvas, &change);
    unsigned hidden = 0;
    for (int i = 0; i < PIXELS; i++)
        hidden += label[i] == 255;
    ck_assert_uint_gt(hidden, 10);
    face_free(&s);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { identity_is_the_preprocessing, larger_photograph, flip, turning,
                                   labels_and_colours_move_together, numbers_of_the_paper, colours,
                                   gentle_changes_are_small };
    Suite *suite = suite_create("view");
    TCase *all = tcase_create("view");
    tcase_set_timeout(all, 60);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(all, tests[i]);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
