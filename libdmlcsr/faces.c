#include "faces.h"

#include <math.h>
#include <string.h>

#include "base/structs.h"
#include "base/take.h"
#include "parse.h"

#define STEPS 1000 /* of progress */
#define OPTIONS_0_2 sizeof(dmlcsr_find_options)
#define SMALLEST 24.0 /* faces below are blurs */
#define SMALLEST_SHARE 32.0 /* of the longer side */
#define SMALLEST_LEAST 8.0
#define THRESHOLD .5

/* ---- what a handle keeps ---------------------------------------------------------------------------------------- */

static void take_map(dml_taking *taking, dml_part_map *map, uint32_t side, uint32_t classes)
{
    map->side = side;
    map->cells = dml_take(taking, dml_part_map_cells(side), sizeof(float));
    map->row = dml_take(taking, dml_part_map_row(side, classes), sizeof(float));
}

int dml_finder_create(dml_finder **out, dmlcsr *handle)
{
    dml_memory *memory = &handle->memory;
    dml_taking taking = { memory, &handle->error, "finding faces", DMLCSR_OK, 0 };
    const dml_info *info = &handle->shared->info;
    const uint32_t side = dml_net_parsing(handle->net)->w;
    dml_roles roles;
    int status = dml_roles_make(&roles, info->class_name, info->classes, info->side, &handle->error);
    if (status != DMLCSR_OK)
        return status;
    dml_finder *finder = dml_take(&taking, 1, sizeof *finder);
    if (!finder)
        return taking.status;
    finder->roles = roles;
    take_map(&taking, &finder->coarse, side, info->classes);
    take_map(&taking, &finder->fine, side, info->classes);
    finder->scratch = dml_take(&taking, dml_blobs_scratch(side, side), sizeof *finder->scratch);
    finder->found = dml_take(&taking, DML_FACES_MOST, sizeof *finder->found);
    finder->refused = dml_take(&taking, DML_FACES_REFUSED, sizeof *finder->refused);
    if (taking.status != DMLCSR_OK) {
        dml_finder_free(finder, memory);
        return taking.status;
    }
    *out = finder;
    return DMLCSR_OK;
}

void dml_finder_free(dml_finder *finder, dml_memory *memory)
{
    if (!finder)
        return;
    dml_release(memory, finder->coarse.cells);
    dml_release(memory, finder->coarse.row);
    dml_release(memory, finder->fine.cells);
    dml_release(memory, finder->fine.row);
    dml_release(memory, finder->scratch);
    dml_release(memory, finder->found);
    dml_release(memory, finder->refused);
    dml_release(memory, finder);
}

/* ---- the network ------------------------------------------------------------------------------------------------ */

dml_face_frame dml_face_frame_map(const dml_similarity *map, const dml_face_frame *f)
{
    const double a = map->a, b = map->b;
    return (dml_face_frame){ a * f->x - b * f->y + map->tx, b * f->x + a * f->y + map->ty, f->size * hypot(a, b),
                             f->rotation + atan2(b, a) };
}

dml_face_frame dml_face_frame_unmap(const dml_similarity *map, const dml_face_frame *f)
{
    const double a = map->a, b = map->b, square = a * a + b * b, x = f->x - map->tx, y = f->y - map->ty;
    return (dml_face_frame){ (a * x + b * y) / square, (a * y - b * x) / square, f->size / sqrt(square),
                             f->rotation - atan2(b, a) };
}

static int on_progress(void *opaque, uint32_t done, uint32_t total)
{
    const dml_search *s = opaque;
    const dmlcsr_options *o = &s->handle->options;
    (void)done;
    (void)total;
    return o->progress(o->opaque, (uint32_t)(s->done * STEPS), STEPS);
}

