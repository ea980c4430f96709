/* A stranger's program, built against the installed library through pkg-config: calls every public function. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmlcsr/classes.h>
#include <dmlcsr/dmlcsr.h>
#include <dmlcsr/mask.h>

#define SIDE 64

static uint8_t pixels[SIDE * SIDE * 3], labels[SIDE * SIDE], matte[SIDE * SIDE];
static int bad;

static void expect(int good, const char *what)
{
    if (!good) {
        printf("%s\n", what);
        bad = 1;
    }
}

/* Without the scales of bytes, which come and go with them. */
static int count_tensors(void *opaque, const dmlcsr_tensor_info *tensor)
{
    *(unsigned *)opaque += tensor->rank > 0 && !strstr(tensor->name, ".weight_scale");
    return 0;
}

static void questions(dmlcsr *handle)
{
    size_t weights = 0, scratch = 0;
    uint32_t k, classes = dmlcsr_class_count(handle);
    expect(dmlcsr_version() == DMLCSR_VERSION, "header and library are of different versions");
    for (k = 0; k < classes; ++k)
        expect(dmlcsr_class_find(handle, dmlcsr_class_name(handle, k)) == (int)k, "class names");
    expect(classes > 1 && dmlcsr_class_color(handle, 0) == 0 && dmlcsr_class_color(handle, 1) != 0, "class colours");
    expect(dmlcsr_side(handle) && dmlcsr_metadata(handle, "dmlcsr.licence"), "metadata");
    expect(dmlcsr_input_size(handle) >= 17 && dmlcsr_threads(handle) == 2, "settings");
    expect(!dmlcsr_has_edges(handle), "edges without keep_edges");
    dmlcsr_memory(handle, &weights, &scratch);
    expect(weights > 0 && scratch > 0, "memory");
    expect(dmlcsr_isa_available(dmlcsr_isa_find(dmlcsr_isa(handle))), "isa");
    expect(strcmp(dmlcsr_strerror(DMLCSR_ERROR_LIMIT), dmlcsr_strerror(DMLCSR_OK)) != 0, "strerror");
}

static void parses(dmlcsr *handle)
{
    uint32_t h, w;
    float *input = (float *)calloc(3 * SIDE * SIDE, sizeof(float)), *logits;
    dmlcsr_image image = { pixels, SIDE, SIDE, 3 * SIDE, DMLCSR_RGB8 };
    dmlcsr_region region;
    dmlcsr_result result;
    expect(dmlcsr_parse(handle, &image, labels, SIDE) == DMLCSR_OK, dmlcsr_last_error(handle));
    dmlcsr_region_init(&region);
    region.center_x = region.center_y = SIDE / 2;
    region.size = SIDE / 2;
    dmlcsr_result_init(&result);
    result.labels = labels;
    result.matte = matte;
    result.matte_classes = 2;
    expect(dmlcsr_parse_region(handle, &image, &region, &result) == DMLCSR_OK, dmlcsr_last_error(handle));
    expect(dmlcsr_forward_size(handle, SIDE, SIDE, &h, &w) == DMLCSR_OK && h > 1 && w > 1, "forward_size");
    logits = (float *)malloc(dmlcsr_class_count(handle) * h * w * sizeof(float));
    expect(dmlcsr_forward(handle, input, SIDE, SIDE, logits, NULL, NULL) == DMLCSR_OK, dmlcsr_last_error(handle));
    expect(dmlcsr_parse(handle, NULL, labels, SIDE) == DMLCSR_ERROR_ARGUMENT && *dmlcsr_last_error(handle),
           "an error without a sentence");
    free(logits);
    free(input);
}

