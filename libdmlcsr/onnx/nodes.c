/* Nodes, initialisers, inputs and outputs as ONNX writes them down. The numbers are those of onnx.proto. */
#include "onnx/export.h"

enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_F = 2, ATTRIBUTE_I = 3, ATTRIBUTE_S = 4, ATTRIBUTE_INTS = 8, ATTRIBUTE_TYPE = 20 };
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_INTS = 7 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { OF_FLOAT = 1, OF_INT64 = 7 };

/* ---- nodes ---- */

void dml_onnx_begin(dml_onnx *o, const char *op, const char *name, const char *output)
{
    dml_message_text(&o->node, NODE_OP, op);
    dml_message_text(&o->node, NODE_NAME, name);
    dml_message_text(&o->node, NODE_OUTPUT, output);
}

void dml_onnx_input(dml_onnx *o, const char *name)
{
    dml_message_text(&o->node, NODE_INPUT, name);
}

static void end_attribute(dml_onnx *o, const char *name, uint64_t type)
{
    dml_message_text(&o->attribute, ATTRIBUTE_NAME, name);
    dml_message_number(&o->attribute, ATTRIBUTE_TYPE, type);
    dml_message_nested(&o->node, NODE_ATTRIBUTE, &o->attribute);
}

void dml_onnx_integer(dml_onnx *o, const char *name, int64_t value)
{
    dml_message_number(&o->attribute, ATTRIBUTE_I, (uint64_t)value);
    end_attribute(o, name, TYPE_INT);
}

void dml_onnx_integers(dml_onnx *o, const char *name, const int64_t *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        dml_message_number(&o->attribute, ATTRIBUTE_INTS, (uint64_t)values[i]);
    end_attribute(o, name, TYPE_INTS);
}

void dml_onnx_real(dml_onnx *o, const char *name, float value)
{
    dml_message_float(&o->attribute, ATTRIBUTE_F, value);
    end_attribute(o, name, TYPE_FLOAT);
}

void dml_onnx_word(dml_onnx *o, const char *name, const char *value)
{
    dml_message_text(&o->attribute, ATTRIBUTE_S, value);
    end_attribute(o, name, TYPE_STRING);
}

void dml_onnx_end(dml_onnx *o)
{
    dml_message_nested(&o->body, GRAPH_NODE, &o->node);
}

/* ---- initialisers ---- */

/* All of a TensorProto but its values, into o->node, which is free between nodes. */
static void begin_tensor(dml_onnx *o, const char *name, const int64_t *shape, size_t rank, uint64_t type)
{
    for (size_t i = 0; i < rank; i++)
        dml_message_number(&o->node, TENSOR_DIMS, (uint64_t)shape[i]);
    dml_message_number(&o->node, TENSOR_TYPE, type);
    dml_message_text(&o->node, TENSOR_NAME, name);
}

void dml_onnx_shape(dml_onnx *o, const char *name, const int64_t *values, size_t count)
{
    unsigned char raw[8 * 4];
    const int64_t shape[1] = {(int64_t)count};
    for (size_t i = 0; i < 8 * count; i++)
        raw[i] = (unsigned char)((uint64_t)values[i / 8] >> 8 * (i % 8));
    begin_tensor(o, name, shape, 1, OF_INT64);
    dml_message_bytes(&o->node, TENSOR_RAW, raw, 8 * count);
    dml_message_nested(&o->body, GRAPH_INITIALIZER, &o->node);
}

/* The values follow in the file, so the lengths that enclose them are written before there is anything in them. */
void dml_onnx_weights(dml_onnx *o, const char *name, const int64_t *shape, size_t rank, dml_onnx_values v)
{
    const uint64_t bytes = (uint64_t)v.count * sizeof(float);
    begin_tensor(o, name, shape, rank, OF_FLOAT);
    dml_message_begin(&o->node, TENSOR_RAW, bytes);
    dml_message_begin(&o->heads, GRAPH_INITIALIZER, o->node.size + bytes);
    dml_message_append(&o->heads, &o->node);
    v.head_end = o->heads.size;
    o->values[o->value_count++] = v;
    o->value_bytes += bytes;
}

/* ---- inputs and outputs ---- */

enum { VALUE_NAME = 1, VALUE_TYPE = 2, TYPE_TENSOR = 1, TENSOR_ELEMENT = 1, TENSOR_SHAPE = 2 };
enum { SHAPE_DIM = 1, DIM_VALUE = 1 };

/* ValueInfoProto { name, TypeProto { Tensor { element, TensorShapeProto { Dimension ... } } } }: from the inside. */
void dml_onnx_port(dml_onnx *o, uint32_t field, const char *name, dml_node node)
{
    const dml_graph *g = &o->graph;
    const uint32_t shape[4] = {1, dml_graph_channels(g, node), dml_graph_height(g, node), dml_graph_width(g, node)};
    dml_message *inner = &o->attribute, *outer = &o->node, *shapes = &o->list;
    for (int i = 0; i < 4; i++) {
        dml_message_number(inner, DIM_VALUE, shape[i]);
        dml_message_nested(shapes, SHAPE_DIM, inner);
    }
    dml_message_number(inner, TENSOR_ELEMENT, OF_FLOAT);
    dml_message_nested(inner, TENSOR_SHAPE, shapes);
    dml_message_nested(shapes, TYPE_TENSOR, inner);
    dml_message_text(outer, VALUE_NAME, name);
    dml_message_nested(outer, VALUE_TYPE, shapes);
    dml_message_nested(&o->body, field, outer);
}
