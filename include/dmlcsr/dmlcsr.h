/**
 * @file dmlcsr.h
 * Face parsing: a photograph goes in, one class per pixel comes out.
 *
 * The network is DML-CSR ("Decoupled Multi-task Learning with Cyclical Self-Regulation for Face Parsing", CVPR 2022).
 * This header is all that an embedder needs.
 *
 *     dmlcsr *parser = NULL;
 *     if (dmlcsr_create(&parser, NULL, NULL) == DMLCSR_OK) {             // the built-in model, default options
 *         dmlcsr_image photo = { pixels, width, height, 3 * width, DMLCSR_RGB8 };
 *         dmlcsr_parse(parser, &photo, labels, width);                   // labels: height rows of width bytes
 *     }
 *     dmlcsr_free(parser);
 *
 * Rules that hold for every function here:
 *
 * - **Errors.** A function that can fail returns DMLCSR_OK (0) or one of the negative codes below; the codes never
 *   change their meaning. On an error the outputs are untouched, and a sentence names the thing at fault.
 *   dmlcsr_last_error() has it after dmlcsr_parse(), dmlcsr_parse_region(), dmlcsr_parse_many(), dmlcsr_find_faces() and
 *   dmlcsr_forward(). The functions that take a struct with a buffer for it (create, inspect, convert, export) put it
 *   there; create hands it to the log callback, too.
 *   dmlcsr_clone() hands it to the log callback alone. dmlcsr_forward_size() has none. Nor is there one where nothing
 *   can receive it: without a handle or struct, or with a struct_size below that of the first version, since nobody
 *   knows where such a struct has its fields.
 * - **Threads.** One handle serves one thread at a time. Make one dmlcsr_clone() per thread: clones share the weights
 *   and run at the same time. Functions that take no handle may be called from anywhere at any time.
 * - **Memory.** After create, a parse allocates nothing, but for scratch memory that the first dmlcsr_parse_many() and
 *   dmlcsr_find_faces() and a new size of dmlcsr_forward() make. The library keeps no global state, prints nothing and
 *   never ends the process.
 * - **Pixels.** (0, 0) is the centre of the top left pixel; x grows to the right, y downwards. Strides are in bytes
 *   unless a comment says elements.
 */
#ifndef DMLCSR_H
#define DMLCSR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "version.h"

/** Stands before every function of the library: it is exported. @since 0.1 */
#if defined(_WIN32) && defined(DMLCSR_BUILD_SHARED)
#define DMLCSR_API __declspec(dllexport)
#elif defined(__GNUC__) && __GNUC__ >= 4
#define DMLCSR_API __attribute__((visibility("default")))
#else
#define DMLCSR_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** A parser: a model, its scratch memory and its threads. Opaque. @since 0.1 */
typedef struct dmlcsr dmlcsr;

/**
 * What a function returns. Frozen: a value keeps its number and its meaning for ever; new ones are added at the end.
 * @since 0.1
 */
enum {
    DMLCSR_OK = 0,
    DMLCSR_ERROR_ARGUMENT = -1,    /**< an argument is NULL, out of range or contradicts another */
    DMLCSR_ERROR_STRUCT = -2,      /**< struct_size is impossible, or a field this version does not know is set */
    DMLCSR_ERROR_MEMORY = -3,      /**< an allocation failed */
    DMLCSR_ERROR_LIMIT = -4,       /**< options.memory_limit would be passed */
    DMLCSR_ERROR_IO = -5,          /**< a file could not be opened, read, mapped or written */
    DMLCSR_ERROR_FORMAT = -6,      /**< the file is not a model file, or is damaged */
    DMLCSR_ERROR_UNSUPPORTED = -7, /**< the file is sound but uses something that is not supported (a data type) */
    DMLCSR_ERROR_MODEL = -8,       /**< the tensors do not make up a member of the DML-CSR family */
    DMLCSR_ERROR_ISA = -9,         /**< the requested instruction set is not there, on this machine or in this build */
    DMLCSR_ERROR_THREAD = -10,     /**< a thread could not be started */
    DMLCSR_ERROR_CANCELLED = -11,  /**< the progress callback asked to stop */
    DMLCSR_ERROR_NO_EDGES = -12,   /**< edge maps were asked for, but the handle has no edge heads (see keep_edges) */
    DMLCSR_ERROR_NO_MODEL = -13,   /**< no default model: not built in, and not in the data folder */
    DMLCSR_ERROR_DIVERGED = -14,   /**< training: the loss or its gradient is not a finite number; @since 0.2 */
    DMLCSR_ERROR_COMM = -15        /**< training: another process does not answer; @since 0.2 */
};

