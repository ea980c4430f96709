/* When each tensor of a training step is needed, and where it lies. Forward steps are times 0 .. steps-1, the loss is
 * time `steps`, and the way back of step i is time 2 steps - i. */
#include "train/plan.h"

#include <string.h>

#include "base/take.h"
#include "ops/winograd.h"

static dml_batch place_batch(const dml_plan *p, uint32_t place, uint32_t block, uint32_t c)
{
    const dml_storage *s = &p->place[place];
    dml_batch b = {{NULL, c, s->h, s->w, s->pad}, p->n, (size_t)dml_storage_floats(s)};
    if (p->arena) /* shapes are asked for before there is memory */
        b.first.data = p->arena + s->offset * p->n + block * dml_tensor_plane(&b.first);
    return b;
}

dml_batch dml_plan_value(const dml_plan *p, dml_node node, int phase)
{
    const dml_view *v = &p->graph.view[node];
    return place_batch(p, p->value[phase][v->storage], v->block, v->c);
}

dml_batch dml_plan_gradient(const dml_plan *p, dml_node node)
{
    const dml_view *v = &p->graph.view[node];
    return place_batch(p, p->gradient[v->storage], v->block, v->c);
}

dml_batch dml_plan_kept(const dml_plan *p, const dml_plan_step *s, int phase)
{
    if (s->kept[phase] == DML_NONE)
        return dml_plan_value(p, s->step->y, phase);
    return place_batch(p, s->kept[phase], 0, s->layer->channels);
}

/* ---- what a step keeps --------------------------------------------------------------------------------------------- */

/* A norm whose result nobody changes is kept as that result; the others keep it beside. */
static bool keeps_beside(const dml_plan_step *s)
{
    const dml_train_layer *l = s->layer;
    if (!l || l->norm == DML_NORM_NONE)
        return false;
    return l->norm == DML_NORM_PLAIN || l->relu || l->scale != DML_ABSENT || s->step->second != DML_NONE;
}

static uint32_t new_place(dml_plan *p, uint32_t blocks, uint32_t h, uint32_t w, uint32_t pad)
{
    p->place[p->places] = (dml_storage){blocks, h, w, pad, UINT32_MAX, 0, 0};
    return p->places++;
}

static uint32_t copy_place(dml_plan *p, uint32_t place)
{
    const dml_storage *s = &p->place[place];
    return new_place(p, s->blocks, s->h, s->w, s->pad);
}

/* The end of the bottleneck that step i lies in: encoder steps behind the maximum, up to a sum with the shortcut. */
static void find_segments(dml_plan *p)
{
    const dml_graph *g = &p->graph;
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < g->steps; i++) {
        const dml_step *s = &g->step[i];
        if (s->kind == DML_STEP_MAXPOOL) {
            first = i + 1;
        } else if (first <= i && s->kind == DML_STEP_CONV && s->conv->relu) {
            for (uint32_t k = first; k <= i; k++)
                p->step[k].segment = i;
            first = i + 1;
        } else if (first <= i && s->kind != DML_STEP_CONV) {
            return;
        }
    }
}

static void describe_steps(dml_plan *p, bool recompute)
{
    const dml_graph *g = &p->graph;
    for (uint32_t i = 0; i < g->steps; i++) {
        dml_plan_step *s = &p->step[i];
        s->step = &g->step[i];
        s->layer = dml_draft_find(p->draft, s->step);
        s->segment = DML_NONE;
        s->wants_dx = g->view[s->step->x].storage != g->view[p->end[0]].storage;
        p->writer[g->view[s->step->y].storage] = i;
    }
    p->writer[g->view[p->end[0]].storage] = DML_NONE;
    if (recompute)
        find_segments(p);
}

/* Whether the value that step i writes is not kept for the way back but made again. */
static bool made_again(const dml_plan *p, uint32_t i)
{
    const dml_plan_step *s = &p->step[i];
    return s->again || (s->segment != DML_NONE && s->segment != i);
}

static void make_places(dml_plan *p)
{
    const dml_graph *g = &p->graph;
    for (uint32_t i = 0; i < g->storages; i++) {
        const dml_storage *s = &g->storage[i];
        p->value[DML_FORWARD][i] = p->value[DML_BACK][i] = new_place(p, s->blocks, s->h, s->w, s->pad);
        p->gradient[i] = new_place(p, s->blocks, s->h, s->w, 0);
    }
    for (uint32_t i = 0; i < g->steps; i++) {
        dml_plan_step *s = &p->step[i];
        const uint32_t y = g->view[s->step->y].storage;
        s->again = s->layer && s->layer->relu;
        s->kept[DML_FORWARD] = s->kept[DML_BACK] = DML_NONE;
        if (keeps_beside(s)) {
            const dml_storage *v = &g->storage[y];
            s->kept[DML_FORWARD] = new_place(p, dml_blocks(s->layer->channels), v->h, v->w, 0);
            s->kept[DML_BACK] = s->segment == DML_NONE ? s->kept[DML_FORWARD] : copy_place(p, s->kept[DML_FORWARD]);
        }
        if (made_again(p, i))
            p->value[DML_BACK][y] = copy_place(p, p->value[DML_FORWARD][y]);
    }
}

