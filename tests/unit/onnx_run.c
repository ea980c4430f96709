/* The operators, as their specification defines them: no padding of channels, no folding, no tricks. */
#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "onnx_file.h"

typedef struct value {
    const char *name;
    int64_t shape[4]; /* filled up with ones at the end */
    double *data;
} value;

typedef struct machine {
    const onnx_file *file;
    value *value;
    size_t count;
} machine;

static size_t size_of(const value *v)
{
    return (size_t)(v->shape[0] * v->shape[1] * v->shape[2] * v->shape[3]);
}

static value *find(machine *m, const char *name)
{
    for (size_t i = 0; i < m->count; i++)
        if (!strcmp(m->value[i].name, name))
            return &m->value[i];
    ck_abort_msg("'%s' is read before it is there", name);
    return NULL;
}

static value *add(machine *m, const char *name, int64_t n, int64_t c, int64_t h, int64_t w)
{
    value *v = &m->value[m->count++];
    for (size_t i = 0; i + 1 < m->count; i++)
        ck_assert_msg(strcmp(m->value[i].name, name), "'%s' is written twice", name);
    *v = (value){ name, { n, c, h, w }, NULL };
    v->data = calloc(size_of(v), sizeof *v->data);
    ck_assert_ptr_nonnull(v->data);
    return v;
}

static value *like(machine *m, const char *name, const value *x)
{
    return add(m, name, x->shape[0], x->shape[1], x->shape[2], x->shape[3]);
}

static const int64_t *integers(const onnx_node *n, const char *name, size_t count)
{
    const onnx_attribute *a = onnx_attribute_of(n, name);
    ck_assert_msg(a->count == count && a->type == (count > 1 ? 7 : 2), "%s of %s", name, n->name);
    return a->integers;
}

static const onnx_tensor *constant(const machine *m, const char *name, int64_t type)
{
    const onnx_tensor *t = onnx_find(m->file, name);
    ck_assert_msg(t && t->type == type, "%s is no constant of type %d", name, (int)type);
    return t;
}

/* ---- operators ---- */

static void conv(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]), *weight = find(m, n->input[1]), *bias = find(m, n->input[2]);
    const int64_t *k = integers(n, "kernel_shape", 2), *stride = integers(n, "strides", 2),
                  *d = integers(n, "dilations", 2), *pad = integers(n, "pads", 4), group = *integers(n, "group", 1);
    const int64_t out = weight->shape[0], in = weight->shape[1], h = x->shape[2], w = x->shape[3];
    ck_assert_msg(x->shape[1] == in * group && weight->shape[2] == k[0] && weight->shape[3] == k[1], "%s", n->name);
    ck_assert_msg(bias->shape[0] == out && size_of(bias) == (size_t)out, "%s", n->name);
    value *y = add(m, n->output, 1, out, (h + pad[0] + pad[2] - d[0] * (k[0] - 1) - 1) / stride[0] + 1,
                   (w + pad[1] + pad[3] - d[1] * (k[1] - 1) - 1) / stride[1] + 1);
    double *at = y->data;
    for (int64_t o = 0; o < out; o++)
        for (int64_t i = 0; i < y->shape[2]; i++)
            for (int64_t j = 0; j < y->shape[3]; j++, at++) {
                *at = bias->data[o];
                for (int64_t c = 0; c < in; c++)
                    for (int64_t tap = 0; tap < k[0] * k[1]; tap++) {
                        const int64_t row = i * stride[0] - pad[0] + tap / k[1] * d[0];
                        const int64_t column = j * stride[1] - pad[1] + tap % k[1] * d[1];
                        const int64_t channel = o / (out / group) * in + c;
                        if (row >= 0 && row < h && column >= 0 && column < w)
                            *at += weight->data[(o * in + c) * k[0] * k[1] + tap]
                                   * x->data[(channel * h + row) * w + column];
                    }
            }
}

static void rectify(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const double slope = n->op[0] == 'L' ? (double)onnx_attribute_of(n, "alpha")->real : 0;
    value *y = like(m, n->output, x);
    for (size_t i = 0; i < size_of(y); i++)
        y->data[i] = x->data[i] < 0 ? slope * x->data[i] : x->data[i];
}

