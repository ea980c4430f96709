/* A program as it was compiled for 0.1: with that release's header (dmlcsr_0_1.h), on today's library. Every struct it
   hands over ends where the old one ended, and the page behind it cannot be touched. A later program's structs, which are
   larger than today's, are tried, too. argv: a model file, and a file to write. */
#define _DEFAULT_SOURCE 1
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dmlcsr_0_1.h"

#define SIDE 48
#define COUNT (SIDE * SIDE)
#define TAIL 1024 /* bytes that a later version has more: beyond what today's structs have grown by */

#if UINTPTR_MAX > 0xffffffffu
/* What binaries of 0.1 have compiled in. */
typedef char old_sizes[sizeof(dmlcsr_image) == 32 && sizeof(dmlcsr_options) == 96 && sizeof(dmlcsr_region) == 32 &&
                       sizeof(dmlcsr_result) == 120 && sizeof(dmlcsr_tensor_info) == 40 && sizeof(dmlcsr_visitor) == 48 &&
                       sizeof(dmlcsr_convert_options) == 48 ? 1 : -1];
#endif

static unsigned good, bad;

static void expect(int met, const char *what)
{
    if (met)
        good++;
    else
        bad++, printf("not so: %s\n", what);
}

/* A copy of a struct, `more` bytes larger, whose last byte is the last one that may be touched. */
static void *at_edge(const void *from, size_t size, size_t more)
{
    static unsigned char *page;
    size_t length = (size_t)sysconf(_SC_PAGESIZE);
    if (page)
        munmap(page, 2 * length);
    page = mmap(NULL, 2 * length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED || mprotect(page + length, length, PROT_NONE))
        perror("mmap"), exit(1);
    unsigned char *to = page + length - size - more;
    memcpy(to, from, size);
    size += more;
    memcpy(to, &size, sizeof size);
    return to;
}

/* A field that only a later version has. */
static void set_last(void *s)
{
    size_t size;
    memcpy(&size, s, sizeof size);
    ((unsigned char *)s)[size - 1] = 1;
}

static void check_create(const char *model)
{
    dmlcsr *handle = NULL;
    dmlcsr_options o, *edge;
    dmlcsr_options_init(&o);
    o.threads = 1;
    o.isa = DMLCSR_ISA_C;
    for (size_t more = 0; more <= TAIL; more += TAIL) {
        expect(dmlcsr_create(&handle, model, at_edge(&o, sizeof o, more)) == DMLCSR_OK && handle,
               "options with a tail of zeros");
        dmlcsr_free(handle);
        handle = NULL;
    }
    edge = at_edge(&o, sizeof o, TAIL);
    set_last(edge);
    expect(dmlcsr_create(&handle, model, edge) == DMLCSR_ERROR_STRUCT && !handle, "options with an unknown field");
    edge = at_edge(&o, sizeof o, 0);
    edge->struct_size -= 8;
    expect(dmlcsr_create(&handle, model, edge) == DMLCSR_ERROR_STRUCT && !handle, "options smaller than in 0.1");
    edge = at_edge(&o, sizeof o, 0);
    edge->geometry = 0x4000;
    expect(dmlcsr_create(&handle, model, edge) == DMLCSR_ERROR_ARGUMENT && !handle, "an unknown geometry");
    edge = at_edge(&o, sizeof o, 0);
    edge->isa = 0x4000;
    expect(dmlcsr_create(&handle, model, edge) < 0 && !handle, "an unknown instruction set");
}

static uint8_t pixels[3 * COUNT], labels[COUNT], first[COUNT], matte[COUNT], category[COUNT];
static float binary[COUNT];

static const dmlcsr_image picture = { pixels, SIDE, SIDE, 3 * SIDE, DMLCSR_RGB8 };

static void wish(dmlcsr_result *result, float *probabilities, uint8_t *probabilities8)
{
    dmlcsr_result_init(result);
    result->labels = labels;
    result->probabilities = probabilities;
    result->probabilities8 = probabilities8;
    result->matte = matte;
    result->matte_classes = 2;
    result->binary_edge = binary;
    result->category_edge = category;
}

