/* The public function that writes a network for other runtimes. */
#include <stdio.h>
#include <string.h>

#include "base/structs.h"
#include "info.h"
#include "onnx/onnx.h"

/* The size that the struct had in the release that introduced it. */
#define OPTIONS_0_2 sizeof(dmlcsr_onnx_options)

typedef struct exporter {
    dmlcsr_onnx_options options;
    dml_memory memory;
    dml_error error;
    dml_kernels kernels;
    dml_model *model;
    dml_metadata metadata;
    dml_weights *weights;
    dml_info info;
    const char **pair; /* as in dml_metadata: what the file is to say */
    char *classes;     /* their names, with blanks between them */
} exporter;

static int fail_memory(exporter *e, size_t size)
{
    return dml_fail(&e->error, dml_memory_status(&e->memory, size), "no memory to export the model");
}

static int check(exporter *e, const char *model_path, const char *out_path)
{
    const uint32_t size = e->options.input_size;
    if (!model_path || !out_path)
        return dml_fail(&e->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", model_path ? "out_path" : "model_path");
    if (size && (size < DML_SIDE_MIN || size > DML_SIDE_MAX))
        return dml_fail(&e->error, DMLCSR_ERROR_ARGUMENT, "options.input_size is %u, must be 0 or %d to %d",
                        (unsigned)size, DML_SIDE_MIN, DML_SIDE_MAX);
    return DMLCSR_OK;
}

/* Loads the network, as a handle would. The instruction set only decides how fast half precision is read. */
static int load(exporter *e, const char *model_path)
{
    int status;
    DML_TRY(dml_kernels_create(&e->kernels, DMLCSR_ISA_AUTO, &e->error));
    DML_TRY(dml_model_open(&e->model, model_path, &e->memory, &e->error));
    const dml_keep keep = {DMLCSR_PRECISION_FP32, false, e->options.edges != 0};
    DML_TRY(dml_weights_create(&e->weights, e->model, &e->kernels, &keep, NULL, &e->memory, &e->error));
    if (e->options.edges && !dml_weights_edges(e->weights))
        return dml_fail(&e->error, DMLCSR_ERROR_NO_EDGES,
                        "%.300s: has no edge heads (tensor edge_layer.conv4.weight is missing)", model_path);
    DML_TRY(dml_metadata_create(&e->metadata, e->model, e->options.metadata, e->options.metadata_count, &e->memory,
                                &e->error));
    DML_TRY(dml_info_create(&e->info, &e->metadata, dml_weights_classes(e->weights), &e->memory, &e->error));
fail:
    return status;
}

static int join_classes(exporter *e)
{
    size_t size = 1;
    for (uint32_t i = 0; i < e->info.classes; i++)
        size += strlen(e->info.class_name[i]) + 1;
    char *at = e->classes = dml_alloc(&e->memory, size);
    if (!at)
        return fail_memory(e, size);
    for (uint32_t i = 0; i < e->info.classes; i++)
        at += snprintf(at, size - (size_t)(at - e->classes), "%s%s", i ? " " : "", e->info.class_name[i]);
    return DMLCSR_OK;
}

static const char *or_published(const exporter *e, const char *key, const char *published)
{
    const char *text = dml_info_metadata(&e->info, key);
    return text ? text : published;
}

static bool has_key(const char *const *pair, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(pair[2 * i], key) == 0)
            return true;
    return false;
}

/* What a parse takes for granted where a model file is silent, another runtime must be told; the rest is as it was. */
static int write_network(exporter *e, const char *out_path)
{
    const uint32_t side = e->options.input_size ? e->options.input_size : e->info.size;
    char size[16];
    int status;
    DML_TRY(join_classes(e));
    snprintf(size, sizeof size, "%u", (unsigned)side);
    const char *const told[][2] = {{"dmlcsr.classes", e->classes},
                                   {"dmlcsr.side", e->info.side},
                                   {"dmlcsr.size", size},
                                   {"dmlcsr.channels", e->info.preprocess.bgr ? "bgr" : "rgb"},
                                   {"dmlcsr.mean", or_published(e, "dmlcsr.mean", "0.485 0.456 0.406")},
                                   {"dmlcsr.std", or_published(e, "dmlcsr.std", "0.229 0.224 0.225")}};
    const size_t keys = sizeof told / sizeof *told, bytes = 2 * (keys + e->info.pairs) * sizeof *e->pair;
    size_t count = keys;
    e->pair = dml_alloc(&e->memory, bytes);
    if (!e->pair)
        return fail_memory(e, bytes);
    memcpy(e->pair, told, sizeof told);
    for (size_t i = 0; i < e->info.pairs; i++)
        if (!has_key(e->pair, keys, e->info.pair[2 * i]))
            memcpy(&e->pair[2 * count++], &e->info.pair[2 * i], 2 * sizeof *e->pair);
    DML_TRY(dml_onnx_write(out_path, e->weights, side, e->pair, count, &e->memory, &e->error));
fail:
    return status;
}

int dmlcsr_export_onnx(const char *model_path, const char *out_path, const dmlcsr_onnx_options *options)
{
    int status;
    exporter e = {.options = {.struct_size = sizeof e.options}};
    dml_memory_init(&e.memory, NULL, NULL, NULL, 0);
    if (options)
        DML_TRY(dml_struct_import(&e.options, sizeof e.options, OPTIONS_0_2, options, "dmlcsr_onnx_options", &e.error));
    DML_TRY(check(&e, model_path, out_path));
    DML_TRY(load(&e, model_path));
    DML_TRY(write_network(&e, out_path));
fail:
    dml_release(&e.memory, e.pair);
    dml_release(&e.memory, e.classes);
    dml_info_free(&e.info, &e.memory);
    dml_metadata_free(&e.metadata, &e.memory);
    dml_weights_free(e.weights, &e.memory);
    dml_model_close(e.model);
    return dml_error_deliver(&e.error, status, e.options.error, e.options.error_size);
}
