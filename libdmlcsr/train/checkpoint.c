/* Checkpoints: all from which training goes on to the bit. */
#include <stdio.h>
#include <string.h>

#include "base/take.h"
#include "train/store.h"

#define POSITION "dmlcsr.trainer"
static const char *const prefixes[DML_STATES] = {"current.", "ensemble.", "average."};

/* The trainer's own place, one line of the metadata. */
typedef struct position {
    unsigned long long steps, seen[2];
    unsigned cycle;
    int stale, teaching;
} position;

/* ---- save ---------------------------------------------------------------------------------------------------------- */

static void write_position(const dmlcsr_trainer *t, char *text, size_t size)
{
    snprintf(text, size, "steps %llu cycle %u seen %llu %llu stale %d teaching %d", (unsigned long long)t->steps,
             (unsigned)t->cycle, (unsigned long long)t->seen[DMLCSR_ENSEMBLE],
             (unsigned long long)t->seen[DMLCSR_AVERAGE], t->average_stale, t->teaching);
}

static int collect(dmlcsr_trainer *t, dml_tensor_file *f)
{
    size_t networks = 1; /* the momentum */
    for (int i = 0; i < DML_STATES; i++)
        networks += dml_trainer_has(t, i);
    const int status = dml_tensor_file_take(f, t, networks);
    if (status != DMLCSR_OK)
        return status;
    for (int i = 0; i < DML_STATES; i++)
        if (dml_trainer_has(t, i))
            dml_tensor_file_state(f, prefixes[i], &t->state[i], DML_F32);
    for (uint32_t i = 0; i < t->draft.parameters; i++)
        if (!t->draft.parameter[i].statistic)
            dml_tensor_file_add(f, "momentum.", &t->draft.parameter[i], t->momentum, DML_F32);
    return status;
}

int dmlcsr_trainer_save(dmlcsr_trainer *t, const char *path, const char *const *metadata, size_t pairs)
{
    char text[160];
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!path || (pairs && !metadata))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", path ? "metadata" : "path");
    dml_tensor_file f = {.t = t};
    dml_taking taking = {&t->memory, &t->error, "metadata", DMLCSR_OK, 0};
    const char **all = dml_take_rows(&taking, pairs + 1, 2, sizeof *all);
    int status = taking.status;
    if (status != DMLCSR_OK)
        return status;
    write_position(t, text, sizeof text);
    all[0] = POSITION;
    all[1] = text;
    if (pairs)
        memcpy(all + 2, metadata, 2 * pairs * sizeof *all);
    DML_TRY(collect(t, &f));
    DML_TRY(dml_safetensors_write(path, f.output, f.count, all, pairs + 1, &t->memory, &t->error));
fail:
    dml_release(&t->memory, all);
    dml_tensor_file_free(&f);
    return status;
}

/* ---- restore ------------------------------------------------------------------------------------------------------- */

typedef struct reading {
    dmlcsr_trainer *t;
    const dml_model *model;
    dml_real *room;
    const char *path;
    bool keep; /* false: only looks whether everything can be read */
} reading;

static bool file_has(const reading *r, int which)
{
    char name[DML_STORE_NAME];
    snprintf(name, sizeof name, "%s%s", prefixes[which], r->t->draft.parameter[0].name);
    return which == DMLCSR_CURRENT || dml_model_find(r->model, name);
}

/* An average is of no use to a trainer that keeps none. */
static bool wanted(const reading *r, int which)
{
    return file_has(r, which) && (which != DMLCSR_AVERAGE || dml_trainer_has(r->t, which));
}

