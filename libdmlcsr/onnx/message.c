/* The wire format of protobuf. Each field is a key, number * 8 + kind, and a value of that kind. */
#include "onnx/message.h"

#include <string.h>

#include "model/names.h"

enum { VARINT = 0, LENGTH = 2, FIXED32 = 5 };

void dml_message_free(dml_message *m)
{
    dml_release(m->memory, m->data);
    *m = (dml_message){ .memory = m->memory };
}

static void append(dml_message *m, const void *data, size_t size)
{
    while (!m->failed && m->capacity - m->size < size) {
        unsigned char *bigger = dml_array_grow(m->data, m->capacity, &m->capacity, 1, m->memory);
        m->failed = !bigger;
        if (bigger)
            m->data = bigger;
    }
    if (m->failed || !size)
        return;
    memcpy(m->data + m->size, data, size);
    m->size += size;
}

/* Seven bits a byte, lowest first; the eighth says that more follow. */
static void append_varint(dml_message *m, uint64_t value)
{
    unsigned char bytes[10];
    size_t count = 0;
    for (; value > 127; value >>= 7)
        bytes[count++] = (unsigned char)(value | 128);
    bytes[count++] = (unsigned char)value;
    append(m, bytes, count);
}

void dml_message_number(dml_message *m, uint32_t field, uint64_t value)
{
    append_varint(m, field * 8 + VARINT);
    append_varint(m, value);
}

void dml_message_float(dml_message *m, uint32_t field, float value)
{
    uint32_t bits;
    unsigned char bytes[4];
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        bytes[i] = (unsigned char)(bits >> 8 * i);
    append_varint(m, field * 8 + FIXED32);
    append(m, bytes, sizeof bytes);
}

void dml_message_begin(dml_message *m, uint32_t field, uint64_t size)
{
    append_varint(m, field * 8 + LENGTH);
    append_varint(m, size);
}

void dml_message_bytes(dml_message *m, uint32_t field, const void *data, size_t size)
{
    dml_message_begin(m, field, size);
    append(m, data, size);
}

void dml_message_text(dml_message *m, uint32_t field, const char *text)
{
    dml_message_bytes(m, field, text, strlen(text));
}

void dml_message_nested(dml_message *m, uint32_t field, dml_message *part)
{
    dml_message_begin(m, field, part->size);
    dml_message_append(m, part);
}

void dml_message_append(dml_message *m, dml_message *part)
{
    append(m, part->data, part->size);
    m->failed |= part->failed;
    part->size = 0;
}
