/* One handle's network: the graph for one input size, its arena, and the loop that runs the steps. */
#include "net/graph.h"

struct dml_net {
    dml_graph graph;
    float *arena;
    size_t arena_bytes;
    const dml_kernels *kernels;
    const float *zeros; /* bias of products */
    dml_tensor input, parsing, binary_edge, category_edge;
    bool edges;
};

/* For what convolutions need beside their tensors. */
static void add_rooms(dml_graph *g, uint32_t threads)
{
    for (uint32_t i = 0; i < g->steps; i++) {
        const dml_step *s = &g->step[i];
        if (s->kind != DML_STEP_CONV)
            continue;
        const size_t x_size = (size_t)dml_graph_floats(g, s->x);
        const size_t floats = dml_conv_any_room(&s->conv->shape, s->second != DML_NONE, x_size,
                                                dml_graph_height(g, s->y), dml_graph_width(g, s->y), threads);
        if (floats)
            dml_graph_room(g, i, floats);
    }
}

int dml_net_create(dml_net **out, const dml_weights *weights, const dml_kernels *kernels, uint32_t h, uint32_t w,
                   uint32_t threads, dml_memory *memory, dml_error *error)
{
    dml_node end[4];
    int status;
    dml_net *net = dml_alloc_zero(memory, sizeof *net);
    if (!net)
        return dml_fail(error, dml_memory_status(memory, sizeof *net), "no memory for a plan");
    net->kernels = kernels;
    net->zeros = weights->zeros;
    net->edges = weights->edges;
    DML_TRY(dml_graph_reserve(&net->graph, weights, memory, error));
    dml_graph_draw(&net->graph, weights, h, w, end);
    for (int i = 1; i < (net->edges ? 4 : 2); i++)
        dml_graph_keep(&net->graph, end[i]);
    add_rooms(&net->graph, threads);

    const uint64_t floats = dml_graph_place(&net->graph);
    net->arena_bytes = floats < SIZE_MAX / sizeof(float) ? (size_t)floats * sizeof(float) : SIZE_MAX;
    net->arena = dml_alloc(memory, net->arena_bytes);
    if (!net->arena) {
        status = dml_fail(error, dml_memory_status(memory, net->arena_bytes),
                          "no memory for the activations of an input of %u x %u: %llu bytes", (unsigned)w, (unsigned)h,
                          (unsigned long long)floats * sizeof(float));
        goto fail;
    }
    net->input = dml_graph_resolve(&net->graph, end[0], net->arena);
    net->parsing = dml_graph_resolve(&net->graph, end[1], net->arena);
    if (net->edges) {
        net->binary_edge = dml_graph_resolve(&net->graph, end[2], net->arena);
        net->category_edge = dml_graph_resolve(&net->graph, end[3], net->arena);
    }
    *out = net;
    return DMLCSR_OK;
fail:
    dml_net_free(net, memory);
    return status;
}

void dml_net_free(dml_net *net, dml_memory *memory)
{
    if (!net)
        return;
    dml_graph_release(&net->graph, memory);
    dml_release(memory, net->arena);
    dml_release(memory, net);
}

size_t dml_net_bytes(const dml_net *net)
{
    return net->arena_bytes;
}

const dml_tensor *dml_net_input(const dml_net *net)
{
    return &net->input;
}

const dml_tensor *dml_net_parsing(const dml_net *net)
{
    return &net->parsing;
}

const dml_tensor *dml_net_binary_edge(const dml_net *net)
{
    return net->edges ? &net->binary_edge : NULL;
}

const dml_tensor *dml_net_category_edge(const dml_net *net)
{
    return net->edges ? &net->category_edge : NULL;
}

/* x * b: a pointwise convolution whose packed weights are b as it lies in memory, [channel block][pixel][16]. */
static void run_product(const dml_net *net, dml_pool *pool, const dml_tensor *x, const dml_tensor *b,
                        const dml_tensor *y)
{
    uint32_t inner = b->h * b->w;
    dml_conv conv = {.shape = {.in = inner, .out = b->c, .kernel = 1, .stride = 1, .dilation = 1}, .weight = b->data,
                     .bias = net->zeros, .panel = dml_tensor_plane(b), .blocks = dml_blocks(inner),
                     .tail = (inner - 1) % DML_BLOCK + 1, .slope = 1.0f, .scale = 1.0f};
    dml_conv_run(&conv, net->kernels, pool, x, NULL, y);
}

static void run_step(const dml_net *net, dml_pool *pool, const dml_step *s, const dml_tensor *y)
{
    const dml_kernels *k = net->kernels;
    dml_tensor x = dml_graph_resolve(&net->graph, s->x, net->arena), other;
    const dml_tensor *second = NULL;
    if (s->second != DML_NONE) {
        other = dml_graph_resolve(&net->graph, s->second, net->arena);
        second = &other;
    }
    float *room = s->room != DML_NONE ? net->arena + net->graph.storage[s->room].offset : NULL;
    switch (s->kind) {
    case DML_STEP_CONV: dml_conv_any_run(s->conv, k, pool, &x, second, y, room); break;
    case DML_STEP_PRODUCT: run_product(net, pool, &x, second, y); break;
    case DML_STEP_DEPTHWISE: dml_depthwise_run(s->depthwise, k, pool, &x, y); break;
    case DML_STEP_MAXPOOL: dml_maxpool_run(k, pool, &x, y); break;
    case DML_STEP_RESIZE: dml_resize_run(k, pool, &x, second, y); break;
    case DML_STEP_SOFTMAX: dml_softmax_run(k, pool, &x, y); break;
    case DML_STEP_TRANSPOSE: dml_transpose_run(k, pool, &x, y); break;
    }
}

int dml_net_run(dml_net *net, dml_pool *pool, bool edges, const dml_watch *watch)
{
    const dml_graph *g = &net->graph;
    uint32_t total = 0, done = 0;
    int status = DMLCSR_OK;
    for (uint32_t i = 0; i < g->steps; i++)
        total += edges || !g->step[i].edges;
    dml_pool_wake(pool);
    for (uint32_t i = 0; i < g->steps; i++) {
        const dml_step *s = &g->step[i];
        if (s->edges && !edges)
            continue;
        if (watch && watch->progress && watch->progress(watch->opaque, done, total)) {
            status = DMLCSR_ERROR_CANCELLED;
            break;
        }
        dml_tensor y = dml_graph_resolve(g, s->y, net->arena);
        if (watch && watch->conv && s->kind == DML_STEP_CONV) {
            const dml_tensor x = dml_graph_resolve(g, s->x, net->arena);
            watch->conv(watch->opaque, s->conv, &x);
        }
        run_step(net, pool, s, &y);
        if (watch && watch->tap && s->name)
            watch->tap(watch->opaque, s->name, &y);
        done++;
    }
    dml_pool_rest(pool);
    if (status == DMLCSR_OK && watch && watch->progress)
        watch->progress(watch->opaque, total, total);
    return status;
}
