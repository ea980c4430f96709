/* How good the network is on the validation set: what dmlcsr-evaluate --protocol dml-csr says. */
#include <stdio.h>

#include "processes.h"
#include "score.h"
#include "train_pictures.h"

/* Pictures that are parsed: `count` of `of`, evenly taken; of these, every one that is this process's. */
typedef struct choice {
    const dmlcsr_dataset *set;
    uint32_t count, of;
    uint32_t process, processes;
} choice;

static void files_of(void *opaque, uint32_t index, const char **image, const char **label)
{
    const choice *c = opaque;
    const uint64_t chosen = (uint64_t)index * c->processes + c->process;
    const uint32_t place = (uint32_t)(chosen * c->of / c->count);
    *image = dmlcsr_dataset_image_path(c->set, place);
    *label = dmlcsr_dataset_label_path(c->set, place);
}

static bool load(score *s, const run *r, const char *name, bool edges)
{
    char path[600], error[512] = "";
    dmlcsr_options o;
    dmlcsr_options_init(&o);
    o.threads = 1;
    o.isa = dmlcsr_isa_find(r->s->isa);
    o.geometry = DMLCSR_GEOMETRY_COMPATIBLE;
    o.keep_edges = edges;
    o.error = error;
    o.error_size = sizeof error;
    run_path(r, name, path, sizeof path);
    if (dmlcsr_create(&s->parser, path, &o) == DMLCSR_OK)
        return true;
    score_say(s, error);
    return false;
}

/* Parses the chosen pictures and counts into `found`, which is made. */
static bool parse(score *s, const run *r, choice *c, confusion *found)
{
    s->classes = dmlcsr_class_count(s->parser);
    s->count = (c->count + c->processes - 1 - c->process) / c->processes;
    s->files = files_of;
    s->opaque = c;
    if (confusion_make(found, s->classes))
        return score_run(s, found, score_threads((uint32_t)r->s->threads));
    score_say(s, "there is not enough memory for a confusion matrix");
    return false;
}

/* A line of four classes each. */
static void print_scores(const run *r, const metrics *m, uint32_t pictures)
{
    const uint32_t classes = dmlcsr_dataset_classes(r->validate);
    for (uint32_t c = 0; c < classes; c++) {
        printf("  %-12s", dmlcsr_dataset_class_name(r->validate, c));
        if (m->of[c].present)
            printf(" %.4f", m->of[c].f1);
        else
            fputs("   -   ", stdout);
        putchar(c % 4 == 3 || c + 1 == classes ? '\n' : ' ');
    }
    printf("  mean F1 %.4f (background left out), mean IoU %.4f, pixels right %.4f; %u pictures, protocol dml-csr\n",
           m->mean_f1, m->mean_iou, m->accuracy, pictures);
}

uint32_t run_evaluated(const run *r)
{
    const uint32_t all = dmlcsr_dataset_count(r->validate), limit = (uint32_t)r->s->evaluate_limit;
    return limit && limit < all ? limit : all;
}

int run_evaluate(const run *r, const char *name, metrics *m)
{
    const uint32_t count = run_evaluated(r);
    choice c = { r->validate, count, count, processes_rank(), processes_count() };
    confusion found = { .classes = 0 };
    score s;
    score_init(&s, "dmlcsr-train", r->s->quiet);
    s.stop = &run_interrupted;
    const bool ok = load(&s, r, name, false) && parse(&s, r, &c, &found);
    const bool stopped = processes_any(run_interrupted);
    if (ok && !stopped) {
        score_join(&found);
        metrics_compute(m, &found);
        printf("%s after epoch %u:\n", name, r->epoch + 1);
        print_scores(r, m, c.count);
    }
    confusion_free(&found);
    score_free(&s);
    return stopped ? RUN_STOPPED : ok ? RUN_DONE : RUN_FAILED;
}

/* A network of its own: edge heads take as long as half of the rest, and are wanted for these few pictures alone. */
void run_show(const run *r, int which, const char *name)
{
    enum { PICTURES = 12 };
    const uint32_t all = dmlcsr_dataset_count(r->validate);
    choice c = { r->validate, all < PICTURES ? all : PICTURES, all, 0, 1 };
    confusion found = { .classes = 0 };
    score_sheet page = { .count = 0 };
    score s;
    score_init(&s, "dmlcsr-train", r->s->quiet);
    if (load(&s, r, name, true) && pictures_sheet_make(&page, r, s.parser, which, c.count)) {
        s.sheet = &page;
        if (parse(&s, r, &c, &found))
            pictures_sheet_save(&page, r);
    }
    confusion_free(&found);
    score_sheet_free(&page);
    score_free(&s);
}
