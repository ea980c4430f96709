/* The public functions: check the arguments, call in, nothing else. Those on model files are in api_model.c. */
#include <string.h>

#include "faces.h"
#include "parse.h"
#include "image/palette.h"
#include "model/default.h"
#include "ops/ops.h"
#include "base/structs.h"
#include "base/take.h"

/* The size that the struct had in the release that introduced it. */
#define OPTIONS_0_1 offsetof(dmlcsr_options, pack)

#ifndef DMLCSR_DATA_DIR
#define DMLCSR_DATA_DIR "/usr/local/share/dmlcsr"
#endif
#define MODEL_PATH(name) DMLCSR_DATA_DIR "/dmlcsr-" name ".safetensors"
#define DEFAULT_MODEL MODEL_PATH("small")

/* Index of a name, or -1. */
static int find_name(const char *const *names, int count, const char *name)
{
    for (int i = 0; name && i < count; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}

/* ---- create ------------------------------------------------------------------------------------------------------- */

static int check_options(const dmlcsr_options *o, dml_error *error)
{
    if (o->threads > 256)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.threads is %u, must be at most 256", (unsigned)o->threads);
    if (o->input_size && (o->input_size < DML_SIDE_MIN || o->input_size > DML_SIDE_MAX))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.input_size is %u, must be 0 or %d to %d",
                        (unsigned)o->input_size, DML_SIDE_MIN, DML_SIDE_MAX);
    if (o->geometry != DMLCSR_GEOMETRY_FINE && o->geometry != DMLCSR_GEOMETRY_COMPATIBLE)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.geometry is %d, must be fine or compatible", o->geometry);
    if (o->precision < DMLCSR_PRECISION_AUTO || o->precision > DMLCSR_PRECISION_INT8)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.precision is %d, must be auto, fp32, bf16 or int8",
                        o->precision);
    if (o->reserved)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "options.reserved is %d, must be 0", o->reserved);
    return dml_hooks_check(o->allocate, o->release, error);
}

static int import_options(dmlcsr_options *to, const dmlcsr_options *from, dml_error *error)
{
    dmlcsr_options_init(to);
    if (!from)
        return DMLCSR_OK;
    int status = dml_struct_import(to, sizeof *to, OPTIONS_0_1, from, "dmlcsr_options", error);
    return status == DMLCSR_OK ? check_options(to, error) : status;
}

/* Hands the sentence of a failed create to whoever wants it. Returns the status. */
static int report(const dmlcsr_options *options, int status, const dml_error *error)
{
    if (status == DMLCSR_OK)
        return status;
    dml_error_deliver(error, status, options->error, options->error_size);
    if (options->log)
        options->log(options->opaque, DMLCSR_LOG_ERROR, error->text);
    return status;
}

static int open_default(dml_model **model, dml_memory *memory, dml_error *error)
{
    size_t size;
    const void *bytes = dml_default_model(&size);
    if (bytes)
        return dml_model_open_memory(model, bytes, size, "the built-in model", memory, error);
    int status = dml_model_open(model, DEFAULT_MODEL, memory, error);
    return status == DMLCSR_ERROR_IO ? dml_fail(error, DMLCSR_ERROR_NO_MODEL,
                                                "no default model: none is built in, and %s cannot be read",
                                                DEFAULT_MODEL)
                                     : status;
}

const char *dmlcsr_model_path(const char *name)
{
    static const char *const paths[] = {DEFAULT_MODEL, MODEL_PATH("base")};
    static const char *const names[] = {"small", "base"};
    const int found = find_name(names, sizeof names / sizeof *names, name);
    return found < 0 ? NULL : paths[found];
}

/* Where a model comes from. */
typedef struct source {
    bool bytes;       /* data and size, else: */
    const char *path; /* NULL: the default model */
    const void *data;
    size_t size;
} source;

static int open_source(dml_model **model, const source *from, dml_memory *memory, dml_error *error)
{
    if (from->bytes)
        return dml_model_open_memory(model, from->data, from->size, "memory", memory, error);
    return from->path ? dml_model_open(model, from->path, memory, error) : open_default(model, memory, error);
}