/* ---- when ---------------------------------------------------------------------------------------------------------- */

static void use(dml_plan *p, uint32_t place, uint32_t time)
{
    if (place == DML_NONE)
        return;
    dml_storage *s = &p->place[place];
    if (time < s->first)
        s->first = time;
    if (time > s->last)
        s->last = time;
}

static uint32_t time_back(const dml_plan *p, uint32_t step)
{
    return 2 * p->graph.steps - step;
}

static uint32_t value_of(const dml_plan *p, dml_node node, int phase)
{
    return node == DML_NONE ? DML_NONE : p->value[phase][p->graph.view[node].storage];
}

/* A forward step, now or again. */
static void use_forward(dml_plan *p, const dml_plan_step *s, int phase, uint32_t time)
{
    use(p, value_of(p, s->step->x, phase), time);
    use(p, value_of(p, s->step->second, phase), time);
    use(p, value_of(p, s->step->y, phase), time);
    use(p, s->kept[phase], time);
}

/* Marks the gradient of a node as written, at `time`; true when (some of) it has been written to before. */
static bool write_gradient(dml_plan *p, dml_node node, uint32_t time)
{
    const dml_view *v = &p->graph.view[node];
    bool before = false;
    for (uint32_t i = 0; i < p->graph.views; i++) {
        const dml_view *o = &p->graph.view[i];
        before |= p->written[i] && o->storage == v->storage && o->block < v->block + dml_blocks(v->c)
                  && v->block < o->block + dml_blocks(o->c);
    }
    p->written[node] = true;
    use(p, p->gradient[v->storage], time);
    return before;
}

static void widen(dml_plan *p, uint32_t place, uint32_t pad)
{
    if (p->place[place].pad < pad)
        p->place[place].pad = pad;
}

/* Borders that the way back reads or writes: of dy for a 3 x 3, of dx for a depthwise one. */
static void widen_gradients(dml_plan *p, const dml_step *s)
{
    if (s->kind == DML_STEP_CONV && s->conv->shape.kernel == 3 && s->conv->shape.stride == 1)
        widen(p, p->gradient[p->graph.view[s->y].storage], s->conv->shape.dilation);
    if (s->kind == DML_STEP_DEPTHWISE)
        widen(p, p->gradient[p->graph.view[s->x].storage], 1);
}

static void use_back(dml_plan *p, uint32_t i)
{
    dml_plan_step *s = &p->step[i];
    const uint32_t time = time_back(p, i);
    if (s->segment == i) /* the bottleneck is computed again first */
        for (uint32_t k = 0; k <= i; k++)
            if (p->step[k].segment == i)
                use_forward(p, &p->step[k], DML_BACK, time);
    use_forward(p, s, DML_BACK,
                time); /* an operation needs some of these; x, y and second are cheap to keep otherwise */
    use(p, p->gradient[p->graph.view[s->step->y].storage], time);
    if (s->step->second
        != DML_NONE) /* first: a residual's gradient is there before the convolution's way back begins */
        s->add_second = write_gradient(p, s->step->second, time);
    if (s->wants_dx)
        s->add_x = write_gradient(p, s->step->x, time);
    widen_gradients(p, s->step);
}

static void schedule(dml_plan *p)
{
    const uint32_t steps = p->graph.steps;
    for (uint32_t i = 0; i < steps; i++)
        use_forward(p, &p->step[i], DML_FORWARD, i);
    for (int i = 1; i < 4; i++) {
        use(p, value_of(p, p->end[i], DML_FORWARD), steps);
        write_gradient(p, p->end[i], steps);
    }
    for (uint32_t i = steps; i-- > 0;)
        use_back(p, i);
    for (uint32_t i = 0; i < p->places; i++)
        if (p->place[i].first > p->place[i].last) /* nobody uses it: such as the gradient of the picture */
            p->place[i].first = p->place[i].last = p->place[i].blocks = 0;
}

