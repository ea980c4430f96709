/* dmlcsr.h as it was in 0.1, without its comments. Frozen: what was compiled with it must go on working. Do not change
   this file to make a test pass. */
#ifndef DMLCSR_0_1_H
#define DMLCSR_0_1_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define DMLCSR_API

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dmlcsr dmlcsr;

enum {
    DMLCSR_OK = 0,
    DMLCSR_ERROR_ARGUMENT = -1,
    DMLCSR_ERROR_STRUCT = -2,
    DMLCSR_ERROR_MEMORY = -3,
    DMLCSR_ERROR_LIMIT = -4,
    DMLCSR_ERROR_IO = -5,
    DMLCSR_ERROR_FORMAT = -6,
    DMLCSR_ERROR_UNSUPPORTED = -7,
    DMLCSR_ERROR_MODEL = -8,
    DMLCSR_ERROR_ISA = -9,
    DMLCSR_ERROR_THREAD = -10,
    DMLCSR_ERROR_CANCELLED = -11,
    DMLCSR_ERROR_NO_EDGES = -12,
    DMLCSR_ERROR_NO_MODEL = -13
};

enum {
    DMLCSR_RGB8 = 0,
    DMLCSR_BGR8 = 1,
    DMLCSR_RGBA8 = 2,
    DMLCSR_BGRA8 = 3,
    DMLCSR_GRAY8 = 4,
    DMLCSR_NV12 = 5
};

enum {
    DMLCSR_ISA_AUTO = 0,
    DMLCSR_ISA_C = 1,
    DMLCSR_ISA_SSE41 = 2,
    DMLCSR_ISA_AVX2 = 3,
    DMLCSR_ISA_AVX512 = 4,
    DMLCSR_ISA_NEON = 5
};

enum {
    DMLCSR_GEOMETRY_FINE = 0,
    DMLCSR_GEOMETRY_COMPATIBLE = 1
};

enum { DMLCSR_LOG_ERROR = 0, DMLCSR_LOG_WARNING = 1, DMLCSR_LOG_INFO = 2 };

typedef struct dmlcsr_image {
    const uint8_t *pixels;
    uint32_t width, height;
    size_t stride;
    int format;
} dmlcsr_image;

typedef struct dmlcsr_options {
    size_t struct_size;
    uint32_t threads;
    int isa;
    uint32_t input_size;
    int geometry;
    int keep_edges;
    int reserved;

    size_t memory_limit;

    void *(*allocate)(void *opaque, size_t size, size_t alignment);
    void (*release)(void *opaque, void *block);

    void (*log)(void *opaque, int level, const char *message);

    int (*progress)(void *opaque, uint32_t done, uint32_t total);
    void *opaque;
    char *error;
    size_t error_size;
} dmlcsr_options;

