/* The public functions: defaults, every argument error, options, callbacks, regions and results together. */
#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "support/family.h"
#include "support/portrait.h"

static const family tiny = {19, {1, 1, 1, 1}, 32, 1, 0, 0,
                            "\"dmlcsr.size\":\"48\",\"dmlcsr.side\":\"picture\",\"dmlcsr.licence\":\"none\""};

static unsigned char *file;
static size_t file_size;
static uint8_t *pixels;
static dmlcsr_image image;
static dmlcsr_options options;
static char sentence[256];

static void setup(void)
{
    file = family_file(&tiny, 2022, &file_size);
    pixels = portrait(&image, 60, 44);
    dmlcsr_options_init(&options);
    options.error = sentence;
    options.error_size = sizeof sentence;
    sentence[0] = 0;
}

static void teardown(void)
{
    free(file);
    free(pixels);
}

static dmlcsr *create(void)
{
    dmlcsr *handle = NULL;
    int status = dmlcsr_create_from_memory(&handle, file, file_size, &options);
    ck_assert_msg(status == DMLCSR_OK, "%d %s", status, sentence);
    return handle;
}

/* Creating fails with that status and a sentence that has the text, and leaves the handle alone. */
static void create_fails(int status, const char *text)
{
    dmlcsr *untouched = (dmlcsr *)&image, *handle = untouched;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &options), status);
    ck_assert_ptr_eq(handle, untouched);
    ck_assert_msg(strstr(sentence, text) != NULL, "\"%s\" lacks \"%s\"", sentence, text);
}

START_TEST(models_that_come_with_the_library)
{
    const char *small = dmlcsr_model_path("small"), *base = dmlcsr_model_path("base");
    ck_assert(small && base && strcmp(small, base) != 0);
    ck_assert_str_eq(strrchr(base, '/'), "/dmlcsr-base.safetensors");
    ck_assert_str_eq(strrchr(small, '/'), "/dmlcsr-small.safetensors");
    ck_assert(!dmlcsr_model_path("bas") && !dmlcsr_model_path("") && !dmlcsr_model_path(NULL));
}
END_TEST

START_TEST(default_model)
{
    dmlcsr *handle = NULL;
    uint8_t labels[60 * 44];
    int hair;
    ck_assert_int_eq(dmlcsr_create(&handle, NULL, &options), DMLCSR_OK);
    ck_assert_uint_eq(dmlcsr_class_count(handle), 19);
    ck_assert_str_eq(dmlcsr_class_name(handle, 0), "background");
    ck_assert_int_ge(hair = dmlcsr_class_find(handle, "hair"), 1);
    ck_assert_str_eq(dmlcsr_class_name(handle, (uint32_t)hair), "hair");
    ck_assert_int_eq(dmlcsr_class_find(handle, "tail"), -1);
    ck_assert_ptr_null(dmlcsr_class_name(handle, 19));
    ck_assert_uint_eq(dmlcsr_class_color(handle, 0), 0);
    ck_assert_uint_ne(dmlcsr_class_color(handle, 1), dmlcsr_class_color(handle, (uint32_t)hair));
    ck_assert_str_eq(dmlcsr_side(handle), "subject");
    ck_assert_ptr_nonnull(strstr(dmlcsr_metadata(handle, "dmlcsr.licence"), "research"));
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 60), DMLCSR_OK);
    for (size_t i = 0; i < sizeof labels; i++)
        ck_assert_uint_lt(labels[i], 19);
    dmlcsr_free(handle);
}
END_TEST

