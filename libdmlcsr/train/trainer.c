/* Making a trainer, and a step of it. */
#include "train/trainer.h"

#include <stdio.h>
#include <string.h>

#include "base/structs.h"
#include "base/take.h"

const dml_comm *dml_trainer_comm(const dmlcsr_trainer *t)
{
    return t->communicator.processes > 1 ? &t->comm : NULL;
}

const dml_sums *dml_trainer_sums(const dmlcsr_trainer *t)
{
    return t->communicator.processes > 1 ? &t->comm.sums : NULL;
}

bool dml_trainer_has(const dmlcsr_trainer *t, int which)
{
    return which >= 0 && which < DML_STATES && t->state[which].parameters;
}

/* ---- create -------------------------------------------------------------------------------------------------------- */

static int check_options(const dmlcsr_trainer_options *o, dml_error *error)
{
    const dml_range ranges[] = {
        {"classes", o->classes, 2, 255}, {"batch", o->batch, 1, 65535},
        {"height", o->height, DML_SIDE_MIN, DML_SIDE_MAX}, {"width", o->width, DML_SIDE_MIN, DML_SIDE_MAX},
        {"threads", o->threads, 0, 256}, {"divide", o->divide, 1, 16}, {"edge_width", o->edge_width, 1, 64},
        {"momentum", o->momentum, 0, .9999}, {"weight_decay", o->weight_decay, 0, 1}, {"clip", o->clip, 0, 1e30},
        {"average", o->average, 0, .999999}, {"lovasz", o->lovasz, 0, 1}, {"weight_parse", o->weight_parse, 0, 1e6},
        {"weight_binary", o->weight_binary, 0, 1e6}, {"weight_category", o->weight_category, 0, 1e6},
        {"weight_attention_binary", o->weight_attention_binary, 0, 1e6},
        {"weight_attention_category", o->weight_attention_category, 0, 1e6},
    };
    int status = dml_ranges_check(ranges, sizeof ranges / sizeof *ranges, error);
    if (status == DMLCSR_OK && (o->divide & (o->divide - 1)))
        status = dml_fail(error, DMLCSR_ERROR_ARGUMENT, "divide is %u, must be 1, 2, 4, 8 or 16", (unsigned)o->divide);
    return status;
}

static int adapt_gather(void *opaque, const dml_real *mine, size_t n, dml_real *all)
{
    const dmlcsr_communicator *c = opaque;
    return c->gather(c->opaque, mine, n, all) ? DMLCSR_ERROR_COMM : DMLCSR_OK;
}

static int adapt_sum(void *opaque, double *values, size_t n)
{
    const dmlcsr_communicator *c = opaque;
    return c->sum(c->opaque, values, n) ? DMLCSR_ERROR_COMM : DMLCSR_OK;
}

static int take_communicator(dmlcsr_trainer *t, const dmlcsr_communicator *c)
{
    t->communicator.processes = 1;
    if (!c)
        return DMLCSR_OK;
    if (c->struct_size != sizeof *c)
        return dml_fail(&t->error, DMLCSR_ERROR_STRUCT, "the communicator's struct_size is %zu, must be %zu",
                        c->struct_size, sizeof *c);
    if (!c->processes || c->rank >= c->processes || !c->sum || !c->gather || !c->reduce_begin || !c->reduce_end)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT,
                        "the communicator has no process %u of %u, or lacks a function", (unsigned)c->rank,
                        (unsigned)c->processes);
    t->communicator = *c;
    t->comm = (dml_comm){{adapt_sum, &t->communicator, c->processes}, c->rank, adapt_gather};
    return DMLCSR_OK;
}

static int take_core(dmlcsr_trainer *t)
{
    const dmlcsr_trainer_options *o = &t->options;
    const int status = dml_kernels_create(&t->core.kernels, o->isa, &t->error);
    if (status != DMLCSR_OK)
        return status;
    dml_back_kernels_init(&t->core.back, t->core.kernels.isa);
    return dml_pool_create(&t->core.pool, &t->memory, o->threads, &t->error);
}

