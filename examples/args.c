#include "args.h"

#include <ctype.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE 0.017453292519943295

static const char help_text[] =
    "usage: " PROGRAM " [options] PHOTO...\n"
    "Finds the parts of faces (skin, eyes, brows, lips, hair ...) in JPEG and PNG pictures.\n"
    "\n"
    "Without an option that names an output, prints a table of the parts and writes PHOTO-label.png (class ids) and\n"
    "PHOTO-overlay.png (to look at) into the current folder.\n"
    "\n"
    "Outputs\n"
    "  -o, --output DIR       folder for all files that have no place of their own (made when missing)\n"
    "      --label PATH       label picture: palette PNG whose pixel values are class ids\n"
    "      --overlay PATH     the photo under the colours of its parts, with a legend\n"
    "      --no-legend        no legend and no frames: the overlay is as large as the photo\n"
    "      --masks DIR        one black and white PNG per class, PHOTO-CLASS.png\n"
    "      --matte CLASSES    soft matte of a set of classes, such as hair or hair,hat: PHOTO-matte.png\n"
    "      --edges            PHOTO-edges.png and PHOTO-edge-classes.png, when the model has edge heads\n"
    "      --json             statistics as one JSON object per picture and line, instead of the table\n"
    "      --classes LIST     only these classes; all else counts as background\n"
    "      --scheme NAME      class ids and names of another list: celebamask-hq, lapa, helen, face-parsing-pytorch,\n"
    "                         facer-celebm, facer-lapa, segformer, merged-11 or merged-8\n"
    "      --side NAME        whose left is left: subject (the person's) or picture; pairs trade places where needed\n"
    "      --grow N, --shrink N, --feather N\n"
    "                         masks larger, smaller, with soft edges N pixels wide; in this order\n"
    "  PATH is a file, or a folder when it is one, ends with a slash, or there are several photos.\n"
    "\n"
    "Where to look\n"
    "  -r, --region X,Y,SIZE[,DEGREES[,CONTEXT]]\n"
    "                         a face: its centre, the side of its square, its tilt (clockwise), and how many sizes\n"
    "                         around it the network sees (2); repeat it for more faces\n"
    "      --faces            find the faces first, and parse each: for group pictures\n"
    "      --smallest N       with --faces: side of the smallest face, in pixels (default: 1/32 of the picture's\n"
    "                         longer side, but at least 24); smaller ones take longer\n"
    "\n"
    "How\n"
    "  -m, --model FILE       a safetensors or .pth file; \"small\" (default) and \"base\" come with the library\n"
    "  -t, --threads N        threads for one picture (default: one per core)\n"
    "      --isa NAME         instruction set: auto, c, sse41, avx2, avx512 or neon\n"
    "      --precision NAME   fp32, bf16, int8 (of a calibrated model), or auto: int8 where it can be (default)\n"
    "      --pack             more memory, less time: a tenth with the model small\n"
    "      --size N           side of the square that the network sees, 17 to 4097\n"
    "      --geometry NAME    fine: smooth borders (default); compatible: exactly the published protocol\n"
    "      --limit MP         refuse pictures of more megapixels (default 100)\n"
    "  -q, --quiet            no table, no progress bar, no warnings\n"
    "  -v, --verbose          say what is used: instruction set, threads, memory, times\n"
    "  -h, --help             this text\n"
    "  -V, --version          the version\n"
    "\n"
    "Exit codes: 0 fine, 1 some pictures failed, 2 wrong usage, 3 the model cannot be loaded.\n";

enum {
    OPTION_LABEL = 256,
    OPTION_OVERLAY,
    OPTION_NO_LEGEND,
    OPTION_MASKS,
    OPTION_MATTE,
    OPTION_EDGES,
    OPTION_JSON,
    OPTION_CLASSES,
    OPTION_ISA,
    OPTION_PRECISION,
    OPTION_PACK,
    OPTION_SIZE,
    OPTION_GEOMETRY,
    OPTION_LIMIT,
    OPTION_SCHEME,
    OPTION_SIDE,
    OPTION_GROW,
    OPTION_SHRINK,
    OPTION_FEATHER,
    OPTION_FACES,
    OPTION_SMALLEST
};

