/* What the fuzz targets of the model readers share; each includes it once. */
#ifndef FUZZ_MODEL_TARGET_H
#define FUZZ_MODEL_TARGET_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY_LIMIT (256u << 20)
#define READ_LIMIT (1u << 20) /* elements of a tensor that is read */

static void require(int condition)
{
    if (!condition)
        abort();
}

static void read_entry(const dml_entry *entry, const dml_kernels *kernels)
{
    dml_error error;
    if (entry->count > READ_LIMIT || entry->bytes > 8 * READ_LIMIT)
        return;
    float *values = malloc(entry->count * sizeof *values + 1);
    void *raw = malloc(entry->bytes + 1);
    require(values && raw);
    error.text[0] = 0;
    int status = dml_entry_read(entry, kernels, values, &error);
    const int expected = status == DMLCSR_ERROR_MODEL || status == DMLCSR_ERROR_UNSUPPORTED;
    require(status == DMLCSR_OK || (expected && error.text[0]));
    status = dml_entry_copy(entry, raw, &error);
    require((status == DMLCSR_OK) == (entry->dtype != DML_OTHER));
    free(raw);
    free(values);
}

static void walk(const dml_model *model, const uint8_t *data, size_t size)
{
    dml_kernels kernels;
    require(dml_kernels_init(&kernels, DMLCSR_ISA_C));
    for (size_t i = 0; i < dml_model_count(model); i++) {
        const dml_entry *entry = dml_model_entry(model, i);
        require(dml_model_find(model, entry->name) == entry);
        require(entry->rank <= DML_RANK && entry->data >= data && entry->data <= data + size);
        if (i < 64)
            read_entry(entry, &kernels);
        dml_model_forget(model, entry);
    }
    for (size_t i = 0; i < dml_model_metadata_count(model) && i < 64; i++) {
        const char *key, *value;
        dml_model_metadata_at(model, i, &key, &value);
        require(dml_model_metadata(model, key) == value);
    }
}

/* Opens the bytes as a model. Whatever they are: an error with a sentence, or a model that can be read in full without
   leaving the bytes; and no memory left behind. Aborts when that does not hold. */
static void fuzz_open(const uint8_t *data, size_t size)
{
    dml_memory memory;
    dml_error error;
    dml_model *model = NULL;
    dml_memory_init(&memory, NULL, NULL, NULL, MEMORY_LIMIT);
    error.text[0] = 0;
    int status = dml_model_open_memory(&model, data, size, "fuzz", &memory, &error);
    require((status == DMLCSR_OK) == (model != NULL));
    if (model)
        walk(model, data, size);
    else
        require(status < 0 && strncmp(error.text, "fuzz: ", 6) == 0);
    dml_model_close(model);
    require(atomic_load(&memory.used) == 0);
}

#endif
