/* Batches: the same whatever the threads, the cache and the place one starts at; shards; errors that do not hang. */
#define _POSIX_C_SOURCE 200809L
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/data_files.h"

#define SIZE 33
#define PIXELS (SIZE * SIZE)

static char *folder;
static dmlcsr_dataset *set;
static char sentence[512];

static void open_set(unsigned count)
{
    folder = data_set(count, 40, 36, 0);
    set = data_open(folder);
}

static void close_set(void)
{
    dmlcsr_dataset_free(set);
    data_remove(folder);
    ck_assert_uint_eq(data_alive(), 0);
}

static dmlcsr_loader_options options_of(uint32_t batch, uint32_t threads)
{
    dmlcsr_loader_options o;
    dmlcsr_loader_options_init(&o);
    o.batch = batch;
    o.size = SIZE;
    o.threads = threads;
    o.seed = 7;
    o.error = sentence;
    o.error_size = sizeof sentence;
    return o;
}

static dmlcsr_loader *make(const dmlcsr_loader_options *o)
{
    dmlcsr_loader *loader = NULL;
    int status = dmlcsr_loader_create(&loader, set, o);
    ck_assert_msg(status == DMLCSR_OK, "%s", sentence);
    return loader;
}

/* FNV-1a over everything that a batch holds. */
static uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const uint8_t *)bytes)[i]) * 0x100000001b3u;
    return sum;
}

static uint64_t fingerprint(const dmlcsr_loader_batch *b, uint64_t sum)
{
    sum = mix(sum, b->input, b->count * 3 * PIXELS * sizeof(float));
    sum = mix(sum, b->labels, b->count * (size_t)PIXELS);
    return mix(sum, b->index, b->count * sizeof *b->index);
}

static dmlcsr_loader_batch next(dmlcsr_loader *loader)
{
    dmlcsr_loader_batch batch = { .struct_size = sizeof batch };
    int status = dmlcsr_loader_next(loader, &batch);
    ck_assert_msg(status == DMLCSR_OK, "%s", dmlcsr_loader_last_error(loader));
    return batch;
}

/* Fingerprints of the steps from `first` on. */
static void run(dmlcsr_loader *loader, uint32_t epoch, uint32_t first, uint64_t *sums)
{
    ck_assert_int_eq(dmlcsr_loader_start(loader, epoch, first), DMLCSR_OK);
    for (uint32_t s = first; s < dmlcsr_loader_steps(loader); s++) {
        dmlcsr_loader_batch b = next(loader);
        ck_assert_uint_eq(b.step, s);
        ck_assert_uint_eq(b.epoch, epoch);
        for (uint32_t i = 0; i < b.count; i++)
            ck_assert_str_eq(b.name[i], dmlcsr_dataset_image_path(set, b.index[i]));
        sums[s] = fingerprint(&b, 0xcbf29ce484222325u);
    }
}

/* ---- the same bytes ---- */

static dmlcsr_augment all_changes(void)
{
    dmlcsr_augment a;
    dmlcsr_augment_init(&a);
    a.translate = .1f;
    a.jitter = a.grey = a.blur = a.blocks = a.occlude = .5f;
    return a;
}

START_TEST(threads_and_restarts)
{
    static const uint32_t threads[] = { 1, 2, 5 };
    uint64_t sums[2][3], found[3];
    dmlcsr_augment augment = all_changes();
    open_set(13);
    for (size_t t = 0; t < 3; t++) {
        dmlcsr_loader_options o = options_of(4, threads[t]);
        o.augment = &augment;
        dmlcsr_loader *loader = make(&o);
        ck_assert_uint_eq(dmlcsr_loader_steps(loader), 3); /* the thirteenth is dropped */
        for (uint32_t epoch = 0; epoch < 2; epoch++) {
            run(loader, epoch, 0, found);
            if (t == 0)
                memcpy(sums[epoch], found, sizeof found);
            ck_assert_mem_eq(sums[epoch], found, sizeof found);
        }
        ck_assert(sums[0][0] != sums[1][0]);
        for (uint32_t first = 0; first <= 3; first++) {
            memcpy(found, sums[1], sizeof found);
            run(loader, 1, first, found);
            ck_assert_mem_eq(sums[1], found, sizeof found);
        }
        dmlcsr_loader_free(loader);
    }
    close_set();
}
END_TEST

