/* Fuzz target: the readers of PyTorch checkpoints. An input that is neither a ZIP archive nor a legacy stream is taken
   for the pickle of a checkpoint: it is wrapped into an archive with two storages, "0" of 96 bytes and "1" of 8. */
#include "model_target.h"

typedef struct archive {
    uint8_t *bytes, *directory;
    size_t size, directory_size;
    unsigned count;
} archive;

static void put(uint8_t *at, size_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

static void add(archive *a, const char *name, const uint8_t *data, size_t size)
{
    const size_t length = strlen(name);
    uint8_t *local = a->bytes + a->size, *central = a->directory + a->directory_size;
    memset(local, 0, 30);
    put(local, 0x04034B50, 4);
    put(local + 18, size, 4);
    put(local + 22, size, 4);
    put(local + 26, length, 2);
    memcpy(local + 30, name, length);
    memcpy(local + 30 + length, data, size);
    memset(central, 0, 46);
    put(central, 0x02014B50, 4);
    put(central + 20, size, 4);
    put(central + 24, size, 4);
    put(central + 28, length, 2);
    put(central + 42, a->size, 4);
    memcpy(central + 46, name, length);
    a->size += 30 + length + size;
    a->directory_size += 46 + length;
    a->count++;
}

static void wrap(const uint8_t *pickle, size_t size)
{
    static const uint8_t storage[96] = { 0, 0, 128, 63, 0, 60, 128, 63 };
    uint8_t directory[512];
    archive a = { .bytes = malloc(size + 1024), .directory = directory };
    if (!a.bytes)
        return;
    add(&a, "a/data.pkl", pickle, size);
    add(&a, "a/data/0", storage, sizeof storage);
    add(&a, "a/data/1", storage, 8);
    uint8_t *end = a.bytes + a.size + a.directory_size;
    memcpy(a.bytes + a.size, directory, a.directory_size);
    memset(end, 0, 22);
    put(end, 0x06054B50, 4);
    put(end + 8, a.count, 2);
    put(end + 10, a.count, 2);
    put(end + 12, a.directory_size, 4);
    put(end + 16, a.size, 4);
    fuzz_open(a.bytes, a.size + a.directory_size + 22);
    free(a.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int zip = size >= 2 && data[0] == 'P' && data[1] == 'K';
    const int legacy = size >= 4 && data[0] == 0x80 && data[2] == 0x8A && data[3] == 10;
    if (zip || legacy)
        fuzz_open(data, size);
    else
        wrap(data, size);
    return 0;
}
