#include "support/small_trainer.h"

#include <stdio.h>
#include <stdlib.h>

dmlcsr_trainer_options small_options(uint32_t batch)
{
    dmlcsr_trainer_options o;
    dmlcsr_trainer_options_init(&o);
    for (int i = 0; i < 4; i++)
        o.blocks[i] = 1;
    o.divide = 16;
    o.classes = SMALL_CLASSES;
    o.batch = batch;
    o.height = o.width = SMALL_SIDE;
    o.threads = 2;
    o.seed = 3;
    return o;
}

dmlcsr_trainer *small_trainer(const dmlcsr_trainer_options *options)
{
    dmlcsr_trainer *t = NULL;
    char error[256] = "";
    dmlcsr_trainer_options o = *options;
    o.error = error;
    o.error_size = sizeof error;
    if (dmlcsr_trainer_create(&t, &o) != DMLCSR_OK) {
        fprintf(stderr, "no trainer: %s\n", error);
        exit(2);
    }
    return t;
}

static void picture(uint32_t i, float *input, uint8_t *labels)
{
    uint32_t random = 99 + i;
    for (size_t p = 0; p < SMALL_PIXELS; p++) {
        const size_t x = p % SMALL_SIDE, y = p / SMALL_SIDE;
        labels[p] = (uint8_t)((x / 10 + y / 12 + i) % SMALL_CLASSES);
        for (size_t c = 0; c < 3; c++) {
            random = random * 1664525u + 1013904223u;
            input[c * SMALL_PIXELS + p] = (float)(labels[p] * (c + 1)) * .3f + (float)(random >> 24) / 256;
        }
    }
    memset(labels, 255, SMALL_SIDE);
}

void small_batch(uint32_t first, uint32_t count, float *input, uint8_t *labels)
{
    for (uint32_t i = 0; i < count; i++)
        picture(first + i, input + (size_t)i * 3 * SMALL_PIXELS, labels + (size_t)i * SMALL_PIXELS);
}
