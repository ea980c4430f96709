/* Batches ahead of the step that uses them: the side of the thread that asks for them. */
#include "train/loader.h"

#include <string.h>

#include "base/structs.h"
#include "base/take.h"

/* ---- create ---- */

static int check_augment(const dmlcsr_augment *a, dml_error *error)
{
    const dml_range ranges[] = {
        { "scale_deviation", a->scale_deviation, 0, 10 }, { "scale_limit", a->scale_limit, 0, .95 },
        { "rotate", a->rotate, 0, 1 }, { "rotate_deviation", a->rotate_deviation, 0, 1e4 },
        { "rotate_limit", a->rotate_limit, 0, 180 }, { "flip", a->flip, 0, 1 }, { "translate", a->translate, 0, 1 },
        { "jitter", a->jitter, 0, 1 }, { "brightness", a->brightness, 0, 1 }, { "contrast", a->contrast, 0, 1 },
        { "saturation", a->saturation, 0, 1 }, { "grey", a->grey, 0, 1 }, { "blur", a->blur, 0, 1 },
        { "blur_limit", a->blur_limit, 0, 10 }, { "blocks", a->blocks, 0, 1 },
        { "blocks_quality", a->blocks_quality, 1, 100 }, { "occlude", a->occlude, 0, 1 },
    };
    return dml_ranges_check(ranges, sizeof ranges / sizeof *ranges, error);
}

static int check_options(const dmlcsr_loader_options *o, const dmlcsr_label_noise *n, dml_error *error)
{
    const dml_range ranges[] = {
        { "batch", o->batch, 1, 65535 }, { "size", o->size, 17, 4097 }, { "threads", o->threads, 1, 64 },
        { "ahead", o->ahead, 1, 64 }, { "processes", o->processes, 1, 65535 },
        { "rank", o->rank, 0, o->processes - 1.0 }, { "std[0]", o->std[0], 1e-6, 1e6 },
        { "std[1]", o->std[1], 1e-6, 1e6 }, { "std[2]", o->std[2], 1e-6, 1e6 }, { "mean[0]", o->mean[0], -1e6, 1e6 },
        { "mean[1]", o->mean[1], -1e6, 1e6 }, { "mean[2]", o->mean[2], -1e6, 1e6 },
        { "cache_side", o->cache_side, 0, 65535 }, { "share", n->share, 0, 1 }, { "shift", n->shift, 0, 1 },
        { "swap", n->swap, 0, 1 }, { "grow", n->grow, 0, 1 }, { "reach", n->reach, 0, .1 },
    };
    return dml_ranges_check(ranges, sizeof ranges / sizeof *ranges, error);
}

/* The structs that the options point to, or their defaults. */
static int take_options(dmlcsr_loader *l)
{
    const dmlcsr_loader_options *o = &l->options;
    int status;
    dmlcsr_augment_init(&l->augment);
    dmlcsr_label_noise_init(&l->noise);
    if (o->augment)
        DML_TRY(dml_struct_import(&l->augment, sizeof l->augment, sizeof l->augment, o->augment, "dmlcsr_augment",
                                  &l->error));
    if (o->noise)
        DML_TRY(dml_struct_import(&l->noise, sizeof l->noise, sizeof l->noise, o->noise, "dmlcsr_label_noise",
                                  &l->error));
    DML_TRY(check_options(o, &l->noise, &l->error));
    status = check_augment(&l->augment, &l->error);
fail:
    return status;
}

static int take_steps(dmlcsr_loader *l)
{
    const dmlcsr_loader_options *o = &l->options;
    uint64_t whole = (uint64_t)o->batch * o->processes, count = l->set->count;
    l->steps = (uint32_t)(o->evaluate ? (count + whole - 1) / whole : count / whole);
    if (!l->steps)
        return dml_fail(&l->error, DMLCSR_ERROR_ARGUMENT, "the set has %u pictures, but one step takes %llu",
                        (unsigned)count, (unsigned long long)whole);
    if (l->steps == DML_NO_STEP)
        l->steps--; /* of four milliards: one step less, and the number is free for another meaning */
    return DMLCSR_OK;
}