/* Of equal shapes, or with one number. */
static void combine(machine *m, const onnx_node *n)
{
    const value *a = find(m, n->input[0]), *b = find(m, n->input[1]);
    const bool one = size_of(b) == 1;
    ck_assert_msg(one || !memcmp(a->shape, b->shape, sizeof a->shape), "%s", n->name);
    value *y = like(m, n->output, a);
    for (size_t i = 0; i < size_of(y); i++) {
        const double other = b->data[one ? 0 : i];
        y->data[i] = n->op[0] == 'A' ? a->data[i] + other : a->data[i] * other;
    }
}

static void maxpool(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const int64_t *k = integers(n, "kernel_shape", 2), *stride = integers(n, "strides", 2),
                  *pad = integers(n, "pads", 4);
    const int64_t h = x->shape[2], w = x->shape[3];
    value *y = add(m, n->output, 1, x->shape[1], (h + pad[0] + pad[2] - k[0]) / stride[0] + 1,
                   (w + pad[1] + pad[3] - k[1]) / stride[1] + 1);
    double *at = y->data;
    for (int64_t c = 0; c < x->shape[1]; c++)
        for (int64_t i = 0; i < y->shape[2]; i++)
            for (int64_t j = 0; j < y->shape[3]; j++, at++) {
                *at = -INFINITY;
                for (int64_t tap = 0; tap < k[0] * k[1]; tap++) {
                    const int64_t row = i * stride[0] - pad[0] + tap / k[1];
                    const int64_t column = j * stride[1] - pad[1] + tap % k[1];
                    if (row >= 0 && row < h && column >= 0 && column < w)
                        *at = fmax(*at, x->data[(c * h + row) * w + column]);
                }
            }
}

/* Two samples and the share of the second, for output i of `out`. */
static double split(int64_t i, int64_t in, int64_t out, int64_t *low, int64_t *high)
{
    const double at = out > 1 ? (double)i * (double)(in - 1) / (double)(out - 1) : 0;
    *low = (int64_t)floor(at);
    *high = *low + 1 < in ? *low + 1 : *low;
    return at - (double)*low;
}

static void resize(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const onnx_tensor *sizes = constant(m, n->input[3], 7);
    const int64_t h = x->shape[2], w = x->shape[3], oh = onnx_integer(sizes, 2), ow = onnx_integer(sizes, 3);
    ck_assert_str_eq(onnx_attribute_of(n, "mode")->text, "linear");
    ck_assert_str_eq(onnx_attribute_of(n, "coordinate_transformation_mode")->text, "align_corners");
    ck_assert(n->inputs == 4 && !*n->input[1] && !*n->input[2] && sizes->count == 4);
    ck_assert(onnx_integer(sizes, 0) == 1 && onnx_integer(sizes, 1) == x->shape[1]);
    value *y = add(m, n->output, 1, x->shape[1], oh, ow);
    double *at = y->data;
    for (int64_t c = 0; c < x->shape[1]; c++)
        for (int64_t i = 0; i < oh; i++)
            for (int64_t j = 0; j < ow; j++) {
                int64_t top, low, left, right;
                const double below = split(i, h, oh, &top, &low), beside = split(j, w, ow, &left, &right);
                const double *plane = x->data + c * h * w;
                const double upper = plane[top * w + left] * (1 - beside) + plane[top * w + right] * beside;
                const double lower = plane[low * w + left] * (1 - beside) + plane[low * w + right] * beside;
                *at++ = upper * (1 - below) + lower * below;
            }
}

/* 1 x rows x inner by 1 x inner x columns. */
static void matmul(machine *m, const onnx_node *n)
{
    const value *a = find(m, n->input[0]), *b = find(m, n->input[1]);
    const int64_t rows = a->shape[1], inner = a->shape[2], columns = b->shape[2];
    ck_assert(a->shape[0] == 1 && b->shape[0] == 1 && b->shape[1] == inner && a->shape[3] == 1 && b->shape[3] == 1);
    value *y = add(m, n->output, 1, rows, columns, 1);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            for (int64_t k = 0; k < inner; k++)
                y->data[i * columns + j] += a->data[i * inner + k] * b->data[k * columns + j];
}

static void reshape(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const onnx_tensor *shape = constant(m, n->input[1], 7);
    int64_t to[4] = { 1, 1, 1, 1 };
    for (size_t i = 0; i < shape->count && i < 4; i++)
        to[i] = onnx_integer(shape, i);
    value *y = add(m, n->output, to[0], to[1], to[2], to[3]);
    ck_assert_msg(size_of(x) == size_of(y), "%s", n->name);
    memcpy(y->data, x->data, size_of(y) * sizeof *y->data);
}

