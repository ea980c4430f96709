/*
 * dmlcsr-convert: model files of all kinds in, safetensors or ONNX out; and a look into any of them.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"

static const char help_text[] =
    "usage: " PROGRAM " [options] IN OUT\n"
    "       " PROGRAM " --onnx [--edges] [options] IN OUT.onnx\n"
    "       " PROGRAM " --list FILE\n"
    "Reads a model (safetensors, or a PyTorch .pth; nothing in it is executed) and writes it as safetensors, or for\n"
    "other runtimes as ONNX.\n"
    "\n"
    "      --dtype f32|f16|bf16|i8  storage of the large tensors (default f32); those of one dimension stay f32, and with\n"
    "                               i8 small ones are f16\n"
    "      --calibrate PHOTO        a picture of a face, as the model wants them; repeat it for a dozen or more. What the\n"
    "                               network's layers hold for them is stored: --precision int8 of the other tools\n"
    "                               needs it\n"
    "      --drop-edges             leave out the edge heads, which a parse does not need\n"
    "      --classes \"NAME NAME...\" names of the classes, in the order of their ids\n"
    "      --side subject|picture   which side \"left\" means in these names\n"
    "      --size N                 side of the square that the network was made for, in pixels\n"
    "      --licence TEXT           terms under which the weights may be used\n"
    "      --set KEY=VALUE          any other metadata; an empty value removes the key\n"
    "      --onnx                   write ONNX (operator set 13, f32, norms folded) for an input of --size\n"
    "      --edges                  with --onnx: the edge maps, too\n"
    "  -l, --list                   show metadata and tensors of a file\n"
    "  -h, --help                   this text\n"
    "  -V, --version                the version\n"
    "\n"
    "Exit codes: 0 fine, 1 a file could not be read or written, 2 wrong usage.\n";

/* ---- the command line ---- */

int wrong(const char *option, const char *text, const char *what)
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
    static const char *const names[] = { "f32", "f16", "bf16", "i8" };
    static const int values[] = { DMLCSR_F32, DMLCSR_F16, DMLCSR_BF16, DMLCSR_I8 };
    for (int i = 0; i < 4; i++) {
        if (strcmp(text, names[i]) == 0) {
            r->options.dtype = values[i];
            r->storage = "dtype";
            return -1;
        }
    }
    return wrong("dtype", text, "expected f32, f16, bf16 or i8");
}

static int add_photo(request *r, const char *path)
{
    if (r->photo_count == MOST_PHOTOS)
        return wrong("calibrate", path, "there are too many of these");
    r->photos[r->photo_count++] = path;
    r->storage = "calibrate";
    return -1;
}

static int set_size(request *r, const char *text)
{
    char *end;
    errno = 0;
    unsigned long size = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || size < 17 || size > 4097)
        return wrong("size", text, "expected a whole number from 17 to 4097");
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
    if (option != 'l')
        r->writing = true;
    switch (option) {
    case 'd': return set_dtype(r, text);
    case 'p': return add_photo(r, text);
    case 'e': r->options.drop_edges = 1; r->storage = "drop-edges"; return -1;
    case 'o': r->onnx = true; return -1;
    case 'E': r->edges = true; return -1;
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

/* Options that contradict each other. */
static int check_mode(const request *r)
{
    if (r->list && r->writing)
        fputs(PROGRAM ": --list shows a file as it is: no other option goes with it\n", stderr);
    else if (r->onnx && r->storage)
        fprintf(stderr, PROGRAM ": --%s is for safetensors, not for --onnx\n", r->storage);
    else if (r->edges && !r->onnx)
        fputs(PROGRAM ": --edges is for --onnx; safetensors keep their edge heads\n", stderr);
    else
        return -1;
    return EXIT_USAGE;
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), tail = strlen(end);
    return length > tail && strcmp(name + length - tail, end) == 0;
}

/* A name that promises something else than what would be written. */
static int check_output(const request *r, const char *out)
{
    const char *text = NULL;
    if (strcmp(out, "-") == 0)
        text = "a model is not written to standard output; name a file";
    else if (!*out)
        text = "the output file has no name";
    else if (!r->onnx && ends_with(out, ".onnx"))
        text = "this would be safetensors; for ONNX, say --onnx";
    else if (r->onnx && ends_with(out, ".safetensors"))
        text = "this would be ONNX; for safetensors, leave out --onnx";
    else if (ends_with(out, ".pth") || ends_with(out, ".pt"))
        text = "PyTorch checkpoints are read, not written; choose another name";
    if (!text)
        return -1;
    fprintf(stderr, PROGRAM ": %s%s%s\n", out, *out ? ": " : "", text);
    return EXIT_USAGE;
}

static int read_arguments(request *r, int argc, char **argv)
{
    static const struct option options[] = {
        { "dtype", required_argument, NULL, 'd' },   { "drop-edges", no_argument, NULL, 'e' },
        { "classes", required_argument, NULL, 'c' }, { "side", required_argument, NULL, 'S' },
        { "size", required_argument, NULL, 'n' },    { "licence", required_argument, NULL, 'L' },
        { "license", required_argument, NULL, 'L' }, { "set", required_argument, NULL, 's' },
        { "list", no_argument, NULL, 'l' },          { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },       { "onnx", no_argument, NULL, 'o' },
        { "edges", no_argument, NULL, 'E' },         { "calibrate", required_argument, NULL, 'p' },
        { NULL, 0, NULL, 0 },
    };
    int option, code = -1;
    dmlcsr_convert_options_init(&r->options);
    r->options.metadata = r->pairs;
    while (code < 0 && (option = getopt_long(argc, argv, "lhV", options, NULL)) != -1)
        code = read_option(r, option, optarg);
    if (code < 0)
        code = check_mode(r);
    if (code < 0 && argc - optind != (r->list ? 1 : 2)) {
        fprintf(stderr, PROGRAM ": %s. Try " PROGRAM " --help.\n",
                r->list ? "--list wants one file" : "the names of one input and one output file are wanted");
        code = EXIT_USAGE;
    }
    if (code < 0 && !r->list)
        code = check_output(r, argv[optind + 1]);
    return code;
}

int main(int argc, char **argv)
{
    static request r; /* zero */
    int code = read_arguments(&r, argc, argv);
    if (code < 0 && r.list)
        code = list_model(argv[optind]);
    else if (code < 0)
        code = write_model(&r, argv[optind], argv[optind + 1]);
    for (size_t i = 0; i < r.copy_count; i++)
        free(r.copies[i]);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_FINE) {
        fputs(PROGRAM ": standard output cannot be written\n", stderr);
        code = EXIT_FAILED;
    }
    return code;
}