START_TEST(what_a_handle_knows)
{
    size_t weights = 0, scratch = 0;
    dmlcsr *handle = create();
    ck_assert_uint_eq(dmlcsr_input_size(handle), 48);
    ck_assert_str_eq(dmlcsr_side(handle), "picture");
    ck_assert_str_eq(dmlcsr_metadata(handle, "dmlcsr.licence"), "none");
    ck_assert_ptr_null(dmlcsr_metadata(handle, "dmlcsr.nothing"));
    ck_assert_int_eq(dmlcsr_has_edges(handle), 0);
    ck_assert_uint_ge(dmlcsr_threads(handle), 1);
    ck_assert_int_eq(dmlcsr_isa_available(dmlcsr_isa_find(dmlcsr_isa(handle))), 1);
    dmlcsr_memory(handle, &weights, &scratch);
    ck_assert_uint_gt(weights, 40000);
    ck_assert_uint_gt(scratch, 40000);
    ck_assert_str_eq(dmlcsr_last_error(handle), "");
    ck_assert_uint_eq(dmlcsr_version(), DMLCSR_VERSION);
    dmlcsr_free(handle);
}
END_TEST

START_TEST(null_is_fine_or_an_error)
{
    uint32_t h, w;
    dmlcsr *handle = NULL;
    dmlcsr_free(NULL);
    ck_assert_uint_eq(dmlcsr_class_count(NULL), 0);
    ck_assert_ptr_null(dmlcsr_class_name(NULL, 0));
    ck_assert_str_eq(dmlcsr_last_error(NULL), "");
    ck_assert_str_eq(dmlcsr_isa(NULL), "");
    ck_assert_uint_eq(dmlcsr_input_size(NULL), 0);
    ck_assert_int_eq(dmlcsr_has_edges(NULL), 0);
    dmlcsr_memory(NULL, NULL, NULL);
    ck_assert_int_eq(dmlcsr_create(NULL, NULL, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, NULL, 4, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_clone(&handle, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_parse(NULL, &image, pixels, 60), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_forward_size(NULL, 48, 48, &h, &w), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_isa_find(NULL), -1);
    ck_assert_int_eq(dmlcsr_isa_find("mmx"), -1);
    ck_assert_int_eq(dmlcsr_isa_available(-1), 0);
    ck_assert_int_eq(dmlcsr_isa_available(99), 0);
    ck_assert_int_eq(dmlcsr_isa_available(DMLCSR_ISA_AUTO), 0);
}
END_TEST

START_TEST(status_texts)
{
    for (int i = 0; i >= DMLCSR_ERROR_COMM; i--) {
        ck_assert_str_ne(dmlcsr_strerror(i), "unknown status");
        for (int k = 0; k > i; k--)
            ck_assert_str_ne(dmlcsr_strerror(i), dmlcsr_strerror(k));
    }
    ck_assert_str_eq(dmlcsr_strerror(1), "unknown status");
    ck_assert_str_eq(dmlcsr_strerror(DMLCSR_ERROR_COMM - 1), "unknown status");
}
END_TEST

START_TEST(bad_options)
{
    options.threads = 257;
    create_fails(DMLCSR_ERROR_ARGUMENT, "threads is 257");
    options.threads = 0;
    options.input_size = 16;
    create_fails(DMLCSR_ERROR_ARGUMENT, "input_size is 16");
    options.input_size = 4098;
    create_fails(DMLCSR_ERROR_ARGUMENT, "input_size is 4098");
    options.input_size = 0;
    options.geometry = 2;
    create_fails(DMLCSR_ERROR_ARGUMENT, "geometry is 2");
    options.geometry = 0;
    options.isa = 77;
    create_fails(DMLCSR_ERROR_ISA, "instruction set 77 (unknown)");
    options.isa = dmlcsr_isa_available(DMLCSR_ISA_NEON) ? DMLCSR_ISA_AVX2 : DMLCSR_ISA_NEON;
    create_fails(DMLCSR_ERROR_ISA, options.isa == DMLCSR_ISA_NEON ? "instruction set 5 (neon) is not available"
                                                                  : "instruction set 3 (avx2) is not available");
    options.isa = 0;
    options.precision = 4;
    create_fails(DMLCSR_ERROR_ARGUMENT, "precision");
    options.precision = DMLCSR_PRECISION_INT8; /* the model is not calibrated */
    create_fails(DMLCSR_ERROR_MODEL, "input_range");
    options.precision = 0;
    options.memory_limit = 1000;
    create_fails(DMLCSR_ERROR_LIMIT, "memory");
    options.memory_limit = 0;
    file_size /= 2;
    create_fails(DMLCSR_ERROR_FORMAT, "memory");
}
END_TEST

/* A struct of a later version: accepted while the unknown part is zero. */
START_TEST(struct_versions)
{
    struct later {
        dmlcsr_options options;
        unsigned char more[24];
    } later;
    dmlcsr *handle = NULL;
    memset(&later, 0, sizeof later);
    later.options = options;
    later.options.struct_size = sizeof later;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_OK);
    dmlcsr_free(handle);
    handle = NULL;
    later.more[23] = 1;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_ERROR_STRUCT);
    ck_assert_ptr_nonnull(strstr(sentence, "later version"));
    sentence[0] = 0;
    later.options.struct_size = 0;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_ERROR_STRUCT);
    later.options.struct_size = offsetof(dmlcsr_options, pack) - 1;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_ERROR_STRUCT);
    ck_assert_ptr_null(handle);
    ck_assert_str_eq(sentence, ""); /* where an older caller's struct has its fields cannot be known */
    later.options.struct_size = offsetof(dmlcsr_options, pack); /* of 0.1: what follows is not the library's */
    later.options.reserved = 1;
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_OK);
    dmlcsr_free(handle);
    later.more[23] = 0;
    later.options.struct_size = sizeof(dmlcsr_options);
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, file, file_size, &later.options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(sentence, "options.reserved is 1"));
}
END_TEST

