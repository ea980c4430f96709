/* The reader. Numbers of fields are those of onnx.proto. */
#include "onnx_file.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model_files.h"

typedef struct span {
    const unsigned char *at, *end;
} span;

typedef struct field {
    uint64_t number, kind, value; /* value: of a varint or of 32 bits */
    span bytes;
} field;

static uint64_t varint(span *s)
{
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
        ck_assert_msg(s->at < s->end && shift < 64, "a number is cut off");
        value |= (uint64_t)(*s->at & 127) << shift;
        if (*s->at++ < 128)
            return value;
    }
}

/* False at the end of the message. */
static bool next(span *s, field *f)
{
    if (s->at == s->end)
        return false;
    const uint64_t key = varint(s);
    *f = (field){ .number = key / 8, .kind = key % 8 };
    if (f->kind == 0) {
        f->value = varint(s);
        return true;
    }
    ck_assert_msg(f->kind == 2 || f->kind == 5, "a field of kind %d", (int)f->kind);
    const uint64_t size = f->kind == 2 ? varint(s) : 4;
    ck_assert_msg(size <= (uint64_t)(s->end - s->at), "field %d reaches past its message", (int)f->number);
    f->bytes = (span){ s->at, s->at + size };
    for (int i = 0; f->kind == 5 && i < 4; i++)
        f->value |= (uint64_t)s->at[i] << 8 * i;
    s->at += size;
    return true;
}

static void text(const field *f, char *out, size_t size)
{
    const size_t length = (size_t)(f->bytes.end - f->bytes.at);
    ck_assert_msg(f->kind == 2 && length < size, "field %d is no text of less than %zu bytes", (int)f->number, size);
    memcpy(out, f->bytes.at, length);
    out[length] = 0;
}

static void unknown(const char *message, const field *f)
{
    ck_abort_msg("%s: field %d is not expected", message, (int)f->number);
}

#define ROOM(count, most) ck_assert_uint_lt(count, most)

static void read_attribute(span s, onnx_attribute *a)
{
    for (field f; next(&s, &f);) {
        const uint32_t bits = (uint32_t)f.value;
        switch (f.number) {
        case 1: text(&f, a->name, sizeof a->name); break;
        case 2: memcpy(&a->real, &bits, sizeof bits); break;
        case 4: text(&f, a->text, sizeof a->text); break;
        case 20: a->type = (int64_t)f.value; break;
        case 3: case 8:
            ROOM(a->count, 4);
            a->integers[a->count++] = (int64_t)f.value;
            break;
        default: unknown("AttributeProto", &f);
        }
    }
}

static void read_node(span s, onnx_node *n)
{
    for (field f; next(&s, &f);) {
        switch (f.number) {
        case 1:
            ROOM(n->inputs, 4);
            text(&f, n->input[n->inputs++], ONNX_NAME);
            break;
        case 2:
            ck_assert_str_eq(n->output, "");
            text(&f, n->output, ONNX_NAME);
            break;
        case 3: text(&f, n->name, ONNX_NAME); break;
        case 4: text(&f, n->op, sizeof n->op); break;
        case 5:
            ROOM(n->attributes, 5);
            read_attribute(f.bytes, &n->attribute[n->attributes++]);
            break;
        default: unknown("NodeProto", &f);
        }
    }
}

static void read_tensor(span s, onnx_tensor *t)
{
    size_t size = 0;
    for (field f; next(&s, &f);) {
        switch (f.number) {
        case 1:
            ROOM(t->rank, 4);
            t->shape[t->rank++] = (int64_t)f.value;
            break;
        case 2: t->type = (int64_t)f.value; break;
        case 8: text(&f, t->name, ONNX_NAME); break;
        case 9:
            t->raw = f.bytes.at;
            size = (size_t)(f.bytes.end - f.bytes.at);
            break;
        default: unknown("TensorProto", &f);
        }
    }
    t->count = 1;
    for (size_t i = 0; i < t->rank; i++)
        t->count *= (size_t)t->shape[i];
    ck_assert_msg(t->type == 1 || t->type == 7, "%s is of type %d", t->name, (int)t->type);
    ck_assert_msg(size == t->count * (t->type == 1 ? 4 : 8), "%s has %zu bytes", t->name, size);
}

/* The one field of a message, which is a message, too. */
static span only(span s, uint64_t number)
{
    field f;
    ck_assert_msg(next(&s, &f) && f.number == number && f.kind == 2 && s.at == s.end, "not only field %d", (int)number);
    return f.bytes;
}

