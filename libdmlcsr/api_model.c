/* The public functions on model files: to look into one, and to convert one. */
#include <stddef.h>

#include "base/structs.h"
#include "convert.h"

/* Sizes of the structs in version 0.1. */
#define VISITOR_0_1 sizeof(dmlcsr_visitor)
#define CONVERT_0_1 offsetof(dmlcsr_convert_options, calibration)

static void visit_metadata(const dml_model *model, const dmlcsr_visitor *visitor, bool *stop)
{
    for (size_t i = 0; visitor->metadata && !*stop && i < dml_model_metadata_count(model); i++) {
        const char *key, *value;
        dml_model_metadata_at(model, i, &key, &value);
        *stop = visitor->metadata(visitor->opaque, key, value) != 0;
    }
}

static void visit_tensors(const dml_model *model, const dmlcsr_visitor *visitor, bool *stop)
{
    for (size_t i = 0; visitor->tensor && !*stop && i < dml_model_count(model); i++) {
        const dml_entry *entry = dml_model_entry(model, i);
        const dmlcsr_tensor_info info = { entry->name, entry->dtype_name, entry->rank, entry->shape, entry->bytes };
        *stop = visitor->tensor(visitor->opaque, &info) != 0;
    }
}

int dmlcsr_inspect(const char *model_path, const dmlcsr_visitor *visitor)
{
    int status;
    dml_memory memory;
    dml_error error = { "" };
    dml_model *model = NULL;
    dmlcsr_visitor v = { 0 };
    bool stop = false;
    if (!visitor)
        return DMLCSR_ERROR_ARGUMENT;
    dml_memory_init(&memory, NULL, NULL, NULL, 0);
    DML_TRY(dml_struct_import(&v, sizeof v, VISITOR_0_1, visitor, "dmlcsr_visitor", &error));
    if (!model_path) {
        status = dml_fail(&error, DMLCSR_ERROR_ARGUMENT, "model_path is NULL");
        goto fail;
    }
    DML_TRY(dml_model_open(&model, model_path, &memory, &error));
    visit_metadata(model, &v, &stop);
    visit_tensors(model, &v, &stop);
fail:
    dml_model_close(model);
    return dml_error_deliver(&error, status, v.error, v.error_size);
}

int dmlcsr_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options)
{
    int status;
    dml_error error = { "" };
    dmlcsr_convert_options o = { .struct_size = sizeof o };
    if (options)
        DML_TRY(dml_struct_import(&o, sizeof o, CONVERT_0_1, options, "dmlcsr_convert_options", &error));
    DML_TRY(dml_convert(model_path, out_path, &o, &error));
fail:
    return dml_error_deliver(&error, status, o.error, o.error_size);
}
