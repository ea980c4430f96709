/* A network in training that is small enough for tests, and pictures for it. */
#ifndef TEST_SMALL_TRAINER_H
#define TEST_SMALL_TRAINER_H

#include "dmlcsr/train.h"

#define SMALL_SIDE 49
#define SMALL_PIXELS (SMALL_SIDE * SMALL_SIDE)
#define SMALL_CLASSES 5

/* One bottleneck a stage, widths divided by 16, two threads. */
dmlcsr_trainer_options small_options(uint32_t batch);

/* Exits with the sentence when it cannot be made. */
dmlcsr_trainer *small_trainer(const dmlcsr_trainer_options *options);

/* Pictures first .. first + count - 1 of a made-up set: blobs of classes and noise; the first row has no labels. */
void small_batch(uint32_t first, uint32_t count, float *input, uint8_t *labels);

#endif
