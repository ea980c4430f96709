/* The context head: dynamic dual graph convolution. Tensors are matrices of pixels x channels here; a transpose exchanges
 * the two, and a product contracts the channels of its left factor with the pixels of its right one. */
#include "net/graph.h"

/* Attention among the channels of the local branch's summary x (c x 8 x 8 for an input of 473). */
static dml_node local_attention(dml_graph *g, const dml_local_attention *a, dml_node x)
{
    dml_node k = dml_graph_conv(g, &a->node_k, x, DML_NONE, DML_NONE);
    dml_node v = dml_graph_conv(g, &a->node_v, x, DML_NONE, DML_NONE);
    dml_node q = dml_graph_conv(g, &a->node_q, x, DML_NONE, DML_NONE);
    dml_node attention = dml_graph_product(g, dml_graph_transpose(g, q), v); /* A = softmax(Q . V^T) */
    attention = dml_graph_softmax(g, attention);
    dml_node w = dml_graph_product(g, k, attention);                         /* W = (K^T . A)^T */
    w = dml_graph_conv(g, &a->wg, w, DML_NONE, DML_NONE);
    dml_node y = dml_graph_conv(g, &a->out, w, x, DML_NONE);                 /* gamma * out(W) + x */
    dml_graph_tap(g, "context.dualgcn.gcn_local_attention");
    return y;
}

/* s = f * up(l) + f */
static void local_branch(dml_graph *g, const dml_dualgcn *d, dml_node f, dml_node s)
{
    dml_node l = f;
    for (int i = 0; i < 3; i++)
        l = dml_graph_depthwise(g, &d->local[i], l);
    dml_graph_tap(g, "context.dualgcn.local");
    dml_graph_gate(g, local_attention(g, &d->attention, l), f, s);
}

/* gamma1 * y + f, where y is f reasoned over in the coordinate graph */
static void graph_branch(dml_graph *g, const dml_dualgcn *d, dml_node f, dml_node y)
{
    dml_node p = dml_graph_conv(g, &d->phi, f, DML_NONE, DML_NONE);
    dml_node t = dml_graph_conv(g, &d->theta, f, DML_NONE, DML_NONE);
    dml_node z0 = dml_graph_product(g, dml_graph_transpose(g, p), t);        /* z0 = p . t^T */
    dml_node z = dml_graph_conv(g, &d->adj, z0, z0, DML_NONE);               /* z = conv_adj(z0^T)^T + z0 */
    z = dml_graph_conv(g, &d->wg, dml_graph_transpose(g, z), DML_NONE, DML_NONE);
    dml_node product = dml_graph_product(g, t, z);                           /* y = z . t */
    dml_graph_conv(g, &d->conv3, product, f, y);
}

static dml_node dualgcn(dml_graph *g, const dml_dualgcn *d, dml_node f)
{
    uint32_t c = dml_graph_channels(g, f), channels[2] = {c, c};
    dml_node part[2];
    dml_node both = dml_graph_concat(g, channels, 2, dml_graph_height(g, f), dml_graph_width(g, f), part);
    local_branch(g, d, f, part[0]);
    graph_branch(g, d, f, part[1]);
    dml_node y = dml_graph_conv(g, &d->final, both, DML_NONE, DML_NONE);
    dml_graph_tap(g, "context.dualgcn");
    return y;
}

dml_node dml_graph_context(dml_graph *g, const dml_context *context, const dml_features *f)
{
    dml_node a = dml_graph_conv(g, &context->conva, f->x5, DML_NONE, DML_NONE);
    dml_graph_tap(g, "context.conva");
    dml_graph_conv(g, &context->convb, dualgcn(g, &context->dualgcn, a), DML_NONE, f->b);
    dml_graph_tap(g, "context.convb");
    dml_node y = dml_graph_conv(g, &context->bottleneck, f->both, DML_NONE, DML_NONE);
    dml_graph_tap(g, "context");
    return y;
}
