/* dmlcsr_inspect() and dmlcsr_convert(), and the writer behind them. */
#define _XOPEN_SOURCE 700 /* mkdtemp, setrlimit */

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model_files.h"
#include "support/family.h"

#define FOLDER "tests/unit/data/"

static char sentence[512], folder[256], out[300], second[300];
static dml_memory memory;
static dml_error error;
static dml_kernels kernels;

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/dmlcsr-test-XXXXXX", base ? base : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(out, sizeof out, "%s/out.safetensors", folder);
    snprintf(second, sizeof second, "%s/second.safetensors", folder);
    sentence[0] = 0;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_AUTO));
}

/* The folder must be empty but for what the test made: no temporary file is ever left. */
static void teardown(void)
{
    remove(out);
    remove(second);
    ck_assert_msg(rmdir(folder) == 0, "something was left in %s", folder);
}

static dmlcsr_convert_options options_of(int dtype)
{
    dmlcsr_convert_options options;
    dmlcsr_convert_options_init(&options);
    options.dtype = dtype;
    options.error = sentence;
    options.error_size = sizeof sentence;
    return options;
}

static dml_model *open_out(void)
{
    dml_model *model = NULL;
    int status = dml_model_open(&model, out, &memory, &error);
    ck_assert_msg(status == DMLCSR_OK, "%s", error.text);
    return model;
}

static void convert(const char *from, const dmlcsr_convert_options *options)
{
    int status = dmlcsr_convert(from, out, options);
    ck_assert_msg(status == DMLCSR_OK, "%d: %s", status, sentence);
}

static void expect_failure(const char *from, const char *to, const dmlcsr_convert_options *options, int status,
                           const char *word)
{
    sentence[0] = 0;
    const int is = dmlcsr_convert(from, to, options);
    ck_assert_msg(is == status, "%d, must be %d: %s", is, status, sentence);
    ck_assert_msg(strstr(sentence, word) != NULL, "'%s' lacks '%s'", sentence, word);
}

static void write_file(const char *path, bytes b)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(b.data, 1, b.size, file), b.size);
    ck_assert_int_eq(fclose(file), 0);
    bytes_free(&b);
}

static const char *type_of(const dml_model *model, const char *name)
{
    const dml_entry *entry = dml_model_find(model, name);
    return entry ? entry->dtype_name : "none";
}

/* The tensor is the same here as in the sample, up to a relative error. */
static void expect_same(const dml_model *model, const dml_model *source, const char *name, float bound)
{
    float a[32], b[32];
    const dml_entry *x = dml_model_find(model, name), *y = dml_model_find(source, name);
    ck_assert_msg(x && y && x->count == y->count && x->rank == y->rank, "%s", name);
    ck_assert_int_eq(memcmp(x->shape, y->shape, sizeof x->shape), 0);
    ck_assert_int_eq(dml_entry_read(x, &kernels, a, &error), DMLCSR_OK);
    ck_assert_int_eq(dml_entry_read(y, &kernels, b, &error), DMLCSR_OK);
    for (size_t i = 0; i < x->count; i++) {
        const float apart = a[i] > b[i] ? a[i] - b[i] : b[i] - a[i], size = b[i] < 0 ? -b[i] : b[i];
        ck_assert_msg(apart <= bound * size, "%s[%zu]: %g, was %g", name, i, (double)a[i], (double)b[i]);
    }
}

