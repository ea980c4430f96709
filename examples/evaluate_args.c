#include "evaluate.h"
#include "processes.h"

#include <getopt.h>
#include <string.h>

static const char help_text[] =
    "usage: " PROGRAM " --data FOLDER [options]\n"
    "       " PROGRAM " --merge FILE.json... [--json FILE] [--confusion]\n"
    "Says how good a model is on a labelled set of faces: F1 and IoU of each class, their means, pixel accuracy.\n"
    "\n"
    "What is evaluated\n"
    "  -d, --data FOLDER      the data set: SET_list.txt with pairs of files, or SET/images and SET/labels\n"
    "  -s, --set NAME         which of its sets (default: val)\n"
    "  -k, --kind NAME        celebamask-hq, lapa, helen, or auto: by label_names.txt (default)\n"
    "      --limit N          only the first N pictures\n"
    "      --shard I/N        every N-th picture, from the I-th on, so that N machines share the work\n"
    "      --merge            adds up the JSON files of such shards\n"
    "\n"
    "How\n"
    "  -m, --model FILE       a safetensors or .pth file; \"small\" (default) and \"base\" come with the library\n"
    "  -p, --protocol NAME    dml-csr: argmax at the network's size, nearest pixel back to the labels (published);\n"
    "                         logits: logits resampled to the labels' size, argmax there (default)\n"
    "      --size N           side of the square that the network sees, 17 to 4097\n"
    "  -t, --threads N        pictures side by side (default: one per core)\n"
    "      --isa NAME         instruction set: auto, c, sse41, avx2, avx512 or neon\n"
    "      --precision NAME   fp32, bf16, int8 (of a calibrated model), or auto: int8 where it can be (default)\n"
    "\n"
    "What is written\n"
    "  -j, --json FILE        all numbers and the confusion matrix as JSON; - is standard output, without the table\n"
    "      --confusion        the confusion matrix below the table\n"
    "      --sheet FILE       a PNG with pictures, labels, predictions, and edges when the model has edge heads\n"
    "      --sheet-count N    with --sheet: so many pictures, taken evenly from the set (24)\n"
    "      --sheet-cell N     with --sheet: their size in pixels, 32 to 1024 (160)\n"
    "  -q, --quiet            no table, no progress bar, no warnings\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit codes: 0 fine, 1 a picture or file failed, 2 wrong usage, 3 the model cannot be loaded.\n";

enum {
    OPTION_LIMIT = 256,
    OPTION_SHARD,
    OPTION_MERGE,
    OPTION_SIZE,
    OPTION_ISA,
    OPTION_PRECISION,
    OPTION_CONFUSION,
    OPTION_SHEET,
    OPTION_SHEET_COUNT,
    OPTION_SHEET_CELL
};

