/*
 * dmlcsr-parse: pictures in, the parts of the faces in them out.
 *
 * The flow is here; what was asked is in args.c, pictures in io*.c, files in outputs.c, numbers in report.c.
 */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "find.h"
#include "io.h"
#include "outputs.h"
#include "progress.h"
#include "report.h"

typedef struct session {
    arguments asked;
    outputs files;
    dmlcsr *parser;
    class_list classes; /* as they are shown; the next one is of these ids, the matte of the model's */
    bool shown[256];   /* classes that are reported */
    uint64_t matte;    /* classes of the matte, as bits */
    progress bar;
    size_t failed;
} session;

static volatile sig_atomic_t stopped; /* the signal that asked us to */

static void on_signal(int number)
{
    stopped = number;
}

/* ---- what the library calls ---- */

static int on_progress(void *opaque, uint32_t done, uint32_t total)
{
    session *s = opaque;
    if (s->parser && total)
        progress_show(&s->bar, (double)done / total);
    return stopped != 0;
}

static void on_log(void *opaque, int level, const char *message)
{
    session *s = opaque;
    bool wanted = level == DMLCSR_LOG_WARNING ? !s->asked.quiet : level == DMLCSR_LOG_INFO && s->asked.verbose;
    if (!wanted) /* errors come back as return values, and are told there */
        return;
    progress_hide(&s->bar);
    fprintf(stderr, PROGRAM ": %s\n", message);
}

/* ---- the model ---- */

static bool load_model(session *s)
{
    const arguments *a = &s->asked;
    char error[512] = "";
    dmlcsr_options options;
    dmlcsr_options_init(&options);
    options.threads = a->threads;
    options.isa = a->isa;
    options.precision = a->precision;
    options.pack = a->pack;
    options.input_size = a->size;
    options.geometry = a->geometry;
    options.keep_edges = a->edges;
    options.log = on_log;
    options.progress = on_progress;
    options.opaque = s;
    options.error = error;
    options.error_size = sizeof error;
    int status = dmlcsr_create(&s->parser, a->model, &options);
    if (status != DMLCSR_OK)
        option_model_failed(PROGRAM, a->model, status, error);
    return status == DMLCSR_OK;
}

static void tell_about_model(const session *s)
{
    size_t weights = 0, scratch = 0;
    const char *licence = dmlcsr_metadata(s->parser, "dmlcsr.licence");
    dmlcsr_memory(s->parser, &weights, &scratch);
    fprintf(stderr, PROGRAM ": model %s, %u classes, input %u x %u%s%s\n", s->asked.model ? s->asked.model : "small",
            dmlcsr_class_count(s->parser), dmlcsr_input_size(s->parser), dmlcsr_input_size(s->parser),
            licence ? ", licence: " : "", licence ? licence : "");
    fprintf(stderr, PROGRAM ": %s, %s, %u thread%s, %.1f MB of weights, %.1f MB of scratch memory\n",
            dmlcsr_isa(s->parser), dmlcsr_precision(s->parser), dmlcsr_threads(s->parser),
            dmlcsr_threads(s->parser) == 1 ? "" : "s", (double)weights / 1e6, (double)scratch / 1e6);
}

/* What of the command line can only be judged with the model at hand. Returns -1, or an exit code. */
static int check_against_model(session *s)
{
    bool matte[256];
    const arguments *a = &s->asked;
    for (int i = 0; i < 256; i++)
        s->shown[i] = true;
    if (!class_list_make(&s->classes, s->parser, a->scheme, a->side)) {
        fputs(PROGRAM ": --side: the model does not say whose left its left is\n", stderr);
        return EXIT_USAGE;
    }
    if (a->classes && !classes_find(&s->classes, "classes", a->classes, s->shown))
        return EXIT_USAGE;
    if (a->matte && !classes_find(&s->classes, "matte", a->matte, matte))
        return EXIT_USAGE;
    for (uint32_t i = 0; a->matte && i < dmlcsr_class_count(s->parser); i++) {
        bool wanted = matte[s->classes.map[i]];
        if (wanted && i >= 64) {
            fprintf(stderr, PROGRAM ": --matte: only the first 64 classes of a model can be in a matte\n");
            return EXIT_USAGE;
        }
        if (wanted)
            s->matte |= (uint64_t)1 << i;
    }
    if (a->matte && !s->matte) {
        fprintf(stderr, PROGRAM ": --matte %s: the model has none of these classes\n", a->matte);
        return EXIT_USAGE;
    }
    if (a->edges && !dmlcsr_has_edges(s->parser)) {
        fputs(PROGRAM ": --edges: this model has no edge heads; use one converted without --drop-edges\n", stderr);
        return EXIT_USAGE;
    }
    return -1;
}

/* ---- one picture ---- */