static int create(dmlcsr **out, const source *from, const dmlcsr_options *given)
{
    dml_error error = {""};
    dml_memory memory;
    dml_model *model = NULL;
    dmlcsr_options options;
    int status;
    DML_TRY(import_options(&options, given, &error));
    if (!out || (from->bytes && !from->data)) {
        status = dml_fail(&error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", out ? "data" : "out");
        goto fail;
    }
    dml_memory_init(&memory, options.allocate, options.release, options.opaque, options.memory_limit);
    DML_TRY(open_source(&model, from, &memory, &error));
    DML_TRY(dml_handle_from_model(out, model, NULL, &options, &error));
fail:
    dml_model_close(model);
    return report(&options, status, &error);
}

int dmlcsr_create(dmlcsr **out, const char *model_path, const dmlcsr_options *options)
{
    source from = {false, model_path, NULL, 0};
    return create(out, &from, options);
}

int dmlcsr_create_from_memory(dmlcsr **out, const void *data, size_t size, const dmlcsr_options *options)
{
    source from = {true, NULL, data, size};
    return create(out, &from, options);
}

int dmlcsr_clone(dmlcsr **out, const dmlcsr *handle)
{
    dml_error error = {""};
    if (!handle)
        return DMLCSR_ERROR_ARGUMENT;
    int status = out ? dml_handle_create(out, handle->shared, &handle->options, &error)
                     : dml_fail(&error, DMLCSR_ERROR_ARGUMENT, "out is NULL");
    return report(&handle->options, status, &error);
}

void dmlcsr_free(dmlcsr *handle)
{
    dml_handle_free(handle);
}

/* ---- parse -------------------------------------------------------------------------------------------------------- */

int dmlcsr_parse(dmlcsr *handle, const dmlcsr_image *image, uint8_t *labels, size_t stride)
{
    dmlcsr_result result;
    if (!handle)
        return DMLCSR_ERROR_ARGUMENT;
    if (!labels)
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "labels is NULL");
    if (image && stride < image->width)
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "stride of the labels is %zu, must be at least %u", stride,
                        (unsigned)image->width);
    dmlcsr_result_init(&result);
    result.labels = labels;
    result.labels_stride = stride;
    return dmlcsr_parse_region(handle, image, NULL, &result);
}

int dmlcsr_parse_region(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region, dmlcsr_result *result)
{
    return handle ? dml_parse(handle, image, region, result, NULL) : DMLCSR_ERROR_ARGUMENT;
}

int dmlcsr_parse_many(dmlcsr *handle, dmlcsr_job *jobs, size_t count)
{
    if (!handle)
        return DMLCSR_ERROR_ARGUMENT;
    if (!jobs && count)
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "jobs is NULL");
    if (count > INT32_MAX)
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "count is %zu, must be at most %d", count, INT32_MAX);
    return dml_parse_many(handle, jobs, count);
}

int dmlcsr_find_faces(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_find_options *options, dmlcsr_face *faces,
                      size_t capacity, size_t *count)
{
    return handle ? dml_find_faces(handle, image, options, faces, capacity, count) : DMLCSR_ERROR_ARGUMENT;
}

/* ---- the bare network --------------------------------------------------------------------------------------------- */

static bool side_fits(uint32_t side)
{
    return side >= DML_SIDE_MIN && side <= DML_SIDE_MAX;
}

int dmlcsr_forward_size(const dmlcsr *handle, uint32_t height, uint32_t width, uint32_t *out_height,
                        uint32_t *out_width)
{
    if (!handle || !out_height || !out_width || !side_fits(height) || !side_fits(width))
        return DMLCSR_ERROR_ARGUMENT;
    dml_net_size(height, width, out_height, out_width);
    return DMLCSR_OK;
}

