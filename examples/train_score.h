/* How good a model is on a validation set, while it is trained. */
#ifndef EXAMPLES_TRAIN_SCORE_H
#define EXAMPLES_TRAIN_SCORE_H

#include <stdbool.h>

#include <dmlcsr/train.h>

#include "io.h"

typedef struct score {
    uint32_t classes, pictures;
    double f1[256];   /* 2 I / (A + B) of each class; -1: in neither labels nor predictions */
    double mean_f1;   /* without background and absent classes */
    double mean_iou;  /* with background */
    double accuracy;  /* of pixels */
} score;

/* Parses every picture of the set (at most `limit`, 0: all) with the model file, by the published protocol (argmax at the network's
   size, nearest neighbour back to the label's grid), on `threads` threads. False, with a sentence, when it fails. */
bool score_model(score *out, const char *model_path, const dmlcsr_dataset *set, uint32_t limit, uint32_t threads,
                 note *error);

/* One line per class, aligned. */
void score_print(const score *s, const dmlcsr_dataset *set);

#endif
