/**
 * @file train.h
 * Training of DML-CSR: multi-task learning (parsing, binary edge, category edge) and cyclical self-regulation. Linked as
 * libdmlcsr-train, beside libdmlcsr.
 *
 * This header keeps a weaker promise than dmlcsr.h: until 1.0, a release may change its functions; the name of the shared
 * object changes then.
 *
 * - **Errors** as in dmlcsr.h. After an error, dmlcsr_trainer_last_error() and its like have a sentence.
 * - **Threads.** A trainer serves one thread at a time.
 * - **Repeatable.** The same seed, data and options give the same bits, whatever the number of threads, on one instruction
 *   set.
 */
#ifndef DMLCSR_TRAIN_H
#define DMLCSR_TRAIN_H

#include "dmlcsr.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the data --------------------------------------------------------------------------------------------------- */

/**
 * Pairs of a photograph and its labels on disk. Opaque. A set is read-only once it is open: any number of loaders and
 * threads may use it at the same time. @since 0.2
 */
typedef struct dmlcsr_dataset dmlcsr_dataset;

/** Class lists. In all of them 0 is background, and 255 in a label map is "ignore". Frozen. @since 0.2 */
enum {
    DMLCSR_DATA_CUSTOM = 0,        /**< names given, or in label_names.txt. A flip swaps names that differ only in their
                                        beginning: l and r, left and right, followed by "_", "-" or a space */
    DMLCSR_DATA_CELEBAMASK_HQ = 1, /**< 19 classes; a flip swaps (4,5) (6,7) (8,9) */
    DMLCSR_DATA_LAPA = 2,          /**< 11 classes; a flip swaps (2,3) (4,5) */
    DMLCSR_DATA_HELEN = 3          /**< 11 classes; a flip swaps (2,3) (4,5) */
};

/** What a decoder delivers. Frozen. @since 0.2 */
typedef struct dmlcsr_bitmap {
    uint8_t *pixels;        /**< rows without gaps: R, G, B of a photograph; one class id per pixel of a label map */
    uint32_t width, height; /**< in pixels, 1 to 65535 */
    void *opaque;           /**< the decoder's own */
    char error[256];        /**< of a decoder that fails: why, without the file's name */
} dmlcsr_bitmap;

/**
 * How files become pixels: the library knows no codecs. Each function may be called from several threads at the same
 * time, for different bitmaps. @since 0.2
 */
typedef struct dmlcsr_decoder {
    size_t struct_size; /**< set by dmlcsr_decoder_init() */
    /** Fills pixels, width and height (and opaque) with R, G, B; 0, or nonzero with a sentence in out->error. `out` arrives
        cleared. */
    int (*image)(void *opaque, const char *path, dmlcsr_bitmap *out);
    /** The same with palette indices, or 8-bit grey values, as they are. */
    int (*label)(void *opaque, const char *path, dmlcsr_bitmap *out);
    /** Frees what a successful call has filled in. */
    void (*release)(void *opaque, dmlcsr_bitmap *bitmap);
    void *opaque;       /**< handed to the three callbacks as it is */
} dmlcsr_decoder;

/** Sets every field to zero and records the size. @since 0.2 */
static inline void dmlcsr_decoder_init(dmlcsr_decoder *decoder)
{
    memset(decoder, 0, sizeof *decoder);
    decoder->struct_size = sizeof *decoder;
}

/**
 * Which pairs. Two layouts are known; the first that is there is taken:
 *
 * - a list, `root`/`set`_list.txt: a line for each pair, "images/x.jpg labels/x.png", paths below root. Empty lines and
 *   lines that begin with # are skipped, a line may end with CR LF, a line with a tab is split at tabs only (so that
 *   names may have spaces), a third path (an edge map) is accepted and not used;
 * - folders, `root`/`set`/images and `root`/`set`/labels, paired by the names without their ends, in the order of the
 *   names (as bytes); a label without a photograph is left out. `root`/`set`/edges, when there, is not used: edges are
 *   computed from the labels that a step sees, which are turned and scaled.
 *
 * `root`/label_names.txt names the classes, one a line from 0 on; the first is "bg" or "background". DMLCSR_DATA_CUSTOM
 * takes its list from there unless class_names is set. Where the list is known, the file may be missing, and is an
 * error when it has another number of names, or one of the list's names in another place.
 * @since 0.2
 */
