/* Label maps and masks: against the definitions in mask.h, pixel by pixel. */
#include "pictures.h"

#include "dmlcsr/mask.h"

enum { GROW, SHRINK, FEATHER, CLEAN, OPERATIONS };

static int run(int operation, const dmlcsr_plane *in, float reach, void *scratch, size_t size, const dmlcsr_plane *out)
{
    static int (*const f[])(const dmlcsr_plane *, float, void *, size_t, const dmlcsr_plane *) = {
        dmlcsr_mask_grow, dmlcsr_mask_shrink, dmlcsr_mask_feather, dmlcsr_mask_clean
    };
    return f[operation](in, reach, scratch, size, out);
}

/* The squared distance to the nearest pixel of that kind, by looking at all; -1: there is none. */
static long nearest(const dmlcsr_plane *p, long x, long y, bool on)
{
    long best = -1;
    for (long v = 0; v < (long)p->height; v++)
        for (long u = 0; u < (long)p->width; u++) {
            long d = (u - x) * (u - x) + (v - y) * (v - y);
            if ((p->pixels[(size_t)v * p->stride + (size_t)u] >= 128) == on && (best < 0 || d < best))
                best = d;
        }
    return best;
}

static int defined(int operation, const dmlcsr_plane *p, long x, long y, double reach)
{
    int value = p->pixels[(size_t)y * p->stride + (size_t)x];
    long to_on = nearest(p, x, y, true), to_off = nearest(p, x, y, false);
    if (operation == GROW)
        return to_on >= 0 && (double)to_on <= reach * reach ? 255 : 0;
    if (operation == SHRINK)
        return to_off >= 0 && (double)to_off <= reach * reach ? 0 : 255;
    double solid = value >= 128 ? 255 : 0;
    long square = value >= 128 ? to_off : to_on;
    if (square < 0)
        return (int)solid;
    double d = sqrt((double)square) - 0.5;
    if (operation == FEATHER) {
        double ramp = reach > 0 ? 0.5 + (value >= 128 ? d : -d) / reach : solid / 255;
        return (int)floor(255 * fmin(1, fmax(0, ramp)) + 0.5);
    }
    double t = reach > 0 ? fmin(1, d / (0.5 * reach)) : 1;
    return (int)floor(value + t * (solid - value) + 0.5);
}

/* Blobs and single pixels; level 0: nothing is on, 256: everything. */
static void fill(const dmlcsr_plane *p, uint32_t level, uint32_t *state)
{
    for (uint32_t y = 0; y < p->height; y++)
        for (uint32_t x = 0; x < p->width; x++) {
            uint32_t r = next_random(state);
            bool on = (r & 255) < level;
            p->pixels[y * p->stride + x] = (uint8_t)((r >> 8 & 127) | (on ? 128 : 0));
        }
}

static void compare(const dmlcsr_plane *in, int operation, float reach, bool in_place)
{
    size_t size = dmlcsr_mask_scratch(in->width, in->height), stride = in_place ? in->stride : in->width + 3;
    guarded scratch = guarded_new((size + 7) / 8 * 8), room = guarded_new(stride * in->height);
    dmlcsr_plane out = { room.data, in->width, in->height, stride };
    memset(room.data, 77, stride * in->height);
    if (in_place)
        memcpy(room.data, in->pixels, stride * in->height);
    dmlcsr_plane from = in_place ? out : *in;
    ck_assert_int_eq(run(operation, &from, reach, scratch.data, size, &out), DMLCSR_OK);
    for (uint32_t y = 0; y < in->height; y++) {
        for (uint32_t x = 0; x < in->width; x++) {
            int expected = defined(operation, in, x, y, reach);
            ck_assert_msg(room.data[y * stride + x] == expected, "operation %d, reach %g, %u x %u, (%u, %u): %d not %d",
                          operation, (double)reach, in->width, in->height, x, y, room.data[y * stride + x], expected);
        }
        for (size_t x = in->width; x < stride; x++) /* the padding is nobody's business */
            ck_assert_uint_eq(room.data[y * stride + x], in_place ? in->pixels[y * stride + x] : 77);
    }
    guarded_free(&scratch);
    guarded_free(&room);
}

static const uint32_t shapes[][2] = { { 1, 1 }, { 1, 17 }, { 19, 1 }, { 2, 2 }, { 13, 9 }, { 24, 31 } };
#define SHAPES (sizeof shapes / sizeof *shapes)

START_TEST(definitions)
{
    static const float reaches[] = { 0, 0.4f, 1, 1.4143f, 2, 2.5f, 5, 8.1f, 100, 1e30f };
    static const uint32_t levels[] = { 0, 2, 20, 128, 240, 254, 256 };
    uint32_t state = 11;
    for (size_t s = 0; s < SHAPES; s++)
        for (size_t l = 0; l < sizeof levels / sizeof *levels; l++) {
            uint32_t w = shapes[s][0], h = shapes[s][1];
            size_t stride = w + (l & 1) * 5;
            uint8_t *pixels = calloc(stride, h);
            dmlcsr_plane in = { pixels, w, h, stride };
            fill(&in, levels[l], &state);
            for (size_t r = 0; r < sizeof reaches / sizeof *reaches; r++)
                for (int operation = 0; operation < OPERATIONS; operation++)
                    compare(&in, operation, reaches[r], r & 1);
            free(pixels);
        }
}
END_TEST

