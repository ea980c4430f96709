#include "parse.h"

#include "base/structs.h"

/* Sizes that the structs had in the release that introduced them. */
#define REGION_0_1 sizeof(dmlcsr_region)
#define RESULT_0_1 sizeof(dmlcsr_result)

int dml_parse_network(dmlcsr *handle, dml_net *net, bool edges)
{
    const dml_watch watch = {.progress = handle->progress, .opaque = handle->options.opaque};
    int status = dml_net_run(net, handle->pool, edges, &watch);
    if (status == DMLCSR_ERROR_CANCELLED)
        dml_fail(&handle->error, status, "cancelled by the progress callback");
    return status;
}

/* All arguments are checked and complete. */
static int run(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region, dmlcsr_result *result,
               const dml_turn *turn)
{
    bool edges = result->binary_edge || result->category_edge;
    int geometry = handle->options.geometry;
    dml_similarity place = region ? dml_similarity_region(region, handle->size)
                                  : dml_similarity_whole(image->width, image->height, handle->size);
    dml_image_to_input(image, &place, &handle->shared->info.preprocess, geometry == DMLCSR_GEOMETRY_FINE, handle->pool,
                       dml_net_input(handle->net));
    int status = dml_parse_network(handle, handle->net, edges);
    if (status != DMLCSR_OK)
        return status;
    dml_logits logits = {dml_net_parsing(handle->net), edges ? dml_net_binary_edge(handle->net) : NULL,
                         edges ? dml_net_category_edge(handle->net) : NULL, handle->size};
    if (turn)
        turn->wait(turn->opaque);
    dml_image_result(&logits, &place, geometry, !region, image, &handle->shared->kernels, handle->pool,
                     handle->scratch, result);
    return DMLCSR_OK;
}

int dml_parse(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region, dmlcsr_result *result,
              const dml_turn *turn)
{
    int status;
    dmlcsr_region place;
    dmlcsr_result wanted;
    dml_error *error = &handle->error;
    if (!result)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "result is NULL");
    DML_TRY(dml_image_check(image, error));
    if (region)
        DML_TRY(dml_struct_import(&place, sizeof place, REGION_0_1, region, "dmlcsr_region", error));
    DML_TRY(dml_region_check(region ? &place : NULL, error));
    DML_TRY(dml_struct_import(&wanted, sizeof wanted, RESULT_0_1, result, "dmlcsr_result", error));
    DML_TRY(dml_result_check(&wanted, image, handle->shared->info.classes, dml_weights_edges(handle->shared->weights),
                             error));
    DML_TRY(run(handle, image, region ? &place : NULL, &wanted, turn));
fail:
    return status;
}
