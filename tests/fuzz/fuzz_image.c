/* Fuzz target: everything between a caller's picture and the network, with any picture, region and wish list.
 *
 * The input is read as a stream of settings (zeros after its end); what is left fills the pixels and the logits, over
 * and over. Buffers have exactly the size that the checks allow, so that the sanitizer sees one byte too many. */
#include <stdlib.h>
#include <string.h>

#include "image/image.h"

#define CLASSES 19u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct stream {
    const uint8_t *data;
    size_t size, at;
} stream;

static uint8_t next(stream *s)
{
    return s->at < s->size ? s->data[s->at++] : 0;
}

static float next_float(stream *s)
{
    uint32_t bits = 0;
    float value;
    for (int i = 0; i < 4; i++)
        bits |= (uint32_t)next(s) << 8 * i;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void fill(stream *s, void *out, size_t size)
{
    size_t left = s->at < s->size ? s->size - s->at : 0;
    for (size_t i = 0; i < size; i++)
        ((uint8_t *)out)[i] = left ? s->data[s->at + i % left] : (uint8_t)i;
}

static void *take(size_t size)
{
    void *block = malloc(size);
    if (!block)
        exit(1);
    return block;
}

static dml_tensor tensor(uint32_t c, uint32_t side)
{
    dml_tensor t = { NULL, c, side, side, 1 };
    size_t bytes = dml_tensor_size(&t) * sizeof(float); /* a multiple of 64 */
    t.data = aligned_alloc(64, bytes);
    if (!t.data)
        exit(1);
    memset(t.data, 0, bytes);
    return t;
}

static void wish(stream *s, dmlcsr_result *r, const dmlcsr_image *image)
{
    uint8_t wanted = next(s), extra = next(s) % 8;
    size_t stride = extra ? image->width + extra - 1u : 0, row = stride ? stride : image->width;
    size_t one = (image->height - 1) * row + image->width;
    size_t all = (CLASSES * (size_t)image->height - 1) * row + image->width;
    dmlcsr_result_init(r);
    r->flags = wanted & 64 ? DMLCSR_COMPOSE : 0;
    r->labels_stride = r->probabilities_stride = r->probabilities8_stride = stride;
    r->matte_stride = r->binary_edge_stride = r->category_edge_stride = stride;
    r->matte_classes = (uint64_t)next(s) << next(s) % 16;
    r->labels = wanted & 1 ? take(one) : NULL;
    r->probabilities = wanted & 2 ? take(all * sizeof(float)) : NULL;
    r->probabilities8 = wanted & 4 ? take(all) : NULL;
    r->matte = wanted & 8 ? take(one) : NULL;
    r->binary_edge = wanted & 16 ? take(one * sizeof(float)) : NULL;
    r->category_edge = wanted & 32 ? take(one) : NULL;
    if (r->labels)
        memset(r->labels, 0, one);
    if (r->matte)
        memset(r->matte, 0, one);
    if (r->binary_edge)
        memset(r->binary_edge, 0, one * sizeof(float));
    if (r->category_edge)
        memset(r->category_edge, 0, one);
}

static void drop(dmlcsr_result *r)
{
    free(r->labels);
    free(r->probabilities);
    free(r->probabilities8);
    free(r->matte);
    free(r->binary_edge);
    free(r->category_edge);
}

/* Bytes of a picture that passed the checks: its last row ends with its last pixel. */
static size_t picture_size(const dmlcsr_image *image)
{
    static const size_t step[] = { 3, 3, 4, 4, 1, 1 };
    size_t rows = image->height, width = image->width;
    if (image->format == DMLCSR_NV12) {
        rows += (rows + 1) / 2;
        width += width & 1;
    }
    return (rows - 1) * image->stride + width * step[image->format];
}

static void run(stream *s, dmlcsr_image *image, const dmlcsr_region *region)
{
    static const dml_preprocess preprocess = { { 0.485f, 0.456f, 0.406f }, { 0.229f, 0.224f, 0.225f }, true };
    uint32_t size = 17 + next(s) % 40, side = (size + 3) / 4;
    uint8_t how = next(s);
    int geometry = how & 1 ? DMLCSR_GEOMETRY_COMPATIBLE : DMLCSR_GEOMETRY_FINE;
    dml_tensor input = tensor(3, size), parsing = tensor(CLASSES, side), binary = tensor(2, side);
    dml_similarity place = region ? dml_similarity_region(region, size)
                                  : dml_similarity_whole(image->width, image->height, size);
    dml_logits logits = { &parsing, &binary, &parsing, size };
    uint8_t *pixels = take(picture_size(image)), *scratch = take(dml_image_scratch(size));
    dmlcsr_result result;
    dml_kernels kernels;
    if (!dml_kernels_init(&kernels, how & 2 ? DMLCSR_ISA_C : DMLCSR_ISA_AUTO))
        exit(1);
    wish(s, &result, image);
    fill(s, pixels, picture_size(image));
    fill(s, parsing.data, dml_tensor_size(&parsing) * sizeof(float));
    fill(s, binary.data, dml_tensor_size(&binary) * sizeof(float));
    image->pixels = pixels;
    dml_image_to_input(image, &place, &preprocess, !geometry, NULL, &input);
    if (dml_result_check(&result, image, CLASSES, true, NULL) == DMLCSR_OK)
        dml_image_result(&logits, &place, geometry, !region, image, &kernels, NULL, scratch, &result);
    drop(&result);
    free(pixels);
    free(scratch);
    free(input.data);
    free(parsing.data);
    free(binary.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    stream s = { data, size, 0 };
    dmlcsr_image image = { data, 0, 0, 0, 0 };
    dmlcsr_region region;
    dmlcsr_region_init(&region);
    image.format = next(&s) % 8 - 1; /* one unknown format on either side */
    image.width = next(&s) % 80;
    image.height = next(&s) % 80;
    image.stride = (size_t)next(&s) * (next(&s) % 4 + 1);
    bool whole = next(&s) % 4 == 0;
    region.center_x = next_float(&s);
    region.center_y = next_float(&s);
    region.size = next_float(&s);
    region.rotation = next_float(&s);
    region.context = next_float(&s);
    if (data && dml_image_check(&image, NULL) == DMLCSR_OK && dml_region_check(&region, NULL) == DMLCSR_OK)
        run(&s, &image, whole ? NULL : &region);
    return 0;
}