/* Everything is refused, and nothing is written. */
static void refused(dmlcsr *handle, const dmlcsr_region *region, dmlcsr_result *result, int status, const char *what)
{
    memset(labels, 77, sizeof labels);
    expect(dmlcsr_parse_region(handle, &picture, region, result) == status, what);
    expect(labels[0] == 77 && labels[COUNT - 1] == 77, "outputs stay after an error");
    expect(*dmlcsr_last_error(handle) != 0, "a sentence");
}

static void check_refusals(dmlcsr *handle, const dmlcsr_region *region, const dmlcsr_result *whole)
{
    dmlcsr_result r, *edge;
    dmlcsr_region g = *region;
    dmlcsr_image image = picture;
    for (int bit = 16; bit < 32; bit++) {
        r = *whole;
        r.flags = 1u << bit;
        refused(handle, NULL, at_edge(&r, sizeof r, 0), DMLCSR_ERROR_STRUCT, "an unknown flag");
    }
    r = *whole;
    r.reserved = 1;
    refused(handle, NULL, at_edge(&r, sizeof r, 0), DMLCSR_ERROR_STRUCT, "result.reserved");
    edge = at_edge(whole, sizeof *whole, TAIL);
    set_last(edge);
    refused(handle, NULL, edge, DMLCSR_ERROR_STRUCT, "a result with an unknown field");
    r = *whole;
    void *larger = at_edge(region, sizeof *region, TAIL);
    set_last(larger);
    refused(handle, larger, &r, DMLCSR_ERROR_STRUCT, "a region with an unknown field");
    g.reserved = 1;
    refused(handle, at_edge(&g, sizeof g, 0), &r, DMLCSR_ERROR_STRUCT, "region.reserved");
    image.format = 0x4000;
    expect(dmlcsr_parse(handle, &image, labels, SIDE) == DMLCSR_ERROR_ARGUMENT, "an unknown format");
}

static void check_parse(dmlcsr *handle)
{
    uint32_t classes = dmlcsr_class_count(handle);
    float *probabilities = calloc(classes, COUNT * sizeof(float));
    uint8_t *probabilities8 = calloc(classes, COUNT);
    dmlcsr_region region;
    dmlcsr_result result;
    double sum = 0;
    for (int i = 0; i < 3 * COUNT; i++)
        pixels[i] = (uint8_t)(i * 7 % 251);
    expect(dmlcsr_parse(handle, &picture, first, SIDE) == DMLCSR_OK, "parse");
    wish(&result, probabilities, probabilities8);
    for (size_t more = 0; more <= TAIL; more += TAIL) {
        memset(labels, 77, sizeof labels);
        expect(dmlcsr_parse_region(handle, &picture, NULL, at_edge(&result, sizeof result, more)) == DMLCSR_OK,
               dmlcsr_last_error(handle));
        expect(!memcmp(first, labels, COUNT), "parse and parse_region agree");
    }
    for (uint32_t k = 0; k < classes; k++)
        sum += probabilities[k * COUNT];
    expect(sum > .999 && sum < 1.001, "probabilities");
    dmlcsr_region_init(&region);
    region.center_x = region.center_y = SIDE / 2;
    region.size = SIDE / 3;
    result.flags = DMLCSR_COMPOSE;
    for (size_t more = 0; more <= TAIL; more += TAIL)
        expect(dmlcsr_parse_region(handle, &picture, at_edge(&region, sizeof region, more), &result) == DMLCSR_OK,
               dmlcsr_last_error(handle));
    check_refusals(handle, &region, &result);
    free(probabilities);
    free(probabilities8);
}

