#include "model/zip.h"

#include <string.h>

#include "model/reader.h"

#define END_SIZE 22       /* end of central directory record */
#define LOCATOR_SIZE 20   /* ZIP64 end of central directory locator */
#define END64_SIZE 56     /* ZIP64 end of central directory record */
#define CENTRAL_SIZE 46   /* central directory entry, without name, extra field and comment */
#define LOCAL_SIZE 30     /* local header, without name and extra field */
#define SIGNATURE_END 0x06054B50
#define SIGNATURE_LOCATOR 0x07064B50
#define SIGNATURE_END64 0x06064B50
#define SIGNATURE_CENTRAL 0x02014B50
#define SIGNATURE_LOCAL 0x04034B50
#define FLAG_ENCRYPTED 0x0001
#define FLAG_SIZES_LATER 0x0008 /* the local header has zeros where the sizes belong */
#define FLAG_MASKED 0x2040      /* strong encryption, encrypted directory */
#define IN_EXTRA 0xFFFFFFFF     /* the true number is in the ZIP64 extra field */

typedef struct archive {
    const unsigned char *bytes;
    const char *label;
    dml_memory *memory;
    dml_error *error;
    size_t directory, directory_size; /* where the central directory is */
    uint64_t count;
} archive;

/* One entry as the central directory tells it. */
typedef struct central {
    uint32_t flags, method, name_size, extra_size, comment_size;
    uint64_t packed, size, start;
} central;

static int fail_archive(const archive *a, const char *what)
{
    return dml_fail(a->error, DMLCSR_ERROR_FORMAT, "%s: damaged ZIP archive: %s", a->label, what);
}

static int fail_entry(const archive *a, dml_name name, int status, const char *what)
{
    return dml_fail(a->error, status, "%s: ZIP entry '%s' %s", a->label, dml_quote(name.text, name.length).text, what);
}

static int fail_memory(const archive *a)
{
    return dml_fail(a->error, dml_memory_status(a->memory, (size_t)a->count * sizeof(dml_zip_entry)),
                    "%s: no memory for the directory of the ZIP archive", a->label);
}

/* The end record is the last thing in the file but for a comment. */
static const unsigned char *find_end(const unsigned char *bytes, size_t size)
{
    if (size < END_SIZE)
        return NULL;
    const size_t last = size - END_SIZE, first = last > 0xFFFF ? last - 0xFFFF : 0;
    for (size_t at = last + 1; at-- > first;) {
        if (dml_le32(bytes + at) == SIGNATURE_END && dml_le16(bytes + at + 20) == last - at)
            return bytes + at;
    }
    return NULL;
}

static int find_directory(archive *a, size_t size)
{
    const unsigned char *end = find_end(a->bytes, size);
    if (!end)
        return fail_archive(a, "its end record is missing, the file may be cut off");
    uint64_t limit = (uint64_t)(end - a->bytes), length = dml_le32(end + 12), start = dml_le32(end + 16);
    uint64_t disks = dml_le16(end + 4) | dml_le16(end + 6);
    a->count = dml_le16(end + 10);
    if (limit >= LOCATOR_SIZE && dml_le32(end - LOCATOR_SIZE) == SIGNATURE_LOCATOR) {
        const uint64_t at = dml_le64(end - LOCATOR_SIZE + 8);
        limit -= LOCATOR_SIZE;
        if (limit < END64_SIZE || at > limit - END64_SIZE || dml_le32(a->bytes + at) != SIGNATURE_END64)
            return fail_archive(a, "its ZIP64 end record is missing");
        const unsigned char *end64 = a->bytes + at;
        limit = at;
        disks = dml_le32(end64 + 16) | dml_le32(end64 + 20);
        a->count = dml_le64(end64 + 32);
        length = dml_le64(end64 + 40);
        start = dml_le64(end64 + 48);
    }
    if (disks)
        return fail_archive(a, "it is one part of several");
    if (start > limit || length > limit - start)
        return fail_archive(a, "its directory reaches past the end");
    if (a->count > length / CENTRAL_SIZE)
        return fail_archive(a, "its directory is too small for its entries");
    a->directory = (size_t)start;
    a->directory_size = (size_t)length;
    return DMLCSR_OK;
}

