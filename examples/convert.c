/*
 * dmlcsr-convert: model files of all kinds in, safetensors out; and a look into any of them.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <dmlcsr/dmlcsr.h>

#define PROGRAM "dmlcsr-convert"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { MOST_PAIRS = 64 };

static const char help_text[] =
    "usage: " PROGRAM " [options] IN OUT\n"
    "       " PROGRAM " --list FILE\n"
    "Reads a model (safetensors, or a PyTorch .pth; nothing in it is executed) and writes it as safetensors.\n"
    "\n"
    "      --dtype f32|f16|bf16     storage of the large tensors (default f32); small ones always stay f32\n"
    "      --drop-edges             leave out the edge heads, which a parse does not need\n"
    "      --classes \"NAME NAME...\" names of the classes, in the order of their ids\n"
    "      --side subject|picture   which side \"left\" means in these names\n"
    "      --size N                 side of the square that the network was made for, in pixels\n"
    "      --licence TEXT           terms under which the weights may be used\n"
    "      --set KEY=VALUE          any other metadata; an empty value removes the key\n"
    "  -l, --list                   show metadata and tensors of a file\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes: 0 fine, 1 a file could not be read or written, 2 wrong usage.\n";

typedef struct request {
    dmlcsr_convert_options options;
    const char *pairs[2 * MOST_PAIRS];
    char *copies[MOST_PAIRS]; /* of keys that had to be cut out of an argument */
    size_t copy_count;
    bool list;
} request;

/* ---- the command line ---- */

static int wrong(const char *option, const char *text, const char *what)
{
    fprintf(stderr, PROGRAM ": --%s %s: %s\n", option, text, what);
    return EXIT_USAGE;
}

static int add_pair(request *r, const char *key, const char *value)
{
    if (r->options.metadata_count == MOST_PAIRS)
        return wrong("set", key, "there are too many of these");
    r->pairs[2 * r->options.metadata_count] = key;
    r->pairs[2 * r->options.metadata_count + 1] = value;
    r->options.metadata_count++;
    return -1;
}

static int add_setting(request *r, const char *text)
{
    const char *equals = strchr(text, '=');
    if (!equals || equals == text)
        return wrong("set", text, "expected KEY=VALUE");
    char *key = malloc((size_t)(equals - text) + 1);
    if (!key || r->copy_count == MOST_PAIRS) {
        free(key);
        return wrong("set", text, "there are too many of these");
    }
    memcpy(key, text, (size_t)(equals - text));
    key[equals - text] = 0;
    r->copies[r->copy_count++] = key;
    return add_pair(r, key, equals + 1);
}

static int set_dtype(request *r, const char *text)
{
    static const char *const names[] = { "f32", "f16", "bf16" };
    static const int values[] = { DMLCSR_F32, DMLCSR_F16, DMLCSR_BF16 };
    for (int i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            r->options.dtype = values[i];
            return -1;
        }
    }
    return wrong("dtype", text, "expected f32, f16 or bf16");
}

static int set_size(request *r, const char *text)
{
    char *end;
    errno = 0;
    unsigned long size = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || size < 17 || size > 4097)
        return wrong("size", text, "expected a number from 17 to 4097");
    return add_pair(r, "dmlcsr.size", text);
}

static int set_side(request *r, const char *text)
{
    if (strcmp(text, "subject") != 0 && strcmp(text, "picture") != 0)
        return wrong("side", text, "expected subject (the person's left) or picture (left as seen)");
    return add_pair(r, "dmlcsr.side", text);
}

static int print_version(void)
{
    uint32_t v = dmlcsr_version();
    printf(PROGRAM " %d.%d.%d (library %u.%u.%u)\n", DMLCSR_VERSION_MAJOR, DMLCSR_VERSION_MINOR, DMLCSR_VERSION_PATCH,
           v / 1000000, v / 1000 % 1000, v % 1000);
    return EXIT_FINE;
}

