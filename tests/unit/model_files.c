#include "model_files.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_put(bytes *b, const void *data, size_t size)
{
    if (b->capacity - b->size < size) {
        b->capacity = 2 * b->capacity + size + 64;
        b->data = realloc(b->data, b->capacity);
        ck_assert_ptr_nonnull(b->data);
    }
    if (size)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

void bytes_text(bytes *b, const char *text)
{
    bytes_put(b, text, strlen(text));
}

void bytes_number(bytes *b, uint64_t value, int size)
{
    for (int i = 0; i < size; i++) {
        unsigned char byte = i < 8 ? (unsigned char)(value >> 8 * i) : 0;
        bytes_put(b, &byte, 1);
    }
}

void bytes_free(bytes *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}

bytes bytes_of_file(const char *path)
{
    bytes b = { 0 };
    unsigned char block[4096];
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    for (size_t got; (got = fread(block, 1, sizeof block, file)) > 0;)
        bytes_put(&b, block, got);
    fclose(file);
    return b;
}

bytes safetensors_file(const char *header, size_t data_size)
{
    bytes b = { 0 };
    bytes_number(&b, strlen(header), 8);
    bytes_text(&b, header);
    for (size_t i = 0; i < data_size; i++)
        bytes_number(&b, i + 1, 1);
    return b;
}

/* What both headers have: flags .. length of the extra field. */
static void put_common(bytes *b, const zip_item *item, unsigned flags, unsigned method, unsigned extra)
{
    const size_t size = extra ? 0xFFFFFFFF : item->size;
    bytes_number(b, flags, 2);
    bytes_number(b, method, 2);
    bytes_number(b, 0, 8); /* time, date, CRC */
    bytes_number(b, size, 4);
    bytes_number(b, size, 4);
    bytes_number(b, strlen(item->name), 2);
    bytes_number(b, extra, 2);
}

static void put_extra(bytes *b, const zip_item *item, unsigned length)
{
    bytes_number(b, 0x7075, 2); /* another field in front */
    bytes_number(b, 1, 2);
    bytes_number(b, 0, 1);
    bytes_number(b, 1, 2);
    bytes_number(b, length - 9, 2);
    bytes_number(b, item->size, 8);
    bytes_number(b, item->size, 8);
}

static void put_end64(bytes *b, size_t count, size_t start)
{
    const size_t at = b->size;
    bytes_number(b, 0x06064B50, 4);
    bytes_number(b, 44, 8);
    bytes_number(b, 45, 2);
    bytes_number(b, 45, 2);
    bytes_number(b, 0, 8);
    bytes_number(b, count, 8);
    bytes_number(b, count, 8);
    bytes_number(b, at - start, 8);
    bytes_number(b, start, 8);
    bytes_number(b, 0x07064B50, 4);
    bytes_number(b, 0, 4);
    bytes_number(b, at, 8);
    bytes_number(b, 1, 4);
}

bytes zip_file(const zip_item *items, size_t count, unsigned flags, unsigned method, bool zip64)
{
    bytes b = { 0 }, directory = { 0 };
    for (size_t i = 0; i < count; i++) {
        const size_t start = b.size;
        bytes_number(&b, 0x04034B50, 4);
        bytes_number(&b, 20, 2);
        put_common(&b, &items[i], flags, method, zip64 ? 25 : 0);
        bytes_text(&b, items[i].name);
        if (zip64)
            put_extra(&b, &items[i], 25);
        bytes_put(&b, items[i].data, items[i].size);
        bytes_number(&directory, 0x02014B50, 4);
        bytes_number(&directory, 20, 2);
        bytes_number(&directory, 20, 2);
        put_common(&directory, &items[i], flags, method, zip64 ? 33 : 0);
        bytes_number(&directory, 0, 10); /* comment, disk, attributes */
        bytes_number(&directory, zip64 ? 0xFFFFFFFF : start, 4);
        bytes_text(&directory, items[i].name);
        if (zip64) {
            put_extra(&directory, &items[i], 33);
            bytes_number(&directory, start, 8);
        }
    }
    const size_t start = b.size, size = directory.size;
    bytes_put(&b, directory.data, directory.size);
    if (zip64)
        put_end64(&b, count, start);
    bytes_number(&b, 0x06054B50, 4);
    bytes_number(&b, 0, 4);
    bytes_number(&b, zip64 ? 0xFFFF : count, 2);
    bytes_number(&b, zip64 ? 0xFFFF : count, 2);
    bytes_number(&b, zip64 ? 0xFFFFFFFF : size, 4);
    bytes_number(&b, zip64 ? 0xFFFFFFFF : start, 4);
    bytes_number(&b, 0, 2);
    bytes_free(&directory);
    return b;
}

static void read_all(const dml_model *model, const unsigned char *data, size_t size)
{
    dml_kernels kernels;
    ck_assert(dml_kernels_init(&kernels, DMLCSR_ISA_C));
    for (size_t i = 0; i < dml_model_count(model); i++) {
        const dml_entry *entry = dml_model_entry(model, i);
        dml_error error = { "" };
        ck_assert_ptr_eq(dml_model_find(model, entry->name), entry);
        ck_assert(entry->data >= data && entry->data <= data + size);
        if (entry->count > 1u << 20)
            continue; /* an expanded view of a damaged file */
        float *values = malloc(entry->count * sizeof *values + 1);
        ck_assert_ptr_nonnull(values);
        int status = dml_entry_read(entry, &kernels, values, &error);
        if (status == DMLCSR_OK && entry->count)
            ck_assert(values[entry->count - 1] == values[entry->count - 1]);
        else if (status != DMLCSR_OK)
            ck_assert_ptr_nonnull(strstr(error.text, "tensor '"));
        free(values);
        dml_model_forget(model, entry);
    }
}

int open_sample(const void *data, size_t size, dml_error *error)
{
    dml_memory memory;
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    error->text[0] = 0;
    int status = dml_model_open_memory(&model, data, size, "sample", &memory, error);
    ck_assert_int_eq(status == DMLCSR_OK, model != NULL);
    if (model)
        read_all(model, data, size);
    else
        ck_assert_msg(!strncmp(error->text, "sample: ", 8), "the sentence does not name the file: %s", error->text);
    dml_model_close(model);
    ck_assert_uint_eq(atomic_load(&memory.used), 0);
    return status;
}

void expect_refused(bytes b, int status, const char *word, const char *other)
{
    dml_error error;
    const int is = open_sample(b.data, b.size, &error);
    ck_assert_msg(is == status, "status %d, must be %d (%s): %s", is, status, word, error.text);
    ck_assert_msg(strstr(error.text, word) && strstr(error.text, other), "'%s' lacks '%s' or '%s'", error.text, word,
                  other);
    bytes_free(&b);
}

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Copies into a block of exactly the size, so that a sanitizer sees one byte too many. */
static void open_copy(const unsigned char *data, size_t size, int *status)
{
    dml_error error;
    unsigned char *copy = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size);
    *status = open_sample(copy, size, &error);
    free(copy);
}