static const struct option options[] = {
    { "output", required_argument, NULL, 'o' },
    { "label", required_argument, NULL, OPTION_LABEL },
    { "overlay", required_argument, NULL, OPTION_OVERLAY },
    { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
    { "masks", required_argument, NULL, OPTION_MASKS },
    { "matte", required_argument, NULL, OPTION_MATTE },
    { "edges", no_argument, NULL, OPTION_EDGES },
    { "json", no_argument, NULL, OPTION_JSON },
    { "classes", required_argument, NULL, OPTION_CLASSES },
    { "region", required_argument, NULL, 'r' },
    { "faces", no_argument, NULL, OPTION_FACES },
    { "smallest", required_argument, NULL, OPTION_SMALLEST },
    { "model", required_argument, NULL, 'm' },
    { "threads", required_argument, NULL, 't' },
    { "isa", required_argument, NULL, OPTION_ISA },
    { "precision", required_argument, NULL, OPTION_PRECISION },
    { "pack", no_argument, NULL, OPTION_PACK },
    { "size", required_argument, NULL, OPTION_SIZE },
    { "geometry", required_argument, NULL, OPTION_GEOMETRY },
    { "limit", required_argument, NULL, OPTION_LIMIT },
    { "scheme", required_argument, NULL, OPTION_SCHEME },
    { "side", required_argument, NULL, OPTION_SIDE },
    { "grow", required_argument, NULL, OPTION_GROW },
    { "shrink", required_argument, NULL, OPTION_SHRINK },
    { "feather", required_argument, NULL, OPTION_FEATHER },
    { "quiet", no_argument, NULL, 'q' },
    { "verbose", no_argument, NULL, 'v' },
    { "help", no_argument, NULL, 'h' },
    { "version", no_argument, NULL, 'V' },
    { NULL, 0, NULL, 0 },
};

static int wrong(const char *option, const char *text, const char *what)
{
    return option_wrong(PROGRAM, option, text, what);
}

/* A file or folder for pictures: standard output is for the table or the JSON. */
static int read_place(const char *option, const char *text, const char **out)
{
    *out = text;
    if (strcmp(text, "-") == 0)
        return wrong(option, text, "pictures are not written to standard output; name a file or folder");
    return *text ? -1 : wrong(option, text, "expected the name of a file or folder");
}

/* X,Y,SIZE[,DEGREES[,CONTEXT]]; white space around numbers is fine, so that a file's content can be handed over. */
static bool read_region(const char *text, dmlcsr_region *region)
{
    double values[5] = { 0, 0, 0, 0, 0 };
    int count = 0;
    for (;; text++) {
        char *end;
        if (count == 5)
            return false;
        values[count] = strtod(text, &end);
        if (end == text || !isfinite(values[count]) || fabs(values[count]) > 1e6)
            return false;
        count++;
        for (text = end; isspace((unsigned char)*text); text++)
            ;
        if (*text != ',')
            break;
    }
    if (*text || count < 3 || values[2] <= 0 || values[4] < 0 || (count == 5 && values[4] == 0))
        return false;
    dmlcsr_region_init(region);
    region->center_x = (float)values[0];
    region->center_y = (float)values[1];
    region->size = (float)values[2];
    region->rotation = (float)(values[3] * DEGREE);
    region->context = (float)values[4];
    return true;
}

static int add_region(arguments *a, const char *text)
{
    dmlcsr_region *more = realloc(a->regions, (a->region_count + 1) * sizeof *more);
    if (!more)
        return wrong("region", text, "there is not enough memory");
    a->regions = more;
    if (!read_region(text, &more[a->region_count]))
        return wrong("region", text, "expected X,Y,SIZE[,DEGREES[,CONTEXT]] in pixels, such as 220,110,100,3");
    a->region_count++;
    return -1;
}

static int read_limit(arguments *a, const char *text)
{
    char *end;
    a->limit = strtod(text, &end);
    if (end == text || *end || !(a->limit > 0 && a->limit <= 4294.967296))
        return wrong("limit", text, "expected megapixels, above 0 and at most 4294");
    return -1;
}

static int read_geometry(arguments *a, const char *text)
{
    if (strcmp(text, "fine") == 0)
        a->geometry = DMLCSR_GEOMETRY_FINE;
    else if (strcmp(text, "compatible") == 0)
        a->geometry = DMLCSR_GEOMETRY_COMPATIBLE;
    else
        return wrong("geometry", text, "expected fine or compatible");
    return -1;
}

static int read_scheme(arguments *a, const char *text)
{
    a->scheme = dmlcsr_scheme_find(text);
    if (a->scheme >= 0)
        return -1;
    fprintf(stderr, PROGRAM ": --scheme %s: there is no such list; there are:", text);
    for (int i = 0; i < (int)dmlcsr_scheme_count(); i++)
        fprintf(stderr, " %s", dmlcsr_scheme_name(i));
    fputc('\n', stderr);
    return EXIT_USAGE;
}

static int read_side(arguments *a, const char *text)
{
    if (strcmp(text, "subject") == 0)
        a->side = DMLCSR_SIDE_SUBJECT;
    else if (strcmp(text, "picture") == 0)
        a->side = DMLCSR_SIDE_PICTURE;
    else
        return wrong("side", text, "expected subject or picture");
    return -1;
}

static int read_pixels(const char *option, const char *text, float *out)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 0 && value <= 65535))
        return wrong(option, text, "expected pixels, 0 to 65535");
    *out = (float)value;
    return -1;
}

static int read_smallest(arguments *a, const char *text)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= 8 && value <= 65535))
        return wrong("smallest", text, "expected pixels, 8 to 65535");
    a->smallest = (float)value;
    return -1;
}