/* Replaces the numbers that did not fit into 32 bits. False when the extra field lacks them. */
static bool read_extra(central *c, const unsigned char *extra, size_t size)
{
    uint64_t *const wanted[] = { &c->size, &c->packed, &c->start };
    const unsigned char *field = NULL;
    size_t left = 0;
    for (size_t at = 0; size - at >= 4 && !field;) {
        size_t length = dml_le16(extra + at + 2);
        if (length > size - at - 4)
            break; /* the padding some writers use is no list of fields */
        if (dml_le16(extra + at) == 1) {
            field = extra + at + 4;
            left = length;
        }
        at += 4 + length;
    }
    for (size_t i = 0; i < 3; i++) {
        if (*wanted[i] != IN_EXTRA)
            continue;
        if (left < 8)
            return false;
        *wanted[i] = dml_le64(field);
        field += 8;
        left -= 8;
    }
    return true;
}

/* A number of the local header agrees when it is the same, or said elsewhere. */
static bool agrees(uint32_t local, uint64_t size, uint32_t flags)
{
    return local == size || local == IN_EXTRA || (!local && (flags & FLAG_SIZES_LATER));
}

/* Finds the data of an entry behind its local header, which must say the same as the directory. */
static int check_local(const archive *a, const central *c, dml_zip_entry *entry)
{
    const dml_name name = entry->name;
    if (c->start > a->directory || a->directory - c->start < LOCAL_SIZE)
        return fail_entry(a, name, DMLCSR_ERROR_FORMAT, "begins past the end of the data");
    const unsigned char *local = a->bytes + c->start;
    const size_t room = a->directory - (size_t)c->start;
    const size_t skip = LOCAL_SIZE + dml_le16(local + 26) + (size_t)dml_le16(local + 28);
    if (dml_le32(local) != SIGNATURE_LOCAL)
        return fail_entry(a, name, DMLCSR_ERROR_FORMAT, "has no local header");
    if (skip > room || c->size > room - skip)
        return fail_entry(a, name, DMLCSR_ERROR_FORMAT, "reaches past the end of the data");
    if (dml_le16(local + 26) != name.length || memcmp(local + LOCAL_SIZE, name.text, name.length))
        return fail_entry(a, name, DMLCSR_ERROR_FORMAT, "has another name in its local header");
    const uint32_t flags = dml_le16(local + 6);
    if (dml_le16(local + 8) != c->method || !agrees(dml_le32(local + 18), c->packed, flags)
        || !agrees(dml_le32(local + 22), c->size, flags))
        return fail_entry(a, name, DMLCSR_ERROR_FORMAT, "differs between the directory and its local header");
    entry->data = local + skip;
    entry->size = (size_t)c->size;
    entry->start = (size_t)c->start;
    return DMLCSR_OK;
}

/* Reads the entry of the directory at *at and moves on. */
static int read_entry(const archive *a, size_t *at, dml_zip_entry *entry)
{
    const size_t left = a->directory + a->directory_size - *at;
    const unsigned char *p = a->bytes + *at;
    if (left < CENTRAL_SIZE || dml_le32(p) != SIGNATURE_CENTRAL)
        return fail_archive(a, "an entry of its directory is malformed");
    central c = { dml_le16(p + 8), dml_le16(p + 10), dml_le16(p + 28), dml_le16(p + 30), dml_le16(p + 32),
                  dml_le32(p + 20), dml_le32(p + 24), dml_le32(p + 42) };
    const size_t length = CENTRAL_SIZE + c.name_size + (size_t)c.extra_size + c.comment_size;
    if (length > left)
        return fail_archive(a, "an entry of its directory is cut off");
    entry->name = (dml_name){ (const char *)p + CENTRAL_SIZE, c.name_size };
    if (!read_extra(&c, p + CENTRAL_SIZE + c.name_size, c.extra_size))
        return fail_entry(a, entry->name, DMLCSR_ERROR_FORMAT, "lacks its ZIP64 sizes");
    if (c.flags & (FLAG_ENCRYPTED | FLAG_MASKED))
        return fail_entry(a, entry->name, DMLCSR_ERROR_UNSUPPORTED, "is encrypted");
    if (c.method)
        return fail_entry(a, entry->name, DMLCSR_ERROR_UNSUPPORTED, "is compressed; torch.save does not compress");
    if (c.packed != c.size)
        return fail_entry(a, entry->name, DMLCSR_ERROR_FORMAT, "has two different sizes");
    *at += length;
    return check_local(a, &c, entry);
}