static int take_network(dmlcsr_trainer *t)
{
    const dmlcsr_trainer_options *o = &t->options;
    uint32_t blocks[4] = {o->blocks[0], o->blocks[1], o->blocks[2], o->blocks[3]};
    const dml_family family = dml_family_published(o->classes, o->divide);
    dml_model *like = NULL;
    int status = o->family ? dml_model_open(&like, o->family, &t->memory, &t->error) : DMLCSR_OK;
    if (like)
        dml_draft_count_blocks(like, blocks);
    if (status == DMLCSR_OK)
        status = dml_draft_create(&t->draft, &family, like, blocks, &t->memory, &t->error);
    dml_model_close(like);
    return status;
}

/* Both vectors or none: a network with one of them alone would look like a whole one. */
int dml_trainer_take_state(dmlcsr_trainer *t, int which)
{
    dml_taking taking = {&t->memory, &t->error, "parameters", DMLCSR_OK, 0};
    if (dml_trainer_has(t, which))
        return DMLCSR_OK;
    dml_real *parameters = dml_take(&taking, t->draft.size, sizeof *parameters);
    dml_real *statistics = dml_take(&taking, t->draft.statistics, sizeof *statistics);
    if (taking.status == DMLCSR_OK)
        t->state[which] = (dml_state){parameters, statistics};
    else
        dml_release(&t->memory, parameters);
    return taking.status;
}

void dml_trainer_drop_state(dmlcsr_trainer *t, int which)
{
    dml_release(&t->memory, t->state[which].parameters);
    dml_release(&t->memory, t->state[which].statistics);
    t->state[which] = (dml_state){NULL, NULL};
}

void dml_trainer_keep_statistics(dmlcsr_trainer *t, int which)
{
    memcpy(t->kept, t->state[which].statistics, t->draft.statistics * sizeof *t->kept);
}

void dml_trainer_return_statistics(dmlcsr_trainer *t, int which)
{
    memcpy(t->state[which].statistics, t->kept, t->draft.statistics * sizeof *t->kept);
}

static int take_values(dmlcsr_trainer *t)
{
    const int status = dml_trainer_take_state(t, DMLCSR_CURRENT);
    dml_taking taking = {&t->memory, &t->error, "parameters", status, 0};
    t->gradient = dml_take(&taking, t->draft.size, sizeof *t->gradient);
    t->momentum = dml_take(&taking, t->draft.size, sizeof *t->momentum);
    t->kept = dml_take(&taking, t->draft.statistics, sizeof *t->kept);
    t->room = dml_take(&taking, dml_gradient_room(t->draft.size), sizeof *t->room);
    dml_real *room = dml_take(&taking, dml_draft_largest(&t->draft), sizeof *room);
    if (taking.status == DMLCSR_OK) {
        const dml_state *s = &t->state[DMLCSR_CURRENT];
        dml_draft_initialise(&t->draft, t->options.seed, s->parameters, s->statistics, room);
    }
    dml_release(&t->memory, room);
    return taking.status;
}

void dml_trainer_begin_average(dmlcsr_trainer *t)
{
    const dml_state *s = &t->state[DMLCSR_CURRENT], *average = &t->state[DMLCSR_AVERAGE];
    if (!dml_trainer_has(t, DMLCSR_AVERAGE))
        return;
    memcpy(average->parameters, s->parameters, t->draft.size * sizeof *s->parameters);
    memcpy(average->statistics, s->statistics, t->draft.statistics * sizeof *s->statistics);
    t->average_stale = true;
}

static int take_average(dmlcsr_trainer *t)
{
    const int status = t->options.average > 0 ? dml_trainer_take_state(t, DMLCSR_AVERAGE) : DMLCSR_OK;
    if (status == DMLCSR_OK)
        dml_trainer_begin_average(t);
    return status;
}