/* Options that make no sense with, or without, others. */
static int check_together(const arguments *a)
{
    const char *text = NULL;
    const bool in_output = a->matte || a->edges || !(a->label || a->overlay || a->masks || a->json);
    if (a->photo_count == 0)
        text = "no picture is named. Try " PROGRAM " --help.";
    else if (!a->masks && (a->grow > 0 || a->shrink > 0 || a->feather > 0))
        text = "--grow, --shrink and --feather change masks; name a folder for these with --masks";
    else if (a->faces && a->region_count)
        text = "--faces finds where to look, --region says so: give one of the two";
    else if (!a->faces && a->smallest > 0)
        text = "--smallest is about the faces that --faces finds";
    else if (a->output && !in_output)
        text = "--output is for files without a place of their own, and there are none: --label, --overlay and --masks "
               "name theirs, --json writes none";
    else if (!a->legend && !a->overlay && (a->label || a->masks || a->json || a->matte || a->edges))
        text = "--no-legend is about the overlay, which --overlay asks for here";
    if (text)
        fprintf(stderr, PROGRAM ": %s\n", text);
    return text ? EXIT_USAGE : -1;
}

static int read_option(arguments *a, int option, const char *text)
{
    switch (option) {
    case 'o': return read_place("output", text, &a->output);
    case OPTION_LABEL: return read_place("label", text, &a->label);
    case OPTION_OVERLAY: return read_place("overlay", text, &a->overlay);
    case OPTION_NO_LEGEND: a->legend = false; return -1;
    case OPTION_MASKS: return read_place("masks", text, &a->masks);
    case OPTION_MATTE: a->matte = text; return -1;
    case OPTION_EDGES: a->edges = true; return -1;
    case OPTION_JSON: a->json = true; return -1;
    case OPTION_CLASSES: a->classes = text; return -1;
    case 'r': return add_region(a, text);
    case OPTION_FACES: a->faces = true; return -1;
    case OPTION_SMALLEST: return read_smallest(a, text);
    case 'm': return option_model(PROGRAM, text, &a->model);
    case 't': return option_number(PROGRAM, "threads", text, 1, 256, &a->threads);
    case OPTION_ISA: return option_isa(PROGRAM, text, &a->isa);
    case OPTION_PRECISION: return option_precision(PROGRAM, text, &a->precision);
    case OPTION_PACK: a->pack = true; return -1;
    case OPTION_SIZE: return option_number(PROGRAM, "size", text, 17, 4097, &a->size);
    case OPTION_GEOMETRY: return read_geometry(a, text);
    case OPTION_LIMIT: return read_limit(a, text);
    case OPTION_SCHEME: return read_scheme(a, text);
    case OPTION_SIDE: return read_side(a, text);
    case OPTION_GROW: return read_pixels("grow", text, &a->grow);
    case OPTION_SHRINK: return read_pixels("shrink", text, &a->shrink);
    case OPTION_FEATHER: return read_pixels("feather", text, &a->feather);
    case 'q': a->quiet = true; return -1;
    case 'v': a->verbose = true; return -1;
    case 'h': fputs(help_text, stdout); return EXIT_FINE;
    case 'V': return option_version(PROGRAM);
    default: fputs("Try " PROGRAM " --help.\n", stderr); return EXIT_USAGE;
    }
}

int arguments_read(arguments *a, int argc, char **argv)
{
    int option, code = -1;
    memset(a, 0, sizeof *a);
    a->legend = true;
    a->limit = 100;
    a->scheme = DMLCSR_SCHEME_OWN;
    while (code < 0 && (option = getopt_long(argc, argv, "o:r:m:t:qvhV", options, NULL)) != -1)
        code = read_option(a, option, optarg);
    a->photos = argv + optind;
    a->photo_count = (size_t)(argc - optind);
    if (code < 0)
        code = check_together(a);
    if (!a->output)
        a->output = ".";
    return code;
}

void arguments_free(arguments *a)
{
    free(a->regions);
}

static bool choose(const class_list *classes, const char *name, bool chosen[256])
{
    uint32_t number;
    int found = class_list_find(classes, name);
    if (found < 0 && option_whole(name, 0, classes->count - 1, &number, 0))
        found = (int)number;
    if (found >= 0)
        chosen[found] = true;
    return found >= 0;
}

bool classes_find(const class_list *classes, const char *option, const char *list, bool chosen[256])
{
    memset(chosen, 0, 256 * sizeof *chosen);
    for (const char *from = list;;) {
        char name[128];
        size_t length = strcspn(from, ",");
        snprintf(name, sizeof name, "%.*s", length < sizeof name ? (int)length : (int)sizeof name - 1, from);
        if (length >= sizeof name || !choose(classes, name, chosen)) {
            fprintf(stderr, PROGRAM ": --%s: %s has no class \"%s\"; it has:", option,
                    classes->scheme ? classes->scheme : "the model", name);
            for (uint32_t i = 0; i < classes->count; i++)
                fprintf(stderr, " %s", classes->names[i]);
            fputc('\n', stderr);
            return false;
        }
        if (!from[length])
            return true;
        from += length + 1;
    }
}