START_TEST(cache_changes_nothing)
{
    static const uint32_t sides[] = { 0, 20, 39 };
    open_set(9);
    for (size_t k = 0; k < sizeof sides / sizeof *sides; k++) {
        uint64_t plain[3], cached[3];
        uint32_t pairs;
        size_t bytes;
        dmlcsr_loader_options o = options_of(3, 2);
        o.cache_side = sides[k];
        dmlcsr_loader *loader = make(&o);
        run(loader, 4, 0, plain);
        dmlcsr_loader_free(loader);
        for (int small = 0; small < 2; small++) {
            o.cache_bytes = small ? 9000 : 1 << 20; /* small: room for a few pairs */
            loader = make(&o);
            data_reads();
            for (int pass = 0; pass < 3; pass++) {
                run(loader, 4, 0, cached);
                ck_assert_mem_eq(plain, cached, sizeof plain);
            }
            dmlcsr_loader_cached(loader, &bytes, &pairs);
            ck_assert_uint_le(bytes, o.cache_bytes);
            ck_assert_uint_eq(data_reads(), pairs + 3 * (9 - pairs));
            ck_assert(small || pairs == 9);
            ck_assert(!small || pairs > 0);
            dmlcsr_loader_free(loader);
        }
    }
    close_set();
}
END_TEST

/* ---- shards ---- */

START_TEST(processes_share_an_epoch)
{
    open_set(13);
    for (int evaluate = 0; evaluate < 2; evaluate++) {
        dmlcsr_loader_options o = options_of(6, 1);
        o.evaluate = evaluate;
        dmlcsr_loader *whole = make(&o), *part[3];
        o.batch = 2;
        o.processes = 3;
        for (o.rank = 0; o.rank < 3; o.rank++)
            part[o.rank] = make(&o);
        uint32_t steps = dmlcsr_loader_steps(whole);
        ck_assert_uint_eq(steps, evaluate ? 3 : 2);
        for (int r = 0; r < 3; r++) {
            ck_assert_uint_eq(dmlcsr_loader_steps(part[r]), steps);
            ck_assert_int_eq(dmlcsr_loader_start(part[r], 3, 0), DMLCSR_OK);
        }
        ck_assert_int_eq(dmlcsr_loader_start(whole, 3, 0), DMLCSR_OK);
        for (uint32_t s = 0; s < steps; s++) {
            dmlcsr_loader_batch all = next(whole);
            uint32_t at = 0;
            for (int r = 0; r < 3; r++) {
                dmlcsr_loader_batch b = next(part[r]);
                ck_assert_mem_eq(b.index, all.index + at, b.count * sizeof *b.index);
                ck_assert_mem_eq(b.labels, all.labels + at * (size_t)PIXELS, b.count * (size_t)PIXELS);
                ck_assert_mem_eq(b.input, all.input + at * (size_t)(3 * PIXELS), b.count * sizeof(float) * 3 * PIXELS);
                at += b.count;
            }
            ck_assert_uint_eq(at, all.count);
            ck_assert_uint_eq(all.count, s == 2 ? 1 : 6);
        }
        for (int r = 0; r < 3; r++)
            dmlcsr_loader_free(part[r]);
        dmlcsr_loader_free(whole);
    }
    close_set();
}
END_TEST

START_TEST(every_picture_once)
{
    open_set(12);
    for (int evaluate = 0; evaluate < 2; evaluate++) {
        uint32_t seen[12] = { 0 }, in_order = 0, position = 0;
        dmlcsr_loader_options o = options_of(3, 2);
        o.evaluate = evaluate;
        dmlcsr_loader *loader = make(&o);
        ck_assert_int_eq(dmlcsr_loader_start(loader, 0, 0), DMLCSR_OK);
        for (uint32_t s = 0; s < 4; s++) {
            dmlcsr_loader_batch b = next(loader);
            for (uint32_t i = 0; i < b.count; i++, position++) {
                seen[b.index[i]]++;
                in_order += b.index[i] == position;
            }
        }
        for (int i = 0; i < 12; i++)
            ck_assert_uint_eq(seen[i], 1);
        ck_assert((in_order == 12) == (evaluate == 1));
        dmlcsr_loader_free(loader);
    }
    close_set();
}
END_TEST

/* ---- errors ---- */

START_TEST(errors_belong_to_their_step)
{
    uint8_t bad[4] = { 0, 0, 99, 0 };
    open_set(8);
    data_raw(folder, "labels/f003.raw", bad, 1, 2, 2);
    data_text(folder, "images/f002.raw", "RAW 3 40 40\nshort");
    remove(data_path(folder, "images/f007.raw"));
    for (uint32_t threads = 1; threads < 4; threads++) {
        dmlcsr_loader_options o = options_of(2, threads);
        dmlcsr_loader_batch b = { .struct_size = sizeof b };
        o.evaluate = 1;
        dmlcsr_loader *loader = make(&o);
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(dmlcsr_loader_start(loader, 0, 5), DMLCSR_ERROR_ARGUMENT);
        ck_assert_int_eq(dmlcsr_loader_start(loader, 0, 0), DMLCSR_OK);
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_OK);
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_ERROR_IO); /* 2 and 3 are bad: the first one counts */
        ck_assert_ptr_nonnull(strstr(dmlcsr_loader_last_error(loader), "images/f002.raw: ends after"));
        ck_assert_uint_eq(b.step, 0);
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_OK);
        ck_assert_uint_eq(b.step, 2);
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_ERROR_IO);
        ck_assert_ptr_nonnull(strstr(dmlcsr_loader_last_error(loader), "f007"));
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_ERROR_ARGUMENT);
        ck_assert_ptr_nonnull(strstr(dmlcsr_loader_last_error(loader), "last step"));
        b.struct_size = 1;
        ck_assert_int_eq(dmlcsr_loader_next(loader, &b), DMLCSR_ERROR_STRUCT);
        dmlcsr_loader_free(loader);
    }
    close_set();
}
END_TEST