int dmlcsr_forward(dmlcsr *handle, const float *input, uint32_t height, uint32_t width, float *parsing,
                   float *binary_edge, float *category_edge)
{
    int status;
    dml_net *net;
    bool edges = binary_edge || category_edge;
    if (!handle)
        return DMLCSR_ERROR_ARGUMENT;
    if (!input || !parsing)
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", input ? "parsing" : "input");
    if (!side_fits(height) || !side_fits(width))
        return dml_fail(&handle->error, DMLCSR_ERROR_ARGUMENT, "input of %u x %u: both sides must be %d to %d",
                        (unsigned)width, (unsigned)height, DML_SIDE_MIN, DML_SIDE_MAX);
    if (edges && !dmlcsr_has_edges(handle))
        return dml_fail(&handle->error, DMLCSR_ERROR_NO_EDGES,
                        "edge maps are wanted, but the edge heads are not there (options.keep_edges, or the model)");
    DML_TRY(dml_handle_net(handle, height, width, &net));
    dml_tensor_import(dml_net_input(net), input);
    DML_TRY(dml_parse_network(handle, net, edges));
    dml_tensor_export(dml_net_parsing(net), parsing);
    if (binary_edge)
        dml_tensor_export(dml_net_binary_edge(net), binary_edge);
    if (category_edge)
        dml_tensor_export(dml_net_category_edge(net), category_edge);
fail:
    return status;
}

/* ---- what a handle knows ------------------------------------------------------------------------------------------ */

uint32_t dmlcsr_class_count(const dmlcsr *handle)
{
    return handle ? handle->shared->info.classes : 0;
}

const char *dmlcsr_class_name(const dmlcsr *handle, uint32_t label)
{
    return handle && label < handle->shared->info.classes ? handle->shared->info.class_name[label] : NULL;
}

int dmlcsr_class_find(const dmlcsr *handle, const char *name)
{
    for (uint32_t i = 0; name && i < dmlcsr_class_count(handle); i++)
        if (strcmp(dmlcsr_class_name(handle, i), name) == 0)
            return (int)i;
    return -1;
}

uint32_t dmlcsr_class_color(const dmlcsr *handle, uint32_t label)
{
    const char *name = dmlcsr_class_name(handle, label);
    return name ? dml_class_color(name, label) : 0;
}

const char *dmlcsr_side(const dmlcsr *handle)
{
    return handle ? handle->shared->info.side : "unknown";
}

const char *dmlcsr_metadata(const dmlcsr *handle, const char *key)
{
    return handle && key ? dml_info_metadata(&handle->shared->info, key) : NULL;
}

uint32_t dmlcsr_input_size(const dmlcsr *handle)
{
    return handle ? handle->size : 0;
}

int dmlcsr_has_edges(const dmlcsr *handle)
{
    return handle && dml_weights_edges(handle->shared->weights);
}

uint32_t dmlcsr_threads(const dmlcsr *handle)
{
    return handle ? dml_pool_threads(handle->pool) : 0;
}

void dmlcsr_memory(const dmlcsr *handle, size_t *weights, size_t *scratch)
{
    if (weights)
        *weights = handle ? dml_weights_bytes(handle->shared->weights) : 0;
    if (scratch)
        *scratch = handle ? dml_handle_scratch(handle) : 0;
}

const char *dmlcsr_isa(const dmlcsr *handle)
{
    return handle ? handle->shared->kernels.name : "";
}

const char *dmlcsr_last_error(const dmlcsr *handle)
{
    return handle ? handle->error.text : "";
}

/* ---- without a handle --------------------------------------------------------------------------------------------- */

int dmlcsr_isa_find(const char *name)
{
    return find_name(dml_isa_names, DML_ISAS, name);
}

static const char *const precisions[] = {"auto", "fp32", "bf16", "int8"};

const char *dmlcsr_precision(const dmlcsr *handle)
{
    return handle ? precisions[handle->shared->precision] : "";
}

int dmlcsr_precision_find(const char *name)
{
    return find_name(precisions, sizeof precisions / sizeof *precisions, name);
}

int dmlcsr_isa_available(int isa)
{
    dml_kernels kernels;
    return isa != DMLCSR_ISA_AUTO && dml_kernels_init(&kernels, isa);
}

uint32_t dmlcsr_version(void)
{
    return DMLCSR_VERSION;
}
