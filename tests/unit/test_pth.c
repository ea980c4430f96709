/* The readers of PyTorch checkpoints: samples that PyTorch wrote, each thing that is refused, and damage of all kinds.
   The samples are made by make_model_data.py. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model_files.h"

#define FOLDER "tests/unit/data/"

static const char *const samples[] = { FOLDER "kinds_zip.pth",   FOLDER "state_dict_zip.pth",   FOLDER "model_zip.pth",
                                       FOLDER "kinds_legacy.pth", FOLDER "state_dict_legacy.pth",
                                       FOLDER "model_legacy.pth" };
static dml_memory memory;
static dml_error error;
static dml_kernels kernels;

static dml_model *open_file(const char *path)
{
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_AUTO));
    int status = dml_model_open(&model, path, &memory, &error);
    ck_assert_msg(status == DMLCSR_OK, "%s", error.text);
    return model;
}

static void close_model(dml_model *model)
{
    dml_model_close(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
}

/* The tensor's type, shape and values are these. */
static void expect_values(const dml_model *model, const char *name, const char *dtype, uint32_t rank, uint64_t h,
                          uint64_t w, const float *expected)
{
    float values[16];
    const dml_entry *entry = dml_model_find(model, name);
    ck_assert_msg(entry != NULL, "%s is missing", name);
    ck_assert_str_eq(entry->dtype_name, dtype);
    ck_assert_uint_eq(entry->rank, rank);
    ck_assert_uint_le(entry->count, 16);
    if (rank > 0)
        ck_assert_uint_eq(entry->shape[0], h);
    if (rank > 1)
        ck_assert_uint_eq(entry->shape[1], w);
    ck_assert_int_eq(dml_entry_read(entry, &kernels, values, &error), DMLCSR_OK);
    for (size_t i = 0; i < entry->count; i++)
        ck_assert_msg(values[i] == expected[i], "%s[%zu] is %g, must be %g", name, i, (double)values[i],
                      (double)expected[i]);
}

START_TEST(kinds)
{
    dml_model *model = open_file(samples[_i ? 3 : 0]);
    int64_t steps;
    signed char bytes8[3];
    ck_assert_uint_eq(dml_model_count(model), 20);
    expect_values(model, "f32", "F32", 2, 2, 3, (const float[]){ 0, 0.5f, 1, 1.5f, 2, 2.5f });
    expect_values(model, "f16", "F16", 2, 1, 4, (const float[]){ 1, -2, 0.5f, 65504 });
    expect_values(model, "bf16", "BF16", 2, 1, 3, (const float[]){ 1, -3.140625f, 256 });
    expect_values(model, "f64", "F64", 1, 2, 0, (const float[]){ 0.1f, -1e-3f });
    expect_values(model, "transposed", "F32", 2, 3, 2, (const float[]){ 0, 1.5f, 0.5f, 2, 1, 2.5f });
    expect_values(model, "window", "F32", 2, 2, 2, (const float[]){ 5, 6, 9, 10 });
    expect_values(model, "column", "F32", 1, 4, 0, (const float[]){ 2, 6, 10, 14 });
    expect_values(model, "expanded", "F32", 1, 3, 0, (const float[]){ 2.5f, 2.5f, 2.5f });
    expect_values(model, "front", "F32", 1, 3, 0, (const float[]){ 0, 1, 2 });
    expect_values(model, "back", "F32", 1, 3, 0, (const float[]){ 3, 4, 5 });
    expect_values(model, "parameter", "F32", 2, 1, 2, (const float[]){ 0.25f, -0.25f });
    expect_values(model, "scalar", "F32", 0, 0, 0, (const float[]){ 1.5f });
    expect_values(model, "empty", "F32", 2, 0, 3, NULL);
    ck_assert(dml_entry_contiguous(dml_model_find(model, "back")));
    ck_assert(!dml_entry_contiguous(dml_model_find(model, "window")));
    ck_assert_ptr_eq(dml_model_find(model, "front")->data + 12, dml_model_find(model, "back")->data);
    ck_assert_int_eq(dml_entry_copy(dml_model_find(model, "bn.num_batches_tracked"), &steps, &error), DMLCSR_OK);
    ck_assert_int_eq(((unsigned char *)&steps)[0], 7);
    ck_assert_int_eq(dml_entry_copy(dml_model_find(model, "i8"), bytes8, &error), DMLCSR_OK);
    ck_assert_int_eq(bytes8[1], -6);
    ck_assert_str_eq(dml_model_find(model, "u8")->dtype_name, "U8");
    ck_assert_str_eq(dml_model_find(model, "bool")->dtype_name, "BOOL");
    ck_assert_str_eq(dml_model_find(model, "i16")->dtype_name, "I16");
    ck_assert_str_eq(dml_model_find(model, "i32")->dtype_name, "I32");
    float out[2];
    ck_assert_int_eq(dml_entry_read(dml_model_find(model, "i32"), &kernels, out, &error), DMLCSR_ERROR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(error.text, "'i32'"));
    ck_assert_str_eq(dml_model_entry(model, 0)->name, "f32");
    ck_assert_str_eq(dml_model_entry(model, 19)->name, "edge_layer.conv4.weight");
    close_model(model);
}
END_TEST