static void transpose(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const int64_t *perm = integers(n, "perm", 4);
    int64_t stride[4], i[4];
    value *y = add(m, n->output, x->shape[perm[0]], x->shape[perm[1]], x->shape[perm[2]], x->shape[perm[3]]);
    double *at = y->data;
    for (int k = 0; k < 4; k++) {
        stride[k] = 1;
        for (int64_t later = perm[k] + 1; later < 4; later++)
            stride[k] *= x->shape[later];
    }
    for (i[0] = 0; i[0] < y->shape[0]; i[0]++)
        for (i[1] = 0; i[1] < y->shape[1]; i[1]++)
            for (i[2] = 0; i[2] < y->shape[2]; i[2]++)
                for (i[3] = 0; i[3] < y->shape[3]; i[3]++)
                    *at++ = x->data[i[0] * stride[0] + i[1] * stride[1] + i[2] * stride[2] + i[3] * stride[3]];
}

static void softmax(machine *m, const onnx_node *n)
{
    const value *x = find(m, n->input[0]);
    const size_t pixels = (size_t)(x->shape[2] * x->shape[3]), channels = (size_t)x->shape[1];
    ck_assert_int_eq(*integers(n, "axis", 1), 1);
    value *y = like(m, n->output, x);
    for (size_t p = 0; p < pixels; p++) {
        double largest = -INFINITY, sum = 0;
        for (size_t c = 0; c < channels; c++)
            largest = fmax(largest, x->data[c * pixels + p]);
        for (size_t c = 0; c < channels; c++)
            sum += y->data[c * pixels + p] = exp(x->data[c * pixels + p] - largest);
        for (size_t c = 0; c < channels; c++)
            y->data[c * pixels + p] /= sum;
    }
}

static void concat(machine *m, const onnx_node *n)
{
    const value *first = find(m, n->input[0]);
    int64_t channels = 0;
    ck_assert_int_eq(*integers(n, "axis", 1), 1);
    for (size_t i = 0; i < n->inputs; i++)
        channels += find(m, n->input[i])->shape[1];
    double *at = add(m, n->output, 1, channels, first->shape[2], first->shape[3])->data;
    for (size_t i = 0; i < n->inputs; i++) {
        const value *x = find(m, n->input[i]);
        ck_assert(x->shape[2] == first->shape[2] && x->shape[3] == first->shape[3]);
        memcpy(at, x->data, size_of(x) * sizeof *at);
        at += size_of(x);
    }
}

/* ---- the whole ---- */

static void run(machine *m, const onnx_node *n)
{
    static const struct {
        const char *op;
        void (*run)(machine *, const onnx_node *);
    } operators[] = { { "Conv", conv }, { "Relu", rectify }, { "LeakyRelu", rectify }, { "Add", combine },
                      { "Mul", combine }, { "MaxPool", maxpool }, { "Resize", resize }, { "MatMul", matmul },
                      { "Reshape", reshape }, { "Transpose", transpose }, { "Softmax", softmax },
                      { "Concat", concat } };
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        if (!strcmp(operators[i].op, n->op)) {
            operators[i].run(m, n);
            return;
        }
    }
    ck_abort_msg("operator %s", n->op);
}

double *onnx_run(const onnx_file *file, const float *input, const char *output)
{
    machine m = { file, calloc(file->nodes + file->tensors + 1, sizeof(value)), 0 };
    double *result = NULL;
    ck_assert_ptr_nonnull(m.value);
    const onnx_port *p = &file->input[0];
    value *x = add(&m, p->name, p->shape[0], p->shape[1], p->shape[2], p->shape[3]);
    for (size_t i = 0; i < size_of(x); i++)
        x->data[i] = (double)input[i];
    for (size_t t = 0; t < file->tensors; t++) {
        const onnx_tensor *from = &file->tensor[t];
        int64_t shape[4] = { 1, 1, 1, 1 };
        if (from->type != 1)
            continue;
        memcpy(shape, from->shape, from->rank * sizeof *shape);
        value *v = add(&m, from->name, shape[0], shape[1], shape[2], shape[3]);
        for (size_t i = 0; i < from->count; i++)
            v->data[i] = (double)onnx_float(from, i);
    }
    for (size_t i = 0; i < file->nodes; i++)
        run(&m, &file->node[i]);
    for (size_t i = 0; i < m.count; i++) {
        if (!strcmp(m.value[i].name, output))
            result = m.value[i].data;
        else
            free(m.value[i].data);
    }
    free(m.value);
    ck_assert_msg(result, "there is no %s", output);
    return result;
}
