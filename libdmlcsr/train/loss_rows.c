/* Rows of logits at the labels' size. They are made one at a time, as often as they are needed: the logits never exist
 * at full size. */
#include <string.h>

#include "train/loss_private.h"

#define ROWS 5 /* in dml_loss_rows */
#define TILE ((size_t)DML_BLOCK * DML_BLOCK)

/* Whole tiles of 16 columns, so that transposing needs no special case at the end of a row. */
static size_t plane_of(uint32_t w)
{
    return ((size_t)w + DML_BLOCK - 1) / DML_BLOCK * TILE;
}

size_t dml_loss_row_size(uint32_t classes, uint32_t w)
{
    const uint32_t blocks = dml_blocks(classes);
    return ROWS * (blocks ? blocks : 1) * plane_of(w) + TILE;
}

dml_loss_rows dml_loss_rows_of(const struct dml_loss *loss, uint32_t channels, uint32_t thread)
{
    const size_t size = (loss->row_size - TILE) / ROWS;
    dml_real *at = loss->rows + thread * loss->row_size;
    return (dml_loss_rows){.logit = at, .p = at + size, .blend = at + 2 * size, .target = at + 3 * size,
                           .gradient = at + 4 * size, .tile = at + 5 * size, .channels = channels,
                           .blocks = dml_blocks(channels), .plane = plane_of(loss->w)};
}

static dml_resize_rows rows_between(const struct dml_loss *loss, uint32_t row)
{
    return dml_resize_between(row, dml_resize_scale(loss->oh, loss->h), loss->oh);
}

static void resize_row(const struct dml_loss *loss, const dml_batch *batch, uint32_t image, uint32_t row,
                       const dml_loss_rows *r, dml_real *values)
{
    const dml_tensor t = dml_batch_image(batch, image);
    const dml_resize_rows at = rows_between(loss, row);
    for (uint32_t b = 0; b < r->blocks; b++)
        loss->core->kernels.resize(dml_tensor_at(&t, b, at.top, 0), dml_tensor_at(&t, b, at.low, 0), at.below,
                                   loss->column, loss->fraction, NULL, loss->w, values + b * r->plane);
}

void dml_loss_predict(const struct dml_loss *loss, const dml_batch *logits, uint32_t image, uint32_t row,
                      const dml_loss_rows *r)
{
    resize_row(loss, logits, image, row, r, r->logit);
    loss->core->kernels.softmax(r->logit, r->channels, r->plane, loss->w, r->p);
}

void dml_loss_teach(const struct dml_loss *loss, const dml_batch *teacher, uint32_t image, uint32_t row,
                    const uint8_t *label, const dml_loss_rows *r)
{
    const dml_real truth = (dml_real)loss->teaching.truth, keep = 1 - truth;
    resize_row(loss, teacher, image, row, r, r->blend);
    for (uint32_t b = 0; b < r->blocks; b++)
        for (size_t i = 0; i < (size_t)loss->w * DML_BLOCK; i++)
            r->blend[b * r->plane + i] *= keep;
    for (size_t x = 0; x < loss->w; x++)
        if (label[x] != DML_IGNORE)
            r->blend[label[x] / DML_BLOCK * r->plane + x * DML_BLOCK + label[x] % DML_BLOCK] += truth;
    loss->core->kernels.softmax(r->blend, r->channels, r->plane, loss->w, r->target);
}

void dml_loss_send_back(const struct dml_loss *loss, const dml_batch *gradient, uint32_t image, uint32_t row,
                        const dml_loss_rows *r)
{
    const dml_tensor t = dml_batch_image(gradient, image);
    const dml_resize_rows at = rows_between(loss, row);
    for (uint32_t b = 0; b < r->blocks; b++)
        loss->core->back.resize_back(r->gradient + b * r->plane, at.below, loss->column, loss->fraction, loss->w,
                                     dml_tensor_at(&t, b, at.top, 0), dml_tensor_at(&t, b, at.low, 0));
}

/* Channels of a block, and columns of the tile that begins at x. */
static uint32_t up_to_block(uint32_t all, uint32_t from)
{
    return all - from < DML_BLOCK ? all - from : DML_BLOCK;
}

void dml_loss_store_errors(const struct dml_loss *loss, const dml_loss_rows *r, const dml_real *values, size_t at)
{
    for (uint32_t c = 0; c < r->channels; c += DML_BLOCK)
        for (uint32_t x = 0; x < loss->w; x += DML_BLOCK) {
            const uint32_t channels = up_to_block(r->channels, c), width = up_to_block(loss->w, x);
            const dml_real *from = values + c / DML_BLOCK * r->plane + (size_t)x * DML_BLOCK;
            loss->core->kernels.transpose16(from, DML_BLOCK, r->tile, DML_BLOCK);
            for (uint32_t k = 0; k < channels; k++)
                memcpy(loss->errors + (c + k) * loss->error_plane + at + x, r->tile + k * DML_BLOCK,
                       width * sizeof *r->tile);
        }
}

void dml_loss_load_errors(const struct dml_loss *loss, const dml_loss_rows *r, size_t at, dml_real *values)
{
    for (uint32_t c = 0; c < r->channels; c += DML_BLOCK)
        for (uint32_t x = 0; x < loss->w; x += DML_BLOCK) {
            const uint32_t channels = up_to_block(r->channels, c), width = up_to_block(loss->w, x);
            memset(r->tile, 0, TILE * sizeof *r->tile);
            for (uint32_t k = 0; k < channels; k++)
                memcpy(r->tile + k * DML_BLOCK, loss->errors + (c + k) * loss->error_plane + at + x,
                       width * sizeof *r->tile);
            dml_real *to = values + c / DML_BLOCK * r->plane + (size_t)x * DML_BLOCK;
            loss->core->kernels.transpose16(r->tile, DML_BLOCK, to, DML_BLOCK);
        }
}