static int read_option(request *r, int option, const char *text)
{
    switch (option) {
    case 'd': return set_dtype(r, text);
    case 'e': r->options.drop_edges = 1; return -1;
    case 'c': return add_pair(r, "dmlcsr.classes", text);
    case 'S': return set_side(r, text);
    case 'n': return set_size(r, text);
    case 'L': return add_pair(r, "dmlcsr.licence", text);
    case 's': return add_setting(r, text);
    case 'l': r->list = true; return -1;
    case 'h': fputs(help_text, stdout); return EXIT_FINE;
    case 'V': return print_version();
    default: fputs("Try " PROGRAM " --help.\n", stderr); return EXIT_USAGE;
    }
}

static int read_arguments(request *r, int argc, char **argv)
{
    static const struct option options[] = {
        { "dtype", required_argument, NULL, 'd' },   { "drop-edges", no_argument, NULL, 'e' },
        { "classes", required_argument, NULL, 'c' }, { "side", required_argument, NULL, 'S' },
        { "size", required_argument, NULL, 'n' },    { "licence", required_argument, NULL, 'L' },
        { "license", required_argument, NULL, 'L' }, { "set", required_argument, NULL, 's' },
        { "list", no_argument, NULL, 'l' },          { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },       { NULL, 0, NULL, 0 },
    };
    int option, code = -1;
    dmlcsr_convert_options_init(&r->options);
    r->options.metadata = r->pairs;
    while (code < 0 && (option = getopt_long(argc, argv, "lhV", options, NULL)) != -1)
        code = read_option(r, option, optarg);
    if (code < 0 && argc - optind != (r->list ? 1 : 2)) {
        fprintf(stderr, PROGRAM ": %s. Try " PROGRAM " --help.\n",
                r->list ? "--list wants one file" : "the names of one input and one output file are wanted");
        code = EXIT_USAGE;
    }
    return code;
}

/* ---- looking into a file ---- */

typedef struct totals {
    uint64_t tensors, values, bytes;
    bool print;
} totals;

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

static bool inspect(const char *path, totals *t)
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
        fprintf(stderr, PROGRAM ": %s: %s\n", path, error[0] ? error : dmlcsr_strerror(status));
    }
    return status == DMLCSR_OK;
}

static int list(const char *path)
{
    totals t = { 0, 0, 0, true };
    if (!inspect(path, &t))
        return EXIT_FAILED;
    printf("\n%" PRIu64 " tensors, %" PRIu64 " values, %" PRIu64 " bytes (%.1f MB)\n", t.tensors, t.values, t.bytes,
           (double)t.bytes / 1e6);
    return EXIT_FINE;
}

/* ---- converting ---- */

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
    snprintf(what, sizeof what, "these are %" PRIu64 " names, the network has %" PRIu64 " classes", count_words(names),
             classes);
    return wrong("classes", names, what);
}

static int convert(request *r, const char *in, const char *out)
{
    char error[512] = "";
    totals t = { 0, 0, 0, false };
    int code = check_classes(r, in);
    if (code != EXIT_FINE)
        return code;
    r->options.error = error;
    r->options.error_size = sizeof error;
    int status = dmlcsr_convert(in, out, &r->options);
    if (status != DMLCSR_OK) {
        fprintf(stderr, PROGRAM ": %s\n", error[0] ? error : dmlcsr_strerror(status));
        return EXIT_FAILED;
    }
    if (!inspect(out, &t)) /* what was written can be read again */
        return EXIT_FAILED;
    printf("wrote %s: %" PRIu64 " tensors, %.1f MB\n", out, t.tensors, (double)t.bytes / 1e6);
    return EXIT_FINE;
}

int main(int argc, char **argv)
{
    static request r; /* zero */
    int code = read_arguments(&r, argc, argv);
    if (code < 0)
        code = r.list ? list(argv[optind]) : convert(&r, argv[optind], argv[optind + 1]);
    for (size_t i = 0; i < r.copy_count; i++)
        free(r.copies[i]);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_FINE) {
        fputs(PROGRAM ": standard output cannot be written\n", stderr);
        code = EXIT_FAILED;
    }
    return code;
}
