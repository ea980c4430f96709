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

/* ---- the trainer ------------------------------------------------------------------------------------------------ */

/**
 * A network in training: parameters, momentum, the plan and memory of one step, the self-ensemble. Opaque. One trainer
 * serves one thread at a time. @since 0.2
 */
typedef struct dmlcsr_trainer dmlcsr_trainer;

/**
 * How several processes that train one network together talk to each other; all of them make the same calls in the same
 * order. The library knows no network: a program brings these functions (dmlcsr-train: MPI). Each returns 0, or nonzero
 * to end the step with DMLCSR_ERROR_COMM. @since 0.2
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
    void *opaque;
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
    const char *family;     /**< a model file whose blocks and widths are taken instead, or NULL */
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
    size_t error_size;
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

/** Makes a network with random starting values (He), and everything a step needs.
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_STRUCT, ERROR_MEMORY, ERROR_LIMIT, ERROR_ISA, ERROR_THREAD, or for options->family
 *         what opening a model file returns. @since 0.2 */
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
    uint32_t threads;
    const char *isa;
    uint32_t blocks[4];
    size_t parameter_bytes;   /**< parameters, gradient, momentum, and averages where there are any */
    size_t activation_bytes;  /**< the arena of activations and their gradients */
    size_t total_bytes;       /**< all that is held now */
    uint32_t cycle;           /**< ensembles that have been made */
    uint64_t steps;           /**< steps since the start, restored ones included */
} dmlcsr_trainer_info;

/** @return DMLCSR_OK, ERROR_ARGUMENT or ERROR_STRUCT. @since 0.2 */
DMLCSR_API int dmlcsr_trainer_describe(const dmlcsr_trainer *trainer, dmlcsr_trainer_info *info);

/** Called for each tensor of the network by dmlcsr_trainer_fill(). why: NULL when it was filled, else "not in the file" or
 * "has another shape there". @since 0.2 */
typedef void (*dmlcsr_fill_report)(void *opaque, const char *name, const char *why);

/**
 * Takes starting values from a model file: every tensor that has the same name and shape there. The others keep their
 * values: so the encoder of an ImageNet classifier, or a network with other classes, can be started from.
 * @param filled  receives the number of tensors filled, or NULL
 * @return DMLCSR_OK (also when none fits), or what opening and reading a model file returns. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_fill(dmlcsr_trainer *trainer, const char *model_path, dmlcsr_fill_report report,
                                   void *opaque, uint32_t *filled);

/** The loss of a step, unweighted but for total; over the batch of all processes. @since 0.2 */
typedef struct dmlcsr_loss_terms {
    size_t struct_size;      /**< set by the caller to sizeof(dmlcsr_loss_terms) */
    double lovasz;
    double parse;            /**< cross entropy; with a teacher, here and in the next two, KL divergence */
    double binary_edge, category_edge;
    double attention_binary, attention_category;
    double total;            /**< weighted sum */
    double gradient_norm;    /**< before clipping */
} dmlcsr_loss_terms;

/**
 * One step of SGD.
 * @param input   batch x 3 x height x width, normalised
 * @param labels  batch x height x width class ids, 255 where nothing counts
 * @param rate    learning rate
 * @param terms   receives the loss before the step, or NULL
 * @return DMLCSR_OK, ERROR_ARGUMENT (a label that is no class, named with its place), ERROR_COMM, or ERROR_DIVERGED when
 *         the loss or its gradient is not a finite number: the parameters are those before the step then. @since 0.2
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
 * all batches shown since they were reset. @param which DMLCSR_ENSEMBLE or DMLCSR_AVERAGE (for which the first call
 * after a step resets)
 * @return DMLCSR_OK, ERROR_ARGUMENT or ERROR_COMM. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_estimate(dmlcsr_trainer *trainer, int which, const float *input);

/**
 * Self-distillation: from now on the ensemble is the teacher of each step (nonzero), or not (0).
 * @return DMLCSR_OK, ERROR_ARGUMENT when there is no ensemble yet, or ERROR_MEMORY. @since 0.2
 */
DMLCSR_API int dmlcsr_trainer_teach(dmlcsr_trainer *trainer, int on);

/**
 * Writes a model file (safetensors) for dmlcsr_create().
 * @param which     DMLCSR_CURRENT, DMLCSR_ENSEMBLE or DMLCSR_AVERAGE
 * @param dtype     DMLCSR_F32, DMLCSR_F16 or DMLCSR_BF16; one-dimensional tensors stay F32
 * @param metadata  key, value, key, value ...; pairs of them
 * @return DMLCSR_OK, ERROR_ARGUMENT, ERROR_MEMORY or ERROR_IO; what was at `path` before is still there then. @since 0.2
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
 * @return DMLCSR_OK, or what opening a model file returns; ERROR_MODEL when it is a checkpoint of another network. After
 *         an error the trainer must be freed. @since 0.2
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