/* ---- memory -------------------------------------------------------------------------------------------------------- */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* The most that an operation needs beside its tensors. */
static void measure_room(const dml_plan *p, size_t *transposed, size_t *room)
{
    const uint32_t threads = dml_pool_threads(p->core->pool);
    *transposed = *room = 0;
    for (uint32_t i = 0; i < p->graph.steps; i++) {
        const dml_step *s = p->step[i].step;
        dml_tensor x = dml_plan_value(p, s->x, DML_FORWARD).first, second = x;
        if (s->second != DML_NONE)
            second = dml_plan_value(p, s->second, DML_FORWARD).first;
        if (s->kind == DML_STEP_CONV) {
            const dml_tensor y = dml_plan_value(p, s->y, DML_FORWARD).first;
            *room = larger(*room, dml_winograd_room(&s->conv->shape, p->n, y.h, y.w, threads));
            *room = larger(*room, dml_winograd_back_room(&s->conv->shape, p->n, y.h, y.w, threads));
            if (!p->step[i].wants_dx)
                continue;
            *room = larger(*room, dml_conv_back_input_room(&s->conv->shape, p->n, x.h, x.w, threads));
            *transposed = larger(*transposed, dml_conv_back_weight_size(&s->conv->shape));
        } else if (s->kind == DML_STEP_PRODUCT) {
            *room = larger(*room, threads * dml_product_back_room(&x, &second));
        } else if (s->kind == DML_STEP_RESIZE && s->second != DML_NONE) {
            *room = larger(*room, threads * dml_gate_back_room(&second));
        }
    }
}

static int take_memory(dml_plan *p, dml_error *error)
{
    dml_taking t = {p->memory, error, "a training step", DMLCSR_OK, 0};
    size_t transposed, room;
    uint32_t widest = p->draft->widest;
    const uint64_t reals = dml_storage_place(p->place, p->places) * p->n;
    measure_room(p, &transposed, &room);
    for (uint32_t i = 0; i < p->graph.storages; i++) /* products have channels of their own */
        widest = (uint32_t)larger(widest, (size_t)p->graph.storage[i].blocks * DML_BLOCK);
    if (reals > SIZE_MAX / sizeof(dml_real))
        return dml_fail(error, DMLCSR_ERROR_MEMORY, "a batch of %u pictures of %u x %u is too large", (unsigned)p->n,
                        (unsigned)p->w, (unsigned)p->h);
    p->arena = dml_take(&t, (size_t)reals, sizeof(dml_real));
    p->arena_bytes = (size_t)reals * sizeof(dml_real);
    p->moments = dml_take(&t, p->draft->statistics, sizeof(dml_real));
    p->zeros = dml_take(&t, widest, sizeof(dml_real));
    p->transposed = dml_take(&t, transposed, sizeof(dml_real));
    p->room = dml_take(&t, room, sizeof(dml_real));
    p->scratch = dml_take(&t, dml_norm_scratch(p->draft->widest, p->n), sizeof(double));
    p->bytes += t.bytes;
    return t.status;
}

/* The lists: as long as the graph's, and at most four places for each of its storages. */
static int take_lists(dml_plan *p, dml_error *error)
{
    dml_taking t = {p->memory, error, "a training step", DMLCSR_OK, 0};
    const size_t capacity = p->graph.capacity;
    p->step = dml_take(&t, capacity, sizeof *p->step);
    p->place = dml_take_rows(&t, 6, capacity, sizeof *p->place);
    p->value[DML_FORWARD] = dml_take(&t, capacity, sizeof(uint32_t));
    p->value[DML_BACK] = dml_take(&t, capacity, sizeof(uint32_t));
    p->gradient = dml_take(&t, capacity, sizeof(uint32_t));
    p->writer = dml_take(&t, capacity, sizeof(uint32_t));
    p->written = dml_take(&t, capacity, sizeof *p->written);
    p->bytes += t.bytes;
    return t.status;
}

int dml_plan_create(dml_plan **out, const dml_draft *draft, const dml_core *core, uint32_t n, uint32_t h, uint32_t w,
                    bool recompute, dml_memory *memory, dml_error *error)
{
    int status;
    dml_plan *p = dml_alloc_zero(memory, sizeof *p);
    if (!p)
        return dml_fail(error, dml_memory_status(memory, sizeof *p), "no memory for a training step");
    p->draft = draft;
    p->core = core;
    p->memory = memory;
    p->n = n;
    p->h = h;
    p->w = w;
    p->graph.separate = true;
    dml_net_size(h, w, &p->oh, &p->ow);
    DML_TRY(dml_graph_reserve(&p->graph, &draft->weights, memory, error));
    dml_graph_draw(&p->graph, &draft->weights, h, w, p->end);
    DML_TRY(take_lists(p, error));
    describe_steps(p, recompute);
    make_places(p);
    schedule(p);
    DML_TRY(take_memory(p, error));
    *out = p;
    return DMLCSR_OK;
fail:
    dml_plan_free(p);
    return status;
}

void dml_plan_free(dml_plan *p)
{
    if (!p)
        return;
    void *const blocks[] = {p->step, p->place, p->value[DML_FORWARD], p->value[DML_BACK], p->gradient, p->writer,
                            p->written, p->arena, p->moments, p->zeros, p->transposed, p->room, p->scratch};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        dml_release(p->memory, blocks[i]);
    dml_graph_release(&p->graph, p->memory);
    dml_release(p->memory, p);
}
