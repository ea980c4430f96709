/* From the bytes of a tensor to floats: types, strides, and the refusal of values that are not numbers. */
#include <string.h>

#include "model/reader.h"

#define BLOCK 1024 /* elements converted at a time: small enough to stay in the first cache */

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [DML_F64] = { "F64", 8 }, [DML_F32] = { "F32", 4 }, [DML_F16] = { "F16", 2 }, [DML_BF16] = { "BF16", 2 },
    [DML_I64] = { "I64", 8 }, [DML_I32] = { "I32", 4 }, [DML_I16] = { "I16", 2 }, [DML_I8] = { "I8", 1 },
    [DML_U8] = { "U8", 1 },   [DML_BOOL] = { "BOOL", 1 }, [DML_OTHER] = { "other", 0 },
};

const char *dml_dtype_name(dml_dtype dtype)
{
    return types[dtype].name;
}

size_t dml_dtype_size(dml_dtype dtype)
{
    return types[dtype].size;
}

bool dml_entry_contiguous(const dml_entry *entry)
{
    uint64_t step = 1;
    for (uint32_t i = entry->rank; i-- > 0;) {
        if (entry->shape[i] != 1 && entry->stride[i] != (int64_t)step)
            return entry->count == 0;
        step *= entry->shape[i];
    }
    return true;
}

/* Walks through the elements in C order. */
typedef struct walk {
    uint64_t at[DML_RANK];
    int64_t offset; /* of the element `at`, in elements */
} walk;

static void advance(walk *w, const dml_entry *entry)
{
    for (uint32_t i = entry->rank; i-- > 0;) {
        w->offset += entry->stride[i];
        if (++w->at[i] < entry->shape[i])
            return;
        w->offset -= entry->stride[i] * (int64_t)entry->shape[i];
        w->at[i] = 0;
    }
}

static void gather(walk *w, const dml_entry *entry, size_t size, size_t n, unsigned char *out)
{
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * size, entry->data + w->offset * (int64_t)size, size);
        advance(w, entry);
    }
}

static bool little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 1;
}

static void from_f32(const unsigned char *in, size_t n, float *out)
{
    if (little_endian()) {
        memcpy(out, in, n * sizeof *out);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = dml_le32(in + 4 * i);
        memcpy(&out[i], &bits, sizeof bits);
    }
}

static void from_f64(const unsigned char *in, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = dml_le64(in + 8 * i);
        double value;
        memcpy(&value, &bits, sizeof value);
        out[i] = (float)value;
    }
}

/* True when every value is finite: no exponent of all ones. Adding one to such an exponent carries into the sign bit,
   which lets the compiler collect a whole vector without a branch. */
static bool all_finite(const float *values, size_t n)
{
    uint32_t carry = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        carry |= (bits & 0x7FFFFFFF) + 0x00800000;
    }
    return !(carry >> 31);
}

static bool block_finite(const float *values, size_t n)
{
    return n == BLOCK ? all_finite(values, BLOCK) : all_finite(values, n);
}

static int fail_value(const dml_entry *entry, const float *values, size_t first, dml_error *error)
{
    size_t i = 0;
    while (all_finite(values + i, 1))
        i++;
    return dml_fail(error, DMLCSR_ERROR_MODEL, "tensor '%s': value %zu of %zu is not finite as a float",
                    dml_quote(entry->name, strlen(entry->name)).text, first + i, entry->count);
}

static int fail_type(const dml_entry *entry, dml_error *error)
{
    return dml_fail(error, DMLCSR_ERROR_UNSUPPORTED, "tensor '%s': values of type %s cannot be read as numbers",
                    dml_quote(entry->name, strlen(entry->name)).text,
                    dml_quote(entry->dtype_name, strlen(entry->dtype_name)).text);
}

bool dml_entry_is_number(const dml_entry *entry)
{
    return entry->dtype <= DML_BF16 || (entry->dtype == DML_I8 && entry->scale);
}

/* n values from `first` on. */
static void from_i8(const dml_entry *entry, const unsigned char *in, size_t first, size_t n, float *out)
{
    const size_t row = entry->count / (size_t)entry->shape[0];
    for (size_t i = 0; i < n; i++) {
        const size_t at = (first + i) / row;
        float scale;
        from_f32(entry->scale->data + (int64_t)at * entry->scale->stride[0] * 4, 1, &scale);
        out[i] = (float)(in[i] < 128 ? in[i] : in[i] - 256) * scale;
    }
}

int dml_entry_read(const dml_entry *entry, const dml_kernels *kernels, float *out, dml_error *error)
{
    if (!dml_entry_is_number(entry))
        return fail_type(entry, error);
    const bool straight = dml_entry_contiguous(entry);
    const size_t size = dml_dtype_size(entry->dtype);
    unsigned char gathered[BLOCK * 8];
    walk w = { { 0 }, 0 };
    for (size_t done = 0; done < entry->count; done += BLOCK) {
        const size_t n = entry->count - done < BLOCK ? entry->count - done : BLOCK;
        const unsigned char *in = straight ? entry->data + done * size : gathered;
        if (!straight)
            gather(&w, entry, size, n, gathered);
        if (entry->dtype == DML_F32)
            from_f32(in, n, out + done);
        else if (entry->dtype == DML_F64)
            from_f64(in, n, out + done);
        else if (entry->dtype == DML_I8)
            from_i8(entry, in, done, n, out + done);
        else
            (entry->dtype == DML_F16 ? kernels->from_f16 : kernels->from_bf16)(in, n, out + done);
        if (!block_finite(out + done, n))
            return fail_value(entry, out + done, done, error);
    }
    return DMLCSR_OK;
}

int dml_entry_copy(const dml_entry *entry, void *out, dml_error *error)
{
    if (entry->dtype == DML_OTHER)
        return fail_type(entry, error);
    walk w = { { 0 }, 0 };
    if (!entry->count)
        return DMLCSR_OK;
    if (dml_entry_contiguous(entry))
        memcpy(out, entry->data, entry->bytes);
    else
        gather(&w, entry, dml_dtype_size(entry->dtype), entry->count, out);
    return DMLCSR_OK;
}
