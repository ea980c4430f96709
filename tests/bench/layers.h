/* The convolutions of a member of the DML-CSR family, as the network runs them. */
#ifndef LAYERS_H
#define LAYERS_H

#include "ops/conv.h"

/* What is added to the result: nothing, another tensor, or what lies where the result goes. */
typedef enum shortcut { ALONE, BESIDE, OVER } shortcut;

/* Parts of the network, in its order. */
enum { STEM, LAYER1, LAYER2, LAYER3, LAYER4, CONTEXT, LAYER6, STAGES };
extern const char *const stage_names[STAGES];

typedef struct layer {
    const char *name;
    uint32_t stage;
    dml_conv_shape shape;
    uint32_t side;    /* of the square input */
    uint32_t count;   /* how many of them the network has */
    shortcut shortcut;
    uint32_t in_pad, out_pad;
} layer;

/* The layers for input_size x input_size pixels with every width divided by `divisor`, in the formats that they have
   for DMLCSR_PRECISION_... Returns their number; `layers` holds LAYERS_MAX. */
#define LAYERS_MAX 64
size_t list_layers(layer *layers, uint32_t input_size, uint32_t divisor, uint32_t classes, int precision);

/* Products (multiply-adds) of one such layer as a direct sum, channels counted as they are, not as they are padded. */
double layer_products(const layer *l);

#endif
