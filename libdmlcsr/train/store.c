/* Between a trainer and files: starting values, model files, checkpoints. */
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "train/trainer.h"

#define NAME_SIZE 128

/* ---- reading ------------------------------------------------------------------------------------------------------- */

static bool same_shape(const dml_entry *e, const dml_parameter *p)
{
    bool same = e->rank == p->rank;
    for (uint32_t i = 0; same && i < e->rank; i++)
        same = e->shape[i] == p->shape[i];
    return same;
}

/* One tensor into its place. room: as many values as the largest has. */
static int read_into(dmlcsr_trainer *t, const dml_entry *e, const dml_parameter *p, dml_real *room, dml_real *to)
{
    const int status = dml_entry_read(e, &t->core.kernels, room, &t->error);
    if (status == DMLCSR_OK)
        dml_parameter_pack(p, room, to + p->at);
    return status;
}

static dml_real *take_room(dmlcsr_trainer *t, size_t count)
{
    dml_real *room = dml_alloc(&t->memory, count * sizeof *room);
    if (!room)
        dml_fail(&t->error, DMLCSR_ERROR_MEMORY, "no memory for a tensor of %zu values", count);
    return room;
}

static int fill_one(dmlcsr_trainer *t, const dml_model *model, const dml_parameter *p, dml_real *room, const char **why)
{
    const dml_state *s = &t->state[DMLCSR_CURRENT];
    const dml_entry *e = dml_model_find(model, p->name);
    *why = !e ? "not in the file" : !same_shape(e, p) ? "has another shape there" : NULL;
    return *why ? DMLCSR_OK : read_into(t, e, p, room, p->statistic ? s->statistics : s->parameters);
}

int dmlcsr_trainer_fill(dmlcsr_trainer *t, const char *model_path, dmlcsr_fill_report report, void *opaque,
                        uint32_t *filled)
{
    dml_model *model = NULL;
    dml_real *room = NULL;
    uint32_t count = 0;
    int status;
    if (!t || !model_path)
        return DMLCSR_ERROR_ARGUMENT;
    DML_TRY(dml_model_open(&model, model_path, &t->memory, &t->error));
    room = take_room(t, dml_draft_largest(&t->draft));
    status = room ? DMLCSR_OK : DMLCSR_ERROR_MEMORY;
    for (uint32_t i = 0; i < t->draft.parameters && status == DMLCSR_OK; i++) {
        const char *why;
        status = fill_one(t, model, &t->draft.parameter[i], room, &why);
        if (status == DMLCSR_OK && report)
            report(opaque, t->draft.parameter[i].name, why);
        count += status == DMLCSR_OK && !why;
    }
    if (status == DMLCSR_OK && filled)
        *filled = count;
fail:
    dml_release(&t->memory, room);
    dml_model_close(model);
    return status;
}

static uint32_t rows_of(const dml_model *model, const char *name, uint32_t otherwise)
{
    const dml_entry *e = dml_model_find(model, name);
    return e && e->rank && e->shape[0] <= 65536 ? (uint32_t)e->shape[0] : otherwise;
}

int dml_family_read(const char *path, dml_family *f, uint32_t blocks[4], dml_memory *memory, dml_error *error)
{
    dml_model *m;
    char name[NAME_SIZE];
    const int status = dml_model_open(&m, path, memory, error);
    if (status != DMLCSR_OK)
        return status;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "conv%d.weight", i + 1);
        f->stem[i] = rows_of(m, name, f->stem[i]);
    }
    for (int s = 0; s < 4; s++) {
        snprintf(name, sizeof name, "layer%d.0.conv1.weight", s + 1);
        f->planes[s] = rows_of(m, name, f->planes[s]);
        for (blocks[s] = 0; blocks[s] < 1000; blocks[s]++) {
            snprintf(name, sizeof name, "layer%d.%u.conv1.weight", s + 1, (unsigned)blocks[s]);
            if (!dml_model_find(m, name))
                break;
        }
    }
    f->context = rows_of(m, "context.conva.0.weight", f->context);
    f->phi = rows_of(m, "context.dualgcn.phi.weight", f->phi);
    f->theta = rows_of(m, "context.dualgcn.theta.weight", f->theta);
    f->node = rows_of(m, "context.dualgcn.gcn_local_attention.node_k.weight", f->node);
    f->head = rows_of(m, "layer6.conv1.0.weight", f->head);
    f->skip = rows_of(m, "layer6.conv2.0.weight", f->skip);
    f->edge = rows_of(m, "edge_layer.conv1.0.weight", f->edge);
    dml_model_close(m);
    return DMLCSR_OK;
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* A file under way: its tensors, and their bytes in one block. */
typedef struct file_tensors {
    dmlcsr_trainer *t;
    dml_output *output;
    char (*name)[NAME_SIZE];
    uint64_t (*shape)[4];
    unsigned char *bytes;
    dml_real *room;
    size_t count, capacity, used;
} file_tensors;

