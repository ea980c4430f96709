/* From the library's steps to ONNX nodes. A tensor of c channels is 1 x c x h x w there; where a step sees it as a
 * matrix of pixels x channels, a node sees it as one of channels x pixels. */
#include <stdio.h>

#include "onnx/export.h"

#define NAME(target, ...) snprintf((target).text, sizeof (target).text, __VA_ARGS__)

enum { COUNTER_CONCAT = DML_STEP_TRANSPOSE + 1 };

/* ---- values ---- */

/* The name that a step gives to its result: `own`, unless it is an output of the whole. */
static const char *result(dml_onnx *o, dml_node y, const char *own)
{
    if (!*o->value[y].text)
        NAME(o->value[y], "%s", own);
    return o->value[y].text;
}

/* A concatenation becomes a node when somebody reads it whole: its parts are the views after it on the same storage. To
   be called between nodes. */
static const char *value_of(dml_onnx *o, dml_node x)
{
    const dml_graph *g = &o->graph;
    if (*o->value[x].text)
        return o->value[x].text;
    NAME(o->value[x], "concat%u", (unsigned)++o->counter[COUNTER_CONCAT]);
    dml_onnx_begin(o, "Concat", o->value[x].text, o->value[x].text);
    for (dml_node part = x + 1; part < g->views && g->view[part].storage == g->view[x].storage; part++)
        dml_onnx_input(o, o->value[part].text);
    dml_onnx_integer(o, "axis", 1);
    dml_onnx_end(o);
    return o->value[x].text;
}

static int64_t channels(const dml_onnx *o, dml_node x)
{
    return dml_graph_channels(&o->graph, x);
}

static int64_t height(const dml_onnx *o, dml_node x)
{
    return dml_graph_height(&o->graph, x);
}

static int64_t width(const dml_onnx *o, dml_node x)
{
    return dml_graph_width(&o->graph, x);
}

/* "resize2" */
static dml_onnx_name next_name(dml_onnx *o, const dml_step *s, const char *kind)
{
    dml_onnx_name name;
    NAME(name, "%s%u", kind, (unsigned)++o->counter[s->kind]);
    return name;
}

/* ---- a layer: several nodes in a row ---- */

typedef struct chain {
    dml_onnx *o;
    dml_onnx_name base; /* of the node of the convolution */
    dml_node y;
    int left;           /* nodes to come; the last one's output is the step's result */
    dml_onnx_name at;   /* the value so far */
} chain;

/* Begins the next node, whose first input is the value so far. */
static void begin_link(chain *c, const char *op, const char *suffix)
{
    dml_onnx_name name;
    NAME(name, "%.90s%s", c->base.text, suffix);
    const char *output = --c->left ? name.text : result(c->o, c->y, name.text);
    dml_onnx_begin(c->o, op, name.text, output);
    dml_onnx_input(c->o, c->at.text);
    NAME(c->at, "%s", output);
}

static void link_activation(chain *c, float slope)
{
    if (slope == 1.0f)
        return;
    begin_link(c, slope == 0.0f ? "Relu" : "LeakyRelu", slope == 0.0f ? ".relu" : ".leaky");
    if (slope != 0.0f)
        dml_onnx_real(c->o, "alpha", slope);
    dml_onnx_end(c->o);
}

static void link_with(chain *c, const char *op, const char *suffix, const char *second)
{
    begin_link(c, op, suffix);
    dml_onnx_input(c->o, second);
    dml_onnx_end(c->o);
}

/* The node of a convolution: weight[4] is out, in / groups, kernel, kernel. */
static void link_conv(chain *c, const char *layer, const int64_t weight[4], int64_t groups, int64_t stride,
                      int64_t dilation)
{
    const int64_t pad = dilation * (weight[2] - 1) / 2, pads[4] = {pad, pad, pad, pad};
    dml_onnx_name name;
    begin_link(c, "Conv", "");
    NAME(name, "%.90s.weight", layer);
    dml_onnx_input(c->o, name.text);
    NAME(name, "%.90s.bias", layer);
    dml_onnx_input(c->o, name.text);
    dml_onnx_integer(c->o, "group", groups);
    dml_onnx_integers(c->o, "kernel_shape", weight + 2, 2);
    dml_onnx_integers(c->o, "strides", (const int64_t[2]){stride, stride}, 2);
    dml_onnx_integers(c->o, "dilations", (const int64_t[2]){dilation, dilation}, 2);
    dml_onnx_integers(c->o, "pads", pads, 4);
    dml_onnx_end(c->o);
}

