#include "cases/ops_case.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/core.h"
#include "support/family.h"

const ops_operation *const ops_all[OPS_OPERATIONS] = {
    &ops_conv,   &ops_depthwise, &ops_product, &ops_norm,     &ops_maxpool,
    &ops_resize, &ops_gate,      &ops_softmax, &ops_transpose,
};

void *ops_room(size_t bytes)
{
    const size_t size = (bytes + DML_ALIGNMENT) / DML_ALIGNMENT * DML_ALIGNMENT;
    void *p = aligned_alloc(DML_ALIGNMENT, size);
    if (!p) {
        fputs("no memory\n", stderr);
        exit(2);
    }
    return memset(p, 0, size);
}

/* ---- fields -------------------------------------------------------------------------------------------------------- */

static ops_field blank(size_t count)
{
    return (ops_field){.value = ops_room(count * sizeof(dml_real)), .count = count, .kind = ops_room(count)};
}

static void clear(ops_field *f)
{
    for (size_t i = 0; i < f->count; i++)
        f->value[i] = f->kind[i] == OPS_FOREIGN ? OPS_FOREIGN_VALUE : 0;
}

/* Lists the used places. */
static ops_field finish(ops_field f)
{
    f.at = ops_room(f.count * sizeof *f.at);
    for (size_t i = 0; i < f.count; i++)
        if (f.kind[i] == OPS_USED)
            f.at[f.used++] = i;
    clear(&f);
    return f;
}

/* Whether a lane of a concatenation (part 0: of one tensor) of `channels` channels is one of them. */
static bool lane_used(uint32_t channels, uint32_t part, uint32_t lane)
{
    if (!part)
        return lane < channels;
    const uint32_t pitch = dml_blocks(part) * DML_BLOCK, last = (channels - 1) / part, index = lane / pitch;
    return lane % pitch < (index < last ? part : channels - last * part) && index <= last;
}

static uint32_t blocks_of(uint32_t channels, uint32_t part)
{
    return dml_conv_blocks(&(dml_conv_shape){.in = channels, .part = part});
}

ops_field ops_activations(uint32_t n, uint32_t c, uint32_t part, uint32_t h, uint32_t w, uint32_t pad, size_t gap)
{
    dml_batch b = {{NULL, part ? blocks_of(c, part) * DML_BLOCK : c, h, w, pad}, n, 0};
    const size_t size = dml_tensor_size(&b.first), plane = dml_tensor_plane(&b.first), row = dml_tensor_row(&b.first);
    b.stride = size + gap;
    ops_field f = blank(n * b.stride);
    for (size_t i = 0; i < f.count; i++) {
        const size_t at = i % b.stride, y = at % plane / row, x = at % row / DML_BLOCK;
        const uint32_t lane = (uint32_t)(at / plane * DML_BLOCK + at % DML_BLOCK);
        const bool inside = y >= pad && y < pad + h && x >= pad && x < pad + w;
        f.kind[i] = at >= size ? OPS_FOREIGN : inside && lane_used(c, part, lane) ? OPS_USED : OPS_ZERO;
    }
    b.first.data = f.value;
    f.batch = b;
    return finish(f);
}

ops_field ops_vector(size_t used)
{
    ops_field f = blank((used + DML_BLOCK - 1) / DML_BLOCK * DML_BLOCK);
    memset(f.kind, OPS_USED, used);
    return finish(f);
}

ops_field ops_conv_weights(const dml_conv_shape *s)
{
    ops_field f = blank(dml_conv_weight_size(s));
    const size_t tile = (size_t)DML_BLOCK * DML_BLOCK, block = tile * s->kernel * s->kernel;
    const size_t panel = block * dml_conv_blocks(s);
    for (size_t i = 0; i < f.count; i++) {
        const size_t out = i / panel * DML_BLOCK + i % DML_BLOCK;
        const size_t in = i % panel / block * DML_BLOCK + i % tile / DML_BLOCK;
        f.kind[i] = out < s->out && lane_used(s->in, s->part, (uint32_t)in) ? OPS_USED : OPS_ZERO;
    }
    return finish(f);
}

