/* From one model file to another: dmlcsr_convert() behind its checks. */
#ifndef DML_CONVERT_H
#define DML_CONVERT_H

#include "metadata.h"

int dml_convert(const char *model_path, const char *out_path, const dmlcsr_convert_options *options, dml_error *error);

/* What a convolution's input held in the pictures that calibrate. */
typedef struct dml_calibration {
    char name[128];  /* of the tensor that stores it: "layer1.0.conv1.input_range" */
    float range[2];
} dml_calibration;

/* Runs the network on `count` pictures, which the metadata say how to take. `out` receives `found` ranges, to be released.
   (calibrate.c) */
int dml_calibrate(dml_calibration **out, size_t *found, const dml_model *model, const dml_metadata *metadata,
                  const dmlcsr_image *pictures, size_t count, dml_memory *memory, dml_error *error);

#endif