static void read_port(span s, onnx_port *p)
{
    span type = { NULL, NULL }, shape = { NULL, NULL };
    field f;
    while (next(&s, &f)) {
        ck_assert_uint_le(f.number, 2);
        if (f.number == 1)
            text(&f, p->name, ONNX_NAME);
        else
            type = only(f.bytes, 1);
    }
    while (next(&type, &f)) {
        if (f.number == 1)
            p->type = (int64_t)f.value;
        else
            shape = f.bytes;
    }
    while (next(&shape, &f)) {
        span dim = f.bytes;
        ROOM(p->rank, 4);
        ck_assert(f.number == 1 && next(&dim, &f) && f.number == 1 && f.kind == 0);
        p->shape[p->rank++] = (int64_t)f.value;
    }
}

static void read_graph(span s, onnx_file *o)
{
    for (field f; next(&s, &f);) {
        switch (f.number) {
        case 1:
            ROOM(o->nodes, ONNX_NODES);
            read_node(f.bytes, &o->node[o->nodes++]);
            break;
        case 2: text(&f, o->graph, sizeof o->graph); break;
        case 5:
            ROOM(o->tensors, ONNX_TENSORS);
            read_tensor(f.bytes, &o->tensor[o->tensors++]);
            break;
        case 11:
            ROOM(o->inputs, ONNX_PORTS);
            read_port(f.bytes, &o->input[o->inputs++]);
            break;
        case 12:
            ROOM(o->outputs, ONNX_PORTS);
            read_port(f.bytes, &o->output[o->outputs++]);
            break;
        default: unknown("GraphProto", &f);
        }
    }
}

static void read_pair(span s, onnx_file *o)
{
    ROOM(o->pairs, ONNX_PAIRS);
    for (field f; next(&s, &f);) {
        if (f.number == 1)
            text(&f, o->key[o->pairs], sizeof o->key[0]);
        else
            text(&f, o->value[o->pairs], sizeof o->value[0]);
    }
    o->pairs++;
}

static void read_opset(span s, onnx_file *o)
{
    for (field f; next(&s, &f);) {
        if (f.number == 2)
            o->opset = (int64_t)f.value;
        else
            ck_assert(f.number == 1 && f.bytes.at == f.bytes.end); /* the domain of ONNX itself */
    }
}

onnx_file *onnx_open(const char *path)
{
    bytes b = bytes_of_file(path);
    onnx_file *o = calloc(1, sizeof *o);
    span s = { b.data, b.data + b.size };
    ck_assert_ptr_nonnull(o);
    o->data = b.data;
    for (field f; next(&s, &f);) {
        switch (f.number) {
        case 1: o->ir = (int64_t)f.value; break;
        case 2: text(&f, o->producer, sizeof o->producer); break;
        case 3: text(&f, o->version, sizeof o->version); break;
        case 7: read_graph(f.bytes, o); break;
        case 8: read_opset(f.bytes, o); break;
        case 14: read_pair(f.bytes, o); break;
        default: unknown("ModelProto", &f);
        }
    }
    return o;
}

void onnx_close(onnx_file *file)
{
    free(file->data);
    free(file);
}

const char *onnx_metadata(const onnx_file *file, const char *key)
{
    const char *found = NULL;
    for (size_t i = 0; i < file->pairs; i++) {
        if (!strcmp(file->key[i], key)) {
            ck_assert_msg(!found, "%s is there twice", key);
            found = file->value[i];
        }
    }
    return found;
}

const onnx_tensor *onnx_find(const onnx_file *file, const char *name)
{
    for (size_t i = 0; i < file->tensors; i++)
        if (!strcmp(file->tensor[i].name, name))
            return &file->tensor[i];
    return NULL;
}

float onnx_float(const onnx_tensor *tensor, size_t i)
{
    const unsigned char *at = tensor->raw + 4 * i;
    const uint32_t bits = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int64_t onnx_integer(const onnx_tensor *tensor, size_t i)
{
    uint64_t value = 0;
    for (int k = 0; k < 8; k++)
        value |= (uint64_t)tensor->raw[8 * i + k] << 8 * k;
    return (int64_t)value;
}

const onnx_attribute *onnx_attribute_of(const onnx_node *node, const char *name)
{
    for (size_t i = 0; i < node->attributes; i++)
        if (!strcmp(node->attribute[i].name, name))
            return &node->attribute[i];
    ck_abort_msg("%s has no %s", node->name, name);
    return NULL;
}