static void damage(unsigned char *data, size_t size, uint32_t *seed)
{
    static const unsigned char favourites[] = { 0, 1, 0x7F, 0x80, 0xFF, '{', '}', '(', '.', 'q' };
    const unsigned edits = 1 + next_random(seed) % 4;
    for (unsigned i = 0; i < edits; i++) {
        const size_t at = next_random(seed) % size, from = next_random(seed) % size;
        size_t length = 1 + next_random(seed) % 16;
        switch (next_random(seed) % 4) {
        case 0: data[at] ^= (unsigned char)(1u << next_random(seed) % 8); break;
        case 1: data[at] = favourites[next_random(seed) % sizeof favourites]; break;
        case 2: data[at] = (unsigned char)next_random(seed); break;
        default:
            length = length < size - at ? length : size - at;
            length = length < size - from ? length : size - from;
            memmove(data + at, data + from, length);
        }
    }
}

void abuse_sample(const bytes *b, unsigned rounds)
{
    int status;
    uint32_t seed = 2022;
    for (size_t size = 0; size < b->size; size++) {
        open_copy(b->data, size, &status);
        ck_assert_msg(status < 0, "the first %zu of %zu bytes are accepted", size, b->size);
    }
    unsigned char *copy = malloc(b->size);
    ck_assert_ptr_nonnull(copy);
    unsigned refused = 0;
    for (unsigned i = 0; i < rounds; i++) {
        memcpy(copy, b->data, b->size);
        damage(copy, b->size, &seed);
        open_copy(copy, b->size, &status);
        refused += status < 0;
    }
    free(copy);
    ck_assert_uint_gt(refused, rounds / 10); /* else the damage does not reach what is checked */
}

/* Fails when `left` is used up. */
typedef struct rations {
    unsigned left, asked;
} rations;

static void *ration(void *opaque, size_t size, size_t alignment)
{
    rations *r = opaque;
    r->asked++;
    if (!r->left)
        return NULL;
    r->left--;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void give_back(void *opaque, void *block)
{
    (void)opaque;
    free(block);
}

unsigned starve_sample(const bytes *b)
{
    for (unsigned n = 0; n < 10000; n++) {
        rations r = { n, 0 };
        dml_memory memory;
        dml_error error = { "" };
        dml_model *model = NULL;
        dml_memory_init(&memory, ration, give_back, &r, 0);
        int status = dml_model_open_memory(&model, b->data, b->size, "sample", &memory, &error);
        dml_model_close(model);
        ck_assert_uint_eq(atomic_load(&memory.used), 0);
        if (status == DMLCSR_OK) {
            ck_assert_uint_eq(r.asked, n);
            return n;
        }
        ck_assert_msg(status == DMLCSR_ERROR_MEMORY, "allocation %u: status %d: %s", n, status, error.text);
        ck_assert_ptr_nonnull(strstr(error.text, "no memory"));
    }
    ck_abort_msg("does not open however much memory there is");
    return 0;
}
