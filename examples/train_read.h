/* How a training set's files become pixels: the decoder for dmlcsr_dataset_open(). */
#ifndef EXAMPLES_TRAIN_READ_H
#define EXAMPLES_TRAIN_READ_H

#include "dmlcsr/train.h"

/* Photographs: JPEG or PNG, upright. Labels: PNG with a palette or of 8-bit grey, the values as they are. */
void train_decoder(dmlcsr_decoder *decoder);

#endif