START_TEST(storage_types)
{
    static const char *const types[] = { "F32", "F16", "BF16" };
    static const float bounds[] = { 0, 0x1p-11f, 0x1p-8f };
    static const char *const matrices[] = { "f32", "f16", "bf16", "transposed", "window", "parameter" };
    static const char *const vectors[] = { "f64", "column", "expanded", "front", "back", "scalar" };
    dml_model *source = NULL;
    dmlcsr_convert_options options = options_of(_i);
    ck_assert_int_eq(dml_model_open(&source, FOLDER "kinds_zip.pth", &memory, &error), DMLCSR_OK);
    convert(FOLDER "kinds_zip.pth", &options);
    dml_model *model = open_out();
    for (size_t i = 0; i < 6; i++) {
        ck_assert_str_eq(type_of(model, matrices[i]), types[_i]);
        ck_assert_str_eq(type_of(model, vectors[i]), "F32");
        expect_same(model, source, matrices[i], bounds[_i]);
        expect_same(model, source, vectors[i], 0);
    }
    ck_assert_str_eq(type_of(model, "empty"), types[_i]);
    ck_assert_str_eq(type_of(model, "bn.num_batches_tracked"), "none");
    ck_assert_str_eq(type_of(model, "i8"), "I8");
    ck_assert_int_eq(memcmp(dml_model_find(model, "i8")->data, "\x05\xFA\x07", 3), 0);
    ck_assert_str_eq(type_of(model, "edge_layer.conv4.weight"), types[_i]);
    ck_assert_uint_eq(dml_model_count(model), 19);
    dml_model_close(model);
    dml_model_close(source);
}
END_TEST

static const char *const metadata[] = { "dmlcsr.side", "subject",
                                        "quote\"\\\n\x01", "\xC3\xA9", "dmlcsr.classes", "a b" };
static const char *const changes[] = { "dmlcsr.side", "picture", "dmlcsr.classes", "",
                                       "dmlcsr.size", "473", "absent", "" };

START_TEST(edges_and_metadata)
{
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    options.drop_edges = 1;
    options.metadata = metadata;
    options.metadata_count = 3;
    convert(FOLDER "kinds_legacy.pth", &options);
    dml_model *model = open_out();
    ck_assert_ptr_null(dml_model_find(model, "edge_layer.conv4.weight"));
    ck_assert_uint_eq(dml_model_count(model), 18);
    for (int i = 0; i < 3; i++)
        ck_assert_str_eq(dml_model_metadata(model, metadata[2 * i]), metadata[2 * i + 1]);
    ck_assert_uint_eq(dml_model_metadata_count(model), 3);
    dml_model_close(model);
    options.metadata = changes;
    options.metadata_count = 4;
    ck_assert_int_eq(dmlcsr_convert(out, out, &options), DMLCSR_OK); /* onto itself */
    model = open_out();
    ck_assert_str_eq(dml_model_metadata(model, "dmlcsr.side"), "picture");
    ck_assert_str_eq(dml_model_metadata(model, "dmlcsr.size"), "473");
    ck_assert_str_eq(dml_model_metadata(model, metadata[2]), metadata[3]);
    ck_assert_ptr_null(dml_model_metadata(model, "dmlcsr.classes"));
    ck_assert_uint_eq(dml_model_metadata_count(model), 3);
    dml_model_close(model);
}
END_TEST

/* What is written as a network can be opened as one: nothing is written else, not even in place. */
START_TEST(metadata_of_a_network)
{
    static const family tiny = {7, {1, 1, 1, 1}, 32, 1, 0, 0, "\"dmlcsr.size\":\"48\",\"dmlcsr.side\":\"left\""};
    static const char *const wrong[][2] = { { "dmlcsr.size", "9" },  { "dmlcsr.side", "left" },
                                            { "dmlcsr.mean", "1" },  { "dmlcsr.channels", "xyz" },
                                            { "dmlcsr.std", "0 1 1" }, { "dmlcsr.classes", "a b" } };
    static const char *const right[] = { "dmlcsr.side", "picture" };
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    dmlcsr *handle = NULL;
    family_save(&tiny, 2026, second);
    expect_failure(second, out, &options, DMLCSR_ERROR_MODEL, "metadata dmlcsr.side is \"left\"");
    ck_assert_int_ne(access(out, F_OK), 0);
    options.metadata = right;
    options.metadata_count = 1;
    convert(second, &options); /* that is how such a file is put right */
    ck_assert_int_eq(dmlcsr_create(&handle, out, NULL), DMLCSR_OK);
    dmlcsr_free(handle);
    bytes before = bytes_of_file(out);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        options.metadata = wrong[i];
        expect_failure(out, out, &options, DMLCSR_ERROR_MODEL, wrong[i][0]);
        bytes after = bytes_of_file(out);
        ck_assert_uint_eq(after.size, before.size);
        ck_assert_mem_eq(after.data, before.data, before.size);
        bytes_free(&after);
    }
    bytes_free(&before);
}
END_TEST

