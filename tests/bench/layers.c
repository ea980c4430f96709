#include "layers.h"

#include <string.h>

#include "dmlcsr/dmlcsr.h"
#include "ops/winograd.h"

/* Sides: 0 the input, 1 after the first convolution, 2 after the pooling, 3 the encoder's output, 4 the local graph. */
typedef struct row {
    const char *name;
    uint32_t in, out, kernel, stride, dilation, part;
    uint32_t side, count;
    shortcut shortcut;
    uint32_t in_pad, out_pad;
    bool activated; /* an activated norm follows */
} row;

static const row rows[] = {
    {"conv1", 3, 64, 3, 2, 1, 0, 0, 1, ALONE, 1, 1, true},
    {"conv2", 64, 64, 3, 1, 1, 0, 1, 1, ALONE, 1, 1, true},
    {"conv3", 64, 128, 3, 1, 1, 0, 1, 1, ALONE, 1, 0, true},
    {"layer1.0.conv1", 128, 64, 1, 1, 1, 0, 2, 1, ALONE, 0, 1, true},
    {"layer1.0.downsample", 128, 256, 1, 1, 1, 0, 2, 1, ALONE, 0, 0, true},
    {"layer1.x.conv1", 256, 64, 1, 1, 1, 0, 2, 2, ALONE, 0, 1, true},
    {"layer1.x.conv2", 64, 64, 3, 1, 1, 0, 2, 3, ALONE, 1, 0, true},
    {"layer1.x.conv3", 64, 256, 1, 1, 1, 0, 2, 3, OVER, 0, 0, true},
    {"layer2.0.conv1", 256, 128, 1, 1, 1, 0, 2, 1, ALONE, 0, 1, true},
    {"layer2.0.conv2", 128, 128, 3, 2, 1, 0, 2, 1, ALONE, 1, 0, true},
    {"layer2.0.downsample", 256, 512, 1, 2, 1, 0, 2, 1, ALONE, 0, 0, true},
    {"layer2.x.conv1", 512, 128, 1, 1, 1, 0, 3, 3, ALONE, 0, 1, true},
    {"layer2.x.conv2", 128, 128, 3, 1, 1, 0, 3, 3, ALONE, 1, 0, true},
    {"layer2.x.conv3", 128, 512, 1, 1, 1, 0, 3, 4, OVER, 0, 0, true},
    {"layer3.0.conv1", 512, 256, 1, 1, 1, 0, 3, 1, ALONE, 0, 1, true},
    {"layer3.0.downsample", 512, 1024, 1, 1, 1, 0, 3, 1, ALONE, 0, 0, true},
    {"layer3.x.conv1", 1024, 256, 1, 1, 1, 0, 3, 22, ALONE, 0, 1, true},
    {"layer3.x.conv2", 256, 256, 3, 1, 1, 0, 3, 23, ALONE, 1, 0, true},
    {"layer3.x.conv3", 256, 1024, 1, 1, 1, 0, 3, 23, OVER, 0, 0, true},
    {"layer4.0.conv1", 1024, 512, 1, 1, 1, 0, 3, 1, ALONE, 0, 2, true},
    {"layer4.0.downsample", 1024, 2048, 1, 1, 1, 0, 3, 1, ALONE, 0, 0, true},
    {"layer4.x.conv1", 2048, 512, 1, 1, 1, 0, 3, 2, ALONE, 0, 2, true},
    {"layer4.x.conv2", 512, 512, 3, 1, 2, 0, 3, 3, ALONE, 2, 0, true},
    {"layer4.x.conv3", 512, 2048, 1, 1, 1, 0, 3, 3, OVER, 0, 0, true},
    {"context.conva", 2048, 512, 3, 1, 1, 0, 3, 1, ALONE, 1, 1, true},
    {"dualgcn.node k v q", 512, 256, 1, 1, 1, 0, 4, 3, ALONE, 0, 0, false},
    {"dualgcn.out", 256, 512, 1, 1, 1, 0, 4, 1, BESIDE, 0, 0, true},
    {"dualgcn.phi", 512, 256, 1, 1, 1, 0, 3, 1, ALONE, 1, 0, true},
    {"dualgcn.theta", 512, 128, 1, 1, 1, 0, 3, 1, ALONE, 1, 0, true},
    {"dualgcn.conv3", 256, 512, 1, 1, 1, 0, 3, 1, BESIDE, 0, 0, true},
    {"dualgcn.final", 1024, 512, 1, 1, 1, 512, 3, 1, ALONE, 0, 1, true},
    {"context.convb", 512, 512, 3, 1, 1, 0, 3, 1, ALONE, 1, 1, true},
    {"context.bottleneck", 2560, 512, 3, 1, 1, 2048, 3, 1, ALONE, 1, 0, true},
    {"layer6.conv1", 512, 256, 1, 1, 1, 0, 3, 1, ALONE, 0, 0, true},
    {"layer6.conv2", 256, 48, 1, 1, 1, 0, 2, 1, ALONE, 0, 0, true},
    {"layer6.conv3.0", 304, 256, 1, 1, 1, 256, 2, 1, ALONE, 0, 0, true},
    {"layer6.conv3.2", 256, 256, 1, 1, 1, 0, 2, 1, ALONE, 0, 0, true},
    {"layer6.conv4", 256, 0, 1, 1, 1, 0, 2, 1, ALONE, 0, 0, false}, /* to the classes */
};

static uint32_t divide(uint32_t channels, uint32_t divisor)
{
    return channels <= 3 ? channels : (channels + divisor - 1) / divisor;
}

const char *const stage_names[STAGES] = {"stem", "layer1", "layer2", "layer3", "layer4", "context, dualgcn",
                                         "layer6"};

static uint32_t stage_of(const char *name)
{
    static const char *const starts[STAGES] = {"conv", "layer1.", "layer2.", "layer3.", "layer4.", "context.",
                                               "layer6."};
    for (uint32_t i = 0; i < STAGES; i++)
        if (!strncmp(name, starts[i], strlen(starts[i])))
            return i;
    return CONTEXT; /* the graphs are inside it */
}

/* As format_of() in net/load.c decides. */
static dml_format format_of(const dml_conv_shape *s, bool activated, int precision)
{
    if (precision == DMLCSR_PRECISION_FP32 || !activated || s->in < DML_BLOCK)
        return DML_FORMAT_F32;
    return precision == DMLCSR_PRECISION_BF16 || (s->kernel == 3 && s->stride == 1) ? DML_FORMAT_BF16 : DML_FORMAT_U8;
}

size_t list_layers(layer *layers, uint32_t input_size, uint32_t divisor, uint32_t classes, int precision)
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
            .stage = stage_of(r->name),
            .shape = {.in = divide(r->in, divisor), .out = r->out ? divide(r->out, divisor) : classes,
                      .kernel = r->kernel, .stride = r->stride, .dilation = r->dilation,
                      .part = divide(r->part, divisor)},
            .side = side[r->side],
            .count = r->count,
            .shortcut = r->shortcut,
            .in_pad = r->in_pad,
            .out_pad = r->out_pad,
        };
        layers[i].shape.format = format_of(&layers[i].shape, r->activated, precision);
        layers[i].shape.form = dml_winograd_form_of(&layers[i].shape);
    }
    return count;
}

double layer_products(const layer *l)
{
    const double side = dml_conv_side(l->side, l->shape.stride);
    return side * side * l->shape.in * l->shape.out * l->shape.kernel * l->shape.kernel;
}
