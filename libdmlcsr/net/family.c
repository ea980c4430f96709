#include "net/family.h"

#include <stdio.h>

/* Every key of the family is written in this file, in the order of the paper's figure. */

#define NAME_SIZE 96

typedef struct unit {
    const char *conv, *norm;
    uint32_t in, out, width, kernel;
} unit;

/* conv + activated norm, as `unit` in the published code: stride 1, dilation 1, no bias, leaky */
static int visit_unit(dml_visitor *v, unit u, dml_conv *conv)
{
    dml_layer layer = {u.conv, u.norm, DML_NORM_ABN, false, u.in, u.out, u.width, u.kernel, 1, 1, 0};
    return v->conv(v, &layer, false, conv);
}

/* ---- encoder ------------------------------------------------------------------------------------------------------ */

static const uint32_t stage_stride[4] = {1, 2, 1, 1}, stage_dilation[4] = {1, 1, 1, 2};

/* Only the first of a stage may have a projection: the others add to the stage's tensor, which has as many channels. */
static int visit_bottleneck(dml_visitor *v, const char *prefix, uint32_t in, uint32_t planes, int stage, bool first_one,
                            dml_bottleneck *b)
{
    const uint32_t stride = first_one ? stage_stride[stage] : 1;
    char conv[NAME_SIZE], norm[NAME_SIZE];
    int status;
#define NAMES(c, n) (snprintf(conv, sizeof conv, "%s" c, prefix), snprintf(norm, sizeof norm, "%s" n, prefix))
    NAMES("conv1", "bn1");
    dml_layer first = {conv, norm, DML_NORM_ABN, false, in, 0, planes, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &first, true, &b->conv1));
    NAMES("conv2", "bn2");
    dml_layer second = {conv, norm, DML_NORM_ABN, false, b->conv1.shape.out, 0, planes, 3, stride,
                        stage_dilation[stage], 0};
    DML_TRY(v->conv(v, &second, true, &b->conv2));
    b->projected = v->projected(v, prefix, in, 4 * planes, stride);
    if (b->projected && !first_one)
        return dml_fail(v->error, DMLCSR_ERROR_MODEL,
                        "tensor %sdownsample.0.weight: only the first bottleneck of a stage has a projection", prefix);
    uint32_t out = b->projected || stride != 1 ? 0 : in; /* without a projection, the shortcut is the input itself */
    NAMES("conv3", "bn3");
    dml_layer third = {conv, norm, DML_NORM_ABN, false, b->conv2.shape.out, out, 4 * planes, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &third, false, &b->conv3));
    b->conv3.relu = true; /* after the sum with the shortcut */
    if (b->projected || stride != 1) {
        NAMES("downsample.0", "downsample.1");
        dml_layer shortcut = {conv, norm, DML_NORM_ABN, false, in, b->conv3.shape.out, 0, 1, stride, 1, 0};
        DML_TRY(v->conv(v, &shortcut, false, &b->downsample));
        b->projected = true;
    }
#undef NAMES
fail:
    return status;
}

static int visit_encoder(dml_visitor *v, const dml_family *f, dml_encoder *e)
{
    static const char *const conv[3] = {"conv1", "conv2", "conv3"}, *const norm[3] = {"bn1", "bn2", "bn3"};
    uint32_t in = 3;
    int status;
    for (int i = 0; i < 3; i++) {
        dml_layer layer = {conv[i], norm[i], DML_NORM_ABN, false, in, 0, f->stem[i], 3, i ? 1 : 2, 1, 0};
        DML_TRY(v->conv(v, &layer, true, &e->stem[i]));
        in = e->stem[i].shape.out;
    }
    for (int s = 0; s < 4; s++)
        for (uint32_t k = 0; k < e->layer[s].blocks; k++) {
            char prefix[32];
            snprintf(prefix, sizeof prefix, "layer%d.%u.", s + 1, (unsigned)k);
            dml_bottleneck *b = &e->layer[s].block[k];
            DML_TRY(visit_bottleneck(v, prefix, in, f->planes[s], s, k == 0, b));
            in = b->conv3.shape.out;
        }
fail:
    return status;
}

