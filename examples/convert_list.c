/* dmlcsr-convert --list: metadata and tensors of a file. */
#include "convert.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Text from a file, to a terminal: control characters are shown as ?. */
static void print_text(const char *text, int width)
{
    int length = 0;
    for (; *text; text++, length++)
        putchar((unsigned char)*text < 32 || *text == 127 ? '?' : *text);
    for (; length < width; length++)
        putchar(' ');
}

static int on_metadata(void *opaque, const char *key, const char *value)
{
    totals *t = opaque;
    if (t->print) {
        print_text(key, 24);
        putchar(' ');
        print_text(value, 0);
        putchar('\n');
    }
    return 0;
}

static int on_tensor(void *opaque, const dmlcsr_tensor_info *tensor)
{
    totals *t = opaque;
    char shape[128] = "";
    size_t used = 0;
    uint64_t values = 1;
    for (uint32_t i = 0; i < tensor->rank; i++) {
        values *= tensor->shape[i];
        if (used < sizeof shape)
            used += (size_t)snprintf(shape + used, sizeof shape - used, "%s%" PRIu64, i ? " x " : "", tensor->shape[i]);
    }
    if (t->print && t->tensors == 0)
        printf("\n%-52s %-5s %12s  %s\n", "tensor", "dtype", "bytes", "shape");
    if (t->print) {
        print_text(tensor->name, 52);
        printf(" %-5s %12" PRIu64 "  %s\n", tensor->dtype, tensor->bytes, shape);
    }
    t->tensors++;
    t->values += values;
    t->bytes += tensor->bytes;
    return 0;
}

bool inspect(const char *path, totals *t)
{
    char error[512] = "";
    dmlcsr_visitor visitor;
    dmlcsr_visitor_init(&visitor);
    visitor.metadata = on_metadata;
    visitor.tensor = on_tensor;
    visitor.opaque = t;
    visitor.error = error;
    visitor.error_size = sizeof error;
    int status = dmlcsr_inspect(path, &visitor);
    if (status != DMLCSR_OK) {
        fflush(stdout);
        if (strncmp(error, path, strlen(path)) == 0) /* most sentences begin with it */
            fprintf(stderr, PROGRAM ": %s\n", error);
        else
            fprintf(stderr, PROGRAM ": %s: %s\n", path, error[0] ? error : dmlcsr_strerror(status));
    }
    return status == DMLCSR_OK;
}

int list_model(const char *path)
{
    totals t = { 0, 0, 0, true };
    if (!inspect(path, &t))
        return EXIT_FAILED;
    printf("\n%" PRIu64 " tensors, %" PRIu64 " values, %" PRIu64 " bytes (%.1f MB)\n", t.tensors, t.values, t.bytes,
           (double)t.bytes / 1e6);
    return EXIT_FINE;
}
