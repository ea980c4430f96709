/* Between a trainer and model files: starting values, the family of a network, export. */
#include <stdio.h>

#include "train/store.h"

/* ---- reading ------------------------------------------------------------------------------------------------------- */

bool dml_store_same_shape(const dml_entry *e, const dml_parameter *p)
{
    bool same = e->rank == p->rank;
    for (uint32_t i = 0; same && i < e->rank; i++)
        same = e->shape[i] == p->shape[i];
    return same;
}

int dml_store_read(dmlcsr_trainer *t, const char *path, const dml_entry *e, const dml_parameter *p, dml_real *room,
                   dml_real *to)
{
    dml_error why = {""};
    const int status = dml_entry_read(e, &t->core.kernels, room, &why);
    if (status != DMLCSR_OK)
        return dml_fail(&t->error, status, "%.200s: %.300s", path, why.text);
    if (to)
        dml_parameter_pack(p, room, to + p->at);
    return status;
}

int dml_store_open(dmlcsr_trainer *t, const char *path, dml_model **model, dml_real **room)
{
    const size_t size = dml_draft_largest(&t->draft) * sizeof **room;
    const int status = dml_model_open(model, path, &t->memory, &t->error);
    if (status != DMLCSR_OK)
        return status;
    *room = dml_alloc(&t->memory, size);
    if (*room)
        return DMLCSR_OK;
    return dml_fail(&t->error, dml_memory_status(&t->memory, size), "%.300s: no memory to read its tensors", path);
}

static const char *why_not(const dml_entry *e, const dml_parameter *p)
{
    return !e ? "not in the file" : !dml_store_same_shape(e, p) ? "has another shape there" : NULL;
}

/* state: NULL to see only whether all can be read; then nothing is reported. */
static int fill_all(dmlcsr_trainer *t, const char *path, const dml_model *model, dml_real *room,
                    const dml_state *state, dmlcsr_fill_report report, void *opaque, uint32_t *filled)
{
    int status = DMLCSR_OK;
    *filled = 0;
    for (uint32_t i = 0; i < t->draft.parameters && status == DMLCSR_OK; i++) {
        const dml_parameter *p = &t->draft.parameter[i];
        const dml_entry *e = dml_model_find(model, p->name);
        const char *why = why_not(e, p);
        if (!why)
            status = dml_store_read(t, path, e, p, room, state ? dml_store_place(state, p) : NULL);
        if (state && report)
            report(opaque, p->name, why);
        *filled += !why;
    }
    return status;
}

int dmlcsr_trainer_fill(dmlcsr_trainer *t, const char *model_path, dmlcsr_fill_report report, void *opaque,
                        uint32_t *filled)
{
    dml_model *model = NULL;
    dml_real *room = NULL;
    uint32_t count;
    int status;
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!model_path)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "model_path is NULL");
    t->alike = false;
    DML_TRY(dml_store_open(t, model_path, &model, &room));
    DML_TRY(fill_all(t, model_path, model, room, NULL, NULL, NULL, &count));
    DML_TRY(fill_all(t, model_path, model, room, &t->state[DMLCSR_CURRENT], report, opaque, &count));
    if (!t->steps)
        dml_trainer_begin_average(t);
    if (filled)
        *filled = count;
fail:
    dml_release(&t->memory, room);
    dml_model_close(model);
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

int dmlcsr_trainer_export(dmlcsr_trainer *t, int which, const char *path, int dtype, const char *const *metadata,
                          size_t pairs)
{
    static const dml_dtype types[] = {[DMLCSR_F32] = DML_F32, [DMLCSR_F16] = DML_F16, [DMLCSR_BF16] = DML_BF16};
    dml_tensor_file f = {.t = t};
    int status;
    if (!t)
        return DMLCSR_ERROR_ARGUMENT;
    if (!path || (pairs && !metadata))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", path ? "metadata" : "path");
    if (dtype < DMLCSR_F32 || dtype > DMLCSR_BF16)
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "dtype is %d, must be DMLCSR_F32, _F16 or _BF16", dtype);
    if (!dml_trainer_has(t, which))
        return dml_fail(&t->error, DMLCSR_ERROR_ARGUMENT, "there is no network %d to write", which);
    DML_TRY(dml_tensor_file_take(&f, t, 1));
    dml_tensor_file_state(&f, "", &t->state[which], types[dtype]);
    DML_TRY(dml_safetensors_write(path, f.output, f.count, metadata, pairs, &t->memory, &t->error));
fail:
    dml_tensor_file_free(&f);
    return status;
}
