/* The encoder: ResNet with a stem of three 3 x 3 convolutions, output stride 8 (layer4 dilated). */
#include "net/graph.h"

/* y = relu(conv3(conv2(conv1(x))) + shortcut); the result takes the place of the shortcut, or goes to y when given. */
static dml_node bottleneck(dml_graph *g, const dml_bottleneck *b, dml_node x, dml_node y)
{
    dml_node place = g->separate ? DML_NONE : y;
    dml_node shortcut = b->projected ? dml_graph_conv(g, &b->downsample, x, DML_NONE, place) : x;
    dml_node inner = dml_graph_conv(g, &b->conv1, x, DML_NONE, DML_NONE);
    inner = dml_graph_conv(g, &b->conv2, inner, DML_NONE, DML_NONE);
    return dml_graph_conv(g, &b->conv3, inner, shortcut, y == DML_NONE && !g->separate ? shortcut : y);
}

/* A stage works in one tensor: the projection of its first block makes it, and each block adds to it. With separate
   steps, only the last block's result goes to y. */
static dml_node stage(dml_graph *g, const dml_stage *s, dml_node x, dml_node y)
{
    if (!s->block[0].projected && y == DML_NONE && !g->separate) /* nobody may add to the stage's input: others read it */
        y = dml_graph_tensor(g, dml_graph_channels(g, x), dml_graph_height(g, x), dml_graph_width(g, x));
    for (uint32_t i = 0; i < s->blocks; i++)
        x = bottleneck(g, &s->block[i], x, g->separate && i + 1 < s->blocks ? DML_NONE : y);
    return x;
}

/* The stem and layer1. */
dml_node dml_graph_layer1(dml_graph *g, const dml_encoder *e, dml_node image)
{
    static const char *const stem_name[3] = {"bn1", NULL, "bn3"};
    dml_node x = image;
    for (int i = 0; i < 3; i++) {
        x = dml_graph_conv(g, &e->stem[i], x, DML_NONE, DML_NONE);
        dml_graph_tap(g, stem_name[i]);
    }
    x = dml_graph_maxpool(g, x);
    dml_graph_tap(g, "maxpool");
    x = stage(g, &e->layer[0], x, DML_NONE);
    dml_graph_tap(g, "layer1");
    return x;
}

/* All that follows. */
dml_features dml_graph_encoder(dml_graph *g, const dml_weights *w, dml_node x2)
{
    const dml_encoder *e = &w->encoder;
    dml_features f = {.x2 = x2};
    f.x3 = stage(g, &e->layer[1], f.x2, DML_NONE);
    dml_graph_tap(g, "layer2");
    f.x4 = stage(g, &e->layer[2], f.x3, DML_NONE);
    dml_graph_tap(g, "layer3");

    /* layer4 writes its result where the context head wants to read it, beside convb's */
    const dml_stage *last = &e->layer[3];
    uint32_t channels[2] = {last->block[last->blocks - 1].conv3.shape.out, w->context.convb.shape.out};
    dml_node part[2];
    f.both = dml_graph_concat(g, channels, 2, dml_graph_height(g, f.x4), dml_graph_width(g, f.x4), part);
    f.b = part[1];
    f.x5 = stage(g, last, f.x4, part[0]);
    dml_graph_tap(g, "layer4");
    return f;
}