/** Byte orders of a picture's pixels, first byte first. Frozen. @since 0.1 */
enum {
    DMLCSR_RGB8 = 0,
    DMLCSR_BGR8 = 1,
    DMLCSR_RGBA8 = 2, /**< alpha is ignored */
    DMLCSR_BGRA8 = 3, /**< alpha is ignored */
    DMLCSR_GRAY8 = 4,
    DMLCSR_NV12 = 5   /**< Y plane of height rows, right below it (height + 1) / 2 rows of interleaved U V at half
                           resolution, all with the same stride (of at least width rounded up to even); BT.601, limited range */
};

/** Instruction sets of the tensor core. @since 0.1 */
enum {
    DMLCSR_ISA_AUTO = 0, /**< the best that this machine has */
    DMLCSR_ISA_C = 1,    /**< portable C, the definition of every kernel */
    DMLCSR_ISA_SSE41 = 2,
    DMLCSR_ISA_AVX2 = 3, /**< with FMA */
    DMLCSR_ISA_AVX512 = 4, /**< F, BW, DQ, VL */
    DMLCSR_ISA_NEON = 5  /**< AArch64 */
};

/** How labels come back from the network's grid to the image's. @since 0.1 */
enum {
    DMLCSR_GEOMETRY_FINE = 0,      /**< logits resampled straight to the image grid, argmax there (smooth borders) */
    DMLCSR_GEOMETRY_COMPATIBLE = 1 /**< the published protocol: argmax on the network's grid, then nearest neighbour */
};

/**
 * What the network computes with. Less takes less time and memory, where the processor has instructions for it (bf16:
 * AVX512-BF16, int8: AVX512-VNNI; elsewhere the results are the same up to roundings, and the time is not less). Sums are
 * of single precision or exact, and the graph head's products and the last layer stay in single precision. doc/numerics.md
 * says what it costs in labels.
 * @since 0.2
 */
enum {
    DMLCSR_PRECISION_AUTO = 0, /**< int8 when the model is calibrated for it (dmlcsr-convert --calibrate), else fp32 */
    DMLCSR_PRECISION_FP32 = 1,
    DMLCSR_PRECISION_BF16 = 2, /**< inputs and weights of convolutions rounded to bfloat16 */
    DMLCSR_PRECISION_INT8 = 3  /**< 8 bits, but bf16 for 3 x 3 with stride 1; needs a calibrated model, else ERROR_MODEL */
};

/** Log levels, most urgent first. @since 0.1 */
enum { DMLCSR_LOG_ERROR = 0, DMLCSR_LOG_WARNING = 1, DMLCSR_LOG_INFO = 2 };

/** A picture the caller owns. Frozen: this struct never changes. @since 0.1 */
typedef struct dmlcsr_image {
    const uint8_t *pixels; /**< top left pixel */
    uint32_t width, height; /**< in pixels, 1 to 65535 */
    size_t stride;          /**< bytes from one row to the next, at least the bytes of a row */
    int format;             /**< DMLCSR_RGB8 and so on */
} dmlcsr_image;

/**
 * Settings of a handle. Fill with dmlcsr_options_init(), then change what you need; zero is a sound default for each
 * field. A struct larger than this version knows is accepted when the unknown rest is zero.
 * @since 0.1
 */