static const struct option options[] = {
    { "data", required_argument, NULL, 'd' },
    { "set", required_argument, NULL, 's' },
    { "kind", required_argument, NULL, 'k' },
    { "limit", required_argument, NULL, OPTION_LIMIT },
    { "shard", required_argument, NULL, OPTION_SHARD },
    { "merge", no_argument, NULL, OPTION_MERGE },
    { "model", required_argument, NULL, 'm' },
    { "protocol", required_argument, NULL, 'p' },
    { "size", required_argument, NULL, OPTION_SIZE },
    { "threads", required_argument, NULL, 't' },
    { "isa", required_argument, NULL, OPTION_ISA },
    { "precision", required_argument, NULL, OPTION_PRECISION },
    { "json", required_argument, NULL, 'j' },
    { "confusion", no_argument, NULL, OPTION_CONFUSION },
    { "sheet", required_argument, NULL, OPTION_SHEET },
    { "sheet-count", required_argument, NULL, OPTION_SHEET_COUNT },
    { "sheet-cell", required_argument, NULL, OPTION_SHEET_CELL },
    { "quiet", no_argument, NULL, 'q' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

const char *const protocol_names[2] = {
    [DMLCSR_GEOMETRY_FINE] = "logits",
    [DMLCSR_GEOMETRY_COMPATIBLE] = "dml-csr",
};

static int wrong(const char *option, const char *text, const char *what)
{
    return option_wrong(PROGRAM, option, text, what);
}

static int read_number(const char *option, const char *text, unsigned long least, unsigned long most, uint32_t *out)
{
    return option_number(PROGRAM, option, text, least, most, out);
}

static int read_shard(request *r, const char *text)
{
    const char *slash = strchr(text, '/');
    if (slash && option_whole(text, 1, 1000000, &r->shard, '/') && option_whole(slash + 1, 1, 1000000, &r->shards, 0) &&
        r->shard <= r->shards)
        return -1;
    return wrong("shard", text, "expected I/N with I from 1 to N, such as 1/4");
}

static int read_protocol(request *r, const char *text)
{
    for (int i = 0; i < 2; i++)
        if (strcmp(text, protocol_names[i]) == 0) {
            r->geometry = i;
            return -1;
        }
    return wrong("protocol", text, "expected dml-csr or logits");
}

static int read_kind(request *r, const char *text)
{
    r->kind = listing_kind(text);
    return r->kind >= 0 ? -1 : wrong("kind", text, "expected celebamask-hq, lapa, helen or auto");
}

/* The option's long name. */
static const char *name_of(int option)
{
    int i = 0;
    while (options[i].name && options[i].val != option)
        i++;
    return options[i].name;
}

/* A file that is written. */
static int read_file(const char *option, const char *text, const char **out)
{
    *out = text;
    return *text ? -1 : wrong(option, text, "expected the name of a file");
}

static int read_option(request *r, int option, const char *text)
{
    if (option != OPTION_MERGE && option != OPTION_CONFUSION && option != 'j' && option != 'q')
        r->parsing = name_of(option);
    switch (option) {
    case 'd': r->data = text; return -1;
    case 's': r->set = text; return -1;
    case 'k': return read_kind(r, text);
    case OPTION_LIMIT: return read_number("limit", text, 1, UINT32_MAX, &r->limit);
    case OPTION_SHARD: return read_shard(r, text);
    case OPTION_MERGE: r->merge = true; return -1;
    case 'm': return option_model(PROGRAM, text, &r->model);
    case 'p': return read_protocol(r, text);
    case OPTION_SIZE: return read_number("size", text, 17, 4097, &r->size);
    case 't': return read_number("threads", text, 1, 256, &r->threads);
    case OPTION_ISA: return option_isa(PROGRAM, text, &r->isa);
    case OPTION_PRECISION: return option_precision(PROGRAM, text, &r->precision);
    case 'j': return read_file("json", text, &r->json);
    case OPTION_CONFUSION: r->confusion = true; return -1;
    case OPTION_SHEET: return read_file("sheet", text, &r->sheet);
    case OPTION_SHEET_COUNT: return read_number("sheet-count", text, 1, 1000, &r->sheet_count);
    case OPTION_SHEET_CELL: return read_number("sheet-cell", text, 32, 1024, &r->sheet_cell);
    case 'q': r->quiet = true; return -1;
    case 'h': fputs(help_text, stdout); return EXIT_FINE;
    case 'V': return option_version(PROGRAM);
    default: fputs("Try " PROGRAM " --help.\n", stderr); return EXIT_USAGE;
    }
}

static int check(const request *r)
{
    const char *complaint = NULL;
    note text;
    if (r->merge && !r->file_count)
        complaint = "--merge needs JSON files to add up";
    else if (r->merge && r->parsing) {
        note_set(&text, "--merge only adds up: --%s does not go with it", r->parsing);
        complaint = text.text;
    } else if (!r->merge && (!r->data || !*r->data))
        complaint = "no data set is named (--data FOLDER)";
    else if (!*r->set)
        complaint = "the set has no name (--set NAME)";
    else if (!r->merge && r->file_count)
        complaint = "files are named, but not what to do with them (--merge?)";
    else if (processes_count() > 1 && (r->merge || r->shards > 1))
        complaint = "under mpirun each process takes its shard, and they are added up: no --shard, no --merge";
    else if (!r->sheet && (r->sheet_count || r->sheet_cell))
        complaint = "--sheet-count and --sheet-cell are about a sheet; name its file with --sheet";
    else if (r->sheet && strcmp(r->sheet, "-") == 0)
        complaint = "--sheet -: a sheet is not written to standard output; name a file";
    else if (r->sheet && r->json && same_file(r->sheet, r->json))
        complaint = "--json and --sheet would write the same file; give them two names";
    else if (r->confusion && (r->quiet || (r->json && strcmp(r->json, "-") == 0)))
        complaint = "--confusion adds to the table, which --quiet and --json - leave out (the JSON has the matrix anyway)";
    if (!complaint)
        return -1;
    fprintf(stderr, PROGRAM ": %s. Try " PROGRAM " --help.\n", complaint);
    return EXIT_USAGE;
}

int request_read(request *r, int argc, char **argv)
{
    int option, code = -1;
    memset(r, 0, sizeof *r);
    r->set = "val";
    r->shard = r->shards = 1;
    while (code < 0 && (option = getopt_long(argc, argv, "d:s:k:m:p:t:j:qhV", options, NULL)) != -1)
        code = read_option(r, option, optarg);
    r->files = argv + optind;
    r->file_count = (size_t)(argc - optind);
    if (code < 0)
        code = check(r);
    if (!r->sheet_count)
        r->sheet_count = 24;
    return code;
}