/* Each part of a concatenation begins at a block of channels, which conv.h counts by the size of the first. */
static int check_parts(dml_visitor *v, const char *name, uint32_t first, uint32_t second)
{
    if (second <= first || first % DML_BLOCK == 0)
        return DMLCSR_OK;
    return dml_fail(v->error, DMLCSR_ERROR_UNSUPPORTED,
                    "tensor %s.weight: inputs of %u and %u channels; more in the second part need a multiple of %d in the first",
                    name, (unsigned)first, (unsigned)second, DML_BLOCK);
}

static uint32_t stage_out(const dml_encoder *e, int stage)
{
    return e->layer[stage].block[e->layer[stage].blocks - 1].conv3.shape.out;
}

/* ---- context head ------------------------------------------------------------------------------------------------- */

#define G "context.dualgcn."
#define A G "gcn_local_attention."

static int visit_attention(dml_visitor *v, const dml_family *f, uint32_t c, dml_local_attention *a)
{
    int status;
    dml_layer node_k = {A "node_k", NULL, DML_NORM_NONE, true, c, 0, f->node, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &node_k, false, &a->node_k));
    uint32_t half = a->node_k.shape.out;
    dml_layer node_v = {A "node_v", NULL, DML_NORM_NONE, true, c, half, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &node_v, false, &a->node_v));
    dml_layer node_q = {A "node_q", NULL, DML_NORM_NONE, true, c, half, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &node_q, false, &a->node_q));
    dml_layer wg = {A "conv_wg", A "bn_wg", DML_NORM_PLAIN, false, half, half, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &wg, false, &a->wg));
    dml_layer out = {A "out.0", A "out.1", DML_NORM_ABN, true, half, c, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &out, false, &a->out));
    DML_TRY(v->scalar(v, A "gamma", &a->out.scale));
fail:
    return status;
}

static int visit_dualgcn(dml_visitor *v, const dml_family *f, uint32_t c, dml_dualgcn *g)
{
    static const char *const conv[3] = {G "local.0", G "local.2", G "local.4"};
    static const char *const norm[3] = {G "local.1", G "local.3", G "local.5"};
    int status;
    for (int i = 0; i < 3; i++) {
        dml_layer layer = {conv[i], norm[i], DML_NORM_ABN, false, c, c, 0, 3, 2, 1, 0};
        DML_TRY(v->depthwise(v, &layer, &g->local[i]));
    }
    DML_TRY(visit_attention(v, f, c, &g->attention));
    DML_TRY(visit_unit(v, (unit){G "phi", G "bn_phi", c, 0, f->phi, 1}, &g->phi));
    DML_TRY(visit_unit(v, (unit){G "theta", G "bn_theta", c, 0, f->theta, 1}, &g->theta));
    uint32_t p = g->phi.shape.out, t = g->theta.shape.out;
    dml_layer adj = {G "conv_adj", G "bn_adj", DML_NORM_PLAIN, false, t, t, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &adj, false, &g->adj));
    dml_layer wg = {G "conv_wg", G "bn_wg", DML_NORM_PLAIN, false, p, p, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &wg, false, &g->wg));
    DML_TRY(visit_unit(v, (unit){G "conv3", G "bn3", p, c, 0, 1}, &g->conv3));
    DML_TRY(v->scalar(v, G "gamma1", &g->conv3.scale));
    dml_layer final = {G "final.0", G "final.1", DML_NORM_ABN, false, 2 * c, 0, f->context, 1, 1, 1, c};
    DML_TRY(v->conv(v, &final, false, &g->final));
fail:
    return status;
}

static int visit_context(dml_visitor *v, const dml_family *f, uint32_t in, dml_context *x)
{
    int status;
    DML_TRY(visit_unit(v, (unit){"context.conva.0", "context.conva.1", in, 0, f->context, 3}, &x->conva));
    DML_TRY(visit_dualgcn(v, f, x->conva.shape.out, &x->dualgcn));
    DML_TRY(visit_unit(v, (unit){"context.convb.0", "context.convb.1", x->dualgcn.final.shape.out, 0,
                                 f->context, 3}, &x->convb));
    dml_layer both = {"context.bottleneck.0", "context.bottleneck.1", DML_NORM_ABN, false, in + x->convb.shape.out, 0,
                      f->context, 3, 1, 1, in};
    DML_TRY(check_parts(v, both.conv, in, x->convb.shape.out));
    DML_TRY(v->conv(v, &both, false, &x->bottleneck));
fail:
    return status;
}

