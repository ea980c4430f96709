/* One picture of a batch: from the files, or the cache, to the network's input. */
#include "train/loader.h"

static void normalise(const dmlcsr_loader_options *o, float *input)
{
    size_t pixels = (size_t)o->size * o->size;
    for (int p = 0; p < 3; p++, input += pixels) {
        float scale = (float)(1.0 / (255.0 * o->std[p])), shift = (float)(-(double)o->mean[p] / o->std[p]);
        for (size_t i = 0; i < pixels; i++)
            input[i] = input[i] * scale + shift;
    }
}

/* The planes are worked on where they will stay: canvas.plane says which of them is red. */
static void view(const dmlcsr_loader *loader, const dml_worker *worker, const dml_work *work, const dml_source *source)
{
    const dmlcsr_loader_options *o = &loader->options;
    size_t pixels = (size_t)o->size * o->size;
    float *input = work->slot->input + work->picture * 3 * pixels;
    uint8_t *label = work->slot->labels + work->picture * pixels, identity[256];
    dml_canvas canvas = { { input, input + pixels, input + 2 * pixels }, label, worker->inside, o->size, worker->room };
    if (!o->rgb) {
        canvas.plane[0] = input + 2 * pixels;
        canvas.plane[2] = input;
    }
    dml_change change = dml_change_none();
    if (!o->evaluate)
        change = dml_change_draw(&loader->augment, o->seed, work->epoch, work->position);
    for (int i = 0; i < 256; i++)
        identity[i] = (uint8_t)i;
    dml_affine place = dml_view_place(source->w, source->h, o->size, &change);
    dml_view_image(source, &place, o->size, canvas.plane);
    dml_view_label(source, &place, o->size, change.flip ? loader->set->mirror : identity, label, canvas.inside);
    if (dml_change_colours(&change))
        dml_colour_change(&canvas, &change);
    normalise(o, input);
}

int dml_picture_make(dmlcsr_loader *loader, const dml_worker *worker, const dml_work *work, dml_error *error)
{
    dml_memory *memory = &loader->memory;
    const dml_source *source = dml_cache_find(&loader->cache, work->index);
    dml_source *loaded = NULL;
    if (!source) {
        int status = dml_source_load(&loaded, loader->set, work->index, loader->options.cache_side, &loader->noise,
                                     memory, error);
        if (status != DMLCSR_OK)
            return status;
        source = loaded;
    }
    view(loader, worker, work, source);
    if (loaded && !dml_cache_keep(&loader->cache, work->index, loaded))
        dml_release(memory, loaded);
    return DMLCSR_OK;
}