START_TEST(nested)
{
    static const int which[] = { 1, 2, 4, 5 };
    dml_model *model = open_file(samples[which[_i]]);
    ck_assert_uint_eq(dml_model_count(model), 2);
    expect_values(model, "conv1.weight", "F32", 2, 1, 2, (const float[]){ 1, 2 });
    expect_values(model, "bn1.running_var", "F32", 1, 1, 0, (const float[]){ 3 });
    ck_assert_ptr_null(dml_model_find(model, "module.conv1.weight"));
    ck_assert_uint_eq(dml_model_metadata_count(model), 0);
    close_model(model);
}
END_TEST

START_TEST(damaged)
{
    bytes b = bytes_of_file(samples[_i]);
    abuse_sample(&b, 4000);
    bytes_free(&b);
}
END_TEST

START_TEST(starved)
{
    bytes b = bytes_of_file(samples[_i]);
    ck_assert_uint_gt(starve_sample(&b), 8);
    bytes_free(&b);
}
END_TEST

/* ---- pickles by hand -------------------------------------------------------------------------------------------- */

#define START "\x80\x02}" /* PROTO 2, EMPTY_DICT: the state dict */
#define REBUILD "ctorch._utils\n_rebuild_tensor_v2\n"
#define FLOATS "ctorch\nFloatStorage\n"

static void put_string(bytes *b, const char *text)
{
    bytes_text(b, "X");
    bytes_number(b, strlen(text), 4);
    bytes_text(b, text);
}

/* (storage, type, key, location, count[, view]) BINPERSID */
static void put_storage(bytes *b, const char *type, const char *key, uint64_t count, bool legacy)
{
    bytes_text(b, "(");
    put_string(b, "storage");
    bytes_text(b, type);
    put_string(b, key);
    put_string(b, "cpu");
    bytes_put(b, "\x8A\x08", 2);
    bytes_number(b, count, 8);
    bytes_text(b, legacy ? "NtQ" : "tQ");
}

static void put_tuple(bytes *b, const int64_t *values, unsigned count)
{
    bytes_text(b, "(");
    for (unsigned i = 0; i < count; i++) {
        bytes_put(b, "\x8A\x08", 2);
        bytes_number(b, (uint64_t)values[i], 8);
    }
    bytes_text(b, "t");
}

typedef struct tensor {
    const char *type, *key;
    int64_t count, offset;
    unsigned rank, strides;
    int64_t shape[9], stride[9];
} tensor;

/* dict[name] = tensor */
static void put_tensor(bytes *b, const char *name, const tensor *t, bool legacy)
{
    put_string(b, name);
    bytes_text(b, REBUILD "(");
    put_storage(b, t->type, t->key, (uint64_t)t->count, legacy);
    bytes_put(b, "\x8A\x08", 2);
    bytes_number(b, (uint64_t)t->offset, 8);
    put_tuple(b, t->shape, t->rank);
    put_tuple(b, t->stride, t->strides);
    bytes_text(b, "\x89}tRs");
}

static const unsigned char floats[48] = { 0, 0, 128, 63 };