static int read_position(const reading *r, position *p)
{
    const char *text = dml_model_metadata(r->model, POSITION);
    if (!text || sscanf(text, "steps %llu cycle %u seen %llu %llu stale %d teaching %d", &p->steps, &p->cycle,
                        &p->seen[0], &p->seen[1], &p->stale, &p->teaching) != 6)
        return dml_fail(&r->t->error, DMLCSR_ERROR_MODEL, "%.300s: is not a checkpoint of a training run", r->path);
    if ((p->cycle > 0) != file_has(r, DMLCSR_ENSEMBLE) || (p->teaching && !p->cycle))
        return dml_fail(&r->t->error, DMLCSR_ERROR_MODEL,
                        "%.300s: is damaged: it says that there have been %u cycles, but has %s self-ensemble", r->path,
                        p->cycle, file_has(r, DMLCSR_ENSEMBLE) ? "a" : "no");
    return DMLCSR_OK;
}

static int read_one(const reading *r, const char *prefix, const dml_parameter *p, dml_real *to)
{
    char name[DML_STORE_NAME];
    snprintf(name, sizeof name, "%s%s", prefix, p->name);
    const dml_entry *e = dml_model_find(r->model, name);
    if (!e || !dml_store_same_shape(e, p))
        return dml_fail(&r->t->error, DMLCSR_ERROR_MODEL, "%.300s: is a checkpoint of another network: tensor %s %s",
                        r->path, name, e ? "has another shape" : "is missing");
    return dml_store_read(r->t, r->path, e, p, r->room, r->keep ? to : NULL);
}

static int read_all(const reading *r)
{
    const dml_draft *d = &r->t->draft;
    int status = DMLCSR_OK;
    for (int which = 0; which < DML_STATES; which++)
        for (uint32_t i = 0; i < d->parameters && wanted(r, which) && status == DMLCSR_OK; i++) {
            const dml_parameter *p = &d->parameter[i];
            status = read_one(r, prefixes[which], p, r->keep ? dml_store_place(&r->t->state[which], p) : NULL);
        }
    for (uint32_t i = 0; i < d->parameters && status == DMLCSR_OK; i++)
        if (!d->parameter[i].statistic)
            status = read_one(r, "momentum.", &d->parameter[i], r->t->momentum);
    return status;
}

/* Room for what the file has and the trainer lacks; nothing of it is left after an error. */
static int make_room(const reading *r, const position *p)
{
    dmlcsr_trainer *t = r->t;
    const bool had = dml_trainer_has(t, DMLCSR_ENSEMBLE);
    int status = p->cycle ? dml_trainer_take_state(t, DMLCSR_ENSEMBLE) : DMLCSR_OK;
    if (status == DMLCSR_OK && p->teaching)
        status = dml_trainer_take_teacher(t);
    if (status != DMLCSR_OK && !had)
        dml_trainer_drop_state(t, DMLCSR_ENSEMBLE);
    return status;
}

static void settle(const reading *r, const position *p)
{
    dmlcsr_trainer *t = r->t;
    t->steps = p->steps;
    t->cycle = p->cycle;
    t->seen[DMLCSR_ENSEMBLE] = p->seen[0];
    t->seen[DMLCSR_AVERAGE] = p->seen[1];
    t->average_stale = p->stale;
    t->teaching = p->teaching != 0;
    t->distil = 0; /* what waited was for another step */
    if (!p->cycle)
        dml_trainer_drop_state(t, DMLCSR_ENSEMBLE);
    if (!file_has(r, DMLCSR_AVERAGE))
        dml_trainer_begin_average(t);
}

/* Everything is looked at before anything changes. */
static int restore(reading *r)
{
    position p;
    int status;
    DML_TRY(read_position(r, &p));
    DML_TRY(read_all(r));
    DML_TRY(make_room(r, &p));
    r->keep = true;
    DML_TRY(read_all(r));
    settle(r, &p);
fail:
    return status;
}

int dmlcsr_trainer_restore(dmlcsr_trainer *t, const char *path,
                           void (*pair)(void *opaque, const char *key, const char *value), void *opaque)
{
    dml_model *model = NULL;
    dml_real *room = NULL;
    int status;
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!path)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "path is NULL");
    t->alike = false;
    DML_TRY(dml_store_open(t, path, &model, &room));
    reading r = {t, model, room, path, false};
    DML_TRY(restore(&r));
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