typedef struct dmlcsr_options {
    size_t struct_size;    /**< set by dmlcsr_options_init() */
    uint32_t threads;      /**< threads that work on one picture, the caller's included; 0: one per physical core; at most 256 */
    int isa;               /**< DMLCSR_ISA_AUTO or a forced one; one that is missing is an error, never a silent fallback */
    uint32_t input_size;   /**< side of the square the network sees, 17 to 4097 pixels; 0: the model's own */
    int geometry;          /**< DMLCSR_GEOMETRY_FINE or DMLCSR_GEOMETRY_COMPATIBLE */
    int keep_edges;        /**< nonzero: keep the edge heads when the model has them, for edge maps; costs memory and time */
    int precision;         /**< DMLCSR_PRECISION_...; was reserved, and had to be zero, in 0.1 */
    /** Bytes this handle may hold at once, shared weights included; 0: no limit. What create needs to read the file
        (names, shapes, compressed parts; not the mapped file itself) is held to the same limit, but counted on its own,
        since it is given back before create returns. */
    size_t memory_limit;
    /** Allocator pair, both or neither. The block must be aligned to at least `alignment` bytes (a power of two); NULL
        says that there is no memory. Clones use it too, maybe from other threads at the same time. */
    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    /** Frees a block of `allocate`; never called with NULL. */
    void (*release)(void *opaque, void *block);
    /** Receives one sentence without a line end. Called on the thread that called the library. */
    void (*log)(void *opaque, int level, const char *message);
    /** Called between layers on the calling thread: `done` of `total` steps. A nonzero return cancels the call. */
    int (*progress)(void *opaque, uint32_t done, uint32_t total);
    void *opaque;          /**< handed to the four callbacks as it is */
    char *error;           /**< receives the sentence when create fails; NULL: not wanted */
    size_t error_size;     /**< bytes at `error`; a longer sentence is cut */
    /** Nonzero: keeps the weights of 3 x 3 convolutions as Winograd's way needs them, too, which is four times their
        size: more memory, less time (most where the input is small), the same results. @since 0.2 */
    int pack;
    int reserved;          /**< must be zero. @since 0.2 */
} dmlcsr_options;