static void check_questions(dmlcsr *handle)
{
    uint32_t h = 0, w = 0, classes = dmlcsr_class_count(handle);
    size_t weights = 0, scratch = 0;
    float *input = calloc(3 * COUNT, sizeof(float)), *logits;
    expect(dmlcsr_version() >= 1000, "version");
    expect(classes > 1 && dmlcsr_class_find(handle, dmlcsr_class_name(handle, 1)) == 1, "class names");
    expect(dmlcsr_class_color(handle, 0) == 0 && dmlcsr_class_color(handle, 1), "colours");
    expect(*dmlcsr_side(handle) && !dmlcsr_metadata(handle, "no such key"), "metadata");
    expect(dmlcsr_input_size(handle) >= 17 && dmlcsr_has_edges(handle) == 1 && dmlcsr_threads(handle) == 2, "settings");
    expect(dmlcsr_isa_available(dmlcsr_isa_find(dmlcsr_isa(handle))) == 1, "instruction sets");
    expect(*dmlcsr_strerror(DMLCSR_ERROR_NO_MODEL) && *dmlcsr_strerror(-999), "strerror");
    dmlcsr_memory(handle, &weights, &scratch);
    expect(weights && scratch, "memory");
    expect(dmlcsr_forward_size(handle, SIDE, SIDE, &h, &w) == DMLCSR_OK, "forward_size");
    logits = calloc((size_t)classes * h * w, sizeof(float));
    expect(dmlcsr_forward(handle, input, SIDE, SIDE, logits, NULL, NULL) == DMLCSR_OK, "forward");
    free(logits);
    free(input);
}

/* Without the scales of bytes, which come and go with them. */
static int count_tensor(void *opaque, const dmlcsr_tensor_info *tensor)
{
    *(unsigned *)opaque += tensor->rank <= 8 && *tensor->name && *tensor->dtype && !strstr(tensor->name, ".weight_scale");
    return 0;
}

static void check_files(const char *model, const char *out)
{
    unsigned before = 0, after = 0;
    const char *const pairs[] = { "note", "by an old program" };
    dmlcsr_visitor visitor;
    dmlcsr_convert_options convert;
    void *edge;
    dmlcsr_visitor_init(&visitor);
    visitor.tensor = count_tensor;
    visitor.opaque = &before;
    expect(dmlcsr_inspect(model, at_edge(&visitor, sizeof visitor, 0)) == DMLCSR_OK && before > 0, "inspect");
    dmlcsr_convert_options_init(&convert);
    convert.dtype = DMLCSR_F16;
    convert.metadata = pairs;
    convert.metadata_count = 1;
    for (size_t more = 0; more <= TAIL; more += TAIL)
        expect(dmlcsr_convert(model, out, at_edge(&convert, sizeof convert, more)) == DMLCSR_OK, "convert");
    edge = at_edge(&convert, sizeof convert, TAIL);
    set_last(edge);
    expect(dmlcsr_convert(model, out, edge) == DMLCSR_ERROR_STRUCT, "convert with an unknown field");
    convert.dtype = 0x4000;
    expect(dmlcsr_convert(model, out, at_edge(&convert, sizeof convert, 0)) == DMLCSR_ERROR_ARGUMENT,
           "an unknown dtype");
    visitor.opaque = &after;
    expect(dmlcsr_inspect(out, at_edge(&visitor, sizeof visitor, TAIL)) == DMLCSR_OK && after == before,
           "the converted file");
    edge = at_edge(&visitor, sizeof visitor, TAIL);
    set_last(edge);
    expect(dmlcsr_inspect(out, edge) == DMLCSR_ERROR_STRUCT, "a visitor with an unknown field");
}

int main(int argc, char **argv)
{
    dmlcsr *handle = NULL, *clone = NULL, *none = NULL;
    dmlcsr_options o;
    if (argc != 3)
        return 2;
    check_create(argv[1]);
    dmlcsr_options_init(&o);
    o.threads = 2;
    o.input_size = 65;
    o.keep_edges = 1;
    if (dmlcsr_create(&handle, argv[1], at_edge(&o, sizeof o, 0)) != DMLCSR_OK)
        return printf("%s: no handle\n", argv[1]), 1;
    check_questions(handle);
    expect(dmlcsr_clone(&clone, handle) == DMLCSR_OK, "clone");
    dmlcsr_free(handle);
    check_parse(clone);
    dmlcsr_free(clone);
    expect(dmlcsr_create_from_memory(&none, "no model", 8, NULL) == DMLCSR_ERROR_FORMAT && !none, "create_from_memory");
    check_files(argv[1], argv[2]);
    printf("%u passed, %u failed\n", good, bad);
    return bad > 0;
}