START_TEST(null_has_a_sentence)
{
    dmlcsr *handle = NULL;
    ck_assert_int_eq(dmlcsr_create(NULL, NULL, &options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(sentence, "out is NULL");
    sentence[0] = 0;
    ck_assert_int_eq(dmlcsr_create_from_memory(NULL, file, file_size, &options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(sentence, "out is NULL");
    ck_assert_int_eq(dmlcsr_create_from_memory(&handle, NULL, 4, &options), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(sentence, "data is NULL");
    ck_assert_ptr_null(handle);
}
END_TEST

START_TEST(missing_file)
{
    dmlcsr *handle = NULL;
    ck_assert_int_eq(dmlcsr_create(&handle, "no/such/model", &options), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(sentence, "no/such/model"));
    char small[8] = "........";
    options.error = small;
    options.error_size = sizeof small;
    ck_assert_int_eq(dmlcsr_create(&handle, "no/such/model", &options), DMLCSR_ERROR_IO);
    ck_assert_uint_lt(strlen(small), sizeof small);
}
END_TEST

static int log_calls;
static const char *log_wants;

static void log_counts(void *opaque, int level, const char *message)
{
    ck_assert_ptr_eq(opaque, &image);
    ck_assert_int_eq(level, DMLCSR_LOG_ERROR);
    ck_assert_ptr_nonnull(strstr(message, log_wants));
    log_calls++;
}

START_TEST(log_gets_the_sentence)
{
    dmlcsr *handle = NULL;
    log_calls = 0;
    log_wants = "no/such/model";
    options.log = log_counts;
    options.opaque = &image;
    ck_assert_int_eq(dmlcsr_create(&handle, "no/such/model", &options), DMLCSR_ERROR_IO);
    ck_assert_int_eq(log_calls, 1);
    handle = create();
    log_wants = "out is NULL"; /* of a clone, too, whose handle may be in use */
    ck_assert_int_eq(dmlcsr_clone(NULL, handle), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(log_calls, 2);
    ck_assert_str_eq(dmlcsr_last_error(handle), "");
    dmlcsr_free(handle);
}
END_TEST

typedef struct bad_family {
    const char *metadata, *text;
    uint32_t classes;
} bad_family;

START_TEST(senseless_metadata)
{
    static const bad_family bad[] = {
        {"\"dmlcsr.size\":\"0\"", "dmlcsr.size", 19},          {"\"dmlcsr.size\":\"48x\"", "dmlcsr.size", 19},
        {"\"dmlcsr.side\":\"left\"", "dmlcsr.side", 19},       {"\"dmlcsr.channels\":\"gbr\"", "dmlcsr.channels", 19},
        {"\"dmlcsr.mean\":\"1 2\"", "dmlcsr.mean", 19},        {"\"dmlcsr.mean\":\"1 2 3 4\"", "dmlcsr.mean", 19},
        {"\"dmlcsr.std\":\"1 0 1\"", "dmlcsr.std", 19},        {"\"dmlcsr.std\":\"1 nan 1\"", "dmlcsr.std", 19},
        {"\"dmlcsr.classes\":\"a b c\"", "names 3 classes", 19}, {"\"dmlcsr.classes\":\"\"", "names 0 classes", 5},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        family f = tiny;
        f.metadata = bad[i].metadata;
        f.classes = bad[i].classes;
        free(file);
        file = family_file(&f, 1, &file_size);
        create_fails(DMLCSR_ERROR_MODEL, bad[i].text);
    }
}
END_TEST

/* Tensors that fit together, but to no network that is computed here: in each of them something would be written or read
   where it has no place. */
START_TEST(strange_members)
{
    static const family_oddity projected = {.projected = 1}, wider = {.head = 20, .skip = 40},
                               as_wide = {.head = 20, .skip = 20};
    family f = tiny;
    f.blocks[3] = 2;
    free(file);
    file = family_odd_file(&f, &projected, 1, &file_size);
    create_fails(DMLCSR_ERROR_MODEL, "layer4.1.downsample.0.weight: only the first bottleneck");
    free(file);
    file = family_odd_file(&tiny, &wider, 1, &file_size);
    create_fails(DMLCSR_ERROR_UNSUPPORTED, "layer6.conv3.0.weight: inputs of 20 and 40 channels");
    free(file);
    file = family_odd_file(&tiny, &as_wide, 1, &file_size);
    dmlcsr_free(create());
}
END_TEST

/* What is done for each block takes longer the more there are. */
START_TEST(endless_members)
{
    const size_t room = 1001 * 120;
    size_t at = 8;
    free(file);
    file = malloc(room);
    ck_assert_ptr_nonnull(file);
    for (unsigned i = 0; i <= 1000; i++)
        at += (size_t)snprintf((char *)file + at, room - at,
                               "%c\"layer1.%u.conv1.weight\":{\"dtype\":\"F32\",\"shape\":[0,1,1,1],\"data_offsets\":[0,0]}",
                               i ? ',' : '{', i);
    file[at++] = '}';
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)((uint64_t)(at - 8) >> (8 * i));
    file_size = at;
    create_fails(DMLCSR_ERROR_UNSUPPORTED, "layer1 has more than 1000 blocks");
}
END_TEST

START_TEST(class_lists_without_metadata)
{
    static const struct { uint32_t classes; const char *last, *side; } want[] = {
        {19, "cloth", "subject"}, {11, "hair", "unknown"}, {4, "class3", "unknown"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        family f = tiny;
        f.metadata = NULL;
        f.classes = want[i].classes;
        options.input_size = 33;
        free(file);
        file = family_file(&f, 1, &file_size);
        dmlcsr *handle = create();
        ck_assert_str_eq(dmlcsr_class_name(handle, f.classes - 1), want[i].last);
        ck_assert_str_eq(dmlcsr_side(handle), want[i].side);
        ck_assert_uint_eq(dmlcsr_input_size(handle), 33);
        dmlcsr_free(handle);
    }
    options.input_size = 0;
    dmlcsr *handle = create(); /* 473, as the published weights */
    ck_assert_uint_eq(dmlcsr_input_size(handle), 473);
    dmlcsr_free(handle);
}
END_TEST

/* A call fails with that status, a sentence with the text, and labels untouched. */
static void parse_fails(dmlcsr *handle, const dmlcsr_image *picture, const dmlcsr_region *region,
                        dmlcsr_result *result, int status, const char *text)
{
    ck_assert_int_eq(dmlcsr_parse_region(handle, picture, region, result), status);
    ck_assert_msg(strstr(dmlcsr_last_error(handle), text) != NULL, "\"%s\" lacks \"%s\"", dmlcsr_last_error(handle), text);
}

START_TEST(bad_parse_arguments)
{
    uint8_t labels[60 * 44];
    float edge[60 * 44];
    dmlcsr *handle = create();
    dmlcsr_result result;
    dmlcsr_region region;
    dmlcsr_result_init(&result);
    dmlcsr_region_init(&region);
    memset(labels, 77, sizeof labels);

    parse_fails(handle, &image, NULL, NULL, DMLCSR_ERROR_ARGUMENT, "result");
    parse_fails(handle, &image, NULL, &result, DMLCSR_ERROR_ARGUMENT, "result");
    result.labels = labels;
    parse_fails(handle, NULL, NULL, &result, DMLCSR_ERROR_ARGUMENT, "image");
    dmlcsr_image bad = image;
    bad.stride = 179;
    parse_fails(handle, &bad, NULL, &result, DMLCSR_ERROR_ARGUMENT, "179");
    bad = image;
    bad.format = 6;
    parse_fails(handle, &bad, NULL, &result, DMLCSR_ERROR_ARGUMENT, "format");
    bad = image;
    bad.width = 0;
    parse_fails(handle, &bad, NULL, &result, DMLCSR_ERROR_ARGUMENT, "0");
    parse_fails(handle, &image, &region, &result, DMLCSR_ERROR_ARGUMENT, "size");
    region.struct_size = 3;
    parse_fails(handle, &image, &region, &result, DMLCSR_ERROR_STRUCT, "dmlcsr_region_init");
    result.labels_stride = 59;
    parse_fails(handle, &image, NULL, &result, DMLCSR_ERROR_ARGUMENT, "59");
    result.labels_stride = 0;
    result.binary_edge = edge;
    parse_fails(handle, &image, NULL, &result, DMLCSR_ERROR_NO_EDGES, "edge");
    result.binary_edge = NULL;
    result.struct_size = 1;
    parse_fails(handle, &image, NULL, &result, DMLCSR_ERROR_STRUCT, "dmlcsr_result_init");
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 59), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_parse(handle, &image, NULL, 60), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_parse(handle, NULL, labels, 60), DMLCSR_ERROR_ARGUMENT);
    for (size_t i = 0; i < sizeof labels; i++)
        ck_assert_uint_eq(labels[i], 77);
    dmlcsr_free(handle);
}
END_TEST

START_TEST(forward_arguments)
{
    uint32_t h = 7, w = 7;
    float *in = calloc(3 * 48 * 48, sizeof *in), *out = calloc(19 * 12 * 12, sizeof *out);
    dmlcsr *handle = create();
    ck_assert_int_eq(dmlcsr_forward_size(handle, 16, 48, &h, &w), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_forward_size(handle, 48, 4098, &h, &w), DMLCSR_ERROR_ARGUMENT);
    ck_assert_uint_eq(h, 7);
    ck_assert_int_eq(dmlcsr_forward_size(handle, 473, 97, &h, &w), DMLCSR_OK);
    ck_assert_uint_eq(h, 119);
    ck_assert_uint_eq(w, 25);
    ck_assert_int_eq(dmlcsr_forward(handle, NULL, 48, 48, out, NULL, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_forward(handle, in, 48, 48, NULL, NULL, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_forward(handle, in, 48, 16, out, NULL, NULL), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dmlcsr_forward(handle, in, 48, 48, out, out, NULL), DMLCSR_ERROR_NO_EDGES);
    ck_assert_int_eq(dmlcsr_forward(handle, in, 48, 48, out, NULL, NULL), DMLCSR_OK);
    dmlcsr_free(handle);
    free(in);
    free(out);
}
END_TEST

/* ---- callbacks ---- */

typedef struct watcher {
    uint32_t calls, total, stop_at;
    atomic_uint allocations;
} watcher;

static int watch(void *opaque, uint32_t done, uint32_t total)
{
    watcher *w = opaque;
    ck_assert_uint_eq(done, w->calls);
    w->calls++;
    w->total = total;
    return w->calls == w->stop_at;
}

static void *count_allocate(void *opaque, size_t size, size_t alignment)
{
    watcher *w = opaque;
    atomic_fetch_add(&w->allocations, 1);
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void count_release(void *opaque, void *block)
{
    (void)opaque;
    free(block);
}

START_TEST(progress_and_cancel)
{
    watcher w = {0};
    uint8_t labels[60 * 44];
    options.progress = watch;
    options.opaque = &w;
    dmlcsr *handle = create();
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 60), DMLCSR_OK);
    ck_assert_uint_gt(w.total, 30);
    ck_assert_uint_eq(w.calls, w.total + 1); /* one before each step, one at the end */
    w.calls = 0;
    w.stop_at = 5;
    memset(labels, 77, sizeof labels);
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 60), DMLCSR_ERROR_CANCELLED);
    ck_assert_uint_eq(w.calls, 5);
    ck_assert_uint_eq(labels[100], 77);
    w.calls = w.stop_at = 0;
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 60), DMLCSR_OK); /* still whole */
    dmlcsr_free(handle);
}
END_TEST

START_TEST(parse_allocates_nothing)
{
    watcher w = {0};
    uint8_t labels[60 * 44], matte[60 * 44];
    options.allocate = count_allocate;
    create_fails(DMLCSR_ERROR_ARGUMENT, "release");
    options.release = count_release;
    options.opaque = &w;
    options.keep_edges = 1;
    dmlcsr *handle = create();
    uint32_t before = atomic_load(&w.allocations);
    ck_assert_uint_gt(before, 0);
    dmlcsr_region region;
    dmlcsr_region_init(&region);
    region.center_x = region.center_y = 20.0f;
    region.size = 15.0f;
    dmlcsr_result result;
    dmlcsr_result_init(&result);
    result.labels = labels;
    result.matte = matte;
    result.matte_classes = 2;
    result.category_edge = matte;
    ck_assert_int_eq(dmlcsr_parse(handle, &image, labels, 60), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_parse_region(handle, &image, &region, &result), DMLCSR_OK);
    ck_assert_uint_eq(atomic_load(&w.allocations), before);
    dmlcsr_free(handle);
}
END_TEST

START_TEST(memory_limit_counts)
{
    size_t weights, scratch;
    dmlcsr *handle = create(), *second = NULL;
    dmlcsr_memory(handle, &weights, &scratch);
    dmlcsr_free(handle);
    options.memory_limit = weights + scratch - 1000;
    create_fails(DMLCSR_ERROR_LIMIT, "no memory");
    create_fails(DMLCSR_ERROR_LIMIT, "options.memory_limit does not allow it: ");
    options.memory_limit = 2 * (weights + scratch);
    handle = create();
    ck_assert_int_eq(dmlcsr_clone(&second, handle), DMLCSR_OK);
    dmlcsr_free(second);
    float *in = calloc(3 * 480 * 480, sizeof *in), *out = calloc(19 * 120 * 120, sizeof *out);
    ck_assert_int_eq(dmlcsr_forward(handle, in, 480, 480, out, NULL, NULL), DMLCSR_ERROR_LIMIT);
    ck_assert_ptr_nonnull(strstr(dmlcsr_last_error(handle), "options.memory_limit does not allow it: "));
    ck_assert_int_eq(dmlcsr_forward(handle, in, 48, 48, out, NULL, NULL), DMLCSR_OK); /* the handle is still whole */
    dmlcsr_free(handle);
    free(in);
    free(out);
}
END_TEST

/* ---- sameness ---- */

START_TEST(clones_outlive_their_original)
{
    uint8_t a[60 * 44], b[60 * 44];
    dmlcsr *handle = create(), *first = NULL, *second = NULL;
    ck_assert_int_eq(dmlcsr_parse(handle, &image, a, 60), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_clone(&first, handle), DMLCSR_OK);
    dmlcsr_free(handle);
    ck_assert_int_eq(dmlcsr_clone(&second, first), DMLCSR_OK);
    dmlcsr_free(first);
    ck_assert_int_eq(dmlcsr_parse(second, &image, b, 60), DMLCSR_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    dmlcsr_free(second);
}
END_TEST

START_TEST(threads_give_the_same_bits)
{
    static const uint32_t counts[] = {1, 2, 3, 7};
    uint32_t h, w;
    float *first = NULL, *in = malloc(3 * 75 * 61 * sizeof *in);
    family_noise("input", 3 * 75 * 61, 7, in);
    options.keep_edges = 1;
    for (size_t i = 0; i < 4; i++) {
        options.threads = counts[i];
        dmlcsr *handle = create();
        ck_assert_uint_eq(dmlcsr_threads(handle), counts[i]);
        dmlcsr_forward_size(handle, 75, 61, &h, &w);
        size_t plane = (size_t)h * w, count = (19 + 2 + 19) * plane;
        float *out = malloc(count * sizeof *out);
        ck_assert_int_eq(dmlcsr_forward(handle, in, 75, 61, out, out + 19 * plane, out + 21 * plane), DMLCSR_OK);
        if (first) {
            ck_assert_mem_eq(first, out, count * sizeof *out);
            free(out);
        } else {
            first = out;
        }
        dmlcsr_free(handle);
    }
    free(first);
    free(in);
}
END_TEST

START_TEST(whole_picture_is_a_region_too)
{
    uint8_t a[60 * 44], b[60 * 44];
    dmlcsr *handle = create();
    dmlcsr_region region;
    dmlcsr_result result;
    dmlcsr_region_init(&region);
    dmlcsr_result_init(&result);
    result.labels = b;
    ck_assert_int_eq(dmlcsr_parse(handle, &image, a, 60), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_parse_region(handle, &image, NULL, &result), DMLCSR_OK);
    ck_assert_mem_eq(a, b, sizeof a);
    region.center_x = 29.5f;
    region.center_y = 21.5f;
    region.size = 59.0f; /* as the published placement has it */
    region.context = 1.0f;
    ck_assert_int_eq(dmlcsr_parse_region(handle, &image, &region, &result), DMLCSR_OK);
    int different = 0;
    for (size_t i = 0; i < sizeof a; i++)
        different += a[i] != b[i];
    ck_assert_int_le(different, 60 * 44 / 50); /* pixels of the picture's rim may fall just outside the region */
    dmlcsr_free(handle);
}
END_TEST

START_TEST(both_geometries)
{
    uint8_t a[60 * 44], b[60 * 44];
    dmlcsr *fine = create();
    options.geometry = DMLCSR_GEOMETRY_COMPATIBLE;
    dmlcsr *compatible = create();
    ck_assert_int_eq(dmlcsr_parse(fine, &image, a, 60), DMLCSR_OK);
    ck_assert_int_eq(dmlcsr_parse(compatible, &image, b, 60), DMLCSR_OK);
    int same = 0;
    for (size_t i = 0; i < sizeof a; i++)
        same += a[i] == b[i];
    ck_assert_int_ge(same, 60 * 44 * 8 / 10);
    dmlcsr_free(fine);
    dmlcsr_free(compatible);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        models_that_come_with_the_library, default_model, what_a_handle_knows, null_is_fine_or_an_error, status_texts,
        bad_options, struct_versions,
        null_has_a_sentence, missing_file, log_gets_the_sentence, senseless_metadata, strange_members, endless_members,
        class_lists_without_metadata, bad_parse_arguments,
        forward_arguments, progress_and_cancel, parse_allocates_nothing, memory_limit_counts,
        clones_outlive_their_original, threads_give_the_same_bits, whole_picture_is_a_region_too, both_geometries};
    Suite *suite = suite_create("api");
    TCase *c = tcase_create("api");
    tcase_add_checked_fixture(c, setup, teardown);
    tcase_set_timeout(c, 120);
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        tcase_add_test(c, tests[i]);
    suite_add_tcase(suite, c);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