static bool take_memory(const session *s, const picture *photo, maps *m, note *error)
{
    size_t count = (size_t)photo->width * photo->height;
    memset(m, 0, sizeof *m);
    m->labels = malloc(count);
    m->matte = s->asked.matte ? malloc(count) : NULL;
    m->binary_edge = s->asked.edges ? malloc(count * sizeof *m->binary_edge) : NULL;
    m->category_edge = s->asked.edges ? malloc(count) : NULL;
    bool ok = m->labels && (m->matte || !s->asked.matte) && (!s->asked.edges || (m->binary_edge && m->category_edge));
    if (!ok)
        note_set(error, "there is not enough memory for the results of %u x %u pixels", photo->width, photo->height);
    return ok;
}

static void release_memory(maps *m)
{
    free(m->labels);
    free(m->matte);
    free(m->binary_edge);
    free(m->category_edge);
}

/* What is in the maps where there is nobody. */
static void clear_maps(maps *m, size_t count, bool background)
{
    memset(m->labels, 0, count);
    if (m->matte)
        memset(m->matte, background ? 255 : 0, count);
    if (m->category_edge)
        memset(m->category_edge, 0, count);
    for (size_t i = 0; m->binary_edge && i < count; i++)
        m->binary_edge[i] = 0;
}

/* Parses the whole picture, or its regions one after the other into the same maps. */
static bool parse_regions(session *s, const findings *f, const picture *photo, maps *m, note *error)
{
    dmlcsr_image image = { photo->pixels, photo->width, photo->height, (size_t)photo->width * 3, DMLCSR_RGB8 };
    size_t count = f->region_count ? f->region_count : 1;
    if (f->faces && !f->region_count) {
        clear_maps(m, (size_t)photo->width * photo->height, s->matte & 1);
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        dmlcsr_result result;
        dmlcsr_result_init(&result);
        result.flags = i ? DMLCSR_COMPOSE : 0;
        result.labels = m->labels;
        result.matte = m->matte;
        result.matte_classes = s->matte;
        result.binary_edge = m->binary_edge;
        result.category_edge = m->category_edge;
        const dmlcsr_region *region = f->region_count ? &f->regions[i] : NULL;
        int status = dmlcsr_parse_region(s->parser, &image, region, &result);
        if (status != DMLCSR_OK) {
            const char *sentence = dmlcsr_last_error(s->parser);
            note_set(error, "%s", sentence[0] ? sentence : dmlcsr_strerror(status));
            return false;
        }
    }
    return true;
}

static void complain(session *s, const char *file, const char *kind, const char *sentence)
{
    progress_hide(&s->bar);
    fprintf(stderr, PROGRAM ": %s: %s%s\n", file, kind, sentence);
}

/* A region beside the picture is most likely a mistake in the numbers. */
static void check_regions(session *s, const char *file, const picture *photo)
{
    for (size_t i = 0; i < s->asked.region_count && !s->asked.quiet; i++) {
        const dmlcsr_region *r = &s->asked.regions[i];
        float reach = r->size * (r->context > 0 ? r->context : 2) * 0.5f *
                      (fabsf(sinf(r->rotation)) + fabsf(cosf(r->rotation)));
        note text;
        if (r->center_x + reach >= 0 && r->center_x - reach < (float)photo->width && r->center_y + reach >= 0 &&
            r->center_y - reach < (float)photo->height)
            continue;
        note_set(&text, "region %zu lies outside the picture of %u x %u pixels", i + 1, photo->width, photo->height);
        complain(s, file, "warning: ", text.text);
    }
}

/* Where to look: what the user said, or what is found there. */
static bool choose_regions(session *s, findings *f, const picture *photo, face_list *list, note *error)
{
    note text;
    f->regions = s->asked.regions;
    f->region_count = s->asked.region_count;
    if (!s->asked.faces)
        return true;
    if (!faces_find(list, s->parser, photo, s->asked.smallest, error))
        return false;
    f->faces = list->faces;
    f->regions = list->regions;
    f->region_count = list->count;
    note_set(&text, "%zu face%s found", list->count, list->count == 1 ? "" : "s");
    if (!list->count && !s->asked.quiet)
        complain(s, f->file, "warning: ", "no face found");
    else if (s->asked.verbose)
        complain(s, f->file, "", text.text);
    for (size_t i = 0; i < list->count && s->asked.verbose; i++) {
        const dmlcsr_face *face = &list->faces[i];
        note_set(&text, "face at %.1f,%.1f,%.1f,%.1f, confidence %.2f", (double)face->center_x, (double)face->center_y,
                 (double)face->size, (double)face->rotation * 57.295779513082321, (double)face->confidence);
        complain(s, f->file, "", text.text);
    }
    return true;
}