static int take_memory(dmlcsr_loader *l)
{
    const dmlcsr_loader_options *o = &l->options;
    const size_t pixels = (size_t)o->size * o->size;
    dml_taking t = { &l->memory, &l->error, "batches", DMLCSR_OK, 0 };
    l->slots = o->ahead + 1; /* one is in use */
    l->slot = dml_take(&t, l->slots, sizeof *l->slot);
    for (uint32_t i = 0; i < l->slots && t.status == DMLCSR_OK; i++) {
        dml_slot *slot = &l->slot[i];
        slot->step = DML_NO_STEP;
        slot->input = dml_take_rows(&t, o->batch, 3 * pixels, sizeof(float));
        slot->labels = dml_take(&t, o->batch, pixels);
        slot->index = dml_take(&t, o->batch, sizeof *slot->index);
        slot->name = dml_take(&t, o->batch, sizeof *slot->name);
    }
    if (!o->evaluate)
        l->order = dml_take(&t, l->set->count, sizeof *l->order);
    l->worker = dml_take(&t, o->threads, sizeof *l->worker);
    for (uint32_t i = 0; i < o->threads && t.status == DMLCSR_OK; i++) {
        l->worker[i].loader = l;
        l->worker[i].inside = dml_take(&t, pixels, 1);
        l->worker[i].room = dml_take(&t, pixels, sizeof(float));
    }
    return t.status;
}

static int start_threads(dmlcsr_loader *l)
{
    pthread_mutex_init(&l->mutex, NULL);
    pthread_cond_init(&l->work, NULL);
    pthread_cond_init(&l->ready, NULL);
    l->has_mutex = true;
    l->next = DML_NO_STEP;
    l->make_step = l->steps;
    for (; l->started < l->options.threads; l->started++)
        if (pthread_create(&l->worker[l->started].thread, NULL, dml_worker_main, &l->worker[l->started]) != 0)
            return dml_fail(&l->error, DMLCSR_ERROR_THREAD, "thread %u of %u cannot be started",
                            (unsigned)l->started + 1, (unsigned)l->options.threads);
    return DMLCSR_OK;
}

int dmlcsr_loader_create(dmlcsr_loader **out, const dmlcsr_dataset *set, const dmlcsr_loader_options *options)
{
    dmlcsr_loader_options o;
    dmlcsr_loader *l = NULL;
    dml_memory hooks;
    dml_error error = { "" };
    if (!out || !set || !options)
        return DMLCSR_ERROR_ARGUMENT;
    int status = dml_struct_import(&o, sizeof o, sizeof o, options, "dmlcsr_loader_options", &error);
    if (status != DMLCSR_OK)
        return status; /* where its error goes cannot be trusted */
    DML_TRY(dml_hooks_check(o.allocate, o.release, &error));
    dml_memory_init(&hooks, o.allocate, o.release, o.opaque, 0);
    l = dml_alloc_holder(&hooks, sizeof *l);
    if (!l)
        DML_TRY(dml_fail(&error, DMLCSR_ERROR_MEMORY, "no memory for a loader"));
    l->set = set;
    l->options = o;
    DML_TRY(take_options(l));
    DML_TRY(take_steps(l));
    DML_TRY(dml_cache_create(&l->cache, set->count, o.cache_bytes, &l->memory, &l->error));
    DML_TRY(take_memory(l));
    DML_TRY(start_threads(l));
    *out = l;
    return DMLCSR_OK;
fail:
    dml_give_error(l ? &l->error : &error, o.error, o.error_size);
    dmlcsr_loader_free(l);
    return status;
}

/* ---- free ---- */

static void end_threads(dmlcsr_loader *l)
{
    if (!l->has_mutex)
        return;
    pthread_mutex_lock(&l->mutex);
    l->quit = true;
    pthread_cond_broadcast(&l->work);
    pthread_mutex_unlock(&l->mutex);
    for (uint32_t i = 0; i < l->started; i++)
        pthread_join(l->worker[i].thread, NULL);
    pthread_cond_destroy(&l->work);
    pthread_cond_destroy(&l->ready);
    pthread_mutex_destroy(&l->mutex);
}

