/* A network as an ONNX file, for other runtimes. The graph is not written down a second time: what net/ draws for the
 * library itself is translated step by step, and the weights are the folded ones it computes with. */
#ifndef DML_ONNX_H
#define DML_ONNX_H

#include "net/net.h"

#define DML_ONNX_OPSET 13
#define DML_ONNX_IR 7 /* the version of the format that came with that operator set */

/* Writes `path` through a temporary name. Input: "input" 1 x 3 x size x size; outputs: "parsing", and where the weights
   have edge heads "binary_edge" and "category_edge". weights: nothing of them changes. metadata: pairs key, value. */
int dml_onnx_write(const char *path, dml_weights *weights, uint32_t size, const char *const *metadata,
                   size_t pair_count, dml_memory *memory, dml_error *error);

#endif