/* The ids that are shown; classes that were not asked for become background. */
static void keep_shown(const session *s, uint8_t *labels, size_t count)
{
    uint8_t map[256];
    for (int i = 0; i < 256; i++)
        map[i] = s->shown[s->classes.map[i]] ? s->classes.map[i] : 0;
    for (size_t i = 0; labels && i < count; i++)
        labels[i] = map[labels[i]];
}

static bool work_on(session *s, findings *f, picture *photo, maps *m, face_list *list, note *error)
{
    double start = steady_seconds();
    if (!picture_read(photo, f->file, (uint64_t)(s->asked.limit * 1e6), error))
        return false;
    if (photo->warning.text[0] && !s->asked.quiet)
        complain(s, f->file, "warning: ", photo->warning.text);
    check_regions(s, f->file, photo);
    double read = steady_seconds();
    if (!take_memory(s, photo, m, error) || !choose_regions(s, f, photo, list, error) ||
        !parse_regions(s, f, photo, m, error))
        return false;
    double parsed = steady_seconds();
    keep_shown(s, m->labels, (size_t)photo->width * photo->height);
    keep_shown(s, m->category_edge, (size_t)photo->width * photo->height);
    f->labels = m->labels;
    findings_count(f);
    bool ok = outputs_write(&s->files, &s->classes, m, f, error);
    f->seconds_read = read - start;
    f->seconds_parse = parsed - read;
    f->seconds_write = steady_seconds() - parsed;
    return ok;
}

static void report(session *s, const findings *f)
{
    progress_hide(&s->bar);
    if (s->asked.json)
        report_json(stdout, s->parser, &s->classes, &s->asked, f);
    else if (!s->asked.quiet)
        report_table(stdout, &s->classes, f);
    if (s->asked.verbose) {
        fflush(stdout);
        fprintf(stderr, PROGRAM ": %s: read %.3f s, parsed %.3f s, wrote %.3f s\n", f->file, f->seconds_read,
                f->seconds_parse, f->seconds_write);
    }
}

static void do_picture(session *s, const char *file)
{
    picture photo = { NULL, 0, 0, { "" } };
    maps m = { NULL, NULL, NULL, NULL };
    face_list list = { NULL, NULL, 0 };
    note error = { "" };
    findings f;
    memset(&f, 0, sizeof f);
    f.file = file;
    f.photo = &photo;
    f.shown = s->shown;
    if (work_on(s, &f, &photo, &m, &list, &error))
        report(s, &f);
    else if (!stopped) {
        s->failed++;
        complain(s, file, "", error.text);
        if (s->asked.json)
            report_json_error(stdout, file, error.text);
    }
    for (size_t i = 0; i < f.written_count; i++)
        free(f.written[i]);
    free(f.written);
    faces_free(&list);
    release_memory(&m);
    picture_free(&photo);
}

/* ---- all pictures ---- */

static int do_all(session *s)
{
    progress_start(&s->bar, s->asked.photo_count, s->asked.quiet);
    for (size_t i = 0; i < s->asked.photo_count && !stopped; i++) {
        s->bar.done = i;
        s->bar.name = s->asked.photos[i];
        progress_show(&s->bar, 0);
        do_picture(s, s->asked.photos[i]);
    }
    progress_hide(&s->bar);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs(PROGRAM ": standard output cannot be written\n", stderr);
        return EXIT_PICTURES;
    }
    if (s->failed && s->asked.photo_count > 1)
        fprintf(stderr, PROGRAM ": %zu of %zu pictures failed\n", s->failed, s->asked.photo_count);
    return s->failed ? EXIT_PICTURES : EXIT_FINE;
}

static int run(session *s)
{
    note error;
    if (!outputs_prepare(&s->files, &s->asked, &error)) {
        fprintf(stderr, PROGRAM ": %s\n", error.text);
        return EXIT_USAGE;
    }
    if (!load_model(s))
        return stopped ? EXIT_PICTURES : EXIT_MODEL;
    int code = check_against_model(s);
    if (code >= 0)
        return code;
    if (!outputs_check(&s->files, &s->classes, s->shown, &error)) {
        fprintf(stderr, PROGRAM ": %s\n", error.text);
        return EXIT_USAGE;
    }
    if (s->asked.verbose)
        tell_about_model(s);
    return do_all(s);
}

int main(int argc, char **argv)
{
    static session s; /* zero */
    struct sigaction action;
    int code = arguments_read(&s.asked, argc, argv);
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND; /* the second one ends the program at once */
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (code < 0)
        code = run(&s);
    dmlcsr_free(s.parser);
    outputs_free(&s.files);
    arguments_free(&s.asked);
    if (stopped) /* end as the signal would have done it, so that a calling script stops, too */
        raise(stopped);
    return code;
}
