#include "net/graph.h"

static dml_storage *storage_of(const dml_graph *g, dml_node node)
{
    return &g->storage[g->view[node].storage];
}

static dml_node new_view(dml_graph *g, uint32_t storage, uint32_t block, uint32_t c)
{
    g->view[g->views] = (dml_view){storage, block, c};
    return g->views++;
}

dml_node dml_graph_tensor(dml_graph *g, uint32_t c, uint32_t h, uint32_t w)
{
    g->storage[g->storages] = (dml_storage){dml_blocks(c), h, w, 0, g->steps, g->steps, 0};
    return new_view(g, g->storages++, 0, c);
}

dml_node dml_graph_concat(dml_graph *g, const uint32_t *channels, uint32_t parts, uint32_t h, uint32_t w,
                          dml_node *part)
{
    uint32_t blocks = 0;
    for (uint32_t i = 0; i < parts; i++)
        blocks += dml_blocks(channels[i]);
    dml_node whole = dml_graph_tensor(g, blocks * DML_BLOCK, h, w);
    uint32_t block = 0;
    for (uint32_t i = 0; i < parts; i++) {
        part[i] = new_view(g, g->view[whole].storage, block, channels[i]);
        block += dml_blocks(channels[i]);
    }
    return whole;
}

uint32_t dml_graph_channels(const dml_graph *g, dml_node node)
{
    return g->view[node].c;
}

uint32_t dml_graph_height(const dml_graph *g, dml_node node)
{
    return storage_of(g, node)->h;
}

uint32_t dml_graph_width(const dml_graph *g, dml_node node)
{
    return storage_of(g, node)->w;
}

void dml_graph_keep(dml_graph *g, dml_node node)
{
    storage_of(g, node)->last = UINT32_MAX;
}

/* Marks a node as needed by the step that is appended next. */
static void touch(dml_graph *g, dml_node node, uint32_t pad)
{
    if (node == DML_NONE)
        return;
    dml_storage *s = storage_of(g, node);
    if (s->last < g->steps)
        s->last = g->steps;
    if (s->pad < pad)
        s->pad = pad;
}

static dml_node append(dml_graph *g, dml_step step, uint32_t pad)
{
    touch(g, step.x, pad);
    touch(g, step.second, 0);
    touch(g, step.y, 0);
    step.edges = g->edges;
    step.room = DML_NONE;
    g->step[g->steps++] = step;
    return step.y;
}

dml_node dml_graph_conv(dml_graph *g, const dml_conv *conv, dml_node x, dml_node residual, dml_node y)
{
    const dml_conv_shape *s = &conv->shape;
    if (y == DML_NONE)
        y = dml_graph_tensor(g, s->out, dml_conv_side(dml_graph_height(g, x), s->stride),
                             dml_conv_side(dml_graph_width(g, x), s->stride));
    dml_step step = {.kind = DML_STEP_CONV, .conv = conv, .x = x, .second = residual, .y = y};
    return append(g, step, s->dilation * (s->kernel - 1) / 2);
}

dml_node dml_graph_depthwise(dml_graph *g, const dml_depthwise *op, dml_node x)
{
    dml_node y = dml_graph_tensor(g, op->channels, dml_conv_side(dml_graph_height(g, x), op->stride),
                                  dml_conv_side(dml_graph_width(g, x), op->stride));
    dml_step step = {.kind = DML_STEP_DEPTHWISE, .depthwise = op, .x = x, .second = DML_NONE, .y = y};
    return append(g, step, 1);
}

dml_node dml_graph_maxpool(dml_graph *g, dml_node x)
{
    dml_node y = dml_graph_tensor(g, dml_graph_channels(g, x), dml_conv_side(dml_graph_height(g, x), 2),
                                  dml_conv_side(dml_graph_width(g, x), 2));
    return append(g, (dml_step){.kind = DML_STEP_MAXPOOL, .x = x, .second = DML_NONE, .y = y}, 0);
}

