#include "image/blobs.h"

#include <string.h>

typedef struct field {
    const float *plane;
    uint32_t width, height;
    float level;
    uint32_t *stack; /* cells to look around at */
    uint8_t *seen;
} field;

size_t dml_blobs_scratch(uint32_t width, uint32_t height)
{
    const size_t cells = (size_t)width * height;
    return cells + (cells + sizeof(uint32_t) - 1) / sizeof(uint32_t);
}

static void add_cell(const field *f, dml_blob *b, uint32_t cell)
{
    const uint32_t x = cell % f->width, y = cell / f->width;
    const double value = f->plane[cell];
    b->mass += value;
    b->x += value * x;
    b->y += value * y;
    b->left = x < b->left ? x : b->left;
    b->right = x > b->right ? x : b->right;
    b->top = y < b->top ? y : b->top;
    b->bottom = y > b->bottom ? y : b->bottom;
    b->cells++;
}

/* Each cell is pushed once, since it is marked before: the stack holds as many as there are cells. */
static dml_blob flood(const field *f, uint32_t start)
{
    dml_blob b = { .left = UINT32_MAX, .top = UINT32_MAX };
    size_t depth = 0;
    f->stack[depth++] = start;
    f->seen[start] = 1;
    while (depth) {
        const uint32_t cell = f->stack[--depth], x = cell % f->width, y = cell / f->width;
        add_cell(f, &b, cell);
        for (uint32_t ny = y ? y - 1 : 0; ny <= y + 1 && ny < f->height; ny++)
            for (uint32_t nx = x ? x - 1 : 0; nx <= x + 1 && nx < f->width; nx++) {
                const uint32_t next = ny * f->width + nx;
                if (f->seen[next] || !(f->plane[next] > f->level))
                    continue;
                f->seen[next] = 1;
                f->stack[depth++] = next;
            }
    }
    if (b.mass > 0.0) {
        b.x /= b.mass;
        b.y /= b.mass;
    }
    return b;
}

static uint32_t insert(dml_blob *blobs, uint32_t count, uint32_t most, const dml_blob *b)
{
    uint32_t at = count;
    while (at > 0 && blobs[at - 1].mass < b->mass)
        at--;
    if (at == most)
        return count;
    const uint32_t kept = count < most ? count : most - 1;
    memmove(blobs + at + 1, blobs + at, (kept - at) * sizeof *blobs);
    blobs[at] = *b;
    return kept + 1;
}

uint32_t dml_blobs_find(const float *plane, uint32_t width, uint32_t height, float level, uint32_t *scratch,
                        dml_blob *blobs, uint32_t most)
{
    const size_t cells = (size_t)width * height;
    const field f = { plane, width, height, level, scratch, (uint8_t *)(scratch + cells) };
    uint32_t count = 0;
    memset(f.seen, 0, cells);
    for (uint32_t i = 0; i < cells; i++) {
        if (f.seen[i] || !(plane[i] > level))
            continue;
        const dml_blob b = flood(&f, i);
        count = insert(blobs, count, most, &b);
    }
    return count;
}
