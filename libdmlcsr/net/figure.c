/* The whole figure as one graph. */
#include "net/graph.h"

void dml_net_size(uint32_t h, uint32_t w, uint32_t *out_h, uint32_t *out_w)
{
    *out_h = dml_conv_side(dml_conv_side(h, 2), 2); /* the stem, and the maximum after it */
    *out_w = dml_conv_side(dml_conv_side(w, 2), 2);
}

/* Four steps a bottleneck; the rest of the figure has less than a hundred steps and tensors. A step may need room for
   itself beside its tensor. */
int dml_graph_reserve(dml_graph *g, const dml_weights *weights, dml_memory *memory, dml_error *error)
{
    uint32_t blocks = 0;
    for (int i = 0; i < 4; i++)
        blocks += weights->encoder.layer[i].blocks;
    g->capacity = 4 * blocks + 100;
    size_t bytes = g->capacity * (2 * sizeof *g->storage + sizeof *g->view + sizeof *g->step);
    g->storage = dml_alloc_zero(memory, 2 * g->capacity * sizeof *g->storage);
    g->view = dml_alloc_zero(memory, g->capacity * sizeof *g->view);
    g->step = dml_alloc_zero(memory, g->capacity * sizeof *g->step);
    if (!g->storage || !g->view || !g->step)
        return dml_fail(error, dml_memory_status(memory, bytes), "no memory for a plan of %zu bytes", bytes);
    return DMLCSR_OK;
}

void dml_graph_release(dml_graph *g, dml_memory *memory)
{
    dml_release(memory, g->storage);
    dml_release(memory, g->view);
    dml_release(memory, g->step);
}

/* From left to right; but what the parsing head takes from layer1 is a sixth of it, and all that is kept. */
void dml_graph_draw(dml_graph *g, const dml_weights *weights, uint32_t h, uint32_t w, dml_node end[4])
{
    end[0] = dml_graph_tensor(g, 3, h, w);
    dml_node x2 = dml_graph_layer1(g, &weights->encoder, end[0]);
    dml_node fine = dml_graph_fine(g, &weights->parsing, x2);
    dml_features f = dml_graph_encoder(g, weights, x2);
    dml_node context = dml_graph_context(g, &weights->context, &f);
    end[1] = dml_graph_parsing(g, &weights->parsing, context, fine);
    if (weights->edges)
        dml_graph_edges(g, &weights->edge, &f, &end[2], &end[3]);
}