static int tie_ends(const void *items, size_t a, size_t b)
{
    const dml_zip_entry *entries = items;
    return (entries[a].data > entries[b].data) - (entries[a].data < entries[b].data);
}

/* No byte may belong to two entries: a small file could otherwise pretend to hold a large model. */
static int check_overlap(const archive *a, const dml_zip *zip)
{
    size_t size;
    dml_key *keys = dml_mul(zip->count, 2 * sizeof *keys, &size) ? dml_alloc(a->memory, size) : NULL;
    if (!keys)
        return fail_memory(a);
    for (size_t i = 0; i < zip->count; i++)
        keys[i] = (dml_key){ zip->entries[i].start, i };
    dml_keys_sort(keys, keys + zip->count, zip->count, tie_ends, zip->entries);
    int status = DMLCSR_OK;
    const unsigned char *end = a->bytes;
    for (size_t i = 0; i < zip->count && status == DMLCSR_OK; i++) {
        const dml_zip_entry *entry = &zip->entries[keys[i].index];
        if (a->bytes + entry->start < end)
            status = fail_entry(a, entry->name, DMLCSR_ERROR_FORMAT, "overlaps another entry");
        end = entry->data + entry->size;
    }
    dml_release(a->memory, keys);
    return status;
}

static dml_name entry_name(const void *items, size_t i)
{
    return ((const dml_zip_entry *)items)[i].name;
}

int dml_zip_open(dml_zip *zip, const unsigned char *bytes, size_t size, const char *label, dml_memory *memory,
                 dml_error *error)
{
    archive a = { .bytes = bytes, .label = label, .memory = memory, .error = error };
    size_t need, twin;
    int status;
    *zip = (dml_zip){ 0 };
    DML_TRY(find_directory(&a, size));
    zip->entries = dml_mul((size_t)a.count, sizeof *zip->entries, &need) ? dml_alloc(memory, need) : NULL;
    if (!zip->entries)
        return fail_memory(&a);
    size_t at = a.directory;
    for (; zip->count < a.count; zip->count++)
        DML_TRY(read_entry(&a, &at, &zip->entries[zip->count]));
    if (at != a.directory + a.directory_size) {
        status = fail_archive(&a, "its directory has bytes that belong to no entry");
        goto fail;
    }
    DML_TRY(check_overlap(&a, zip));
    zip->index.items = zip->entries;
    zip->index.name = entry_name;
    if (!dml_index_build(&zip->index, zip->count, &twin, memory))
        status = fail_memory(&a);
    else if (twin != DML_NOT_FOUND)
        status = fail_entry(&a, zip->entries[twin].name, DMLCSR_ERROR_FORMAT, "is there twice");
fail:
    return status; /* the caller closes */
}

void dml_zip_close(dml_zip *zip, dml_memory *memory)
{
    if (zip->index.keys)
        dml_index_free(&zip->index, memory);
    dml_release(memory, zip->entries);
    *zip = (dml_zip){ 0 };
}

const dml_zip_entry *dml_zip_find(const dml_zip *zip, const char *name, size_t length)
{
    size_t found = dml_index_find(&zip->index, name, length);
    return found == DML_NOT_FOUND ? NULL : &zip->entries[found];
}