dml_node dml_graph_resize(dml_graph *g, dml_node x, uint32_t h, uint32_t w, dml_node y)
{
    if (y == DML_NONE)
        y = dml_graph_tensor(g, dml_graph_channels(g, x), h, w);
    return append(g, (dml_step){.kind = DML_STEP_RESIZE, .x = x, .second = DML_NONE, .y = y}, 0);
}

dml_node dml_graph_gate(dml_graph *g, dml_node x, dml_node f, dml_node y)
{
    return append(g, (dml_step){.kind = DML_STEP_RESIZE, .x = x, .second = f, .y = y}, 0);
}

dml_node dml_graph_softmax(dml_graph *g, dml_node x)
{
    dml_node y = x;
    if (g->separate)
        y = dml_graph_tensor(g, dml_graph_channels(g, x), dml_graph_height(g, x), dml_graph_width(g, x));
    return append(g, (dml_step){.kind = DML_STEP_SOFTMAX, .x = x, .second = DML_NONE, .y = y}, 0);
}

dml_node dml_graph_transpose(dml_graph *g, dml_node x)
{
    dml_node y = dml_graph_tensor(g, dml_graph_height(g, x) * dml_graph_width(g, x), 1, dml_graph_channels(g, x));
    return append(g, (dml_step){.kind = DML_STEP_TRANSPOSE, .x = x, .second = DML_NONE, .y = y}, 0);
}

dml_node dml_graph_product(dml_graph *g, dml_node x, dml_node b)
{
    dml_node y = dml_graph_tensor(g, dml_graph_channels(g, b), dml_graph_height(g, x), dml_graph_width(g, x));
    return append(g, (dml_step){.kind = DML_STEP_PRODUCT, .x = x, .second = b, .y = y}, 0);
}

void dml_graph_tap(dml_graph *g, const char *name)
{
    g->step[g->steps - 1].name = name;
}

void dml_graph_room(dml_graph *g, uint32_t step, uint64_t floats)
{
    g->storage[g->storages] = (dml_storage){(uint32_t)((floats - 1) / DML_BLOCK + 1), 1, 1, 0, step, step, 0};
    g->step[step].room = g->storages++;
}

static bool live_together(const dml_storage *a, const dml_storage *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* The lowest place for `s` beside the storages already placed (offset not UINT64_MAX). */
static uint64_t lowest_offset(const dml_storage *storage, uint32_t count, const dml_storage *s)
{
    uint64_t at = 0, size = dml_storage_floats(s);
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < count; i++) {
            const dml_storage *o = &storage[i];
            if (o->offset == UINT64_MAX || !live_together(s, o) || at + size <= o->offset
                || o->offset + dml_storage_floats(o) <= at)
                continue;
            at = o->offset + dml_storage_floats(o);
            moved = true;
        }
    }
    return at;
}

/* Largest first, each at the lowest place that is free while it lives. */
uint64_t dml_storage_place(dml_storage *storage, uint32_t count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        storage[i].offset = UINT64_MAX;
    for (uint32_t n = 0; n < count; n++) {
        dml_storage *largest = NULL;
        for (uint32_t i = 0; i < count; i++) {
            dml_storage *s = &storage[i];
            if (s->offset == UINT64_MAX && (!largest || dml_storage_floats(s) > dml_storage_floats(largest)))
                largest = s;
        }
        largest->offset = lowest_offset(storage, count, largest);
        if (largest->offset + dml_storage_floats(largest) > total)
            total = largest->offset + dml_storage_floats(largest);
    }
    return total;
}

uint64_t dml_graph_place(dml_graph *g)
{
    return dml_storage_place(g->storage, g->storages);
}

uint64_t dml_graph_floats(const dml_graph *g, dml_node node)
{
    const dml_storage *s = storage_of(g, node);
    return dml_storage_floats(&(dml_storage){.blocks = dml_blocks(g->view[node].c), .h = s->h, .w = s->w, .pad = s->pad});
}

dml_tensor dml_graph_resolve(const dml_graph *g, dml_node node, dml_real *arena)
{
    const dml_storage *s = storage_of(g, node);
    dml_tensor t = {arena + s->offset, g->view[node].c, s->h, s->w, s->pad};
    t.data += g->view[node].block * dml_tensor_plane(&t);
    return t;
}