/* ---- heads -------------------------------------------------------------------------------------------------------- */

static int visit_parsing(dml_visitor *v, const dml_family *f, uint32_t context, uint32_t low,
                         dml_parsing_head *h)
{
    int status;
    DML_TRY(visit_unit(v, (unit){"layer6.conv1.0", "layer6.conv1.1", context, 0, f->head, 1}, &h->conv1));
    DML_TRY(visit_unit(v, (unit){"layer6.conv2.0", "layer6.conv2.1", low, 0, f->skip, 1}, &h->conv2));
    uint32_t top = h->conv1.shape.out;
    dml_layer both = {"layer6.conv3.0", "layer6.conv3.1", DML_NORM_ABN, false, top + h->conv2.shape.out, 0,
                      f->head, 1, 1, 1, top};
    DML_TRY(check_parts(v, both.conv, top, h->conv2.shape.out));
    DML_TRY(v->conv(v, &both, false, &h->conv3[0]));
    DML_TRY(visit_unit(v, (unit){"layer6.conv3.2", "layer6.conv3.3", h->conv3[0].shape.out, 0, f->head,
                                 1}, &h->conv3[1]));
    dml_layer last = {"layer6.conv4", NULL, DML_NORM_NONE, true, h->conv3[1].shape.out, f->classes, 0, 1, 1, 1, 0};
    DML_TRY(v->conv(v, &last, false, &h->conv4));
    if (h->conv4.shape.out < 2 || h->conv4.shape.out > DML_CLASSES)
        status = dml_fail(v->error, DMLCSR_ERROR_MODEL, "tensor layer6.conv4.weight: %u classes, must be 2 to %d",
                          (unsigned)h->conv4.shape.out, DML_CLASSES);
fail:
    return status;
}

static int visit_edges(dml_visitor *v, const dml_family *f, const dml_encoder *e, uint32_t classes,
                       dml_edge_heads *h)
{
    static const char *const conv[3] = {"edge_layer.conv1.0", "edge_layer.conv2.0", "edge_layer.conv3.0"};
    static const char *const norm[3] = {"edge_layer.conv1.1", "edge_layer.conv2.1", "edge_layer.conv3.1"};
    int status;
    for (int i = 0; i < 3; i++) {
        uint32_t out = i ? h->level[0].shape.out : 0;
        DML_TRY(visit_unit(v, (unit){conv[i], norm[i], stage_out(e, i), out, f->edge, 1}, &h->level[i]));
    }
    dml_layer each = {"edge_layer.conv4", NULL, DML_NORM_NONE, true, h->level[0].shape.out, classes, 0, 3, 1, 1, 0};
    DML_TRY(v->conv(v, &each, false, &h->conv4));
    dml_layer binary = {"edge_layer.conv5_b", NULL, DML_NORM_NONE, true, 3 * classes, 2, 0, 1, 1, 1, classes};
    DML_TRY(v->conv(v, &binary, false, &h->binary));
    dml_layer category = {"edge_layer.conv5", NULL, DML_NORM_NONE, true, 3 * classes, classes, 0, 1, 1, 1, classes};
    DML_TRY(v->conv(v, &category, false, &h->category));
fail:
    return status;
}

/* ---- the whole ---------------------------------------------------------------------------------------------------- */

int dml_family_visit(dml_visitor *v, const dml_family *f, dml_weights *w)
{
    int status;
    DML_TRY(visit_encoder(v, f, &w->encoder));
    DML_TRY(visit_context(v, f, stage_out(&w->encoder, 3), &w->context));
    DML_TRY(visit_parsing(v, f, w->context.bottleneck.shape.out, stage_out(&w->encoder, 0), &w->parsing));
    w->classes = w->parsing.conv4.shape.out;
    if (w->edges)
        DML_TRY(visit_edges(v, f, &w->encoder, w->classes, &w->edge));
fail:
    return status;
}