/* An archive with this pickle, and storage "0" of 12 floats. */
static bytes archive(const bytes *pickle, const char *byte_order)
{
    const zip_item items[] = { { "r/data.pkl", pickle->data, pickle->size }, { "r/data/0", floats, sizeof floats },
                               { "r/byteorder", byte_order, byte_order ? strlen(byte_order) : 0 } };
    return zip_file(items, byte_order ? 3 : 2, 0, 0, false);
}

static bytes archive_of_tensor(const tensor *t)
{
    bytes pickle = { 0 };
    bytes_text(&pickle, START);
    put_tensor(&pickle, "ww", t, false);
    bytes_text(&pickle, ".");
    bytes b = archive(&pickle, NULL);
    bytes_free(&pickle);
    return b;
}

static const tensor sound = { FLOATS, "0", 12, 0, 2, 2, { 3, 4 }, { 4, 1 } };

static char long_key[1026];

static const struct {
    tensor tensor;
    int status;
    const char *word;
} tensor_refusals[] = {
    { { FLOATS, "0", 12, 1, 2, 2, { 3, 4 }, { 4, 1 } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, 0, 2, 2, { 3, 4 }, { 5, 1 } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, 12, 0, 0, { 0 }, { 0 } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, 13, 1, 1, { 0 }, { 1 } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, 0, 2, 2, { 2, 2 }, { INT64_MAX, INT64_MAX } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, INT64_MAX, 1, 1, { 1 }, { 1 } }, -6, "past the end of its storage" },
    { { FLOATS, "0", 12, 0, 3, 3, { 3, INT64_MAX / 4, 1 }, { 0, 0, 0 } }, -6, "impossible shape" },
    { { FLOATS, "0", 12, 0, 2, 2, { INT64_MAX, 8 }, { 0, 0 } }, -6, "impossible shape" },
    { { FLOATS, "0", 12, 0, 1, 1, { 4000000 }, { 0 } }, -6, "more than 8 times the size" },
    { { FLOATS, "0", 12, -1, 1, 1, { 1 }, { 1 } }, -6, "no sound offset" },
    { { FLOATS, "0", 12, 0, 1, 1, { -1 }, { 1 } }, -6, "no sound sizes and strides" },
    { { FLOATS, "0", 12, 4, 1, 1, { 2 }, { -1 } }, -6, "no sound sizes and strides" },
    { { FLOATS, "0", 12, 0, 2, 1, { 1, 1 }, { 1 } }, -6, "no sound sizes and strides" },
    { { FLOATS, "0", 12, 0, 9, 9, { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, { 1 } }, -7, "more than 8 dimensions" },
    { { FLOATS, "0", 11, 0, 1, 1, { 1 }, { 1 } }, -6, "the file lacks, or of another size" },
    { { "ctorch\nDoubleStorage\n", "0", 12, 0, 1, 1, { 1 }, { 1 } }, -6, "the file lacks, or of another size" },
    { { FLOATS, "1", 12, 0, 1, 1, { 1 }, { 1 } }, -6, "the file lacks, or of another size" },
    { { FLOATS, "../data/0", 12, 0, 1, 1, { 1 }, { 1 } }, -6, "the file lacks, or of another size" },
    { { FLOATS, "0", -1, 0, 1, 1, { 1 }, { 1 } }, -6, "no storage that can be read" },
    { { "N", "0", 12, 0, 1, 1, { 1 }, { 1 } }, -6, "no storage that can be read" },
    { { FLOATS, long_key, 12, 0, 1, 1, { 1 }, { 1 } }, -6, "no storage that can be read" },
};

START_TEST(tensor_refused)
{
    static const tensor endless_step = { FLOATS, "0", 12, 0, 3, 3, { 2, 1, 2 }, { 1, INT64_MAX, 2 } };
    memset(long_key, '0', sizeof long_key - 1); /* each tensor that mentions it costs time for all of it */
    bytes b = archive_of_tensor(&sound);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    b = archive_of_tensor(&endless_step); /* in a direction that has one element */
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    expect_refused(archive_of_tensor(&tensor_refusals[_i].tensor), tensor_refusals[_i].status, tensor_refusals[_i].word,
                   "tensor 'ww'");
}
END_TEST

/* Pickles that end where the offence is; \0 does not occur in them. */
static const struct {
    const char *pickle;
    int status;
    const char *word, *other;
} pickle_refusals[] = {
    { "\x80\x02" "cos\nsystem\n.", -7, "'os.system'", "byte 42" },
    { "\x80\x02" "c__builtin__\neval\n.", -7, "'__builtin__.eval'", "refused" },
    { "\x80\x02" "ctorch\nComplexFloatStorage\n.", -7, "'torch.ComplexFloatStorage'", "refused" },
    { "\x80\x02" "ccollections\nOrderedDictX\n.", -7, "'collections.OrderedDictX'", "refused" },
    { "\x80\x02" "ctorch._utils._rebuild_tensor_v2\n\n.", -7, "'torch._utils._rebuild_tensor_v2.'", "refused" },
    { "\x80\x02i", -7, "instruction 0x69", "byte 42" }, /* INST */
    { "\x80\x02o", -7, "instruction 0x6F", "byte 42" }, /* OBJ */
    { "\x80\x02\x82\x01", -7, "instruction 0x82", "byte 42" }, /* EXT1 */
    { "\x80\x02\x93", -7, "instruction 0x93", "byte 42" }, /* STACK_GLOBAL */
    { "\x80\x02}\x94", -7, "instruction 0x94", "byte 43" }, /* MEMOIZE */
    { "\x80\x04N.", -6, "not of protocol 2", "byte 40" },
    { "", -6, "cut off", "byte 40" },
    { "\x80\x02N", -6, "cut off", "byte 43" },
    { "\x80\x02X\x01\x01\x01\x7F", -6, "cut off", "byte 42" },
    { "\x80\x02U\x09" "abc", -6, "cut off", "byte 42" },
    { "\x80\x02J\x01", -6, "cut off", "byte 42" },
    { "\x80\x02\x8A\x09" "abc", -6, "cut off", "byte 42" },
    { "\x80\x02" "ctorch", -6, "cut off", "byte 42" },
    { "\x80\x02.", -6, "one value", "byte 42" },
    { "\x80\x02NN.", -6, "one value", "byte 44" },
    { "\x80\x02(N.", -6, "one value", "byte 44" },
    { "\x80\x02(NN\x86t\x85(\x86", -6, "stack is empty", "byte 49" },
    { "\x80\x02\x85", -6, "stack is empty", "byte 42" },
    { "\x80\x02R", -6, "stack is empty", "byte 42" },
    { "\x80\x02Q", -6, "stack is empty", "byte 42" },
    { "\x80\x02" "b", -6, "stack is empty", "byte 42" },
    { "\x80\x02q\x01", -6, "stack is empty", "byte 42" },
    { "\x80\x02" "a", -6, "stack is empty", "byte 42" },
    { "\x80\x02}(NNNu", -6, "key without a value", "byte 47" },
    { "\x80\x02N(NNu", -6, "not a dict", "byte 46" },
    { "\x80\x02}Na", -6, "not a list", "byte 44" },
    { "\x80\x02u", -6, "mark is missing", "byte 42" },
    { "\x80\x02t", -6, "mark is missing", "byte 42" },
    { "\x80\x02h\x01", -6, "memo entry", "byte 42" },
    { "\x80\x02Nq\x02h\x01", -6, "memo entry", "byte 45" },
    { "\x80\x02Nr\xFF\xFF\xFF\xFF", -6, "memo index too large", "byte 43" },
    { "\x80\x02Nq\x20", -6, "memo index too large", "byte 43" },
    { "\x80\x02NN\x86R", -6, "stack is empty", "byte 45" },
    { "\x80\x02NNR", -6, "not a function", "byte 44" },
    { "\x80\x02" FLOATS ")R", -6, "not a function", "byte 63" },
    { "\x80\x02" REBUILD ")R", -6, "too few arguments", "sample" },
    { "\x80\x02" "ctorch._utils\n_rebuild_parameter\n)R", -6, "parameter that is not a tensor", "sample" },
    { "\x80\x02" "ccollections\nOrderedDict\nN\x85R", -6, "OrderedDict made with arguments", "sample" },
    { "\x80\x02NQ", -6, "persistent id that is not a tuple", "byte 43" },
    { "\x80\x02NNb", -6, "attributes for what has none", "byte 44" },
    { "\x80\x02N.", -6, "not a state dict", "sample" },
    { "\x80\x02].", -6, "not a state dict", "sample" },
    { "\x80\x02}.", -6, "holds no tensors", "sample" },
    { "\x80\x02}K\x01K\x02s.", -6, "holds no tensors", "sample" },
};

START_TEST(pickle_refused)
{
    bytes pickle = { 0 };
    bytes_text(&pickle, pickle_refusals[_i].pickle);
    expect_refused(archive(&pickle, NULL), pickle_refusals[_i].status, pickle_refusals[_i].word,
                   pickle_refusals[_i].other);
    bytes_free(&pickle);
}
END_TEST

START_TEST(names_refused)
{
    static const char *const words[] = { "two tensors", "sound UTF-8" };
    bytes pickle = { 0 };
    bytes_text(&pickle, START);
    put_tensor(&pickle, _i ? "bad\xFF" : "ww", &sound, false);
    put_tensor(&pickle, "module.ww", &sound, false);
    bytes_text(&pickle, ".");
    expect_refused(archive(&pickle, NULL), DMLCSR_ERROR_FORMAT, words[_i], _i ? "'bad?'" : "'ww'");
    bytes_free(&pickle);
}
END_TEST

/* A dict that holds itself, and a million entries that share one tensor: neither hangs. */
START_TEST(shared_without_end)
{
    bytes pickle = { 0 };
    bytes_text(&pickle, "\x80\x02}q\x01");
    put_string(&pickle, "state_dict");
    bytes_text(&pickle, "h\x01s");
    put_tensor(&pickle, "ww", &sound, false);
    bytes_text(&pickle, ".");
    bytes b = archive(&pickle, NULL);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    bytes_free(&pickle);

    bytes_text(&pickle, START "q\x01");
    put_tensor(&pickle, "ww", &sound, false);
    bytes_text(&pickle, "(");
    for (int i = 0; i < 1000000; i++)
        bytes_text(&pickle, "h\x01h\x01");
    bytes_text(&pickle, "u.");
    const clock_t before = clock();
    b = archive(&pickle, NULL);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    ck_assert_msg((double)(clock() - before) / CLOCKS_PER_SEC < 20, "takes too long");
    bytes_free(&b);
    bytes_free(&pickle);

    bytes_text(&pickle, START "(");
    for (int i = 0; i < 5000000; i++)
        bytes_text(&pickle, "N");
    expect_refused(archive(&pickle, NULL), DMLCSR_ERROR_FORMAT, "more objects than a checkpoint has", "sample");
    bytes_free(&pickle);
}
END_TEST

/* ---- ZIP -------------------------------------------------------------------------------------------------------- */

static bytes sound_pickle(void)
{
    bytes pickle = { 0 };
    bytes_text(&pickle, START);
    put_tensor(&pickle, "ww", &sound, false);
    bytes_text(&pickle, ".");
    return pickle;
}

START_TEST(byte_order)
{
    bytes pickle = sound_pickle();
    bytes b = archive(&pickle, "little");
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    expect_refused(archive(&pickle, "big"), DMLCSR_ERROR_UNSUPPORTED, "byte order 'big'", "sample");
    bytes_free(&pickle);
}
END_TEST

/* Changes `size` bytes of an archive of two entries, at an offset from its start, its directory or its end record. */
static bytes patched(char from, size_t at, uint64_t value, int size)
{
    bytes pickle = sound_pickle();
    bytes b = archive(&pickle, NULL);
    unsigned char *end = b.data + b.size - 22;
    const size_t directory = (size_t)end[16] | (size_t)end[17] << 8;
    unsigned char *base = from == 'e' ? end : from == 'd' ? b.data + directory : b.data;
    for (int i = 0; i < size; i++)
        base[at + (size_t)i] = (unsigned char)(value >> 8 * i);
    bytes_free(&pickle);
    return b;
}

static const struct {
    char from;
    size_t at;
    uint64_t value;
    int size, status;
    const char *word, *other;
} zip_refusals[] = {
    { 'd', 8, 1, 2, -7, "is encrypted", "'r/data.pkl'" },
    { 'd', 8, 0x2000, 2, -7, "is encrypted", "'r/data.pkl'" },
    { 'd', 10, 8, 2, -7, "is compressed", "'r/data.pkl'" },
    { 'd', 20, 1, 4, -6, "two different sizes", "'r/data.pkl'" },
    { 'd', 20, 0xFFFFFFFF, 4, -6, "lacks its ZIP64 sizes", "'r/data.pkl'" },
    { 'd', 42, 0x7FFFFFFF, 4, -6, "begins past the end", "'r/data.pkl'" },
    { 'd', 42, 1, 4, -6, "no local header", "'r/data.pkl'" },
    { 'd', 46, 'x', 1, -6, "another name in its local header", "'x/data.pkl'" },
    { 'd', 0, 0, 1, -6, "an entry of its directory is malformed", "sample" },
    { 'd', 28, 0xFFFF, 2, -6, "an entry of its directory is cut off", "sample" },
    { 's', 18, 1, 4, -6, "differs between the directory and its local header", "'r/data.pkl'" },
    { 's', 22, 1, 4, -6, "differs between the directory and its local header", "'r/data.pkl'" },
    { 's', 8, 8, 1, -6, "differs between the directory and its local header", "'r/data.pkl'" },
    { 's', 28, 0xFFFF, 2, -6, "reaches past the end", "'r/data.pkl'" },
    { 's', 28, 60, 2, -6, "overlaps another entry", "'r/data/0'" },
    { 'e', 0, 0, 4, -6, "end record is missing", "sample" },
    { 'e', 20, 1, 2, -6, "end record is missing", "sample" },
    { 'e', 4, 1, 2, -6, "one part of several", "sample" },
    { 'e', 10, 1, 2, -6, "bytes that belong to no entry", "sample" },
    { 'e', 10, 3, 2, -6, "directory is too small", "sample" },
    { 'e', 12, 0xFFFF, 2, -6, "directory reaches past the end", "sample" },
    { 'e', 16, 0xFFFFFF, 3, -6, "directory reaches past the end", "sample" },
};

START_TEST(zip_refused)
{
    expect_refused(patched(zip_refusals[_i].from, zip_refusals[_i].at, zip_refusals[_i].value, zip_refusals[_i].size),
                   zip_refusals[_i].status, zip_refusals[_i].word, zip_refusals[_i].other);
}
END_TEST

/* Archives above 4 GB keep their numbers elsewhere, and so may small ones. */
START_TEST(zip64)
{
    bytes pickle = sound_pickle();
    const zip_item items[] = { { "r/data.pkl", pickle.data, pickle.size }, { "r/data/0", floats, sizeof floats } };
    bytes b = zip_file(items, 2, 0, 0, true);
    ck_assert_msg(open_sample(b.data, b.size, &error) == DMLCSR_OK, "%s", error.text);
    abuse_sample(&b, 4000);
    b.data[b.size - 22 - 20] = 0; /* without a locator, the numbers of the end record stand */
    expect_refused(b, DMLCSR_ERROR_FORMAT, "directory reaches past the end", "sample");
    b = zip_file(items, 2, 0, 0, true);
    b.data[b.size - 22 - 12] ^= 1;
    expect_refused(b, DMLCSR_ERROR_FORMAT, "ZIP64 end record is missing", "sample");
    bytes_free(&pickle);
}
END_TEST

START_TEST(zip_contents)
{
    bytes pickle = sound_pickle();
    const zip_item twice[] = { { "r/data.pkl", pickle.data, pickle.size }, { "r/data/0", floats, sizeof floats },
                               { "r/data/0", floats, sizeof floats } };
    expect_refused(zip_file(twice, 3, 0, 0, false), DMLCSR_ERROR_FORMAT, "is there twice", "'r/data/0'");
    const zip_item other[] = { { "word/document.xml", "<x/>", 4 } };
    expect_refused(zip_file(other, 1, 0, 0, false), DMLCSR_ERROR_FORMAT, "no data.pkl in it", "sample");
    const zip_item flat[] = { { "data.pkl", pickle.data, pickle.size }, { "data/0", floats, sizeof floats } };
    bytes b = zip_file(flat, 2, 0, 0, false);
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_text(&b, "a comment");
    b.data[b.size - 9 - 2] = 9;
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    bytes_free(&pickle);
}
END_TEST

/* ---- legacy ------------------------------------------------------------------------------------------------------ */

#define MAGIC "\x80\x02\x8A\x0Al\xFC\x9C\x46\xF9\x20j\xA8P\x19."

typedef struct legacy {
    unsigned protocol;
    const char *key;     /* in the list of keys */
    uint64_t count;      /* in front of the data */
    size_t data_size, extra;
    bool second_type, twice, view;
} legacy;

static bytes legacy_file(legacy l)
{
    bytes b = { 0 };
    bytes_put(&b, MAGIC, sizeof MAGIC - 1);
    bytes_text(&b, "\x80\x02M");
    bytes_number(&b, l.protocol, 2);
    bytes_text(&b, ".\x80\x02}.");
    bytes_text(&b, START);
    put_tensor(&b, "ww", &sound, !l.view);
    if (l.second_type)
        put_tensor(&b, "vv", &(tensor){ "ctorch\nIntStorage\n", "0", 12, 0, 1, 1, { 1 }, { 1 } }, true);
    bytes_text(&b, ".\x80\x02]");
    for (int i = 0; i <= l.twice; i++) {
        put_string(&b, l.key);
        bytes_text(&b, "a");
    }
    bytes_text(&b, ".");
    bytes_number(&b, l.count, 8);
    bytes_put(&b, floats, l.data_size);
    for (size_t i = 0; i < l.extra; i++)
        bytes_number(&b, 0, 1);
    return b;
}

START_TEST(legacy_refused)
{
    bytes b = legacy_file((legacy){ 1001, "0", 12, 48, 0, false, false, false });
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
    expect_refused(legacy_file((legacy){ 1002, "0", 12, 48, 0, false, false, false }), DMLCSR_ERROR_UNSUPPORTED,
                   "protocol 1001", "sample");
    expect_refused(legacy_file((legacy){ 1001, "1", 12, 48, 0, false, false, false }), DMLCSR_ERROR_FORMAT,
                   "list of storages does not fit", "sample");
    expect_refused(legacy_file((legacy){ 1001, "0", 12, 48, 100, false, true, false }), DMLCSR_ERROR_FORMAT,
                   "list of storages does not fit", "sample");
    expect_refused(legacy_file((legacy){ 1001, "0", 11, 48, 0, false, false, false }), DMLCSR_ERROR_FORMAT,
                   "does not have the size its tensors say", "'0'");
    expect_refused(legacy_file((legacy){ 1001, "0", 12, 47, 0, false, false, false }), DMLCSR_ERROR_FORMAT, "cut off",
                   "'0'");
    expect_refused(legacy_file((legacy){ 1001, "0", 12, 48, 3, false, false, false }), DMLCSR_ERROR_FORMAT,
                   "3 bytes follow the last storage", "sample");
    expect_refused(legacy_file((legacy){ 1001, "0", 12, 48, 0, true, false, false }), DMLCSR_ERROR_FORMAT,
                   "two types or sizes", "sample");
    b = legacy_file((legacy){ 1001, "0", 12, 48, 0, false, false, true }); /* 5-tuple: as newer files have it */
    ck_assert_int_eq(open_sample(b.data, b.size, &error), DMLCSR_OK);
    bytes_free(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pth");
    TCase *tests = tcase_create("pth");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, kinds, 0, 2);
    tcase_add_loop_test(tests, nested, 0, 4);
    tcase_add_loop_test(tests, damaged, 0, 6);
    tcase_add_loop_test(tests, starved, 0, 6);
    tcase_add_loop_test(tests, tensor_refused, 0, sizeof tensor_refusals / sizeof *tensor_refusals);
    tcase_add_loop_test(tests, pickle_refused, 0, sizeof pickle_refusals / sizeof *pickle_refusals);
    tcase_add_loop_test(tests, names_refused, 0, 2);
    tcase_add_test(tests, shared_without_end);
    tcase_add_test(tests, byte_order);
    tcase_add_loop_test(tests, zip_refused, 0, sizeof zip_refusals / sizeof *zip_refusals);
    tcase_add_test(tests, zip64);
    tcase_add_test(tests, zip_contents);
    tcase_add_test(tests, legacy_refused);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures != 0;
}
