/* dmlcsr-convert IN OUT: a model file as safetensors or ONNX. */
#include "convert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The last layer has an output for each class. */
static int on_last_layer(void *opaque, const dmlcsr_tensor_info *tensor)
{
    uint64_t *classes = opaque;
    if (strcmp(tensor->name, "layer6.conv4.weight") != 0 || tensor->rank == 0)
        return 0;
    *classes = tensor->shape[0];
    return 1;
}

static uint64_t count_words(const char *text)
{
    static const char blanks[] = " \t\r\n";
    uint64_t count = 0;
    for (text += strspn(text, blanks); *text; text += strspn(text, blanks), count++)
        text += strcspn(text, blanks);
    return count;
}

/* A file whose class list does not fit its network could not be loaded. What else is wrong with it, dmlcsr_convert()
   will say. */
static int check_classes(const request *r, const char *in)
{
    char what[96];
    const char *names = "";
    uint64_t classes = 0;
    dmlcsr_visitor visitor;
    for (size_t i = 0; i < r->options.metadata_count; i++)
        if (strcmp(r->pairs[2 * i], "dmlcsr.classes") == 0)
            names = r->pairs[2 * i + 1];
    dmlcsr_visitor_init(&visitor);
    visitor.tensor = on_last_layer;
    visitor.opaque = &classes;
    if (!*names || dmlcsr_inspect(in, &visitor) != DMLCSR_OK || !classes || count_words(names) == classes)
        return EXIT_FINE;
    snprintf(what, sizeof what, "these are %" PRIu64 " names, the network has %" PRIu64 " classes%s", count_words(names),
             classes, strchr(names, ',') ? "; between names there are blanks" : "");
    return wrong("classes", names, what);
}

static int fail(int status, const char *error)
{
    fprintf(stderr, PROGRAM ": %s\n", *error ? error : dmlcsr_strerror(status));
    return EXIT_FAILED;
}

static int write_safetensors(request *r, const char *in, const char *out)
{
    char error[512] = "";
    totals t = { 0, 0, 0, false };
    r->options.error = error;
    r->options.error_size = sizeof error;
    int code = read_photos(r);
    if (code != EXIT_FINE)
        return code;
    int status = dmlcsr_convert(in, out, &r->options);
    forget_photos(r);
    if (status != DMLCSR_OK)
        return fail(status, error);
    if (!inspect(out, &t)) /* what was written can be read again */
        return EXIT_FAILED;
    printf("wrote %s: %" PRIu64 " tensors, %.1f MB\n", out, t.tensors, (double)t.bytes / 1e6);
    return EXIT_FINE;
}

/* Bytes of a file, 0 when that cannot be found out. */
static double bytes_of(const char *path)
{
    FILE *file = fopen(path, "rb");
    const long end = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
    if (file)
        fclose(file);
    return end > 0 ? (double)end : 0;
}

/* The size, like all other metadata, is put on top of the file's own, and decides. */
static int write_onnx(const request *r, const char *in, const char *out)
{
    char error[512] = "";
    dmlcsr_onnx_options options;
    dmlcsr_onnx_options_init(&options);
    options.edges = r->edges;
    options.metadata = r->options.metadata;
    options.metadata_count = r->options.metadata_count;
    options.error = error;
    options.error_size = sizeof error;
    int status = dmlcsr_export_onnx(in, out, &options);
    if (status != DMLCSR_OK)
        return fail(status, error);
    printf("wrote %s: ONNX, %.1f MB\n", out, bytes_of(out) / 1e6);
    return EXIT_FINE;
}

int write_model(request *r, const char *in, const char *out)
{
    int code = check_classes(r, in);
    if (code != EXIT_FINE)
        return code;
    return r->onnx ? write_onnx(r, in, out) : write_safetensors(r, in, out);
}