static void add_weights(dml_onnx *o, const char *layer, const int64_t weight[4], dml_onnx_values values,
                        const float *bias)
{
    dml_onnx_name name;
    values.count = (size_t)(weight[0] * weight[1] * weight[2] * weight[3]);
    NAME(name, "%.90s.weight", layer);
    dml_onnx_weights(o, name.text, weight, 4, values);
    NAME(name, "%.90s.bias", layer);
    dml_onnx_weights(o, name.text, weight, 1, (dml_onnx_values){.data = bias, .count = (size_t)weight[0]});
}

/* A layer that is used again shares its weights; its nodes need other names. */
static chain begin_chain(dml_onnx *o, const dml_onnx_layer *layer, const dml_step *s)
{
    chain c = {.o = o, .y = s->y};
    NAME(c.at, "%s", value_of(o, s->x));
    if (layer->uses == 1)
        NAME(c.base, "%.90s", layer->name.text);
    else
        NAME(c.base, "%.90s_%u", layer->name.text, (unsigned)layer->uses);
    return c;
}

/* y = relu?(scale * leaky(W * x + bias) + residual) */
static void translate_conv(dml_onnx *o, const dml_step *s)
{
    const dml_conv *conv = s->conv;
    const dml_conv_shape *shape = &conv->shape;
    const int64_t weight[4] = {shape->out, shape->in, shape->kernel, shape->kernel};
    dml_onnx_layer *layer = dml_onnx_find(o, conv);
    const char *name = layer->name.text, *scale = layer->scale.text;
    const bool residual = s->second != DML_NONE;
    if (!layer->uses++) {
        add_weights(o, name, weight, (dml_onnx_values){.data = conv->weight, .conv = shape}, conv->bias);
        if (*scale)
            dml_onnx_weights(o, scale, (const int64_t[1]){1}, 1, (dml_onnx_values){.data = &conv->scale, .count = 1});
    }
    chain c = begin_chain(o, layer, s);
    c.left = 1 + (conv->slope != 1.0f) + (*scale != 0) + residual + conv->relu;
    link_conv(&c, name, weight, 1, shape->stride, shape->dilation);
    link_activation(&c, conv->slope);
    if (*scale)
        link_with(&c, "Mul", ".scale", scale);
    if (residual)
        link_with(&c, "Add", ".add", value_of(o, s->second));
    if (conv->relu)
        link_activation(&c, 0.0f);
}

static void translate_depthwise(dml_onnx *o, const dml_step *s)
{
    const dml_depthwise *op = s->depthwise;
    const int64_t weight[4] = {op->channels, 1, 3, 3};
    dml_onnx_layer *layer = dml_onnx_find(o, op);
    layer->uses++;
    add_weights(o, layer->name.text, weight, (dml_onnx_values){.data = op->weight, .depthwise = true}, op->bias);
    chain c = begin_chain(o, layer, s);
    c.left = 1 + (op->slope != 1.0f);
    link_conv(&c, layer->name.text, weight, op->channels, op->stride, 1);
    link_activation(&c, op->slope);
}

/* ---- all other steps ---- */

static void reshape(dml_onnx *o, const char *name, const char *x, const char *y, const int64_t *shape, size_t rank)
{
    dml_onnx_name sizes;
    NAME(sizes, "%.90s.shape", name);
    dml_onnx_shape(o, sizes.text, shape, rank);
    dml_onnx_begin(o, "Reshape", name, y);
    dml_onnx_input(o, x);
    dml_onnx_input(o, sizes.text);
    dml_onnx_end(o);
}

static void translate_maxpool(dml_onnx *o, const dml_step *s)
{
    const dml_onnx_name name = next_name(o, s, "maxpool");
    const char *x = value_of(o, s->x);
    dml_onnx_begin(o, "MaxPool", name.text, result(o, s->y, name.text));
    dml_onnx_input(o, x);
    dml_onnx_integers(o, "kernel_shape", (const int64_t[2]){3, 3}, 2);
    dml_onnx_integers(o, "strides", (const int64_t[2]){2, 2}, 2);
    dml_onnx_integers(o, "pads", (const int64_t[4]){1, 1, 1, 1}, 4);
    dml_onnx_end(o);
}

static void binary(dml_onnx *o, const char *op, const char *name, const char *a, const char *b, const char *y)
{
    dml_onnx_begin(o, op, name, y);
    dml_onnx_input(o, a);
    dml_onnx_input(o, b);
    dml_onnx_end(o);
}

