#include "layers.h"

/* Sides: 0 the input, 1 after the first convolution, 2 after the pooling, 3 the encoder's output, 4 the local graph. */
typedef struct row {
    const char *name;
    uint32_t in, out, kernel, stride, dilation, part;
    uint32_t side, count;
    bool residual;
    uint32_t in_pad, out_pad;
} row;

static const row rows[] = {
    {"conv1", 3, 64, 3, 2, 1, 0, 0, 1, false, 1, 1},
    {"conv2", 64, 64, 3, 1, 1, 0, 1, 1, false, 1, 1},
    {"conv3", 64, 128, 3, 1, 1, 0, 1, 1, false, 1, 0},
    {"layer1.0.conv1", 128, 64, 1, 1, 1, 0, 2, 1, false, 0, 1},
    {"layer1.0.downsample", 128, 256, 1, 1, 1, 0, 2, 1, false, 0, 0},
    {"layer1.x.conv1", 256, 64, 1, 1, 1, 0, 2, 2, false, 0, 1},
    {"layer1.x.conv2", 64, 64, 3, 1, 1, 0, 2, 3, false, 1, 0},
    {"layer1.x.conv3", 64, 256, 1, 1, 1, 0, 2, 3, true, 0, 0},
    {"layer2.0.conv1", 256, 128, 1, 1, 1, 0, 2, 1, false, 0, 1},
    {"layer2.0.conv2", 128, 128, 3, 2, 1, 0, 2, 1, false, 1, 0},
    {"layer2.0.downsample", 256, 512, 1, 2, 1, 0, 2, 1, false, 0, 0},
    {"layer2.x.conv1", 512, 128, 1, 1, 1, 0, 3, 3, false, 0, 1},
    {"layer2.x.conv2", 128, 128, 3, 1, 1, 0, 3, 3, false, 1, 0},
    {"layer2.x.conv3", 128, 512, 1, 1, 1, 0, 3, 4, true, 0, 0},
    {"layer3.0.conv1", 512, 256, 1, 1, 1, 0, 3, 1, false, 0, 1},
    {"layer3.0.downsample", 512, 1024, 1, 1, 1, 0, 3, 1, false, 0, 0},
    {"layer3.x.conv1", 1024, 256, 1, 1, 1, 0, 3, 22, false, 0, 1},
    {"layer3.x.conv2", 256, 256, 3, 1, 1, 0, 3, 23, false, 1, 0},
    {"layer3.x.conv3", 256, 1024, 1, 1, 1, 0, 3, 23, true, 0, 0},
    {"layer4.0.conv1", 1024, 512, 1, 1, 1, 0, 3, 1, false, 0, 2},
    {"layer4.0.downsample", 1024, 2048, 1, 1, 1, 0, 3, 1, false, 0, 0},
    {"layer4.x.conv1", 2048, 512, 1, 1, 1, 0, 3, 2, false, 0, 2},
    {"layer4.x.conv2", 512, 512, 3, 1, 2, 0, 3, 3, false, 2, 0},
    {"layer4.x.conv3", 512, 2048, 1, 1, 1, 0, 3, 3, true, 0, 0},
    {"context.conva", 2048, 512, 3, 1, 1, 0, 3, 1, false, 1, 1},
    {"dualgcn.node k v q", 512, 256, 1, 1, 1, 0, 4, 3, false, 0, 0},
    {"dualgcn.out", 256, 512, 1, 1, 1, 0, 4, 1, true, 0, 0},
    {"dualgcn.phi", 512, 256, 1, 1, 1, 0, 3, 1, false, 1, 0},
    {"dualgcn.theta", 512, 128, 1, 1, 1, 0, 3, 1, false, 1, 0},
    {"dualgcn.conv3", 256, 512, 1, 1, 1, 0, 3, 1, true, 0, 0},
    {"dualgcn.final", 1024, 512, 1, 1, 1, 512, 3, 1, false, 0, 1},
    {"context.convb", 512, 512, 3, 1, 1, 0, 3, 1, false, 1, 1},
    {"context.bottleneck", 2560, 512, 3, 1, 1, 2048, 3, 1, false, 1, 0},
    {"layer6.conv1", 512, 256, 1, 1, 1, 0, 3, 1, false, 0, 0},
    {"layer6.conv2", 256, 48, 1, 1, 1, 0, 2, 1, false, 0, 0},
    {"layer6.conv3.0", 304, 256, 1, 1, 1, 256, 2, 1, false, 0, 0},
    {"layer6.conv3.2", 256, 256, 1, 1, 1, 0, 2, 1, false, 0, 0},
    {"layer6.conv4", 256, 0, 1, 1, 1, 0, 2, 1, false, 0, 0}, /* to the classes */
};

static uint32_t divide(uint32_t channels, uint32_t divisor)
{
    return channels <= 3 ? channels : (channels + divisor - 1) / divisor;
}

size_t list_layers(layer *layers, uint32_t input_size, uint32_t divisor, uint32_t classes)
{
    uint32_t side[5] = {input_size};
    for (int i = 1; i < 4; i++)
        side[i] = dml_conv_side(side[i - 1], 2);
    side[4] = dml_conv_side(dml_conv_side(dml_conv_side(side[3], 2), 2), 2);
    const size_t count = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < count; i++) {
        const row *r = &rows[i];
        layers[i] = (layer){
            .name = r->name,
            .shape = {.in = divide(r->in, divisor), .out = r->out ? divide(r->out, divisor) : classes,
                      .kernel = r->kernel, .stride = r->stride, .dilation = r->dilation,
                      .part = divide(r->part, divisor)},
            .side = side[r->side],
            .count = r->count,
            .residual = r->residual,
            .in_pad = r->in_pad,
            .out_pad = r->out_pad,
        };
    }
    return count;
}

double layer_products(const layer *l)
{
    const double side = dml_conv_side(l->side, l->shape.stride);
    return side * side * l->shape.in * l->shape.out * l->shape.kernel * l->shape.kernel;
}
