/* The terms of the loss: counted from the labels first, then the softmax's errors sorted class by class for
 * Lovasz-Softmax, then everything else pixel by pixel. */
#include <string.h>

#include "base/take.h"
#include "train/loss_private.h"
#include "train/lovasz.h"

/* ---- create -------------------------------------------------------------------------------------------------------- */

static int take_all(dml_loss *l, dml_error *error)
{
    const uint32_t threads = dml_pool_threads(l->core->pool), processes = l->comm ? l->comm->sums.processes : 1;
    dml_taking t = {l->memory, error, "the loss", DMLCSR_OK, 0};
    l->column = dml_take(&t, l->w, sizeof *l->column);
    l->fraction = dml_take(&t, l->w, sizeof *l->fraction);
    l->binary = dml_take(&t, l->pixels, 1);
    l->category = dml_take(&t, l->pixels, 1);
    l->dilation = dml_take_rows(&t, threads, (size_t)l->h * l->w, 1);
    l->counts = dml_take(&t, (size_t)l->n + 1, sizeof *l->counts);
    l->sums = dml_take(&t, l->n, sizeof *l->sums);
    l->errors = dml_take_rows(&t, l->classes, l->error_plane, sizeof *l->errors);
    if (l->comm)
        l->gathered = dml_take_rows(&t, threads, processes * l->pixels, sizeof *l->gathered);
    l->sort_room = dml_take(&t, threads, l->sort_size);
    l->rows = dml_take_rows(&t, threads, l->row_size, sizeof *l->rows);
    l->bytes += t.bytes;
    return t.status;
}

int dml_loss_create(dml_loss **out, uint32_t classes, uint32_t n, uint32_t oh, uint32_t ow, uint32_t h, uint32_t w,
                    const dml_core *core, const dml_comm *comm, dml_memory *memory, dml_error *error)
{
    const uint32_t processes = comm ? comm->sums.processes : 1;
    size_t plane, pixels, all;
    if (classes < 2 || classes > DML_CLASSES_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "the loss has 2 to %d classes, not %u", DML_CLASSES_MAX, classes);
    if (!dml_mul(h, w, &plane) || !dml_mul(plane, n, &pixels) || !dml_mul(pixels, processes, &all) || all > UINT32_MAX)
        return dml_fail(error, DMLCSR_ERROR_ARGUMENT, "%u x %u pictures of %u x %u are too much for the loss", processes,
                        n, w, h);
    dml_loss *l = dml_alloc_zero(memory, sizeof *l);
    if (!l)
        return dml_fail(error, dml_memory_status(memory, sizeof *l), "no memory for the loss");
    *l = (dml_loss){.memory = memory, .core = core, .comm = comm, .classes = classes, .n = n, .oh = oh, .ow = ow,
                    .h = h, .w = w, .pixels = pixels, .bytes = sizeof *l};
    /* planes that begin at different cache sets, even where the pictures' sides are powers of two */
    l->error_plane = (pixels + DML_BLOCK - 1) / DML_BLOCK * DML_BLOCK + DML_BLOCK;
    l->sort_size = dml_lovasz_room(all);
    l->row_size = dml_loss_row_size(classes, w);
    const int status = take_all(l, error);
    if (status == DMLCSR_OK) {
        dml_resize_columns(0, l->w, dml_resize_scale(l->ow, l->w), l->ow, l->column, l->fraction);
        *out = l;
    } else
        dml_loss_free(l);
    return status;
}

void dml_loss_free(dml_loss *l)
{
    if (!l)
        return;
    void *const blocks[] = {l->column, l->fraction, l->binary, l->category, l->dilation, l->counts, l->sums, l->errors,
                            l->gathered, l->sort_room, l->rows};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        dml_release(l->memory, blocks[i]);
    dml_release(l->memory, l);
}

size_t dml_loss_bytes(const dml_loss *loss)
{
    return loss->bytes;
}

/* ---- counts -------------------------------------------------------------------------------------------------------- */

/* The data set's edges. */
static void take_edges(const dml_loss *l, size_t at, size_t plane)
{
    for (size_t i = at; i < at + plane; i++) {
        l->binary[i] = l->edges[i] != 0;
        l->category[i] = l->binary[i] && l->labels[i] != DML_IGNORE ? l->labels[i] : 0;
    }
    if (l->categories)
        memcpy(l->category + at, l->categories + at, plane);
}

static void count_image(void *argument, uint32_t image, uint32_t thread)
{
    dml_loss *l = argument;
    const size_t plane = (size_t)l->h * l->w, at = image * plane;
    dml_label_counts *c = &l->counts[image];
    memset(c, 0, sizeof *c);
    if (l->edges)
        take_edges(l, at, plane);
    else
        dml_label_edges(l->labels + at, l->h, l->w, l->edge_width, l->binary + at, l->category + at,
                        l->dilation + thread * plane);
    for (size_t i = at; i < at + plane; i++) {
        c->edge += l->binary[i];
        c->category += l->category[i] > 0;
        c->edge_label[l->category[i]]++;
        if (l->labels[i] == DML_IGNORE)
            continue;
        c->valid++;
        c->label[l->labels[i]]++;
    }
}