static int build(dmlcsr_trainer *t, const dmlcsr_trainer_options *o)
{
    int status;
    DML_TRY(check_options(o, &t->error));
    DML_TRY(take_communicator(t, o->communicator));
    t->options.communicator = NULL;
    DML_TRY(take_core(t));
    DML_TRY(take_network(t));
    t->options.family = NULL;
    DML_TRY(dml_plan_create(&t->plan, &t->draft, &t->core, o->batch, o->height, o->width, o->recompute != 0, &t->memory,
                            &t->error));
    DML_TRY(dml_loss_create(&t->loss, o->classes, o->batch, t->plan->oh, t->plan->ow, o->height, o->width, &t->core,
                            dml_trainer_comm(t), &t->memory, &t->error));
    DML_TRY(take_values(t));
    DML_TRY(take_average(t));
fail:
    return status;
}

int dmlcsr_trainer_create(dmlcsr_trainer **out, const dmlcsr_trainer_options *options)
{
    dml_memory hooks;
    dmlcsr_trainer_options o = {0};
    dml_error error = {{0}};
    dmlcsr_trainer *t = NULL;
    int status;
    if (!out || !options)
        return DMLCSR_ERROR_ARGUMENT;
    DML_TRY(dml_struct_import(&o, sizeof o, sizeof o, options, "dmlcsr_trainer_options", &error));
    DML_TRY(dml_hooks_check(o.allocate, o.release, &error));
    dml_memory_init(&hooks, o.allocate, o.release, o.opaque, o.memory_limit);
    t = dml_alloc_holder(&hooks, sizeof *t);
    if (!t)
        DML_TRY(dml_fail(&error, dml_memory_status(&hooks, sizeof *t), "no memory for a trainer"));
    t->options = o;
    DML_TRY(build(t, &o));
    *out = t;
    return status;
fail:
    if (o.error && o.error_size)
        snprintf(o.error, o.error_size, "%s", t ? t->error.text : error.text);
    dmlcsr_trainer_free(t);
    return status;
}

void dmlcsr_trainer_free(dmlcsr_trainer *t)
{
    if (!t)
        return;
    dml_loss_free(t->loss);
    dml_plan_free(t->plan);
    dml_draft_free(&t->draft);
    dml_pool_free(t->core.pool);
    for (int i = 0; i < DML_STATES; i++)
        dml_trainer_drop_state(t, i);
    dml_release(&t->memory, t->gradient);
    dml_release(&t->memory, t->momentum);
    dml_release(&t->memory, t->room);
    dml_release(&t->memory, t->kept);
    dml_release(&t->memory, t->teacher);
    dml_release_holder(t);
}

const char *dmlcsr_trainer_last_error(const dmlcsr_trainer *t)
{
    return t ? t->error.text : "";
}

int dmlcsr_trainer_describe(const dmlcsr_trainer *t, dmlcsr_trainer_info *info)
{
    if (!t || !info)
        return DMLCSR_ERROR_ARGUMENT;
    if (info->struct_size != sizeof *info)
        return DMLCSR_ERROR_STRUCT;
    size_t vectors = 2;
    uint32_t tensors = 0;
    for (int i = 0; i < DML_STATES; i++)
        vectors += t->state[i].parameters != NULL;
    for (uint32_t i = 0; i < t->draft.parameters; i++)
        tensors += !t->draft.parameter[i].statistic;
    *info = (dmlcsr_trainer_info){
        .struct_size = sizeof *info,
        .parameters = t->draft.count,
        .tensors = tensors,
        .threads = dml_pool_threads(t->core.pool),
        .isa = t->core.kernels.name,
        .parameter_bytes = vectors * t->draft.size * sizeof(dml_real),
        .activation_bytes = t->plan->arena_bytes,
        .total_bytes = atomic_load(&((dmlcsr_trainer *)t)->memory.used),
        .cycle = t->cycle,
        .steps = t->steps,
    };
    for (int i = 0; i < 4; i++)
        info->blocks[i] = t->draft.weights.encoder.layer[i].blocks;
    return DMLCSR_OK;
}