static int take_file(file_tensors *f, dmlcsr_trainer *t, size_t networks)
{
    size_t values = 0;
    *f = (file_tensors){.t = t, .capacity = networks * t->draft.parameters};
    for (uint32_t i = 0; i < t->draft.parameters; i++)
        values += t->draft.parameter[i].count;
    f->output = dml_alloc(&t->memory, f->capacity * sizeof *f->output);
    f->name = dml_alloc(&t->memory, f->capacity * sizeof *f->name);
    f->shape = dml_alloc(&t->memory, f->capacity * sizeof *f->shape);
    f->bytes = dml_alloc(&t->memory, networks * values * sizeof(float));
    f->room = dml_alloc(&t->memory, dml_draft_largest(&t->draft) * sizeof(dml_real));
    if (f->output && f->name && f->shape && f->bytes && f->room)
        return DMLCSR_OK;
    return dml_fail(&t->error, DMLCSR_ERROR_MEMORY, "no memory for %zu bytes to be written",
                    networks * values * sizeof(float));
}

static void release_file(file_tensors *f)
{
    dml_memory *m = &f->t->memory;
    dml_release(m, f->output);
    dml_release(m, f->name);
    dml_release(m, f->shape);
    dml_release(m, f->bytes);
    dml_release(m, f->room);
}

static void put_half(uint16_t value, unsigned char *to)
{
    to[0] = (unsigned char)value;
    to[1] = (unsigned char)(value >> 8);
}

static void put_single(float value, unsigned char *to)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(bits >> 8 * i);
}

/* Appends one tensor, unpacked and little-endian. */
static void append(file_tensors *f, const char *prefix, const dml_parameter *p, const dml_real *values, dml_dtype dtype)
{
    const size_t size = dml_dtype_size(dtype);
    unsigned char *to = f->bytes + f->used;
    dml_parameter_unpack(p, values + p->at, f->room);
    for (size_t i = 0; i < p->count; i++, to += size) {
        if (dtype == DML_F16)
            put_half(dml_f16_from_float(f->room[i]), to);
        else if (dtype == DML_BF16)
            put_half(dml_bf16_from_float(f->room[i]), to);
        else
            put_single(f->room[i], to);
    }
    snprintf(f->name[f->count], sizeof f->name[0], "%s%s", prefix, p->name);
    for (uint32_t i = 0; i < p->rank; i++)
        f->shape[f->count][i] = p->shape[i];
    f->output[f->count] = (dml_output){f->name[f->count], dtype, p->rank, f->shape[f->count], f->bytes + f->used};
    f->count++;
    f->used += p->count * size;
}

static void append_state(file_tensors *f, const char *prefix, const dml_state *s, dml_dtype matrices)
{
    const dml_draft *d = &f->t->draft;
    for (uint32_t i = 0; i < d->parameters; i++) {
        const dml_parameter *p = &d->parameter[i];
        append(f, prefix, p, p->statistic ? s->statistics : s->parameters, p->rank > 1 ? matrices : DML_F32);
    }
}

int dmlcsr_trainer_export(dmlcsr_trainer *t, int which, const char *path, int dtype, const char *const *metadata,
                          size_t pairs)
{
    static const dml_dtype types[] = {[DMLCSR_F32] = DML_F32, [DMLCSR_F16] = DML_F16, [DMLCSR_BF16] = DML_BF16};
    file_tensors f = {.t = t};
    int status;
    if (!t || !path || dtype < DMLCSR_F32 || dtype > DMLCSR_BF16 || (pairs && !metadata))
        return DMLCSR_ERROR_ARGUMENT;
    if (!dml_trainer_has(t, which))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "there is no network %d to write", which);
    DML_TRY(take_file(&f, t, 1));
    append_state(&f, "", &t->state[which], types[dtype]);
    DML_TRY(dml_safetensors_write(path, f.output, f.count, metadata, pairs, &t->memory, &t->error));
fail:
    release_file(&f);
    return status;
}

/* ---- checkpoints --------------------------------------------------------------------------------------------------- */

#define POSITION "dmlcsr.trainer"
static const char *const prefixes[DML_STATES] = {"current.", "ensemble.", "average."};

/* The trainer's own place, as one line of the metadata. */
static void write_position(const dmlcsr_trainer *t, char *text, size_t size)
{
    snprintf(text, size, "steps %llu cycle %u seen %llu %llu stale %d teaching %d", (unsigned long long)t->steps,
             (unsigned)t->cycle, (unsigned long long)t->seen[DMLCSR_ENSEMBLE],
             (unsigned long long)t->seen[DMLCSR_AVERAGE], t->average_stale, t->teaching);
}

