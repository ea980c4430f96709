/* The weights of one member of the DML-CSR family, norms folded and packed. The structs follow the paper's figure; each
 * convolution carries its activated norm. */
#ifndef DML_NET_WEIGHTS_H
#define DML_NET_WEIGHTS_H

#include "net/net.h"
#include "ops/conv.h"
#include "ops/ops.h"

#define DML_LEAKY ((dml_real)0.01) /* slope of an activated batch norm */
#define DML_STAGE_BLOCKS 1000 /* most bottlenecks of a stage */
#define DML_CHANNELS_MAX 65536 /* and channels of a layer */

typedef struct dml_bottleneck {
    dml_conv conv1, conv2, conv3;
    dml_conv downsample; /* the shortcut, when `projected` */
    bool projected;
} dml_bottleneck;

typedef struct dml_stage {
    dml_bottleneck *block;
    uint32_t blocks;
} dml_stage;

/* ResNet with a stem of three 3 x 3 convolutions, output stride 8. */
typedef struct dml_encoder {
    dml_conv stem[3];
    dml_stage layer[4];
} dml_encoder;

/* gcn_local_attention: attention among channels, over the 8 x 8 summary that the local branch makes. */
typedef struct dml_local_attention {
    dml_conv node_k, node_v, node_q;
    dml_conv wg;  /* conv_wg with bn_wg */
    dml_conv out; /* scaled by gamma */
} dml_local_attention;

typedef struct dml_dualgcn {
    dml_depthwise local[3];
    dml_local_attention attention;
    dml_conv phi, theta;
    dml_conv adj, wg; /* conv_adj with bn_adj, conv_wg with bn_wg */
    dml_conv conv3;   /* scaled by gamma1 */
    dml_conv final;
} dml_dualgcn;

/* The dynamic dual graph convolution head. */
typedef struct dml_context {
    dml_conv conva, convb, bottleneck;
    dml_dualgcn dualgcn;
} dml_context;

/* layer6 */
typedef struct dml_parsing_head {
    dml_conv conv1, conv2, conv3[2], conv4;
} dml_parsing_head;

/* edge_layer: trained together with the parsing, dropped at inference unless asked for. */
typedef struct dml_edge_heads {
    dml_conv level[3]; /* conv1, conv2, conv3 */
    dml_conv conv4;    /* the same for all three levels */
    dml_conv binary;   /* conv5_b */
    dml_conv category; /* conv5 */
} dml_edge_heads;

struct dml_weights {
    uint32_t classes;
    bool edges;
    dml_encoder encoder;
    dml_context context;
    dml_parsing_head parsing;
    dml_edge_heads edge;
    float *packed; /* one block holds all of it */
    size_t size;   /* floats */
    const float *zeros;   /* a bias for products of activations */
    uint32_t zero_count;  /* their number: the widest layer's */
    dml_bottleneck *bottlenecks; /* of all four stages */
};

#endif
