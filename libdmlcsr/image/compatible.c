/* Labels by the published protocol: the logits resized to the input square (align_corners), the best class of each of
   its pixels, and the nearest of those for each pixel of the picture; background where the picture leaves the
   square. */
#include <stdalign.h>

#include "image/output.h"

typedef struct job {
    const dml_tensor *logits;
    const dml_kernels *kernels;
    const dml_inverse *inverse;
    const dml_label_target *target;
    uint8_t *map, *coarse;
    uint32_t size;
} job;

/* The best classes of rows of the input square. */
static void label_band(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    alignas(DML_ALIGNMENT) float values[DML_CHUNK_SIZE];
    double u[DML_CHUNK], v[DML_CHUNK];
    uint32_t end = (task + 1) * DML_BAND < j->size ? (task + 1) * DML_BAND : j->size;
    (void)thread;
    for (uint32_t y = task * DML_BAND; y < end; y++)
        for (uint32_t x = 0; x < j->size; x += DML_CHUNK) {
            uint32_t count = j->size - x < DML_CHUNK ? j->size - x : DML_CHUNK;
            for (uint32_t p = 0; p < count; p++) {
                u[p] = x + p;
                v[p] = y;
            }
            dml_labels_sample(j->logits, j->coarse, j->size, j->kernels, u, v, count, values,
                              j->map + (size_t)y * j->size + x);
        }
}

static inline uint32_t nearest(double position, uint32_t size)
{
    position += 0.5;
    return position > 0.0 ? (position < size ? (uint32_t)position : size - 1) : 0;
}

/* Rows of the picture, from the map. */
static void gather_band(void *argument, uint32_t task, uint32_t thread)
{
    const job *j = argument;
    const dml_inverse *inverse = j->inverse;
    uint8_t label[DML_CHUNK];
    uint32_t height = j->target->height, width = j->target->width, from, to;
    uint32_t end = (task + 1) * DML_BAND < height ? (task + 1) * DML_BAND : height;
    (void)thread;
    for (uint32_t y = task * DML_BAND; y < end; y++) {
        dml_inverse_span(inverse, y, width, j->size, &from, &to);
        dml_put_labels(j->target, 0, y, NULL, from);
        dml_put_labels(j->target, to, y, NULL, width - to);
        double u = inverse->b * y + inverse->tu, v = inverse->a * y + inverse->tv;
        for (uint32_t x = from; x < to; x += DML_CHUNK) {
            uint32_t count = to - x < DML_CHUNK ? to - x : DML_CHUNK;
            for (uint32_t p = 0; p < count; p++) {
                uint32_t column = nearest(u + inverse->a * (x + p), j->size);
                uint32_t row = nearest(v - inverse->b * (x + p), j->size);
                label[p] = j->map[(size_t)row * j->size + column];
            }
            dml_put_labels(j->target, x, y, label, count);
        }
    }
}

void dml_labels_compatible(const dml_tensor *logits, uint32_t size, const dml_inverse *inverse,
                           const dml_kernels *kernels, dml_pool *pool, uint8_t *scratch, const dml_label_target *target)
{
    job j = { logits, kernels, inverse, target, scratch, scratch + (size_t)size * size, size };
    dml_labels_coarse(logits, kernels, pool, j.coarse);
    dml_pool_run(pool, label_band, &j, (size + DML_BAND - 1) / DML_BAND);
    dml_pool_run(pool, gather_band, &j, (target->height + DML_BAND - 1) / DML_BAND);
}