/** Sets every field to its default and records the size the caller was compiled with. @since 0.1 */
static inline void dmlcsr_options_init(dmlcsr_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/**
 * Where a face is: what any face detector gives. The network then looks at a square of side `size * context`, turned
 * by `rotation` about the centre.
 * @since 0.1
 */
typedef struct dmlcsr_region {
    size_t struct_size;        /**< set by dmlcsr_region_init() */
    float center_x, center_y;  /**< centre of the face in image pixels; may lie outside the image */
    float size;                /**< side of the face's bounding square in image pixels, above 0 */
    float rotation;            /**< radians, clockwise as seen on the screen: 0 = upright, positive = head tilted to the right of the picture */
    float context;             /**< how many face sizes the network sees; 0: 2, the framing of the training data */
    int reserved;              /**< zero */
} dmlcsr_region;

/** Sets every field to zero and records the size. @since 0.1 */
static inline void dmlcsr_region_init(dmlcsr_region *region)
{
    memset(region, 0, sizeof *region);
    region->struct_size = sizeof *region;
}

/** Flags of a dmlcsr_result. @since 0.1 */
enum {
    /** Add to what the label map, matte and edge maps hold already, so that several faces end up in one map: a pixel is
        written where the new class is not background (labels, category_edge), or with the larger value (matte,
        binary_edge). Without it, all pixels are written, and those outside the region become background. Does not
        apply to probabilities. */
    DMLCSR_COMPOSE = 1
};

/**
 * What a parse shall deliver: each output is wanted when its pointer is not NULL. All have the image's width and height.
 * @since 0.1
 */
typedef struct dmlcsr_result {
    size_t struct_size;          /**< set by dmlcsr_result_init() */
    uint32_t flags;              /**< DMLCSR_COMPOSE or 0 */
    uint32_t reserved;           /**< zero */
    uint8_t *labels;             /**< height rows of width class ids */
    size_t labels_stride;        /**< bytes between rows; 0: width */
    float *probabilities;        /**< class_count planes of height rows of width values in [0, 1]; their sum over the classes is 1 */
    size_t probabilities_stride; /**< elements between rows; 0: width. Planes follow each other at height * stride elements */
    uint8_t *probabilities8;     /**< the same, as round(255 * p) */
    size_t probabilities8_stride; /**< bytes between rows; 0: width */
    uint8_t *matte;              /**< height rows of width: round(255 * the summed probability of the classes in matte_classes) */
    size_t matte_stride;         /**< bytes between rows; 0: width */
    uint64_t matte_classes;      /**< bit k set: class k is in the matte; needed when matte is wanted */
    float *binary_edge;          /**< height rows of width: probability in [0, 1] that the pixel lies on an edge between parts */
    size_t binary_edge_stride;   /**< elements between rows; 0: width */
    uint8_t *category_edge;      /**< height rows of width: class id of the part whose edge is here, 0 for none */
    size_t category_edge_stride; /**< bytes between rows; 0: width */
} dmlcsr_result;

/** Sets every field to zero and records the size. @since 0.1 */
static inline void dmlcsr_result_init(dmlcsr_result *result)
{
    memset(result, 0, sizeof *result);
    result->struct_size = sizeof *result;
}

/**
 * Makes a parser from a model file (safetensors, or a PyTorch .pth).
 *
 * @param out         receives the handle; untouched when the call fails
 * @param model_path  the file; NULL: the default model
 * @param options     NULL: defaults
 * @return DMLCSR_OK, or any of the errors above but ERROR_CANCELLED and ERROR_NO_EDGES; the sentence goes to
 *         options->error and options->log
 *
 * The file is needed only during the call. Threads: any. @since 0.1
 */
DMLCSR_API int dmlcsr_create(dmlcsr **out, const char *model_path, const dmlcsr_options *options);

/**
 * Where a model that comes with the library lies once it is installed: "small", the default model, or "base", which is
 * larger, slower and better. The file need not be there, since packages may leave it out: dmlcsr_create() says so then.
 *
 * @return a path that lives as long as the library; NULL when no model of that name comes with it, and for NULL
 *
 * Threads: any. @since 0.2
 */
DMLCSR_API const char *dmlcsr_model_path(const char *name);

/**
 * As dmlcsr_create(), from a model file that is already in memory. The bytes are needed only during the call, and need
 * no alignment.
 *
 * @param out      receives the handle; untouched when the call fails
 * @param data     the file's bytes; NULL is an error, it does not mean the default model
 * @param size     how many
 * @param options  NULL: defaults
 * @return as dmlcsr_create(), but never ERROR_IO or ERROR_NO_MODEL
 * @since 0.1
 */
DMLCSR_API int dmlcsr_create_from_memory(dmlcsr **out, const void *data, size_t size, const dmlcsr_options *options);

/**
 * A second handle on the same weights with scratch memory and threads of its own, so that both can run at once.
 * The weights live until the last handle on them is freed; the order does not matter.
 *
 * @param out     receives the second handle; untouched when the call fails
 * @param handle  may be in use by another thread meanwhile
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_MEMORY, ERROR_LIMIT or ERROR_THREAD; the sentence goes to the log callback
 *         alone, if there is one: dmlcsr_last_error(handle) belongs to the thread that uses the handle
 * @since 0.1
 */
DMLCSR_API int dmlcsr_clone(dmlcsr **out, const dmlcsr *handle);

/** Frees a handle; NULL is fine. @since 0.1 */
DMLCSR_API void dmlcsr_free(dmlcsr *handle);

/**
 * Parses a picture that shows one face, framed about as a portrait is.
 *
 * @param handle  the parser
 * @param image   the picture
 * @param labels  receives height rows of width class ids
 * @param stride  bytes between rows of labels, at least width
 * @return DMLCSR_OK, ERROR_ARGUMENT, or ERROR_CANCELLED
 * @since 0.1
 */
DMLCSR_API int dmlcsr_parse(dmlcsr *handle, const dmlcsr_image *image, uint8_t *labels, size_t stride);

/**
 * Parses the face in one region of a picture, and delivers all that a result can ask for.
 *
 * @param handle  the parser
 * @param image   the picture
 * @param region  NULL: the whole picture, as dmlcsr_parse() does
 * @param result  what is wanted; at least one output
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_NO_EDGES or ERROR_CANCELLED
 * @since 0.1
 */
DMLCSR_API int dmlcsr_parse_region(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region,
                                   dmlcsr_result *result);

/**
 * One picture, or one region of a picture, among several. Frozen: this struct never changes; clear it before you fill it.
 * @since 0.2
 */
typedef struct dmlcsr_job {
    const dmlcsr_image *image;   /**< the picture */
    const dmlcsr_region *region; /**< NULL: the whole picture */
    dmlcsr_result *result;       /**< what is wanted */
    int status;                  /**< receives what dmlcsr_parse_region() would return */
    int reserved;                /**< zero */
} dmlcsr_job;

/**
 * Parses several pictures or regions, as dmlcsr_parse_region() does one after the other, but with one thread each as long
 * as there are as many as threads: several faces take less time so. The results have the same bits.
 *
 * The first call with enough jobs makes scratch memory for each thread, which is kept; where memory or its limit does not
 * allow that, jobs run one after the other. Jobs may write to the same maps where all of them compose (DMLCSR_COMPOSE):
 * they do in their order. All jobs run, also when some fail. options.progress is called between jobs with the numbers
 * of jobs, and cancels those that have not begun; when all have succeeded, it is called once more, with done == total.
 *
 * @param handle  the parser
 * @param jobs    may be NULL when `count` is 0
 * @param count   number of jobs
 * @return DMLCSR_OK, or the status of the first job in the list that has failed, whose number is in the sentence
 * @since 0.2
 */
DMLCSR_API int dmlcsr_parse_many(dmlcsr *handle, dmlcsr_job *jobs, size_t count);

/**
 * A face that dmlcsr_find_faces() has found. Frozen: this struct never changes. dmlcsr_face_region() makes a region of it.
 * @since 0.2
 */
typedef struct dmlcsr_face {
    float center_x, center_y;       /**< centre in image pixels; may lie outside the image where the face is cut off */
    float size;                     /**< side of its square in image pixels, as dmlcsr_region has it: about from brows to chin */
    float rotation;                 /**< radians, clockwise as seen on the screen, in -pi to pi; from eyes and mouth */
    float left, top, right, bottom; /**< edges of the box around skin, eyes, nose and mouth, in image pixels, within the image:
                                         -0.5 is the left edge of pixel 0 */
    float confidence;               /**< 0 to 1: how well the parts make up a face; not a probability */
} dmlcsr_face;

/** What to look for. Fill with dmlcsr_find_options_init(); zero is a sound default for each field. @since 0.2 */
typedef struct dmlcsr_find_options {
    size_t struct_size; /**< set by dmlcsr_find_options_init() */
    float smallest;     /**< size of the smallest face in image pixels, 8 or more; 0: 1/32 of the longer side, at least 24.
                             One that is measured up to a tenth less counts, too. Halving it means up to four times as
                             many passes of the network */
    float threshold;    /**< confidence from which on a face counts, up to 1; 0: 0.5 */
    uint32_t most;      /**< number of faces after which the smaller ones are left out; 0: no limit but 1000 */
    uint32_t reserved;  /**< zero */
} dmlcsr_find_options;

/** Sets every field to its default and records the size. @since 0.2 */
static inline void dmlcsr_find_options_init(dmlcsr_find_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/** The region in which to parse a face that was found. @since 0.2 */
static inline void dmlcsr_face_region(const dmlcsr_face *face, dmlcsr_region *region)
{
    dmlcsr_region_init(region);
    region->center_x = face->center_x;
    region->center_y = face->center_y;
    region->size = face->size;
    region->rotation = face->rotation;
}

/**
 * Finds the faces in a whole picture, with the network itself and nothing else: it looks at the picture in windows, from
 * large to small, and then closer at each place where skin, eyes, nose and mouth may make up a face. Parse what is found
 * with dmlcsr_parse_region() or dmlcsr_parse_many() and DMLCSR_COMPOSE in the order in which they come: the square of a
 * large face may hold smaller ones, of which the network then knows little, so that their own parse has to be on top.
 *
 * It takes some ten passes of the network for a portrait and some hundred for a group; see doc/faces.md. The first call
 * makes scratch memory, which is kept. The result does not depend on the number of threads. options.progress is called
 * between layers with the thousandths that are done.
 *
 * @param handle    the parser
 * @param image     the picture
 * @param options   NULL: defaults
 * @param faces     receives the first `capacity` of them, largest first; may be NULL when that is 0
 * @param capacity  number of faces for which there is room
 * @param count     receives how many there are, which may be more than `capacity`
 * @return DMLCSR_OK, also when there is none, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_LIMIT, ERROR_CANCELLED, or
 *         ERROR_UNSUPPORTED: the model has no classes for skin, eyes, nose and mouth by a name that the library knows
 * @since 0.2
 */
DMLCSR_API int dmlcsr_find_faces(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_find_options *options,
                                 dmlcsr_face *faces, size_t capacity, size_t *count);

/**
 * The size of the network's outputs for an input of height x width (about a quarter of each).
 * @return DMLCSR_OK or ERROR_ARGUMENT (NULL, or a side below 17 or above 4097); no sentence
 * @since 0.1
 */
DMLCSR_API int dmlcsr_forward_size(const dmlcsr *handle, uint32_t height, uint32_t width, uint32_t *out_height,
                                   uint32_t *out_width);

/**
 * The bare network, for those who prepare the input themselves. The plan for the model's own input
 * size exists from the start; another size makes a plan and scratch memory of its own, which is kept until yet another
 * size is asked for.
 *
 * @param handle         the parser
 * @param input          3 x height x width, normalised, in the model's channel order
 * @param height, width  of the input, 17 to 4097 each; the outputs have oh x ow values (dmlcsr_forward_size())
 * @param parsing        class_count x oh x ow logits
 * @param binary_edge    2 x oh x ow logits (not an edge, edge), or NULL
 * @param category_edge  class_count x oh x ow logits, or NULL
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_NO_EDGES, ERROR_MEMORY, ERROR_LIMIT or ERROR_CANCELLED
 * @since 0.1
 */
DMLCSR_API int dmlcsr_forward(dmlcsr *handle, const float *input /* 3 h w, normalised */, uint32_t height,
                              uint32_t width, float *parsing /* classes oh ow */,
                              float *binary_edge /* 2 oh ow or NULL */,
                              float *category_edge /* classes oh ow or NULL */);

/** How many classes the model tells apart, background included. 0 for NULL. @since 0.1 */
DMLCSR_API uint32_t dmlcsr_class_count(const dmlcsr *handle);

/** Name of a class, such as "hair"; NULL when there is no such class, or no handle. Lives as long as the handle. @since 0.1 */
DMLCSR_API const char *dmlcsr_class_name(const dmlcsr *handle, uint32_t label);

/** The class of that name, or -1 (also for NULL). @since 0.1 */
DMLCSR_API int dmlcsr_class_find(const dmlcsr *handle, const char *name);

/**
 * The library's colour for a class, 0xRRGGBB: the same for a part whatever its id in the model at hand. 0 (black) is
 * background, and what a label that is no class and a NULL handle give. @since 0.1
 */
DMLCSR_API uint32_t dmlcsr_class_color(const dmlcsr *handle, uint32_t label);

/**
 * Which side "left" means in the class names: "subject" (the person's left), "picture" (the left of the picture as one
 * looks at it), or "unknown" when the model does not say, and for NULL. @since 0.1
 */
DMLCSR_API const char *dmlcsr_side(const dmlcsr *handle);

/** A line of the model file's metadata, such as "dmlcsr.licence"; NULL when absent, and for a NULL handle. @since 0.1 */
DMLCSR_API const char *dmlcsr_metadata(const dmlcsr *handle, const char *key);

/** Side of the square the network sees, in pixels. 0 for NULL. @since 0.1 */
DMLCSR_API uint32_t dmlcsr_input_size(const dmlcsr *handle);

/** 1 when the handle has its edge heads (the model has them, and keep_edges was set), 0 otherwise and for NULL. @since 0.1 */
DMLCSR_API int dmlcsr_has_edges(const dmlcsr *handle);

/** Threads that work on one picture. 0 for NULL. @since 0.1 */
DMLCSR_API uint32_t dmlcsr_threads(const dmlcsr *handle);

/**
 * Memory the handle holds, in bytes: packed weights (shared among clones) and scratch (its own). Either may be NULL;
 * both are 0 for a NULL handle.
 * @since 0.1
 */
DMLCSR_API void dmlcsr_memory(const dmlcsr *handle, size_t *weights, size_t *scratch);

/** Name of the instruction set in use: "c", "sse41", "avx2", "avx512" or "neon"; "" for NULL. @since 0.1 */
DMLCSR_API const char *dmlcsr_isa(const dmlcsr *handle);

/** Name of the precision in use: "fp32", "bf16" or "int8"; "" for NULL. @since 0.2 */
DMLCSR_API const char *dmlcsr_precision(const dmlcsr *handle);

/** DMLCSR_PRECISION_... of a name ("auto" included), or -1. @since 0.2 */
DMLCSR_API int dmlcsr_precision_find(const char *name);

/** DMLCSR_ISA_... of a name ("auto" included), or -1. @since 0.1 */
DMLCSR_API int dmlcsr_isa_find(const char *name);

/** 1 when this build has the instruction set and this machine can run it. @since 0.1 */
DMLCSR_API int dmlcsr_isa_available(int isa);

/** What a status means, in a few words. Never NULL. @since 0.1 */
DMLCSR_API const char *dmlcsr_strerror(int status);

/**
 * The sentence of the last error of dmlcsr_parse(), dmlcsr_parse_region(), dmlcsr_parse_many(), dmlcsr_find_faces() or
 * dmlcsr_forward() with this handle; "" when there was none, and for NULL. Other functions leave it alone. Valid until the next of these calls. @since 0.1
 */
DMLCSR_API const char *dmlcsr_last_error(const dmlcsr *handle);

/** Version of the library that is running, as DMLCSR_VERSION. @since 0.1 */
DMLCSR_API uint32_t dmlcsr_version(void);

/* ---- model files ---------------------------------------------------------------------------------------------- */

/** One tensor of a model file, as dmlcsr_inspect() shows it. @since 0.1 */
typedef struct dmlcsr_tensor_info {
    const char *name;     /**< key in the state dict, without "module." */
    const char *dtype;    /**< "F32", "F16", "BF16", "I64" ... */
    uint32_t rank;        /**< number of dimensions */
    const uint64_t *shape; /**< rank sizes */
    uint64_t bytes;       /**< of its values, as dtype has them */
} dmlcsr_tensor_info;

/** What dmlcsr_inspect() calls; either may be NULL. A nonzero return ends the listing (not an error). @since 0.1 */
typedef struct dmlcsr_visitor {
    size_t struct_size; /**< set by dmlcsr_visitor_init() */
    /** Receives one line of the metadata; the strings live until it returns. */
    int (*metadata)(void *opaque, const char *key, const char *value);
    /** Receives one tensor; what it points to lives until it returns. */
    int (*tensor)(void *opaque, const dmlcsr_tensor_info *tensor);
    void *opaque;      /**< handed to both as it is */
    char *error;       /**< receives the sentence when the call fails, or NULL */
    size_t error_size; /**< bytes at `error`; a longer sentence is cut */
} dmlcsr_visitor;

/** Sets every field to zero and records the size. @since 0.1 */
static inline void dmlcsr_visitor_init(dmlcsr_visitor *visitor)
{
    memset(visitor, 0, sizeof *visitor);
    visitor->struct_size = sizeof *visitor;
}

/**
 * Walks through a model file: metadata first, then tensors in the order of the file. Nothing of it is executed, and it
 * need not be a member of the family.
 * @param model_path  the file, safetensors or .pth
 * @param visitor     what to call for each part
 * @return DMLCSR_OK (also when a callback ended the listing), ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_IO,
 *         ERROR_FORMAT or ERROR_UNSUPPORTED
 * @since 0.1
 */
DMLCSR_API int dmlcsr_inspect(const char *model_path, const dmlcsr_visitor *visitor);

/**
 * Storage types dmlcsr_convert() writes; one-dimensional tensors always stay F32. I8 (since 0.2) has a scale for each
 * output channel, a tensor "..._scale" beside it, and leaves tensors of fewer than 8192 values in F16.
 * @since 0.1
 */
enum { DMLCSR_F32 = 0, DMLCSR_F16 = 1, DMLCSR_BF16 = 2, DMLCSR_I8 = 3 };

/** How to convert. @since 0.1 */
typedef struct dmlcsr_convert_options {
    size_t struct_size;   /**< set by dmlcsr_convert_options_init() */
    int dtype;            /**< DMLCSR_F32, DMLCSR_F16, DMLCSR_BF16 or DMLCSR_I8 */
    int drop_edges;       /**< nonzero: leave the edge heads out */
    /** key, value, key, value ...: added to, or put in place of, what the file has; an empty value removes the key. What
        create would refuse of a network is ERROR_MODEL */
    const char *const *metadata;
    size_t metadata_count;       /**< number of pairs */
    char *error;          /**< receives the sentence when the call fails, or NULL */
    size_t error_size;    /**< bytes at `error`; a longer sentence is cut */
    /** Pictures of faces, framed as dmlcsr_parse() wants them, that the network parses to find the ranges which
        DMLCSR_PRECISION_INT8 needs; a dozen of different people and light will do. They are stored beside the weights,
        in place of any that are there. NULL: none. @since 0.2 */
    const dmlcsr_image *calibration;
    size_t calibration_count; /**< their number @since 0.2 */
} dmlcsr_convert_options;

/** Sets every field to its default and records the size. @since 0.1 */
static inline void dmlcsr_convert_options_init(dmlcsr_convert_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/**
 * Reads a model file of either kind and writes it as safetensors, through a temporary name beside the target that is
 * renamed at the end: after a failure, what was there before is still there.
 *
 * @param model_path  the file to read, safetensors or .pth
 * @param out_path    the file to write; may be the same
 * @param options     NULL: F32, everything kept, metadata as it is (and no place for a sentence)
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_IO, ERROR_FORMAT, ERROR_UNSUPPORTED or ERROR_MODEL
 * @since 0.1
 */
DMLCSR_API int dmlcsr_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options);

/** How to export. @since 0.2 */
typedef struct dmlcsr_onnx_options {
    size_t struct_size;   /**< set by dmlcsr_onnx_options_init() */
    uint32_t input_size;  /**< side of the square the network sees, 17 to 4097 pixels; 0: the model's own */
    int edges;            /**< nonzero: the edge heads, too; a model without them is an error */
    const char *const *metadata; /**< as in dmlcsr_convert_options */
    size_t metadata_count;       /**< number of pairs */
    char *error;          /**< receives the sentence when the call fails, or NULL */
    size_t error_size;    /**< bytes at `error`; a longer sentence is cut */
} dmlcsr_onnx_options;

/** Sets every field to its default and records the size. @since 0.2 */
static inline void dmlcsr_onnx_options_init(dmlcsr_onnx_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/**
 * Writes the network of a model file as ONNX (operator set 13, F32), for other runtimes. What dmlcsr_forward() takes and
 * gives are its input and outputs, with a 1 in front of their shapes: "input", 1 x 3 x size x size, normalised, in the
 * model's channel order; "parsing", 1 x classes x oh x ow; with edges "binary_edge" and "category_edge". Norms are
 * folded into the convolutions. The metadata says all that is needed to prepare an input and to name the classes. The
 * file gets its name when it is complete, as with dmlcsr_convert().
 *
 * @param model_path  the file to read, safetensors or .pth
 * @param out_path    the file to write
 * @param options     NULL: the model's own size, no edges, metadata as it is (and no place for a sentence)
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_IO, ERROR_FORMAT, ERROR_UNSUPPORTED (also where
 *         the file would pass the 2 GiB that the format allows), ERROR_MODEL or ERROR_NO_EDGES
 * @since 0.2
 */
DMLCSR_API int dmlcsr_export_onnx(const char *model_path, const char *out_path, const dmlcsr_onnx_options *options);

#ifdef __cplusplus
}
#endif

#endif