int dml_search_look(dml_search *s, const dml_face_frame *square, dml_part_map *map, dml_similarity *to_picture)
{
    dmlcsr *h = s->handle;
    const dmlcsr_region region = { sizeof region, (float)square->x, (float)square->y, (float)square->size,
                                   (float)square->rotation, 1.0f, 0 };
    const dml_similarity place = dml_similarity_region(&region, h->size);
    const dml_watch watch = { .progress = h->options.progress ? on_progress : NULL, .opaque = s };
    dml_image_to_input(s->image, &place, &h->shared->info.preprocess, true, h->pool, dml_net_input(h->net));
    int status = dml_net_run(h->net, h->pool, false, &watch);
    if (status != DMLCSR_OK)
        return dml_fail(&h->error, status, "cancelled by the progress callback");
    dml_part_map_fill(map, dml_net_parsing(h->net), &s->finder->roles, &h->shared->kernels);
    const float cell = (float)(h->size - 1) / (float)(map->side - 1); /* in pixels of the network's input */
    *to_picture = (dml_similarity){ place.a * cell, place.b * cell, place.tx, place.ty };
    return DMLCSR_OK;
}

/* ---- the call --------------------------------------------------------------------------------------------------- */

static void export(const dml_found *from, dmlcsr_face *to)
{
    memset(to, 0, sizeof *to);
    to->center_x = (float)from->frame.x;
    to->center_y = (float)from->frame.y;
    to->size = (float)from->frame.size;
    to->rotation = (float)remainder(from->frame.rotation, 6.283185307179586);
    to->left = (float)from->left;
    to->top = (float)from->top;
    to->right = (float)from->right;
    to->bottom = (float)from->bottom;
    to->confidence = (float)from->confidence;
}

static int import_options(dmlcsr_find_options *to, const dmlcsr_find_options *from, dml_error *error)
{
    int status;
    dmlcsr_find_options_init(to);
    if (!from)
        return DMLCSR_OK;
    DML_TRY(dml_struct_import(to, sizeof *to, OPTIONS_0_2, from, "dmlcsr_find_options", error));
    const dml_range ranges[] = { { "smallest", (double)to->smallest, SMALLEST_LEAST, 65535.0 },
                                 { "threshold", (double)to->threshold, 0.0, 1.0 } };
    const size_t first = to->smallest == 0.0f; /* the default */
    DML_TRY(dml_ranges_check(ranges + first, 2 - first, error));
    if (to->reserved)
        return dml_fail(error, DMLCSR_ERROR_STRUCT, "reserved is %u instead of 0", (unsigned)to->reserved);
fail:
    return status;
}

static int check(const dmlcsr_image *image, const dmlcsr_face *faces, size_t capacity, const size_t *count,
                 dml_error *error)
{
    if (!count || (!faces && capacity))
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "%s is NULL", count ? "faces" : "count");
    return dml_image_check(image, error);
}

static void tell_the_end(const dmlcsr_options *o)
{
    if (o->progress)
        o->progress(o->opaque, STEPS, STEPS);
}

int dml_find_faces(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_find_options *options, dmlcsr_face *faces,
                   size_t capacity, size_t *count)
{
    int status;
    dmlcsr_find_options o;
    DML_TRY(check(image, faces, capacity, count, &handle->error));
    DML_TRY(import_options(&o, options, &handle->error));
    if (!handle->finder)
        DML_TRY(dml_finder_create(&handle->finder, handle));
    const double side = image->width > image->height ? image->width : image->height;
    dml_search search = { .handle = handle, .image = image, .finder = handle->finder };
    search.smallest = o.smallest > 0.0f ? (double)o.smallest : fmax(SMALLEST, side / SMALLEST_SHARE);
    search.threshold = o.threshold > 0.0f ? (double)o.threshold : THRESHOLD;
    DML_TRY(dml_search_scan(&search));
    tell_the_end(&handle->options);
    const size_t kept = o.most && o.most < search.count ? o.most : search.count;
    for (size_t i = 0; i < capacity && i < kept; i++)
        export(&search.finder->found[i], &faces[i]);
    *count = kept;
fail:
    return status;
}