static void expect_refused(const dmlcsr_loader_options *o, const char *text)
{
    dmlcsr_loader *loader = NULL;
    ck_assert_int_eq(dmlcsr_loader_create(&loader, set, o), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_null(loader);
    ck_assert_msg(strstr(sentence, text) != NULL, "\"%s\" is not in \"%s\"", text, sentence);
}

START_TEST(options_are_checked)
{
    dmlcsr_augment augment;
    dmlcsr_label_noise noise;
    open_set(4);
    dmlcsr_loader_options o = options_of(5, 1);
    expect_refused(&o, "the set has 4 pictures, but one step takes 5");
    o = options_of(2, 1);
    o.rank = 1;
    expect_refused(&o, "rank is 1");
    o = options_of(2, 0);
    expect_refused(&o, "threads is 0");
    o = options_of(2, 1);
    o.augment = &augment;
    dmlcsr_augment_init(&augment);
    augment.flip = 2;
    expect_refused(&o, "flip is 2, must be 0 to 1");
    o.augment = NULL;
    o.noise = &noise;
    dmlcsr_label_noise_init(&noise);
    noise.share = -1;
    expect_refused(&o, "share is -1");
    close_set();
}
END_TEST

/* Freed and restarted in all states, with pictures that take a while. */
START_TEST(no_hanging)
{
    uint8_t label[400] = { 0 }, image[1200] = { 0 };
    char list[1000] = "", name[64];
    folder = data_folder();
    for (int i = 0; i < 8; i++) {
        sprintf(name, "images/slow%d.raw", i);
        data_raw(folder, name, image, 3, 20, 20);
        sprintf(list + strlen(list), "images/slow%d.raw l.raw\n", i);
    }
    data_raw(folder, "l.raw", label, 1, 20, 20);
    data_text(folder, "train_list.txt", list);
    data_text(folder, "label_names.txt", "bg\nskin\n");
    set = data_open(folder);
    dmlcsr_loader_options o = options_of(2, 3);
    dmlcsr_loader_free(make(&o));
    for (int given = 0; given < 3; given++) {
        dmlcsr_loader *loader = make(&o);
        for (uint32_t epoch = 0; epoch < 4; epoch++) {
            ck_assert_int_eq(dmlcsr_loader_start(loader, epoch, epoch), DMLCSR_OK);
            for (int i = 0; i < given && epoch + (uint32_t)i < 4; i++)
                next(loader);
        }
        ck_assert_int_eq(dmlcsr_loader_start(loader, 0, 0), DMLCSR_OK);
        dmlcsr_loader_free(loader);
    }
    close_set();
}
END_TEST

/* ---- label noise ---- */

START_TEST(noise_is_the_same_each_epoch)
{
    enum { N = 40 };
    dmlcsr_label_noise noise;
    static uint8_t clean[N][PIXELS], found[N][PIXELS];
    uint32_t wrong = 0;
    dmlcsr_label_noise_init(&noise);
    noise.share = .5f;
    noise.seed = 3;
    open_set(N);
    for (int pass = 0; pass < 3; pass++) {
        dmlcsr_loader_options o = options_of(4, 2);
        o.evaluate = 1;
        o.noise = pass ? &noise : NULL;
        o.seed = (uint64_t)pass;
        dmlcsr_loader *loader = make(&o);
        ck_assert_int_eq(dmlcsr_loader_start(loader, (uint32_t)pass, 0), DMLCSR_OK);
        for (uint32_t s = 0; s < N / 4; s++) {
            dmlcsr_loader_batch b = next(loader);
            if (pass == 2)
                ck_assert_mem_eq(found[4 * s], b.labels, 4 * PIXELS);
            memcpy(pass ? found[4 * s] : clean[4 * s], b.labels, 4 * PIXELS);
        }
        dmlcsr_loader_free(loader);
    }
    for (int i = 0; i < N; i++)
        wrong += memcmp(clean[i], found[i], PIXELS) != 0;
    ck_assert_uint_ge(wrong, 10); /* 20 expected, deviation 3.2 */
    ck_assert_uint_le(wrong, 30);
    close_set();
}
END_TEST

int main(void)
{
    const TTest *const tests[] = { threads_and_restarts, cache_changes_nothing, processes_share_an_epoch,
                                   every_picture_once, errors_belong_to_their_step, options_are_checked, no_hanging,
                                   noise_is_the_same_each_epoch };
    Suite *suite = suite_create("loader");
    TCase *all = tcase_create("loader");
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
