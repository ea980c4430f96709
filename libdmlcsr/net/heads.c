/* The parsing head, and the edge heads that are trained with it. */
#include "net/graph.h"

/* What the head sees of layer1. */
dml_node dml_graph_fine(dml_graph *g, const dml_parsing_head *head, dml_node x2)
{
    dml_node fine = dml_graph_conv(g, &head->conv2, x2, DML_NONE, DML_NONE);
    dml_graph_tap(g, "layer6.conv2");
    return fine;
}

dml_node dml_graph_parsing(dml_graph *g, const dml_parsing_head *head, dml_node context, dml_node fine)
{
    uint32_t h = dml_graph_height(g, fine), w = dml_graph_width(g, fine);
    uint32_t channels[2] = {head->conv1.shape.out, head->conv2.shape.out};
    dml_node part[2], both;
    dml_node top = dml_graph_conv(g, &head->conv1, context, DML_NONE, DML_NONE);
    dml_graph_tap(g, "layer6.conv1");
    both = dml_graph_concat(g, channels, 2, h, w, part);
    dml_graph_resize(g, top, h, w, part[0]);
    dml_graph_resize(g, fine, h, w, part[1]); /* a copy */
    dml_node v = dml_graph_conv(g, &head->conv3[0], both, DML_NONE, DML_NONE);
    v = dml_graph_conv(g, &head->conv3[1], v, DML_NONE, DML_NONE);
    v = dml_graph_conv(g, &head->conv4, v, DML_NONE, DML_NONE);
    dml_graph_tap(g, "seg");
    return v;
}

void dml_graph_edges(dml_graph *g, const dml_edge_heads *head, const dml_features *f, dml_node *binary,
                     dml_node *category)
{
    const dml_node level[3] = {f->x2, f->x3, f->x4};
    uint32_t h = dml_graph_height(g, f->x2), w = dml_graph_width(g, f->x2);
    uint32_t classes = head->conv4.shape.out, channels[3] = {classes, classes, classes};
    dml_node part[3];
    g->edges = true;
    dml_node all = dml_graph_concat(g, channels, 3, h, w, part);
    for (int i = 0; i < 3; i++) {
        dml_node e = dml_graph_conv(g, &head->level[i], level[i], DML_NONE, DML_NONE);
        if (i == 0) {
            dml_graph_conv(g, &head->conv4, e, DML_NONE, part[0]);
            continue;
        }
        e = dml_graph_conv(g, &head->conv4, e, DML_NONE, DML_NONE);
        dml_graph_resize(g, e, h, w, part[i]);
    }
    *binary = dml_graph_conv(g, &head->binary, all, DML_NONE, DML_NONE);
    dml_graph_tap(g, "binary_edge");
    *category = dml_graph_conv(g, &head->category, all, DML_NONE, DML_NONE);
    dml_graph_tap(g, "semantic_edge");
    g->edges = false;
}
