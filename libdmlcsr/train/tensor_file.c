/* The tensors of a network as they will lie in a file. */
#include <stdio.h>
#include <string.h>

#include "base/take.h"
#include "train/store.h"

int dml_tensor_file_take(dml_tensor_file *f, dmlcsr_trainer *t, size_t networks)
{
    dml_taking taking = {&t->memory, &t->error, "a file to be written", DMLCSR_OK, 0};
    size_t values = 0;
    *f = (dml_tensor_file){.t = t, .capacity = networks * t->draft.parameters};
    for (uint32_t i = 0; i < t->draft.parameters; i++)
        values += t->draft.parameter[i].count;
    f->output = dml_take(&taking, f->capacity, sizeof *f->output);
    f->name = dml_take(&taking, f->capacity, sizeof *f->name);
    f->shape = dml_take(&taking, f->capacity, sizeof *f->shape);
    f->bytes = dml_take_rows(&taking, networks, values, sizeof(float));
    f->room = dml_take(&taking, dml_draft_largest(&t->draft), sizeof *f->room);
    return taking.status;
}

void dml_tensor_file_free(dml_tensor_file *f)
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

void dml_tensor_file_add(dml_tensor_file *f, const char *prefix, const dml_parameter *p, const dml_real *values,
                         dml_dtype dtype)
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

void dml_tensor_file_state(dml_tensor_file *f, const char *prefix, const dml_state *s, dml_dtype matrices)
{
    const dml_draft *d = &f->t->draft;
    for (uint32_t i = 0; i < d->parameters; i++) {
        const dml_parameter *p = &d->parameter[i];
        dml_tensor_file_add(f, prefix, p, dml_store_place(s, p), p->rank > 1 ? matrices : DML_F32);
    }
}