/* Over all pictures of all processes. A label without a class is found here, by all processes alike. */
static int count(dml_loss *l)
{
    dml_label_counts *all = &l->counts[l->n];
    const size_t n = sizeof *all / sizeof(double);
    double strange = 0;
    dml_pool_run(l->core->pool, count_image, l, l->n);
    memset(all, 0, sizeof *all);
    for (uint32_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < n; k++)
            ((double *)all)[k] += ((const double *)&l->counts[i])[k];
    const int status = l->comm ? l->comm->sums.add(l->comm->sums.opaque, (double *)all, n) : 0;
    l->present = 0;
    for (uint32_t c = 0; c < l->classes; c++)
        l->present += all->label[c] > 0;
    for (uint32_t c = l->classes; c < DML_CLASSES_MAX; c++)
        strange += all->label[c] + all->edge_label[c];
    return status ? status : strange > 0 ? DMLCSR_ERROR_ARGUMENT : 0;
}

/* ---- Lovasz-Softmax ------------------------------------------------------------------------------------------------ */

static void errors_row(void *argument, uint32_t row, uint32_t thread)
{
    dml_loss_errors(argument, row, thread);
}

typedef struct class_job {
    dml_loss *loss;
    uint32_t first; /* class of task 0 */
} class_job;

static void sort_class(void *argument, uint32_t task, uint32_t thread)
{
    const class_job *j = argument;
    dml_loss *l = j->loss;
    const uint32_t c = j->first + task;
    const size_t processes = l->comm ? l->comm->sums.processes : 1;
    dml_real *mine = l->errors + c * l->error_plane;
    const dml_real *all = l->comm ? l->gathered + task * processes * l->pixels : mine;
    const double positive = l->counts[l->n].label[c];
    l->lovasz[c] = 0;
    if (positive == 0) {
        memset(mine, 0, l->pixels * sizeof *mine);
        return;
    }
    const double factor = l->weights->parse * l->weights->lovasz / l->present;
    l->lovasz[c] = dml_lovasz(all, processes * l->pixels, positive, factor, l->comm ? l->comm->rank * l->pixels : 0,
                              l->pixels, mine, l->sort_room + thread * l->sort_size);
}

/* As many classes at once as there are threads: that is how much of the other processes' errors is held. */
static int lovasz(dml_loss *l)
{
    const size_t all = l->pixels * (l->comm ? l->comm->sums.processes : 1);
    const uint32_t together = l->comm ? dml_pool_threads(l->core->pool) : l->classes;
    dml_pool_run(l->core->pool, errors_row, l, l->n * l->h);
    for (uint32_t first = 0; first < l->classes; first += together) {
        class_job j = {l, first};
        const uint32_t tasks = together < l->classes - first ? together : l->classes - first;
        for (uint32_t k = 0; l->comm && k < tasks; k++) {
            const int status = l->comm->gather(l->comm->sums.opaque, l->errors + (first + k) * l->error_plane, l->pixels,
                                               l->gathered + k * all);
            if (status)
                return status;
        }
        dml_pool_run(l->core->pool, sort_class, &j, tasks);
    }
    return 0;
}

/* ---- everything ---------------------------------------------------------------------------------------------------- */

/* The parsing outputs first: they take longest. */
static void pixels_task(void *argument, uint32_t task, uint32_t thread)
{
    dml_loss *l = argument;
    static void (*const output[])(dml_loss *, uint32_t, uint32_t) = {dml_loss_parsing, dml_loss_category,
                                                                     dml_loss_binary};
    output[task / l->n](l, task % l->n, thread);
}

/* Terms of this process, then over all of them. */
static int add_up(const dml_loss *l, dml_loss_terms *terms)
{
    const double images = dml_loss_images(l), each = dml_inverse(l->counts[l->n].valid);
    double sum[5] = {0}, classes = 0;
    for (uint32_t i = 0; i < l->n; i++) {
        const dml_loss_sums *s = &l->sums[i];
        sum[0] += s->parse * each;
        sum[1] += s->binary;
        sum[2] += s->category;
        sum[3] += s->attention_binary * dml_inverse(l->counts[i].edge * images);
        sum[4] += s->attention_category * dml_inverse(l->counts[i].category * images);
    }
    const int status = l->comm ? l->comm->sums.add(l->comm->sums.opaque, sum, 5) : 0;
    if (status)
        return status;
    for (uint32_t c = 0; c < l->classes; c++)
        classes += l->lovasz[c];
    const dml_loss_weights *w = l->weights;
    const double lovasz_mean = classes * dml_inverse(l->present);
    *terms = (dml_loss_terms){lovasz_mean, sum[0], sum[1], sum[2], sum[3], sum[4], 0};
    terms->total = w->parse * (w->lovasz * terms->lovasz + (1 - w->lovasz) * terms->parse_ce)
                   + w->binary * terms->binary_edge + w->category * terms->category_edge
                   + w->attention_binary * terms->attention_binary + w->attention_category * terms->attention_category;
    return 0;
}

int dml_loss_run(dml_loss *l, const dml_loss_weights *weights, const dml_logits *logits, const uint8_t *labels,
                 const uint8_t *edges, uint32_t edge_width, const dml_teaching *teaching, dml_loss_terms *terms,
                 const dml_logits *gradient)
{
    l->weights = weights;
    l->logits = logits;
    l->teaching = teaching ? *teaching : (dml_teaching){0};
    l->gradient = gradient;
    l->labels = labels;
    l->edges = edges;
    l->edge_width = edge_width;
    int status = count(l);
    if (!status)
        status = lovasz(l);
    if (status)
        return status;
    dml_pool_run(l->core->pool, pixels_task, l, 3 * l->n);
    return add_up(l, terms);
}