static void schemes(const dmlcsr *handle)
{
    uint8_t map[256];
    uint32_t k;
    int i, scheme = dmlcsr_scheme_find("merged-8");
    for (i = 0; i < (int)dmlcsr_scheme_count(); ++i)
        expect(dmlcsr_scheme_find(dmlcsr_scheme_name(i)) == i, "scheme names");
    expect(dmlcsr_scheme_side(scheme) == DMLCSR_SIDE_NONE, "the side of a scheme");
    for (k = 1; k < dmlcsr_scheme_class_count(scheme); ++k)
        expect(*dmlcsr_scheme_class_name(scheme, k) && dmlcsr_scheme_class_color(scheme, k), "classes of a scheme");
    expect(dmlcsr_class_map(handle, scheme, DMLCSR_SIDE_UNKNOWN, 0, map) == DMLCSR_OK && map[1] == 1, "class_map");
    expect(dmlcsr_class_mirror(handle, map) == DMLCSR_OK && map[1] == 1, "class_mirror");
    expect(dmlcsr_scheme_map(scheme, scheme, DMLCSR_SIDE_UNKNOWN, 0, map) == DMLCSR_OK && map[7] == 7, "scheme_map");
    expect(dmlcsr_scheme_mirror(scheme, map) == DMLCSR_OK && map[7] == 7, "scheme_mirror");
}

static void masks(void)
{
    uint8_t map[256] = { 0, 1 };
    dmlcsr_plane in = { labels, SIDE, SIDE, 0 }, out = { matte, SIDE, SIDE, 0 };
    size_t size = dmlcsr_mask_scratch(SIDE, SIDE);
    void *scratch = malloc(size);
    expect(dmlcsr_remap(&in, map, &in) == DMLCSR_OK && labels[0] < 2, "remap");
    expect(dmlcsr_mask_select(&in, 3, &out) == DMLCSR_OK && matte[0] == 255, "mask_select");
    expect(dmlcsr_mask_grow(&out, 2, scratch, size, &out) == DMLCSR_OK, "mask_grow");
    expect(dmlcsr_mask_shrink(&out, 2, scratch, size, &out) == DMLCSR_OK, "mask_shrink");
    expect(dmlcsr_mask_feather(&out, 2, scratch, size, &out) == DMLCSR_OK, "mask_feather");
    expect(dmlcsr_mask_clean(&out, 2, scratch, size, &out) == DMLCSR_OK && matte[0] == 255, "mask_clean");
    free(scratch);
}

/* argv: a model file, and a file to write. */
static void files(const char *model, const char *out)
{
    unsigned before = 0, after = 0;
    dmlcsr_visitor visitor;
    dmlcsr_convert_options options;
    dmlcsr_onnx_options onnx;
    dmlcsr_visitor_init(&visitor);
    visitor.tensor = count_tensors;
    visitor.opaque = &before;
    expect(dmlcsr_inspect(model, &visitor) == DMLCSR_OK && before > 0, "inspect");
    dmlcsr_convert_options_init(&options);
    options.dtype = DMLCSR_BF16;
    expect(dmlcsr_convert(model, out, &options) == DMLCSR_OK, "convert");
    visitor.opaque = &after;
    expect(dmlcsr_inspect(out, &visitor) == DMLCSR_OK && after == before, "the converted file has other tensors");
    dmlcsr_onnx_options_init(&onnx);
    onnx.input_size = 65;
    expect(dmlcsr_export_onnx(model, out, &onnx) == DMLCSR_OK, "export_onnx");
    expect(dmlcsr_inspect(out, &visitor) == DMLCSR_ERROR_FORMAT, "the exported file is a model file");
}

int main(int argc, char **argv)
{
    char error[256] = "";
    dmlcsr *handle = NULL, *clone = NULL, *other = NULL;
    dmlcsr_options options;
    int status;
    dmlcsr_options_init(&options);
    options.threads = 2;
    options.error = error;
    options.error_size = sizeof error;
    if (argc != 3 || dmlcsr_create(&handle, NULL, &options) != DMLCSR_OK) {
        printf("create: %s\n", error);
        return 1;
    }
    questions(handle);
    parses(handle);
    schemes(handle);
    masks();
    status = dmlcsr_clone(&clone, handle); /* its sentence would go to the log callback */
    expect(status == DMLCSR_OK, dmlcsr_strerror(status));
    dmlcsr_free(handle);
    parses(clone);
    dmlcsr_free(clone);
    expect(dmlcsr_create_from_memory(&other, "no model", 8, &options) == DMLCSR_ERROR_FORMAT && !other && *error,
           "rubbish is not a model");
    dmlcsr_free(other);
    files(argv[1], argv[2]);
    return bad;
}
