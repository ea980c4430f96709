/* What the files share that read and write models and checkpoints. */
#ifndef DML_TRAIN_STORE_H
#define DML_TRAIN_STORE_H

#include "model/model.h"
#include "train/trainer.h"

#define DML_STORE_NAME 128 /* bytes for a tensor's name */

/* ---- reading (store.c) ---- */

/* A model file, and room for the largest tensor of the trainer's network. Both outputs may be set after an error. */
int dml_store_open(dmlcsr_trainer *t, const char *path, dml_model **model, dml_real **room);

bool dml_store_same_shape(const dml_entry *e, const dml_parameter *p);

/* The vector that a parameter lies in. */
static inline dml_real *dml_store_place(const dml_state *s, const dml_parameter *p)
{
    return p->statistic ? s->statistics : s->parameters;
}

/* One tensor into its place in `to`; NULL: only looks whether it can be read. path: of the file, for the sentence. */
int dml_store_read(dmlcsr_trainer *t, const char *path, const dml_entry *e, const dml_parameter *p, dml_real *room,
                   dml_real *to);

/* ---- writing (tensor_file.c) ---- */

/* A file under way: its tensors, and their bytes in one block. */
typedef struct dml_tensor_file {
    dmlcsr_trainer *t;
    dml_output *output;
    char (*name)[DML_STORE_NAME];
    uint64_t (*shape)[4];
    unsigned char *bytes;
    dml_real *room;
    size_t count, capacity, used;
} dml_tensor_file;

/* Room for the tensors of so many networks. To be freed, also when it fails. */
int dml_tensor_file_take(dml_tensor_file *f, dmlcsr_trainer *t, size_t networks);
void dml_tensor_file_free(dml_tensor_file *f);

/* Appends one tensor of a vector, or all of a network: unpacked and little-endian. */
void dml_tensor_file_add(dml_tensor_file *f, const char *prefix, const dml_parameter *p, const dml_real *values,
                         dml_dtype dtype);
void dml_tensor_file_state(dml_tensor_file *f, const char *prefix, const dml_state *s, dml_dtype matrices);

#endif