/* Other files have metadata of their own, even where the last layer has a name like ours. */
START_TEST(metadata_of_others)
{
    static const char *const pairs[] = { "dmlcsr.size", "9" };
    static const char *const shapes[] = { "", "1", "257" };
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    options.metadata = pairs;
    options.metadata_count = 1;
    convert(FOLDER "kinds_zip.pth", &options);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int size = i == 2 ? 257 * 4 : 4;
        char header[200];
        snprintf(header, sizeof header, "{\"layer6.conv4.weight\":{\"dtype\":\"I32\",\"shape\":[%s],"
                 "\"data_offsets\":[0,%d]}}", shapes[i], size);
        write_file(second, safetensors_file(header, (size_t)size));
        convert(second, &options);
    }
}
END_TEST

/* Only a caller's empty value takes a key away; an empty one of the file's own stays as it is. */
START_TEST(empty_values)
{
    static const char *const pairs[] = { "gone", "" };
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    options.metadata = pairs;
    options.metadata_count = 1;
    write_file(second, safetensors_file("{\"__metadata__\":{\"gone\":\"x\",\"empty\":\"\"},"
                                        "\"t\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4));
    convert(second, &options);
    dml_model *model = open_out();
    ck_assert_str_eq(dml_model_metadata(model, "empty"), "");
    ck_assert_uint_eq(dml_model_metadata_count(model), 1);
    dml_model_close(model);
}
END_TEST

/* The bytes depend on tensors and metadata alone: not on the kind of file, the order, or the run. */
START_TEST(deterministic)
{
    dmlcsr_convert_options options = options_of(DMLCSR_F16);
    static const char *const turned[] = { "dmlcsr.classes", "a b", "dmlcsr.side", "subject",
                                          "quote\"\\\n\x01", "\xC3\xA9" };
    options.metadata = metadata;
    options.metadata_count = 3;
    convert(FOLDER "kinds_zip.pth", &options);
    options.metadata = turned;
    ck_assert_int_eq(dmlcsr_convert(FOLDER "kinds_legacy.pth", second, &options), DMLCSR_OK);
    bytes a = bytes_of_file(out), b = bytes_of_file(second);
    ck_assert_uint_eq(a.size, b.size);
    ck_assert_int_eq(memcmp(a.data, b.data, a.size), 0);
    bytes_free(&a);
    bytes_free(&b);
}
END_TEST

/* Data starts at a multiple of 64 bytes, and each tensor at a multiple of what its size is a multiple of. */
START_TEST(aligned)
{
    static const uint64_t sizes[] = { 1, 2, 16, 19, 32, 48, 64, 100, 128 };
    static const float zeros[128];
    static char names[9][4];
    dml_output tensors[9];
    for (int i = 0; i < 9; i++) {
        snprintf(names[i], sizeof names[i], "t%d", 9 - i);
        tensors[i] = (dml_output){ names[i], DML_F32, 1, &sizes[i], zeros };
    }
    ck_assert_int_eq(dml_safetensors_write(out, tensors, 9, NULL, 0, &memory, &error), DMLCSR_OK);
    dml_model *model = open_out();
    bytes b = bytes_of_file(out);
    const size_t header = (size_t)b.data[0] | (size_t)b.data[1] << 8;
    ck_assert_uint_eq((header + 8) % 64, 0);
    const unsigned char *first = dml_model_entry(model, 0)->data;
    for (size_t i = 0; i < 9; i++) {
        const dml_entry *entry = dml_model_entry(model, i);
        size_t step = 64;
        while (entry->bytes % step)
            step /= 2;
        ck_assert_uint_eq((size_t)(entry->data - first) % step, 0);
    }
    bytes_free(&b);
    dml_model_close(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
}
END_TEST

START_TEST(writer_refuses)
{
    const uint64_t shape = 1, huge[] = { UINT64_MAX, UINT64_MAX };
    const float value = 0;
    const dml_output one = { "w", DML_F32, 1, &shape, &value };
    const dml_output twice[] = { one, { "v", DML_F32, 1, &shape, &value }, one };
    const dml_output reserved = { "__metadata__", DML_F32, 1, &shape, &value };
    const dml_output broken = { "a\xFF", DML_F32, 1, &shape, &value }, large = { "l", DML_F32, 2, huge, &value };
    const char *const pairs[] = { "k", "1", "j", "2", "k", "3" };
    ck_assert_int_eq(dml_safetensors_write(out, twice, 3, NULL, 0, &memory, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "'w' is the name of two tensors"));
    ck_assert_int_eq(dml_safetensors_write(out, &reserved, 1, NULL, 0, &memory, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "'__metadata__'"));
    ck_assert_int_eq(dml_safetensors_write(out, &broken, 1, NULL, 0, &memory, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "'a?'"));
    ck_assert_int_eq(dml_safetensors_write(out, &large, 1, NULL, 0, &memory, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_int_eq(dml_safetensors_write(out, &one, 1, pairs, 3, &memory, &error), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(error.text, "'k' is a metadata key given twice"));
    ck_assert_int_ne(access(out, F_OK), 0);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
}
END_TEST

static unsigned allocations;

static void *ration(void *opaque, size_t size, size_t alignment)
{
    (void)opaque;
    if (!allocations)
        return NULL;
    allocations--;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give_back(void *opaque, void *block)
{
    (void)opaque;
    free(block);
}

START_TEST(writer_starved)
{
    const uint64_t shape = 1;
    const float value = 0;
    const dml_output tensors[] = { { "w", DML_F32, 1, &shape, &value }, { "v", DML_F32, 1, &shape, &value } };
    const char *const pairs[] = { "k", "1" };
    int status = DMLCSR_ERROR_MEMORY;
    unsigned n = 0;
    dml_memory_init(&memory, ration, give_back, NULL, 0);
    for (; n < 100 && status != DMLCSR_OK; n++) {
        allocations = n;
        status = dml_safetensors_write(out, tensors, 2, pairs, 1, &memory, &error);
        ck_assert(status == DMLCSR_OK || status == DMLCSR_ERROR_MEMORY);
        ck_assert_int_eq(access(out, F_OK) == 0, status == DMLCSR_OK);
        ck_assert_uint_eq(atomic_load(&memory.used), 0);
    }
    ck_assert_uint_gt(n, 5);
    ck_assert_int_eq(status, DMLCSR_OK);
}
END_TEST

START_TEST(bad_values)
{
    dmlcsr_convert_options options = options_of(DMLCSR_F16);
    bytes b = safetensors_file("{\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}", 0);
    bytes_number(&b, 0x3F800000, 4);
    bytes_number(&b, 0x477FF000, 4); /* 65520: rounds to infinity */
    write_file(second, b);
    expect_failure(second, out, &options, DMLCSR_ERROR_MODEL, "tensor 'w': value 1, 65520, is too large for F16");
    options.dtype = DMLCSR_BF16;
    convert(second, &options);
    b = safetensors_file("{\"w\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}", 0);
    bytes_number(&b, 0x3F800000, 4);
    bytes_number(&b, 0x7FC00000, 4);
    write_file(second, b);
    options.dtype = DMLCSR_F32;
    expect_failure(second, out, &options, DMLCSR_ERROR_MODEL, "tensor 'w': value 1 of 2 is not finite");
    write_file(second, safetensors_file("{\"q\":{\"dtype\":\"F8_E4M3\",\"shape\":[3],\"data_offsets\":[0,3]}}", 3));
    expect_failure(second, out, &options, DMLCSR_ERROR_UNSUPPORTED, "F8_E4M3");
}
END_TEST

static void expect_unchanged(const char *path)
{
    bytes b = bytes_of_file(path);
    ck_assert_uint_eq(b.size, 3);
    ck_assert_int_eq(memcmp(b.data, "old", 3), 0);
    bytes_free(&b);
}

/* Whatever goes wrong, what was there before is still there. */
START_TEST(old_file_stays)
{
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    bytes old = { 0 };
    bytes_text(&old, "old");
    write_file(out, old);
    expect_failure(FOLDER "missing.pth", out, &options, DMLCSR_ERROR_IO, "missing.pth");
    expect_failure("tests/unit/test_convert.c", out, &options, DMLCSR_ERROR_FORMAT, "test_convert.c");
    expect_unchanged(out);
    struct rlimit limit, small = { 700, 700 };
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small.rlim_max = limit.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    const int status = dmlcsr_convert(FOLDER "kinds_zip.pth", out, &options); /* as on a full disk */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(status, DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(sentence, "cannot be written"));
    expect_unchanged(out);
    char nowhere[400];
    snprintf(nowhere, sizeof nowhere, "%s/none/out", folder);
    expect_failure(FOLDER "kinds_zip.pth", nowhere, &options, DMLCSR_ERROR_IO, "cannot be created");
    expect_failure(FOLDER "kinds_zip.pth", folder, &options, DMLCSR_ERROR_IO, "cannot be replaced");
}
END_TEST

START_TEST(arguments)
{
    dmlcsr_convert_options options = options_of(DMLCSR_F32);
    static const char *const hole[] = { "key", NULL };
    expect_failure(NULL, out, &options, DMLCSR_ERROR_ARGUMENT, "model_path is NULL");
    expect_failure(FOLDER "kinds_zip.pth", NULL, &options, DMLCSR_ERROR_ARGUMENT, "out_path is NULL");
    options.metadata_count = 1;
    expect_failure(FOLDER "kinds_zip.pth", out, &options, DMLCSR_ERROR_ARGUMENT, "metadata is NULL");
    options.metadata = hole;
    expect_failure(FOLDER "kinds_zip.pth", out, &options, DMLCSR_ERROR_ARGUMENT, "pair 0 is NULL");
    options = options_of(4);
    expect_failure(FOLDER "kinds_zip.pth", out, &options, DMLCSR_ERROR_ARGUMENT, "dtype is 4");
    options.dtype = -1;
    expect_failure(FOLDER "kinds_zip.pth", out, &options, DMLCSR_ERROR_ARGUMENT, "dtype is -1");
    options = options_of(DMLCSR_F32);
    options.struct_size = 8;
    ck_assert_int_eq(dmlcsr_convert(FOLDER "kinds_zip.pth", out, &options), DMLCSR_ERROR_STRUCT);
    struct {
        dmlcsr_convert_options known;
        unsigned char more[8];
    } later = { options_of(DMLCSR_F32), { 1 } };
    later.known.struct_size = sizeof later;
    expect_failure(FOLDER "kinds_zip.pth", out, &later.known, DMLCSR_ERROR_STRUCT, "later version");
    ck_assert_int_ne(access(out, F_OK), 0);
    ck_assert_int_eq(dmlcsr_convert(FOLDER "kinds_zip.pth", out, NULL), DMLCSR_OK);
}
END_TEST

/* ---- inspect ----------------------------------------------------------------------------------------------------- */

typedef struct seen {
    char text[2000];
    int stop_after; /* calls; 0: never */
    int calls;
} seen;

static int see_metadata(void *opaque, const char *key, const char *value)
{
    seen *s = opaque;
    snprintf(s->text + strlen(s->text), sizeof s->text - strlen(s->text), "%s=%s;", key, value);
    return ++s->calls == s->stop_after;
}

static int see_tensor(void *opaque, const dmlcsr_tensor_info *tensor)
{
    seen *s = opaque;
    char *at = s->text + strlen(s->text);
    const size_t room = sizeof s->text - strlen(s->text);
    snprintf(at, room, "%s %s %u %llu %llu;", tensor->name, tensor->dtype, tensor->rank,
             (unsigned long long)(tensor->rank ? tensor->shape[0] : 0), (unsigned long long)tensor->bytes);
    return ++s->calls == s->stop_after;
}

START_TEST(inspect)
{
    seen s = { .stop_after = 0 };
    dmlcsr_visitor visitor;
    write_file(second, safetensors_file("{\"module.z\":{\"dtype\":\"F8_E5M2\",\"shape\":[2,1],\"data_offsets\":[8,10]},"
                                        "\"__metadata__\":{\"b\":\"2\",\"a\":\"1\"},"
                                        "\"y\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}", 10));
    dmlcsr_visitor_init(&visitor);
    visitor.error = sentence;
    visitor.error_size = sizeof sentence;
    ck_assert_int_eq(dmlcsr_inspect(second, &visitor), DMLCSR_OK); /* neither callback: a check of the file */
    visitor.opaque = &s;
    visitor.metadata = see_metadata;
    visitor.tensor = see_tensor;
    ck_assert_int_eq(dmlcsr_inspect(second, &visitor), DMLCSR_OK);
    ck_assert_str_eq(s.text, "b=2;a=1;z F8_E5M2 2 2 2;y F64 0 0 8;");
    s = (seen){ .stop_after = 1 };
    ck_assert_int_eq(dmlcsr_inspect(second, &visitor), DMLCSR_OK);
    ck_assert_str_eq(s.text, "b=2;");
    s = (seen){ .stop_after = 3 };
    ck_assert_int_eq(dmlcsr_inspect(second, &visitor), DMLCSR_OK);
    ck_assert_str_eq(s.text, "b=2;a=1;z F8_E5M2 2 2 2;");
    s = (seen){ .stop_after = 1 };
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "model_legacy.pth", &visitor), DMLCSR_OK);
    ck_assert_str_eq(s.text, "conv1.weight F32 2 1 8;");
}
END_TEST

START_TEST(inspect_fails)
{
    struct {
        dmlcsr_visitor known;
        unsigned char later[16];
    } visitor;
    char tiny[8] = "1234567";
    memset(&visitor, 0, sizeof visitor);
    dmlcsr_visitor_init(&visitor.known);
    visitor.known.error = sentence;
    visitor.known.error_size = sizeof sentence;
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "missing.pth", &visitor.known), DMLCSR_ERROR_IO);
    ck_assert_ptr_nonnull(strstr(sentence, "missing.pth: cannot be opened"));
    ck_assert_int_eq(dmlcsr_inspect(NULL, &visitor.known), DMLCSR_ERROR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(sentence, "model_path is NULL"));
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "kinds_zip.pth", NULL), DMLCSR_ERROR_ARGUMENT);
    visitor.known.error = tiny;
    visitor.known.error_size = 5;
    ck_assert_int_eq(dmlcsr_inspect(NULL, &visitor.known), DMLCSR_ERROR_ARGUMENT);
    ck_assert_str_eq(tiny, "mode");
    ck_assert_str_eq(tiny + 5, "67");
    visitor.known.struct_size = sizeof visitor; /* a later version's, with the new fields at their default */
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "kinds_zip.pth", &visitor.known), DMLCSR_OK);
    visitor.later[3] = 1;
    visitor.known.error = sentence;
    visitor.known.error_size = sizeof sentence;
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "kinds_zip.pth", &visitor.known), DMLCSR_ERROR_STRUCT);
    ck_assert_ptr_nonnull(strstr(sentence, "later version"));
    visitor.known.struct_size = sizeof visitor.known - 1;
    ck_assert_int_eq(dmlcsr_inspect(FOLDER "kinds_zip.pth", &visitor.known), DMLCSR_ERROR_STRUCT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("convert");
    TCase *tests = tcase_create("convert");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, storage_types, 0, 3);
    tcase_add_test(tests, edges_and_metadata);
    tcase_add_test(tests, metadata_of_a_network);
    tcase_add_test(tests, metadata_of_others);
    tcase_add_test(tests, empty_values);
    tcase_add_test(tests, deterministic);
    tcase_add_test(tests, aligned);
    tcase_add_test(tests, writer_refuses);
    tcase_add_test(tests, writer_starved);
    tcase_add_test(tests, bad_values);
    tcase_add_test(tests, old_file_stays);
    tcase_add_test(tests, arguments);
    tcase_add_test(tests, inspect);
    tcase_add_test(tests, inspect_fails);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
