/* Which key a layer has: one more walk through the family, over weights that are there. */
#include <stdio.h>

#include "net/family.h"
#include "onnx/export.h"

#define NEAR 8 /* the figure uses layers in about the order of the walk */

typedef struct namer {
    dml_visitor visitor; /* first: it is handed to the walk through the family */
    dml_onnx *o;
    uint32_t blocks; /* bottlenecks so far */
} namer;

static void add(dml_visitor *visitor, const dml_layer *layer, const void *at)
{
    dml_onnx *o = ((namer *)visitor)->o;
    dml_onnx_layer *l = &o->layer[o->layers++];
    l->at = at;
    snprintf(l->name.text, sizeof l->name.text, "%s", layer->conv);
}

static int name_conv(dml_visitor *visitor, const dml_layer *layer, bool relu, dml_conv *conv)
{
    (void)relu;
    add(visitor, layer, conv);
    return DMLCSR_OK;
}

static int name_depthwise(dml_visitor *visitor, const dml_layer *layer, dml_depthwise *op)
{
    add(visitor, layer, op);
    return DMLCSR_OK;
}

/* The scale of the convolution that was visited before. */
static int name_scalar(dml_visitor *visitor, const char *name, dml_real *value)
{
    dml_onnx *o = ((namer *)visitor)->o;
    dml_onnx_name *scale = &o->layer[o->layers - 1].scale;
    (void)value;
    snprintf(scale->text, sizeof scale->text, "%s", name);
    return DMLCSR_OK;
}

static bool is_projected(dml_visitor *visitor, const char *prefix, uint32_t in, uint32_t out, uint32_t stride)
{
    namer *n = (namer *)visitor;
    (void)prefix, (void)in, (void)out, (void)stride;
    return n->o->weights->bottlenecks[n->blocks++].projected;
}

int dml_onnx_name_layers(dml_onnx *o)
{
    static const dml_family from_weights;
    namer n = {{name_conv, name_depthwise, name_scalar, is_projected, o->error}, o, 0};
    return dml_family_visit(&n.visitor, &from_weights, o->weights);
}

dml_onnx_layer *dml_onnx_find(dml_onnx *o, const void *at)
{
    size_t i = o->last < NEAR ? 0 : o->last - NEAR;
    for (size_t n = 0; n < o->layers; n++, i = (i + 1) % o->layers) {
        if (o->layer[i].at == at) {
            o->last = i;
            return &o->layer[i];
        }
    }
    return NULL;
}
