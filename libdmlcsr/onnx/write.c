/* The file: a ModelProto, whose graph is the nodes and then the weights. */
#include "onnx/onnx.h"

#include <string.h>

#include "model/file.h"
#include "model/names.h"
#include "onnx/export.h"

enum { MODEL_IR = 1, MODEL_PRODUCER = 2, MODEL_VERSION = 3, MODEL_GRAPH = 7, MODEL_OPSET = 8, MODEL_METADATA = 14 };
enum { OPSET_DOMAIN = 1, OPSET_VERSION = 2, ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { GRAPH_NAME = 2, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };

#define MESSAGE_MAX INT32_MAX /* protobuf's own limit */
#define CHUNK 4096            /* values that are encoded at once */
#define TEXT_(number) #number
#define TEXT(number) TEXT_(number)
#define VERSION TEXT(DMLCSR_VERSION_MAJOR) "." TEXT(DMLCSR_VERSION_MINOR) "." TEXT(DMLCSR_VERSION_PATCH)

static int fail_memory(const dml_onnx *o, size_t size)
{
    return dml_fail(o->error, dml_memory_status(o->memory, size), "no memory to write the network as ONNX");
}

/* ---- the graph ---- */

/* The graph has room for a step of each layer. */
static int reserve(dml_onnx *o)
{
    int status;
    DML_TRY(dml_graph_reserve(&o->graph, o->weights, o->memory, o->error));
    const size_t count = o->graph.capacity;
    o->layer = dml_alloc_zero(o->memory, count * sizeof *o->layer);
    o->value = dml_alloc_zero(o->memory, count * sizeof *o->value);
    o->values = dml_alloc(o->memory, 3 * count * sizeof *o->values);
    if (!o->layer || !o->value || !o->values)
        return fail_memory(o, count * (sizeof *o->layer + sizeof *o->value + 3 * sizeof *o->values));
fail:
    return status;
}

static int make_graph(dml_onnx *o, uint32_t size)
{
    static const char *const name[4] = {"input", "parsing", "binary_edge", "category_edge"};
    const int ends = o->weights->edges ? 4 : 2;
    int status;
    DML_TRY(reserve(o));
    DML_TRY(dml_onnx_name_layers(o));
    o->graph.separate = true; /* a value of ONNX is written once */
    dml_graph_draw(&o->graph, o->weights, size, size, o->end);
    dml_message_text(&o->body, GRAPH_NAME, "dmlcsr");
    for (int i = 0; i < ends; i++) {
        dml_onnx_port(o, i ? GRAPH_OUTPUT : GRAPH_INPUT, name[i], o->end[i]);
        memcpy(o->value[o->end[i]].text, name[i], strlen(name[i]) + 1);
    }
    dml_onnx_translate(o);
    if (o->body.failed || o->heads.failed)
        return fail_memory(o, o->body.capacity);
fail:
    return status;
}

/* ---- what is around it ---- */

static int add_metadata(dml_onnx *o, dml_message *head, const char *key, const char *value)
{
    if (!dml_utf8_valid(key, strlen(key)) || !dml_utf8_valid(value, strlen(value)))
        return dml_fail(o->error, DMLCSR_ERROR_ARGUMENT, "'%s' cannot be metadata: not sound UTF-8",
                        dml_quote(key, strlen(key)).text);
    dml_message_text(&o->node, ENTRY_KEY, key);
    dml_message_text(&o->node, ENTRY_VALUE, value);
    dml_message_nested(head, MODEL_METADATA, &o->node);
    return DMLCSR_OK;
}

/* All that comes before the graph, its length included. */
static int make_head(dml_onnx *o, const char *path, const char *const *metadata, size_t pair_count, dml_message *head)
{
    const uint64_t graph = o->body.size + o->heads.size + o->value_bytes;
    int status = DMLCSR_OK;
    dml_message_number(head, MODEL_IR, DML_ONNX_IR);
    dml_message_text(head, MODEL_PRODUCER, "libdmlcsr");
    dml_message_text(head, MODEL_VERSION, VERSION);
    dml_message_text(&o->node, OPSET_DOMAIN, "");
    dml_message_number(&o->node, OPSET_VERSION, DML_ONNX_OPSET);
    dml_message_nested(head, MODEL_OPSET, &o->node);
    for (size_t i = 0; i < pair_count; i++)
        DML_TRY(add_metadata(o, head, metadata[2 * i], metadata[2 * i + 1]));
    dml_message_begin(head, MODEL_GRAPH, graph);
    if (head->failed)
        return fail_memory(o, head->capacity);
    if (head->size + graph > MESSAGE_MAX)
        return dml_fail(o->error, DMLCSR_ERROR_UNSUPPORTED, "%.300s: would have %llu bytes, and ONNX allows %ld", path,
                        (unsigned long long)(head->size + graph), (long)MESSAGE_MAX);
fail:
    return status;
}

/* ---- writing ---- */

static float value_at(const dml_onnx_values *v, size_t i)
{
    return v->data[v->conv ? dml_conv_packed_at(v->conv, i) : v->depthwise ? dml_depthwise_packed_at(i) : i];
}

static int write_values(const dml_onnx *o, const dml_onnx_values *v, dml_sink *sink)
{
    unsigned char bytes[4 * CHUNK];
    int status = DMLCSR_OK;
    for (size_t i = 0; i < v->count;) {
        size_t used = 0;
        for (; i < v->count && used < sizeof bytes; i++) {
            const float value = value_at(v, i);
            uint32_t bits;
            memcpy(&bits, &value, sizeof bits);
            for (int k = 0; k < 4; k++)
                bytes[used++] = (unsigned char)(bits >> 8 * k);
        }
        DML_TRY(dml_sink_write(sink, bytes, used, o->error));
    }
fail:
    return status;
}

static int write_file(const dml_onnx *o, const char *path, const dml_message *head)
{
    dml_sink sink = {0};
    size_t at = 0;
    int status;
    DML_TRY(dml_sink_open(&sink, path, o->memory, o->error));
    DML_TRY(dml_sink_write(&sink, head->data, head->size, o->error));
    DML_TRY(dml_sink_write(&sink, o->body.data, o->body.size, o->error));
    for (size_t i = 0; i < o->value_count; i++) {
        const dml_onnx_values *v = &o->values[i];
        DML_TRY(dml_sink_write(&sink, o->heads.data + at, v->head_end - at, o->error));
        DML_TRY(write_values(o, v, &sink));
        at = v->head_end;
    }
    DML_TRY(dml_sink_commit(&sink, o->error));
fail:
    dml_sink_close(&sink);
    return status;
}

int dml_onnx_write(const char *path, dml_weights *weights, uint32_t size, const char *const *metadata,
                   size_t pair_count, dml_memory *memory, dml_error *error)
{
    const dml_message none = {.memory = memory};
    dml_message head = none;
    dml_onnx o = {.weights = weights, .memory = memory, .error = error, .body = none, .heads = none, .node = none,
                  .attribute = none, .list = none};
    int status;
    DML_TRY(make_graph(&o, size));
    DML_TRY(make_head(&o, path, metadata, pair_count, &head));
    DML_TRY(write_file(&o, path, &head));
fail:
    dml_graph_release(&o.graph, memory);
    dml_release(memory, o.layer);
    dml_release(memory, o.value);
    dml_release(memory, o.values);
    dml_message *const messages[] = {&head, &o.body, &o.heads, &o.node, &o.attribute, &o.list};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        dml_message_free(messages[i]);
    return status;
}
