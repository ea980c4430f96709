/* The convolutions of a member of the DML-CSR family, as the network runs them. */
#ifndef LAYERS_H
#define LAYERS_H

#include "ops/conv.h"

typedef struct layer {
    const char *name;
    dml_conv_shape shape;
    uint32_t side;    /* of the square input */
    uint32_t count;   /* how many of them the network has */
    bool residual;    /* a shortcut is added */
    uint32_t in_pad, out_pad;
} layer;

/* The layers for input_size x input_size pixels with every width divided by `divisor`. Returns their number; `layers`
   holds LAYERS_MAX. */
#define LAYERS_MAX 64
size_t list_layers(layer *layers, uint32_t input_size, uint32_t divisor, uint32_t classes);

/* Products (multiply-adds) of one such layer, channels counted as they are, not as they are padded. */
double layer_products(const layer *l);

#endif