static int read_position(dmlcsr_trainer *t, const char *text)
{
    unsigned long long steps, seen[2];
    unsigned cycle;
    int stale, teaching;
    if (!text || sscanf(text, "steps %llu cycle %u seen %llu %llu stale %d teaching %d", &steps, &cycle, &seen[0],
                        &seen[1], &stale, &teaching) != 6)
        return dml_fail(&t->error, DMLCSR_ERROR_MODEL, "the file is not a checkpoint of a training run");
    t->steps = steps;
    t->cycle = cycle;
    t->seen[DMLCSR_ENSEMBLE] = seen[0];
    t->seen[DMLCSR_AVERAGE] = seen[1];
    t->average_stale = stale;
    t->teaching = false;
    return teaching ? dmlcsr_trainer_teach(t, 1) : DMLCSR_OK;
}

int dmlcsr_trainer_save(dmlcsr_trainer *t, const char *path, const char *const *metadata, size_t pairs)
{
    char position[160];
    const char **all = NULL;
    file_tensors f = {.t = t};
    int status;
    if (!t || !path || (pairs && !metadata))
        return DMLCSR_ERROR_ARGUMENT;
    DML_TRY(take_file(&f, t, DML_STATES + 1));
    all = dml_alloc(&t->memory, (2 * pairs + 2) * sizeof *all);
    status = all ? DMLCSR_OK : dml_fail(&t->error, DMLCSR_ERROR_MEMORY, "no memory for %zu lines of metadata", pairs);
    if (status != DMLCSR_OK)
        goto fail;
    write_position(t, position, sizeof position);
    all[0] = POSITION;
    all[1] = position;
    if (pairs)
        memcpy(all + 2, metadata, 2 * pairs * sizeof *all);
    for (int i = 0; i < DML_STATES; i++)
        if (t->state[i].parameters)
            append_state(&f, prefixes[i], &t->state[i], DML_F32);
    for (uint32_t i = 0; i < t->draft.parameters; i++)
        if (!t->draft.parameter[i].statistic)
            append(&f, "momentum.", &t->draft.parameter[i], t->momentum, DML_F32);
    DML_TRY(dml_safetensors_write(path, f.output, f.count, all, pairs + 1, &t->memory, &t->error));
fail:
    dml_release(&t->memory, all);
    release_file(&f);
    return status;
}

static int restore_one(dmlcsr_trainer *t, const dml_model *model, const char *prefix, const dml_parameter *p,
                       dml_real *room, dml_real *to)
{
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", prefix, p->name);
    const dml_entry *e = dml_model_find(model, name);
    if (!e || !same_shape(e, p))
        return dml_fail(&t->error, DMLCSR_ERROR_MODEL, "the checkpoint is of another network: tensor %s %s", name,
                        e ? "has another shape" : "is missing");
    return read_into(t, e, p, room, to);
}

static int restore_state(dmlcsr_trainer *t, const dml_model *model, int which, dml_real *room)
{
    char name[NAME_SIZE];
    int status = DMLCSR_OK;
    snprintf(name, sizeof name, "%s%s", prefixes[which], t->draft.parameter[0].name);
    if (which != DMLCSR_CURRENT && !dml_model_find(model, name))
        return status;
    status = dml_trainer_take_state(t, which);
    const dml_state *s = &t->state[which];
    for (uint32_t i = 0; i < t->draft.parameters && status == DMLCSR_OK; i++) {
        const dml_parameter *p = &t->draft.parameter[i];
        status = restore_one(t, model, prefixes[which], p, room, p->statistic ? s->statistics : s->parameters);
    }
    return status;
}

static int restore_all(dmlcsr_trainer *t, const dml_model *model, dml_real *room)
{
    int status = room ? DMLCSR_OK : DMLCSR_ERROR_MEMORY;
    for (int i = 0; i < DML_STATES && status == DMLCSR_OK; i++)
        status = restore_state(t, model, i, room);
    for (uint32_t i = 0; i < t->draft.parameters && status == DMLCSR_OK; i++)
        if (!t->draft.parameter[i].statistic)
            status = restore_one(t, model, "momentum.", &t->draft.parameter[i], room, t->momentum);
    return status == DMLCSR_OK ? read_position(t, dml_model_metadata(model, POSITION)) : status;
}

int dmlcsr_trainer_restore(dmlcsr_trainer *t, const char *path,
                           void (*pair)(void *opaque, const char *key, const char *value), void *opaque)
{
    dml_model *model = NULL;
    dml_real *room = NULL;
    int status;
    if (!t || !path)
        return DMLCSR_ERROR_ARGUMENT;
    DML_TRY(dml_model_open(&model, path, &t->memory, &t->error));
    room = take_room(t, dml_draft_largest(&t->draft));
    DML_TRY(restore_all(t, model, room));
    for (size_t i = 0; pair && i < dml_model_metadata_count(model); i++) {
        const char *key, *value;
        dml_model_metadata_at(model, i, &key, &value);
        pair(opaque, key, value);
    }
fail:
    dml_release(&t->memory, room);
    dml_model_close(model);
    return status;
}