ops_field ops_depthwise_weights(uint32_t channels)
{
    ops_field f = blank(dml_depthwise_weight_size(channels));
    for (size_t i = 0; i < f.count; i++)
        f.kind[i] = i / (9 * DML_BLOCK) * DML_BLOCK + i % DML_BLOCK < channels ? OPS_USED : OPS_ZERO;
    return finish(f);
}

void ops_fill(ops_field *f, const char *name, uint64_t seed, double scale)
{
    float *noise = ops_room((f->used + 1) * sizeof *noise);
    family_noise(name, f->used, seed, noise);
    for (size_t k = 0; k < f->used; k++)
        f->value[f->at[k]] = (dml_real)(scale * (double)noise[k]);
    free(noise);
}

void ops_copy(const ops_field *from, ops_field *to)
{
    memcpy(to->value, from->value, from->count * sizeof *from->value);
}

size_t ops_field_dirt(const ops_field *f)
{
    size_t i = 0;
    while (i < f->count && (f->kind[i] == OPS_USED || f->value[i] == (f->kind[i] == OPS_ZERO ? 0 : OPS_FOREIGN_VALUE)))
        i++;
    return i;
}

void ops_release(ops_field *f)
{
    free(f->value);
    free(f->kind);
    free(f->at);
}

/* ---- cases --------------------------------------------------------------------------------------------------------- */

uint32_t ops_add_input(ops_case *c, ops_field value, ops_field gradient, ops_mode mode)
{
    c->input[c->inputs] = value;
    c->gradient[c->inputs] = gradient;
    c->mode[c->inputs] = mode;
    return c->inputs++;
}

bool ops_make(ops_case *c, const ops_operation *op, uint32_t shape, int isa, uint32_t threads)
{
    static const char *const names[OPS_INPUTS] = {"a", "b", "c", "d", "e"};
    *c = (ops_case){.op = op};
    if (!core_make(&c->core, &c->memory, isa, threads))
        return false;
    op->make(c, shape);
    for (uint32_t i = 0; i < c->inputs; i++) /* unless the operation has done so */
        if (c->input[i].value[c->input[i].at[0]] == 0)
            ops_fill(&c->input[i], names[i], shape + 1, 1);
    ops_fill(&c->doutput, "dy", shape + 1, 1);
    return true;
}

void ops_free(ops_case *c)
{
    for (uint32_t i = 0; i < c->inputs; i++) {
        ops_release(&c->input[i]);
        ops_release(&c->gradient[i]);
    }
    ops_release(&c->output);
    ops_release(&c->doutput);
    ops_release(&c->kept);
    free(c->room);
    dml_pool_free(c->core.pool);
}

/* Values that belong to nobody: whoever forgets to write a place, or its border, shows. */
static void spoil(ops_field *f)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->kind[i] != OPS_FOREIGN)
            f->value[i] = 55;
}

static void absolute(ops_field *f)
{
    for (size_t k = 0; k < f->used; k++)
        f->value[f->at[k]] = (dml_real)fabs((double)f->value[f->at[k]]);
}

static void run(ops_case *c, bool add, bool magnitudes)
{
    for (uint32_t i = 0; i < c->inputs; i++) {
        ops_field *g = &c->gradient[i];
        if (c->mode[i] == OPS_WRITTEN || (c->mode[i] == OPS_EITHER && !add)) {
            spoil(g);
        } else {
            clear(g);
            ops_fill(g, "before", i, 1);
        }
        if (!magnitudes)
            continue;
        absolute(&c->input[i]);
        absolute(g);
    }
    if (magnitudes)
        absolute(&c->doutput);
    spoil(&c->output);
    c->op->forward(c);
    c->op->back(c, add);
}

void ops_run(ops_case *c, bool add)
{
    run(c, add, false);
}

void ops_run_absolute(ops_case *c, bool add)
{
    run(c, add, true);
}