/* A single pixel grows to the disc, counted by hand: x^2 + y^2 <= 9 has 29 whole solutions. */
START_TEST(disc)
{
    uint8_t pixels[11 * 11] = { 0 };
    dmlcsr_plane p = { pixels, 11, 11, 0 };
    uint64_t scratch[1024];
    pixels[5 * 11 + 5] = 255;
    ck_assert_uint_le(dmlcsr_mask_scratch(11, 11), sizeof scratch);
    ck_assert_int_eq(dmlcsr_mask_grow(&p, 3, scratch, sizeof scratch, &p), DMLCSR_OK);
    int count = 0;
    for (int i = 0; i < 11 * 11; i++)
        count += pixels[i] == 255;
    ck_assert_int_eq(count, 29);
    ck_assert_uint_eq(pixels[5 * 11 + 8], 255);
    ck_assert_uint_eq(pixels[5 * 11 + 9], 0);
    ck_assert_int_eq(dmlcsr_mask_feather(&p, 4, scratch, sizeof scratch, &p), DMLCSR_OK);
    ck_assert_uint_eq(pixels[5 * 11 + 5], 255);
    ck_assert_uint_eq(pixels[5 * 11 + 8], 159); /* 255 * (1/2 + 1/8) = 159.4 */
    ck_assert_uint_eq(pixels[5 * 11 + 9], 96);  /* 255 * (1/2 - 1/8) = 95.6 */
}
END_TEST

/* A few points in a large picture, where many parabolas are below none: all pixels within each radius, and no other. */
START_TEST(points)
{
    enum { W = 301, H = 203, COUNT = 25 };
    static const float radii[] = { 3, 17.5f, 60, 150.2f };
    size_t size = dmlcsr_mask_scratch(W, H);
    uint8_t *pixels = malloc(W * H), *grown = malloc(W * H), *shrunk = malloc(W * H);
    void *scratch = malloc(size);
    dmlcsr_plane in = { pixels, W, H, 0 }, more = { grown, W, H, 0 }, less = { shrunk, W, H, 0 };
    uint32_t state = 77, x[COUNT], y[COUNT];
    for (size_t r = 0; r < sizeof radii / sizeof *radii; r++) {
        memset(pixels, 0, W * H);
        for (int i = 0; i < COUNT; i++) {
            x[i] = next_random(&state) % W;
            y[i] = next_random(&state) % H;
            pixels[y[i] * W + x[i]] = 128;
        }
        ck_assert_int_eq(dmlcsr_mask_grow(&in, radii[r], scratch, size, &more), DMLCSR_OK);
        for (int i = 0; i < W * H; i++) /* what grows is what shrinks in the negative */
            pixels[i] ^= 128;
        ck_assert_int_eq(dmlcsr_mask_shrink(&in, radii[r], scratch, size, &less), DMLCSR_OK);
        for (int i = 0; i < W * H; i++) {
            bool near = false;
            for (int k = 0; k < COUNT; k++)
                near |= hypot(i % W - (double)x[k], i / W - (double)y[k]) <= (double)radii[r];
            ck_assert_uint_eq(grown[i], near ? 255 : 0);
            ck_assert_uint_eq(shrunk[i], near ? 0 : 255);
        }
    }
    free(scratch);
    free(pixels);
    free(grown);
    free(shrunk);
}
END_TEST

/* As far apart as two pixels can be, where the sums are largest. */
START_TEST(far_apart)
{
    for (int tall = 0; tall < 2; tall++) {
        uint32_t w = tall ? 1 : 65535, h = tall ? 65535 : 1;
        uint8_t *pixels = calloc(65535, 1), *out = calloc(65535, 1);
        dmlcsr_plane in = { pixels, w, h, 0 }, to = { out, w, h, 0 };
        size_t size = dmlcsr_mask_scratch(w, h);
        void *scratch = malloc(size);
        pixels[0] = 255;
        ck_assert_int_eq(dmlcsr_mask_grow(&in, 65533, scratch, size, &to), DMLCSR_OK);
        ck_assert(out[65533] == 255 && out[65534] == 0);
        ck_assert_int_eq(dmlcsr_mask_grow(&in, 65534, scratch, size, &to), DMLCSR_OK);
        ck_assert_uint_eq(out[65534], 255);
        free(scratch);
        free(pixels);
        free(out);
    }
}
END_TEST