void dmlcsr_loader_free(dmlcsr_loader *loader)
{
    if (!loader)
        return;
    end_threads(loader);
    for (uint32_t i = 0; i < loader->slots && loader->slot; i++) {
        dml_release(&loader->memory, loader->slot[i].input);
        dml_release(&loader->memory, loader->slot[i].labels);
        dml_release(&loader->memory, loader->slot[i].index);
        dml_release(&loader->memory, (void *)loader->slot[i].name);
    }
    for (uint32_t i = 0; i < loader->options.threads && loader->worker; i++) {
        dml_release(&loader->memory, loader->worker[i].inside);
        dml_release(&loader->memory, loader->worker[i].room);
    }
    dml_cache_free(&loader->cache, &loader->memory);
    dml_release(&loader->memory, loader->slot);
    dml_release(&loader->memory, loader->order);
    dml_release(&loader->memory, loader->worker);
    dml_release_holder(loader);
}

/* ---- use ---- */

uint32_t dmlcsr_loader_steps(const dmlcsr_loader *loader)
{
    return loader ? loader->steps : 0;
}

int dmlcsr_loader_start(dmlcsr_loader *loader, uint32_t epoch, uint32_t first_step)
{
    if (!loader)
        return DMLCSR_ERROR_ARGUMENT;
    if (first_step > loader->steps)
        return dml_fail(&loader->error, DMLCSR_ERROR_ARGUMENT, "first_step is %u, but an epoch has %u steps",
                        (unsigned)first_step, (unsigned)loader->steps);
    pthread_mutex_lock(&loader->mutex);
    loader->make_step = loader->steps; /* nothing more of what was under way */
    while (loader->busy)
        pthread_cond_wait(&loader->ready, &loader->mutex);
    for (uint32_t i = 0; i < loader->slots; i++)
        loader->slot[i].step = DML_NO_STEP;
    if (loader->order)
        dml_draw_order(loader->options.seed, epoch, loader->set->count, loader->order);
    loader->epoch = epoch;
    loader->next = loader->held = loader->make_step = first_step;
    loader->make_picture = 0;
    pthread_cond_broadcast(&loader->work);
    pthread_mutex_unlock(&loader->mutex);
    return DMLCSR_OK;
}

/* Waits until step loader->next is complete, and counts on. */
static dml_slot *wait_for_step(dmlcsr_loader *l)
{
    dml_slot *slot = &l->slot[l->next % l->slots];
    pthread_mutex_lock(&l->mutex);
    l->held = l->next; /* the step before is no longer looked at */
    pthread_cond_broadcast(&l->work);
    while (slot->step != l->next || slot->done < slot->count)
        pthread_cond_wait(&l->ready, &l->mutex);
    l->next++;
    pthread_mutex_unlock(&l->mutex);
    return slot;
}

int dmlcsr_loader_next(dmlcsr_loader *loader, dmlcsr_loader_batch *batch)
{
    if (!loader)
        return DMLCSR_ERROR_ARGUMENT;
    loader->error.text[0] = 0;
    if (!batch)
        return dml_fail(&loader->error, DMLCSR_ERROR_ARGUMENT, "batch is NULL");
    if (batch->struct_size != sizeof *batch)
        return dml_fail(&loader->error, DMLCSR_ERROR_STRUCT, "the batch's struct_size is %zu, must be %zu",
                        batch->struct_size, sizeof *batch);
    if (loader->next >= loader->steps) /* written by this thread alone */
        return dml_fail(&loader->error, DMLCSR_ERROR_ARGUMENT, loader->next == DML_NO_STEP
                        ? "the loader has not been started" : "the epoch's last step has been given");
    const dml_slot *slot = wait_for_step(loader);
    if (slot->status != DMLCSR_OK)
        return dml_fail(&loader->error, slot->status, "%s", slot->error.text);
    batch->count = slot->count;
    batch->epoch = loader->epoch;
    batch->step = slot->step;
    batch->input = slot->input;
    batch->labels = slot->labels;
    batch->index = slot->index;
    batch->name = slot->name;
    return DMLCSR_OK;
}

void dmlcsr_loader_cached(dmlcsr_loader *loader, size_t *bytes, uint32_t *pairs)
{
    size_t held = 0;
    uint32_t count = 0;
    if (loader && loader->cache.source) {
        pthread_mutex_lock(&loader->cache.mutex);
        held = loader->cache.bytes;
        count = loader->cache.pairs;
        pthread_mutex_unlock(&loader->cache.mutex);
    }
    if (bytes)
        *bytes = held;
    if (pairs)
        *pairs = count;
}

const char *dmlcsr_loader_last_error(const dmlcsr_loader *loader)
{
    return loader ? loader->error.text : "";
}