typedef struct dmlcsr_dataset_options {
    size_t struct_size;  /**< set by dmlcsr_dataset_options_init() */
    const char *root;    /**< folder */
    const char *set;     /**< "train", "val", "test" ... */
    int kind;            /**< DMLCSR_DATA_CUSTOM and so on */
    uint32_t class_count; /**< of class_names, 2 to 255; 0: from label_names.txt. Only with DMLCSR_DATA_CUSTOM */
    const char *const *class_names; /**< class_count names, background first; copied */
    const dmlcsr_decoder *decoder; /**< needed by loaders and dmlcsr_dataset_read(); copied; NULL: none will be used */
    char *error;         /**< receives the sentence when open fails, or NULL */
    size_t error_size;   /**< bytes at `error` */
    /** Allocator pair, both or neither, as in dmlcsr_options. */
    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    /** Frees a block of `allocate`; never called with NULL. */
    void (*release)(void *opaque, void *block);
    void *opaque;        /**< handed to both as it is */
} dmlcsr_dataset_options;

/** Sets every field to zero and records the size. @since 0.2 */
static inline void dmlcsr_dataset_options_init(dmlcsr_dataset_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

/**
 * Reads the list and looks for each file of it, so that a missing one is found now and not after hours.
 *
 * @param out      receives the set; untouched when the call fails
 * @param options  which pairs
 * @return DMLCSR_OK; ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY; ERROR_IO (no list and no folders, a file that cannot
 *         be opened: the sentence names the list, the line and the path); ERROR_FORMAT (a line without two paths, no
 *         pair at all, a photograph without labels, label_names.txt that does not fit)
 *
 * Threads: any. @since 0.2
 */
DMLCSR_API int dmlcsr_dataset_open(dmlcsr_dataset **out, const dmlcsr_dataset_options *options);

/** Frees a set; NULL is fine. Its loaders must be freed before. @since 0.2 */
DMLCSR_API void dmlcsr_dataset_free(dmlcsr_dataset *set);

/** Number of pairs; 0 for NULL. Threads: any. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_dataset_count(const dmlcsr_dataset *set);

/** Number of classes, background included; 0 for NULL. Threads: any. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_dataset_classes(const dmlcsr_dataset *set);

/** Name of a class, NULL when there is none. Lives as long as the set. Threads: any. @since 0.2 */
DMLCSR_API const char *dmlcsr_dataset_class_name(const dmlcsr_dataset *set, uint32_t label);

/** The class that a class becomes when the picture is mirrored: l_eye for r_eye, most often the same. A number that is
 * no class comes back as it is. Threads: any. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_dataset_mirror(const dmlcsr_dataset *set, uint32_t label);

/** Path of a photograph, with the root in front; NULL when there is no such pair. It lives as long as the set. Threads:
 * any. @since 0.2 */
DMLCSR_API const char *dmlcsr_dataset_image_path(const dmlcsr_dataset *set, uint32_t index);

/** The same for its labels. @since 0.2 */
DMLCSR_API const char *dmlcsr_dataset_label_path(const dmlcsr_dataset *set, uint32_t index);

/**
 * Decodes a pair as it is in the files, and checks the labels.
 *
 * @param set           the set
 * @param index         number of the pair, from 0 on
 * @param image, label  receive the bitmaps, to be given to dmlcsr_dataset_release(); either may be NULL. Their sizes
 *                      may differ (CelebAMask-HQ: 1024 and 512): both show the same field of view
 * @param error         receives the sentence when the call fails, or NULL
 * @param error_size    bytes at `error`; a longer sentence is cut
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_IO (the decoder's sentence, behind the path) or ERROR_FORMAT (a label that
 *         is neither a class nor 255: the sentence has the path, the pixel x, y and the id; or, when both are read, a
 *         label map of another shape than its photograph, such as one of a picture that has been turned since)
 *
 * Threads: any. @since 0.2
 */
DMLCSR_API int dmlcsr_dataset_read(const dmlcsr_dataset *set, uint32_t index, dmlcsr_bitmap *image,
                                   dmlcsr_bitmap *label, char *error, size_t error_size);

/** Frees a bitmap of dmlcsr_dataset_read(). A cleared one, and NULL, are fine. Threads: any. @since 0.2 */
DMLCSR_API void dmlcsr_dataset_release(const dmlcsr_dataset *set, dmlcsr_bitmap *bitmap);

/**
 * How pictures are changed before training sees them. dmlcsr_augment_init() sets the published values; a probability of
 * 0 switches a thing off. All numbers of a picture are drawn anew each epoch.
 *
 * Geometry is one warp from the file's picture (or the reduced one) to the network's input: the `compatible` placement
 * of the whole picture, S = max(width, height) - 1, centre on size / 2, and a similarity about the centre. Photographs
 * are sampled bilinearly (more samples per pixel where they shrink by more than 1.5, as the parser does) with black
 * outside, labels at the nearest pixel with 255 outside. What follows changes colours only, in the order below, and
 * leaves the outside black.
 * @since 0.2
 */
typedef struct dmlcsr_augment {
    size_t struct_size;  /**< set by dmlcsr_augment_init() */
    float scale_deviation, scale_limit; /**< the square that the network sees is `scale` times as large as S: normal
                              distribution with mean 1 and this deviation, cut at 1 - scale_limit and 1 + scale_limit. .25,
                              .25 */
    float rotate;        /**< probability: .6 */
    float rotate_deviation, rotate_limit; /**< degrees, normal with mean 0: 30, cut at 60 */
    float flip;          /**< probability of a mirrored picture, sides swapped in the labels: .5 */
    float translate;     /**< the picture moves by up to this share of S along x and y, uniform: 0 */
    float jitter;        /**< probability that the next three are applied: 0 */
    float brightness;    /**< factor 1 - x .. 1 + x, uniform: .3 */
    float contrast;      /**< the same about the picture's mean grey: .3 */
    float saturation;    /**< the same about each pixel's grey: .3 */
    float grey;          /**< probability of a grey picture: 0 */
    float blur;          /**< probability: 0 */
    float blur_limit;    /**< Gaussian, deviation 0 .. this many pixels of the input, uniform: 1.5 */
    float blocks;        /**< probability of the traces of JPEG (8 x 8 cosine transform, quantised): 0 */
    float blocks_quality; /**< lowest quality, 1 to 100; uniform up to 95: 20 */
    float occlude;       /**< probability of a rectangle or an ellipse of noise, sides .1 .. .4 of the input: 0 */
    int occlude_ignore;  /**< nonzero: hidden pixels have label 255; 0: they keep their class, to be guessed */
} dmlcsr_augment;

/** Sets every field to the published value and records the size. @since 0.2 */
static inline void dmlcsr_augment_init(dmlcsr_augment *augment)
{
    memset(augment, 0, sizeof *augment);
    augment->struct_size = sizeof *augment;
    augment->scale_deviation = augment->scale_limit = .25f;
    augment->rotate = .6f;
    augment->rotate_deviation = 30;
    augment->rotate_limit = 60;
    augment->flip = .5f;
    augment->brightness = augment->contrast = augment->saturation = .3f;
    augment->blur_limit = 1.5f;
    augment->blocks_quality = 20;
}

/**
 * Labels made wrong on purpose, to see what self-regulation is worth. A picture is noisy or not for ever: everything is
 * drawn from `seed` and the pair's index in the set, never from the epoch. In the label map as it is in the file, of
 * longer side L, one after the other:
 *
 * 1. shift: the whole map moves by up to `shift` L along x and y, uniform; what appears at the border repeats the
 *    border;
 * 2. swap: each class but background, with probability `swap`, becomes the class that it shares the most pixel sides
 *    with (all at the same time; the lower id when two tie);
 * 3. grow: each class but background, with probability `grow`, grows by `reach` L pixels over its neighbours
 *    (4-neighbourhood, rounded, at least 1); of two that meet, the one that gets there first stays, the lower id when
 *    both do.
 *
 * 255 is never changed by swap and grow. @since 0.2
 */
typedef struct dmlcsr_label_noise {
    size_t struct_size; /**< set by dmlcsr_label_noise_init() */
    uint64_t seed;      /**< 0 */
    float share;        /**< of the pictures, 0 to 1: 0 */
    float shift;        /**< share of L: .03 */
    float swap;         /**< probability: .2 */
    float grow;         /**< probability: .3 */
    float reach;        /**< share of L: .01 */
} dmlcsr_label_noise;

/** Sets every field to its default (share 0: no noise) and records the size. @since 0.2 */
static inline void dmlcsr_label_noise_init(dmlcsr_label_noise *noise)
{
    memset(noise, 0, sizeof *noise);
    noise->struct_size = sizeof *noise;
    noise->shift = .03f;
    noise->swap = .2f;
    noise->grow = .3f;
    noise->reach = .01f;
}

/**
 * Turns a set into batches, in threads of its own that work ahead. Opaque. One loader serves one thread at a time.
 * @since 0.2
 */
typedef struct dmlcsr_loader dmlcsr_loader;

/**
 * How a loader works.
 *
 * Position p of an epoch (0, 1, ...) is a picture: in training, element p of a permutation that depends on seed and
 * epoch alone; else picture p of the set. Step s of process `rank` of `processes` has the positions from
 * (s * processes + rank) * batch on: together the processes see what one process with a batch of processes * batch
 * sees. What is random depends on (seed, epoch, p) alone, so that any step can be had without those before it.
 * @since 0.2
 */
typedef struct dmlcsr_loader_options {
    size_t struct_size;   /**< set by dmlcsr_loader_options_init() */
    uint32_t batch;       /**< pictures of a step on this process, 1 to 65535 */
    uint32_t size;        /**< side of the network's input, 17 to 4097 */
    uint32_t threads;     /**< that decode and augment, 1 to 64: 1 */
    uint32_t ahead;       /**< steps made ready beyond the one in use, 1 to 64: 2 */
    uint32_t rank, processes; /**< 0 of 1 */
    uint64_t seed;        /**< 0 */
    int evaluate;         /**< 0: shuffled and augmented, an incomplete last batch is dropped; nonzero: in the set's
                               order, not augmented, the last batch kept (some processes may get fewer pictures in it,
                               or none) */
    int rgb;              /**< nonzero: planes are R, G, B; 0: B, G, R, as the published weights expect */
    float mean[3], std[3]; /**< of planes 0, 1, 2, for values in 0 .. 1: .485 .456 .406 and .229 .224 .225 */
    uint32_t cache_side;  /**< decoded photographs and labels are first reduced (mean of the area; nearest) so that
                               neither side is above this: what a batch holds depends on it. 1.5 times `size` loses
                               little and warps twice as fast. 0: as in the file */
    size_t cache_bytes;   /**< decoded pairs (4 bytes a pixel) are kept in memory up to this many bytes; never changes
                               what a batch holds. 0: none */
    const dmlcsr_augment *augment; /**< NULL: the published values; not used when `evaluate` is set; copied */
    const dmlcsr_label_noise *noise; /**< NULL: none; copied */
    char *error;          /**< receives the sentence when create fails, or NULL */
    size_t error_size;    /**< bytes at `error` */
    /** Allocator pair, both or neither, as in dmlcsr_options. Called on the loader's threads, too, at the same time. */
    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    /** Frees a block of `allocate`; never called with NULL. */
    void (*release)(void *opaque, void *block);
    void *opaque;         /**< handed to both as it is */
} dmlcsr_loader_options;

/** Sets every field to its default and records the size; set at least batch and size. @since 0.2 */
static inline void dmlcsr_loader_options_init(dmlcsr_loader_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
    options->threads = 1;
    options->ahead = 2;
    options->processes = 1;
    options->mean[0] = .485f;
    options->mean[1] = .456f;
    options->mean[2] = .406f;
    options->std[0] = .229f;
    options->std[1] = .224f;
    options->std[2] = .225f;
}

/** One step's data, owned by the loader until the next call with it. @since 0.2 */
typedef struct dmlcsr_loader_batch {
    size_t struct_size;    /**< set by the caller to sizeof(dmlcsr_loader_batch) */
    uint32_t count;        /**< pictures: options.batch, fewer at the end of an evaluation */
    uint32_t epoch, step;  /**< which step of which epoch, from 0 on */
    const float *input;    /**< count x 3 x size x size, normalised */
    const uint8_t *labels; /**< count x size x size class ids, 255 where nothing counts */
    const uint32_t *index; /**< count: which pairs of the set */
    const char *const *name; /**< count: paths of the photographs */
} dmlcsr_loader_batch;

/**
 * Makes a loader and starts its threads; they rest until dmlcsr_loader_start().
 *
 * @param out      receives the loader; untouched when the call fails
 * @param set      must outlive the loader
 * @param options  how it works
 * @return DMLCSR_OK; ERROR_ARGUMENT (also: the set has fewer pictures than one step of training takes), ERROR_STRUCT,
 *         ERROR_MEMORY or ERROR_THREAD
 * @since 0.2
 */
DMLCSR_API int dmlcsr_loader_create(dmlcsr_loader **out, const dmlcsr_dataset *set,
                                    const dmlcsr_loader_options *options);

/** Ends the threads and frees a loader, in whatever state; NULL is fine. @since 0.2 */
DMLCSR_API void dmlcsr_loader_free(dmlcsr_loader *loader);

/** Steps of an epoch, the same on every process; 0 for NULL. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_loader_steps(const dmlcsr_loader *loader);

/**
 * From now on, dmlcsr_loader_next() gives the steps of this epoch from first_step on. What was under way is dropped.
 * @param loader      the loader
 * @param epoch       from 0 on
 * @param first_step  at most dmlcsr_loader_steps()
 * @return DMLCSR_OK or ERROR_ARGUMENT. @since 0.2
 */
DMLCSR_API int dmlcsr_loader_start(dmlcsr_loader *loader, uint32_t epoch, uint32_t first_step);

/**
 * Waits for the next step, and gives it.
 * @param loader  the loader
 * @param batch   filled in; its memory is valid until the next call with the loader
 * @return DMLCSR_OK; ERROR_ARGUMENT after the epoch's last step or without a start; ERROR_STRUCT; or what went wrong
 *         with a picture of this step: ERROR_IO, ERROR_FORMAT, ERROR_MEMORY. The call after that gives the step behind
 *         it.
 * @since 0.2
 */
DMLCSR_API int dmlcsr_loader_next(dmlcsr_loader *loader, dmlcsr_loader_batch *batch);

/** Bytes and pairs in the cache now; either may be NULL. @since 0.2 */
DMLCSR_API void dmlcsr_loader_cached(dmlcsr_loader *loader, size_t *bytes, uint32_t *pairs);

/** The sentence of the last error, "" when there was none. Valid until the next call. @since 0.2 */
DMLCSR_API const char *dmlcsr_loader_last_error(const dmlcsr_loader *loader);

/* ---- the trainer ------------------------------------------------------------------------------------------------ */

/**
 * A network in training: parameters, momentum, the plan and memory of one step, the self-ensemble. Opaque. One trainer
 * serves one thread at a time. @since 0.2
 */
typedef struct dmlcsr_trainer dmlcsr_trainer;

/**
 * How several processes that train one network together talk to each other; all of them make the same calls in the same
 * order, and begin with the same parameters (the first step compares, and returns ERROR_COMM where they differ). The
 * library knows no network: a program brings these functions (dmlcsr-train: MPI). Each returns 0, or nonzero to end the
 * step with DMLCSR_ERROR_COMM. All are called by the thread that called the library. @since 0.2
 */
typedef struct dmlcsr_communicator {
    size_t struct_size;      /**< set by dmlcsr_communicator_init() */
    uint32_t rank, processes; /**< this process (from 0), and how many there are */
    /** values[0 .. n-1] become the sums over all processes. */
    int (*sum)(void *opaque, double *values, size_t n);
    /** all[p n .. p n + n-1] receives `mine` of process p. */
    int (*gather)(void *opaque, const float *mine, size_t n, float *all);
    /** Begins to add values[0 .. n-1] up over all processes, in place, and returns at once; several may be under way. */
    int (*reduce_begin)(void *opaque, float *values, size_t n);
    /** Returns when all that reduce_begin began is done. */
    int (*reduce_end)(void *opaque);
    void *opaque;            /**< handed to the four as it is */
} dmlcsr_communicator;

/** Sets every field to zero and records the size. @since 0.2 */
static inline void dmlcsr_communicator_init(dmlcsr_communicator *communicator)
{
    memset(communicator, 0, sizeof *communicator);
    communicator->struct_size = sizeof *communicator;
}

/**
 * What is trained, and how. Fill with dmlcsr_trainer_options_init(), which sets the paper's values; set at least
 * classes, batch, height and width. @since 0.2
 */
typedef struct dmlcsr_trainer_options {
    size_t struct_size;     /**< set by dmlcsr_trainer_options_init() */
    uint32_t threads;       /**< 0: one per physical core */
    int isa;                /**< DMLCSR_ISA_AUTO or a forced one */
    uint32_t classes;       /**< 2 to 255 */
    uint32_t blocks[4];     /**< bottlenecks of the four stages: 3, 4, 23, 3 */
    uint32_t divide;        /**< widths are the published ones divided by this: 1, 2, 4, 8 or 16 */
    const char *family;     /**< a model file whose blocks and widths, layer by layer, are taken instead, or NULL */
    uint32_t batch;         /**< pictures of a step, on this process */
    uint32_t height, width; /**< of the input, 17 to 4097 */
    uint64_t seed;          /**< of the starting values */
    int recompute;          /**< nonzero: bottlenecks are computed again on the way back: less memory, more time */
    uint32_t edge_width;    /**< 1: edges two pixels wide, as published; 2, 3: wider */
    double momentum;        /**< .9 */
    double weight_decay;    /**< 5e-4, on all parameters */
    double clip;            /**< largest norm of the gradient, 0: any */
    double average;         /**< share of the old value in the moving average of the parameters each step, such as .999; 0: none */
    double weight_parse;    /**< 1: .5 Lovasz-Softmax + .5 cross entropy */
    double weight_binary;   /**< 1: binary edge */
    double weight_category; /**< .1: category edge */
    double weight_attention_binary;   /**< 4 */
    double weight_attention_category; /**< 1 */
    double lovasz;          /**< share of Lovasz-Softmax in parse: .5 */
    size_t memory_limit;    /**< bytes, 0: no limit */
    const dmlcsr_communicator *communicator; /**< NULL: one process; copied */
    char *error;            /**< receives the sentence when create fails, or NULL */
    size_t error_size;      /**< bytes at `error` */
    /** Allocator pair, both or neither, as in dmlcsr_options. Called on the thread that called the library. */
    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    /** Frees a block of `allocate`; never called with NULL. */
    void (*release)(void *opaque, void *block);
    void *opaque;           /**< handed to both as it is */
} dmlcsr_trainer_options;

/** Sets every field to the paper's value and records the size. @since 0.2 */
static inline void dmlcsr_trainer_options_init(dmlcsr_trainer_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
    options->blocks[0] = options->blocks[1] = options->blocks[3] = 3;
    options->blocks[1] = 4;
    options->blocks[2] = 23;
    options->divide = 1;
    options->edge_width = 1;
    options->momentum = .9;
    options->weight_decay = 5e-4;
    options->weight_parse = options->weight_binary = options->weight_attention_category = 1;
    options->weight_category = .1;
    options->weight_attention_binary = 4;
    options->lovasz = .5;
}

/**
 * Makes a network with random starting values (He), and everything a step needs.
 * @param out      receives the trainer; untouched when the call fails
 * @param options  what is trained, and how
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_LIMIT, ERROR_ISA, ERROR_THREAD, or for options->family
 *         what opening a model file returns. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_create(dmlcsr_trainer **out, const dmlcsr_trainer_options *options);

/** Frees a trainer; NULL is fine. @since 0.2 */
DMLCSR_API void dmlcsr_trainer_free(dmlcsr_trainer *trainer);

/** The sentence of the last error, "" when there was none. Valid until the next call. @since 0.2 */
DMLCSR_API const char *dmlcsr_trainer_last_error(const dmlcsr_trainer *trainer);

/** What a trainer holds. @since 0.2 */
typedef struct dmlcsr_trainer_info {
    size_t struct_size;       /**< set by the caller to sizeof(dmlcsr_trainer_info) */
    uint64_t parameters;      /**< trained values */
    uint32_t tensors;         /**< trained tensors */
    uint32_t threads;         /**< that work on one step */
    const char *isa;          /**< name of the instruction set in use; lives as long as the trainer */
    uint32_t blocks[4];       /**< bottlenecks of the four stages */
    size_t parameter_bytes;   /**< parameters, gradient, momentum, and averages where there are any */
    size_t activation_bytes;  /**< the arena of activations and their gradients */
    size_t total_bytes;       /**< all that is held now */
    uint32_t cycle;           /**< ensembles that have been made */
    uint64_t steps;           /**< steps since the start, restored ones included */
} dmlcsr_trainer_info;

/** Fills `info` in. @return DMLCSR_OK, ERROR_ARGUMENT or ERROR_STRUCT. @since 0.2 */
DMLCSR_API int dmlcsr_trainer_describe(const dmlcsr_trainer *trainer, dmlcsr_trainer_info *info);

/** Called for each tensor of the network by dmlcsr_trainer_fill(). why: NULL when it was filled, else "not in the file" or
 * "has another shape there". @since 0.2 */
typedef void (*dmlcsr_fill_report)(void *opaque, const char *name, const char *why);

/**
 * Takes starting values from a model file: every tensor that has the same name and shape there. The others keep their
 * values: so the encoder of an ImageNet classifier, or a network with other classes, can be started from.
 * @param trainer     the trainer
 * @param model_path  the file, safetensors or .pth
 * @param report      is told of each tensor of the network, or NULL
 * @param opaque      handed to `report` as it is
 * @param filled      receives the number of tensors filled, or NULL
 * @return DMLCSR_OK (also when none fits), or what opening and reading a model file returns: then all values are those
 *         from before, and `report` has not been called. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_fill(dmlcsr_trainer *trainer, const char *model_path, dmlcsr_fill_report report,
                                   void *opaque, uint32_t *filled);

/** The loss of a step, unweighted but for total; over the batch of all processes. @since 0.2 */
typedef struct dmlcsr_loss_terms {
    size_t struct_size;      /**< set by the caller to sizeof(dmlcsr_loss_terms) */
    double lovasz;           /**< Lovasz-Softmax of the parsing head */
    double parse;            /**< cross entropy; when the self-ensemble teaches, here and in the next two, KL divergence;
                                  with dmlcsr_trainer_distil(), here and in attention, the mixture */
    double binary_edge, category_edge; /**< cross entropy of the edge heads */
    double attention_binary, attention_category; /**< cross entropy of parsing at the pixels of such edges */
    double total;            /**< weighted sum */
    double gradient_norm;    /**< before clipping */
} dmlcsr_loss_terms;

/**
 * One step of SGD.
 * @param trainer  the trainer
 * @param input    batch x 3 x height x width, normalised
 * @param labels   batch x height x width class ids, 255 where nothing counts
 * @param rate     learning rate
 * @param terms    receives the loss before the step, or NULL
 * @return DMLCSR_OK, ERROR_ARGUMENT (a label that is no class, named with its place), ERROR_COMM, or ERROR_DIVERGED when
 *         the loss or its gradient is not a finite number. After an error the trainer is what it was before. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_step(dmlcsr_trainer *trainer, const float *input, const uint8_t *labels, double rate,
                                   dmlcsr_loss_terms *terms);

/** Parameters that a trainer has. @since 0.2 */
enum {
    DMLCSR_CURRENT = 0,  /**< those being trained */
    DMLCSR_ENSEMBLE = 1, /**< the self-ensemble, after the first cycle */
    DMLCSR_AVERAGE = 2   /**< the moving average, when options.average is set */
};

/**
 * Self-ensembling, at the end of a cycle: ensemble = n / (n + 1) ensemble + 1 / (n + 1) current, over all trained
 * parameters, where n is the number of ensembles made before. Its running statistics are reset: estimate them with
 * dmlcsr_trainer_estimate() before it is used.
 * @return DMLCSR_OK, ERROR_MEMORY or ERROR_LIMIT. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_ensemble(dmlcsr_trainer *trainer);

/**
 * Shows a batch of the training set to the ensemble (or the moving average), whose running statistics become the mean over
 * all batches shown since they were reset.
 * @param trainer  the trainer
 * @param which    DMLCSR_ENSEMBLE or DMLCSR_AVERAGE (for which the first call after a step resets)
 * @param input    batch x 3 x height x width, normalised
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_COMM, or ERROR_DIVERGED when a statistic is not a finite number. After an
 *         error they are those from before. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_estimate(dmlcsr_trainer *trainer, int which, const float *input);

/**
 * Self-distillation: from now on the ensemble is the teacher of each step (nonzero), or not (0).
 * @return DMLCSR_OK, ERROR_ARGUMENT when there is no ensemble yet or logits of another network wait for the next step
 *         (dmlcsr_trainer_distil()), ERROR_MEMORY or ERROR_LIMIT. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_teach(dmlcsr_trainer *trainer, int on);

/**
 * Distillation: what another network says about the batch of the next step, which learns from it beside the labels. At
 * each pixel that has a label, the cross entropy of parsing, also that of the attention terms, becomes
 * (1 - share) cross entropy + share KL(q || p), where q is the softmax of these logits; Lovasz-Softmax and both edge
 * terms stay with the labels. The logits are forgotten after one step; one that fails leaves them for its repetition.
 * Where several processes train, each brings the logits of its own pictures.
 * @param trainer  the trainer
 * @param logits   batch x classes x oh x ow, copied; oh and ow are what dmlcsr_forward_size() gives for height and width
 *                 (a side of s has (s - 1) / 4 + 1, rounded down). NULL: forgets what waits
 * @param share    of the divergence, 0 to 1; 0: forgets what waits
 * @return DMLCSR_OK; ERROR_ARGUMENT (a share outside, a logit that is no finite number, named with its picture; or the
 *         self-ensemble teaches); ERROR_MEMORY or ERROR_LIMIT. After an error, what waited still waits. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_distil(dmlcsr_trainer *trainer, const float *logits, double share);

/**
 * Writes a model file (safetensors) for dmlcsr_create().
 * @param trainer   the trainer
 * @param which     DMLCSR_CURRENT, DMLCSR_ENSEMBLE or DMLCSR_AVERAGE
 * @param path      the file
 * @param dtype     DMLCSR_F32, DMLCSR_F16 or DMLCSR_BF16; one-dimensional tensors stay F32
 * @param metadata  key, value, key, value ...
 * @param pairs     number of pairs
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_MEMORY, ERROR_LIMIT, or ERROR_IO, also when the disk is full: the sentence
 *         has the path and the system's reason, and what was at `path` before is still there. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_export(dmlcsr_trainer *trainer, int which, const char *path, int dtype,
                                     const char *const *metadata, size_t pairs);

/**
 * Writes everything from which training goes on to the bit: parameters, statistics, momentum, ensemble, average, and
 * `metadata` (the caller's position). A temporary name that is renamed at the end.
 * @return as dmlcsr_trainer_export(). @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_save(dmlcsr_trainer *trainer, const char *path, const char *const *metadata, size_t pairs);

/**
 * Reads what dmlcsr_trainer_save() wrote, into a trainer of the same network. `pair` is told each key and value of the
 * metadata, or NULL.
 * @return DMLCSR_OK, or what opening a model file returns; ERROR_MODEL when it is a checkpoint of another network, or
 *         none. After an error the trainer is what it was before. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_restore(dmlcsr_trainer *trainer, const char *path,
                                      void (*pair)(void *opaque, const char *key, const char *value), void *opaque);

/**
 * The learning rate of an epoch, as the paper sets it: warm-up, poly decay until `cycle_start`, then cycles of
 * `cycle_epochs` epochs with a cosine from rate / 2 down to rate / 100. @since 0.2
 */
typedef struct dmlcsr_schedule {
    double rate;           /**< 1e-3 */
    double power;          /**< of the decay: .9 */
    uint32_t epochs;       /**< 200 */
    uint32_t warm_up;      /**< epochs of linear rise, 0: none */
    uint32_t cycle_start;  /**< 150: epochs before the first cycle; at least `epochs`: no cycles */
    uint32_t cycle_epochs; /**< 10 */
} dmlcsr_schedule;

/** Learning rate of epoch 0, 1, ... @since 0.2 */
DMLCSR_API double dmlcsr_schedule_rate(const dmlcsr_schedule *schedule, uint32_t epoch);

/** How many cycles have ended when `epoch` epochs are done; 0 before. @since 0.2 */
DMLCSR_API uint32_t dmlcsr_schedule_cycles(const dmlcsr_schedule *schedule, uint32_t epoch);

#ifdef __cplusplus
}
#endif

#endif