START_TEST(labels)
{
    uint8_t map[256], pixels[7 * 5], out[9 * 5];
    uint32_t state = 5;
    for (int i = 0; i < 256; i++)
        map[i] = (uint8_t)next_random(&state);
    for (int i = 0; i < 7 * 5; i++)
        pixels[i] = (uint8_t)(i < 10 ? 60 + i : (int)(next_random(&state) & 255));
    memset(out, 9, sizeof out);
    dmlcsr_plane in = { pixels, 6, 5, 7 }, to = { out, 6, 5, 9 };
    ck_assert_int_eq(dmlcsr_remap(&in, map, &to), DMLCSR_OK);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 9; x++)
            ck_assert_uint_eq(out[y * 9 + x], x < 6 ? map[pixels[y * 7 + x]] : 9);
    uint64_t classes = UINT64_C(1) << 63 | UINT64_C(1) << 60 | 1;
    ck_assert_int_eq(dmlcsr_mask_select(&in, classes, &to), DMLCSR_OK);
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 6; x++) {
            int label = pixels[y * 7 + x];
            ck_assert_uint_eq(out[y * 9 + x], label == 63 || label == 60 || label == 0 ? 255 : 0);
        }
    uint8_t expected = map[pixels[7]];
    ck_assert_int_eq(dmlcsr_remap(&in, map, &in), DMLCSR_OK);
    ck_assert_uint_eq(pixels[7], expected);
}
END_TEST

static uint8_t buffer[64 * 64];
static uint64_t scratch_room[4096];

/* Each is refused by all functions that it applies to, and nothing is written. */
static void refused(dmlcsr_plane in, dmlcsr_plane out, const char *what)
{
    uint8_t map[256] = { 0 }, before[sizeof buffer];
    memcpy(before, buffer, sizeof buffer);
    ck_assert_msg(dmlcsr_remap(&in, map, &out) == DMLCSR_ERROR_ARGUMENT, "%s", what);
    ck_assert_msg(dmlcsr_mask_select(&in, 1, &out) == DMLCSR_ERROR_ARGUMENT, "%s", what);
    for (int i = 0; i < OPERATIONS; i++)
        ck_assert_msg(run(i, &in, 1, scratch_room, sizeof scratch_room, &out) == DMLCSR_ERROR_ARGUMENT, "%s", what);
    ck_assert_mem_eq(buffer, before, sizeof buffer);
}

START_TEST(wrong_planes)
{
    const dmlcsr_plane good = { buffer, 16, 16, 0 }, apart = { buffer + 2048, 16, 16, 16 };
    dmlcsr_plane bad = apart;
    memset(buffer, 3, sizeof buffer);
    bad.pixels = NULL;
    refused(good, bad, "NULL");
    refused(bad, good, "NULL");
    bad = apart, bad.width = 15;
    refused(good, bad, "sizes differ");
    bad = apart, bad.height = 17;
    refused(good, bad, "sizes differ");
    bad = apart, bad.stride = 15;
    refused(good, bad, "stride");
    bad = apart, bad.stride = SIZE_MAX / 16;
    refused(good, bad, "stride");
    bad = good, bad.pixels++;
    refused(good, bad, "overlap");
    refused(bad, good, "overlap");
    bad = good, bad.stride = 17;
    refused(good, bad, "another stride on the same pixels");
    bad = good, bad.width = 0;
    refused(bad, bad, "no width");
    bad = good, bad.height = 65536;
    refused(bad, bad, "too high");
    for (int i = 0; i < OPERATIONS; i++) {
        ck_assert_int_eq(run(i, NULL, 1, scratch_room, sizeof scratch_room, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, 1, scratch_room, sizeof scratch_room, NULL), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, 1, scratch_room, sizeof scratch_room, &apart), DMLCSR_OK);
    }
    ck_assert_int_eq(dmlcsr_remap(&good, NULL, &apart), DMLCSR_ERROR_ARGUMENT);
}
END_TEST

START_TEST(wrong_reach_and_scratch)
{
    const dmlcsr_plane good = { buffer, 16, 16, 0 };
    size_t size = dmlcsr_mask_scratch(16, 16);
    uint8_t before[sizeof buffer];
    memset(buffer, 200, sizeof buffer);
    memcpy(before, buffer, sizeof buffer);
    ck_assert_uint_eq(dmlcsr_mask_scratch(0, 1), 0);
    ck_assert_uint_eq(dmlcsr_mask_scratch(1, 65536), 0);
    for (int i = 0; i < OPERATIONS; i++) {
        ck_assert_int_eq(run(i, &good, -1, scratch_room, size, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, NAN, scratch_room, size, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, INFINITY, scratch_room, size, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, 1, NULL, size, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, 1, scratch_room, size - 1, &good), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(run(i, &good, 1, (uint8_t *)scratch_room + 4, size, &good), DMLCSR_ERROR_ARGUMENT);
        dmlcsr_plane inside = { (uint8_t *)scratch_room + 100, 16, 16, 0 };
        ck_assert_int_eq(run(i, &good, 1, scratch_room, size, &inside), DMLCSR_ERROR_ARGUMENT);
        ck_assert_mem_eq(buffer, before, sizeof buffer);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mask");
    TCase *tests = tcase_create("mask");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, definitions);
    tcase_add_test(tests, disc);
    tcase_add_test(tests, points);
    tcase_add_test(tests, far_apart);
    tcase_add_test(tests, labels);
    tcase_add_test(tests, wrong_planes);
    tcase_add_test(tests, wrong_reach_and_scratch);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