/* Alone, or as a gate: y = f * up(x) + f. */
static void translate_resize(dml_onnx *o, const dml_step *s)
{
    const bool gate = s->second != DML_NONE;
    const char *x = value_of(o, s->x);
    if (!gate && height(o, s->x) == height(o, s->y) && width(o, s->x) == width(o, s->y)) {
        result(o, s->y, x); /* a copy is of use in memory alone */
        return;
    }
    const dml_onnx_name name = next_name(o, s, "resize");
    dml_onnx_name sizes, product, sum;
    NAME(sizes, "%.90s.sizes", name.text);
    dml_onnx_shape(o, sizes.text, (const int64_t[4]){1, channels(o, s->x), height(o, s->y), width(o, s->y)}, 4);
    dml_onnx_begin(o, "Resize", name.text, gate ? name.text : result(o, s->y, name.text));
    dml_onnx_input(o, x);
    dml_onnx_input(o, ""); /* region */
    dml_onnx_input(o, ""); /* scales */
    dml_onnx_input(o, sizes.text);
    dml_onnx_word(o, "mode", "linear");
    dml_onnx_word(o, "coordinate_transformation_mode", "align_corners");
    dml_onnx_end(o);
    if (gate) {
        const char *f = value_of(o, s->second);
        NAME(product, "%.90s.gate", name.text);
        NAME(sum, "%.90s.add", name.text);
        binary(o, "Mul", product.text, f, name.text, product.text);
        binary(o, "Add", sum.text, product.text, f, result(o, s->y, sum.text));
    }
}

static void translate_softmax(dml_onnx *o, const dml_step *s)
{
    const dml_onnx_name name = next_name(o, s, "softmax");
    const char *x = value_of(o, s->x);
    dml_onnx_begin(o, "Softmax", name.text, result(o, s->y, name.text));
    dml_onnx_input(o, x);
    dml_onnx_integer(o, "axis", 1);
    dml_onnx_end(o);
}

/* x * b of matrices of pixels x channels is b * x of matrices of channels x pixels. */
static void translate_product(dml_onnx *o, const dml_step *s)
{
    const int64_t inner = channels(o, s->x), out = channels(o, s->y), h = height(o, s->y), w = width(o, s->y);
    const dml_onnx_name name = next_name(o, s, "product");
    dml_onnx_name left, right, y;
    NAME(left, "%.90s.left", name.text);
    NAME(right, "%.90s.right", name.text);
    NAME(y, "%.90s.picture", name.text);
    reshape(o, left.text, value_of(o, s->second), left.text, (const int64_t[3]){1, out, inner}, 3);
    reshape(o, right.text, value_of(o, s->x), right.text, (const int64_t[3]){1, inner, h * w}, 3);
    binary(o, "MatMul", name.text, left.text, right.text, name.text);
    reshape(o, y.text, name.text, result(o, s->y, y.text), (const int64_t[4]){1, out, h, w}, 4);
}

/* The result is one row of as many pixels as there were channels. */
static void translate_transpose(dml_onnx *o, const dml_step *s)
{
    const int64_t c = channels(o, s->x), pixels = channels(o, s->y);
    const dml_onnx_name name = next_name(o, s, "transpose");
    dml_onnx_name row;
    NAME(row, "%.90s.row", name.text);
    reshape(o, row.text, value_of(o, s->x), row.text, (const int64_t[4]){1, c, 1, pixels}, 4);
    dml_onnx_begin(o, "Transpose", name.text, result(o, s->y, name.text));
    dml_onnx_input(o, row.text);
    dml_onnx_integers(o, "perm", (const int64_t[4]){0, 3, 2, 1}, 4);
    dml_onnx_end(o);
}

void dml_onnx_translate(dml_onnx *o)
{
    for (uint32_t i = 0; i < o->graph.steps; i++) {
        const dml_step *s = &o->graph.step[i];
        switch (s->kind) {
        case DML_STEP_CONV: translate_conv(o, s); break;
        case DML_STEP_PRODUCT: translate_product(o, s); break;
        case DML_STEP_DEPTHWISE: translate_depthwise(o, s); break;
        case DML_STEP_MAXPOOL: translate_maxpool(o, s); break;
        case DML_STEP_RESIZE: translate_resize(o, s); break;
        case DML_STEP_SOFTMAX: translate_softmax(o, s); break;
        case DML_STEP_TRANSPOSE: translate_transpose(o, s); break;
        }
    }
}
