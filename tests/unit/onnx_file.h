/* Reads ONNX files for the tests: as much of protobuf and of the format as the library writes, and a way to compute
 * what such a file says, one operator after the other, in double precision. Whatever is not as it should be fails the
 * test. */
#ifndef ONNX_FILE_H
#define ONNX_FILE_H

#include <stddef.h>
#include <stdint.h>

enum { ONNX_NAME = 112, ONNX_NODES = 512, ONNX_TENSORS = 512, ONNX_PAIRS = 16, ONNX_PORTS = 4 };

typedef struct onnx_attribute {
    char name[40], text[20];
    int64_t type, integers[4];
    size_t count; /* of integers */
    float real;
} onnx_attribute;

typedef struct onnx_node {
    char op[16], name[ONNX_NAME], output[ONNX_NAME], input[4][ONNX_NAME];
    onnx_attribute attribute[5];
    size_t inputs, attributes;
} onnx_node;

typedef struct onnx_tensor {
    char name[ONNX_NAME];
    int64_t type, shape[4]; /* type: 1 float, 7 int64 */
    size_t rank, count;
    const unsigned char *raw; /* little-endian */
} onnx_tensor;

typedef struct onnx_port {
    char name[ONNX_NAME];
    int64_t type, shape[4];
    size_t rank;
} onnx_port;

typedef struct onnx_file {
    unsigned char *data;
    int64_t ir, opset;
    char graph[16], producer[16], version[16];
    char key[ONNX_PAIRS][40], value[ONNX_PAIRS][256];
    onnx_node node[ONNX_NODES];
    onnx_tensor tensor[ONNX_TENSORS];
    onnx_port input[ONNX_PORTS], output[ONNX_PORTS];
    size_t pairs, nodes, tensors, inputs, outputs;
} onnx_file;

onnx_file *onnx_open(const char *path);
void onnx_close(onnx_file *file);

const char *onnx_metadata(const onnx_file *file, const char *key); /* NULL when absent */
const onnx_tensor *onnx_find(const onnx_file *file, const char *name); /* an initialiser, or NULL */
float onnx_float(const onnx_tensor *tensor, size_t i);
int64_t onnx_integer(const onnx_tensor *tensor, size_t i);
const onnx_attribute *onnx_attribute_of(const onnx_node *node, const char *name); /* fails when absent */

/* The value of an output. input: as the file's only input wants it. To be freed. */
double *onnx_run(const onnx_file *file, const float *input, const char *output);

#endif