static inline void dmlcsr_options_init(dmlcsr_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

typedef struct dmlcsr_region {
    size_t struct_size;
    float center_x, center_y;
    float size;
    float rotation;
    float context;
    int reserved;
} dmlcsr_region;

static inline void dmlcsr_region_init(dmlcsr_region *region)
{
    memset(region, 0, sizeof *region);
    region->struct_size = sizeof *region;
}

enum {

    DMLCSR_COMPOSE = 1
};

typedef struct dmlcsr_result {
    size_t struct_size;
    uint32_t flags;
    uint32_t reserved;
    uint8_t *labels;
    size_t labels_stride;
    float *probabilities;
    size_t probabilities_stride;
    uint8_t *probabilities8;
    size_t probabilities8_stride;
    uint8_t *matte;
    size_t matte_stride;
    uint64_t matte_classes;
    float *binary_edge;
    size_t binary_edge_stride;
    uint8_t *category_edge;
    size_t category_edge_stride;
} dmlcsr_result;

static inline void dmlcsr_result_init(dmlcsr_result *result)
{
    memset(result, 0, sizeof *result);
    result->struct_size = sizeof *result;
}

DMLCSR_API int dmlcsr_create(dmlcsr **out, const char *model_path, const dmlcsr_options *options);

DMLCSR_API int dmlcsr_create_from_memory(dmlcsr **out, const void *data, size_t size, const dmlcsr_options *options);

DMLCSR_API int dmlcsr_clone(dmlcsr **out, const dmlcsr *handle);

DMLCSR_API void dmlcsr_free(dmlcsr *handle);

DMLCSR_API int dmlcsr_parse(dmlcsr *handle, const dmlcsr_image *image, uint8_t *labels, size_t stride);

DMLCSR_API int dmlcsr_parse_region(dmlcsr *handle, const dmlcsr_image *image, const dmlcsr_region *region,
                                   dmlcsr_result *result);

DMLCSR_API int dmlcsr_forward_size(const dmlcsr *handle, uint32_t height, uint32_t width, uint32_t *out_height,
                                   uint32_t *out_width);

DMLCSR_API int dmlcsr_forward(dmlcsr *handle, const float *input , uint32_t height,
                              uint32_t width, float *parsing ,
                              float *binary_edge ,
                              float *category_edge );

DMLCSR_API uint32_t dmlcsr_class_count(const dmlcsr *handle);

DMLCSR_API const char *dmlcsr_class_name(const dmlcsr *handle, uint32_t label);

DMLCSR_API int dmlcsr_class_find(const dmlcsr *handle, const char *name);

DMLCSR_API uint32_t dmlcsr_class_color(const dmlcsr *handle, uint32_t label);

DMLCSR_API const char *dmlcsr_side(const dmlcsr *handle);

DMLCSR_API const char *dmlcsr_metadata(const dmlcsr *handle, const char *key);

DMLCSR_API uint32_t dmlcsr_input_size(const dmlcsr *handle);

DMLCSR_API int dmlcsr_has_edges(const dmlcsr *handle);

DMLCSR_API uint32_t dmlcsr_threads(const dmlcsr *handle);

DMLCSR_API void dmlcsr_memory(const dmlcsr *handle, size_t *weights, size_t *scratch);

DMLCSR_API const char *dmlcsr_isa(const dmlcsr *handle);

DMLCSR_API int dmlcsr_isa_find(const char *name);

DMLCSR_API int dmlcsr_isa_available(int isa);

DMLCSR_API const char *dmlcsr_strerror(int status);

DMLCSR_API const char *dmlcsr_last_error(const dmlcsr *handle);

DMLCSR_API uint32_t dmlcsr_version(void);

typedef struct dmlcsr_tensor_info {
    const char *name;
    const char *dtype;
    uint32_t rank;
    const uint64_t *shape;
    uint64_t bytes;
} dmlcsr_tensor_info;

typedef struct dmlcsr_visitor {
    size_t struct_size;
    int (*metadata)(void *opaque, const char *key, const char *value);
    int (*tensor)(void *opaque, const dmlcsr_tensor_info *tensor);
    void *opaque;
    char *error;
    size_t error_size;
} dmlcsr_visitor;

static inline void dmlcsr_visitor_init(dmlcsr_visitor *visitor)
{
    memset(visitor, 0, sizeof *visitor);
    visitor->struct_size = sizeof *visitor;
}

DMLCSR_API int dmlcsr_inspect(const char *model_path, const dmlcsr_visitor *visitor);

enum { DMLCSR_F32 = 0, DMLCSR_F16 = 1, DMLCSR_BF16 = 2 };

typedef struct dmlcsr_convert_options {
    size_t struct_size;
    int dtype;
    int drop_edges;
    const char *const *metadata;
    size_t metadata_count;
    char *error;
    size_t error_size;
} dmlcsr_convert_options;

static inline void dmlcsr_convert_options_init(dmlcsr_convert_options *options)
{
    memset(options, 0, sizeof *options);
    options->struct_size = sizeof *options;
}

DMLCSR_API int dmlcsr_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options);

#ifdef __cplusplus
}
#endif

#endif
