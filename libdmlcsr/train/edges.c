/* Edges between the parts of a label map. */
#include <string.h>

#include "train/loss.h"

static bool differs(uint8_t a, uint8_t b)
{
    return a != b && a != DML_IGNORE && b != DML_IGNORE;
}

/* Both pixels of a pair with different labels are on an edge: it is two pixels wide. */
static void mark_contour(const uint8_t *label, uint32_t h, uint32_t w, uint8_t *edge)
{
    memset(edge, 0, (size_t)h * w);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            const size_t at = (size_t)y * w + x;
            if (x + 1 < w && differs(label[at], label[at + 1]))
                edge[at] = edge[at + 1] = 1;
            if (y + 1 < h && differs(label[at], label[at + w]))
                edge[at] = edge[at + w] = 1;
        }
}

static bool has_neighbour(const uint8_t *edge, uint32_t h, uint32_t w, uint32_t y, uint32_t x)
{
    const uint32_t top = y ? y - 1 : 0, bottom = y + 1 < h ? y + 1 : y;
    const uint32_t left = x ? x - 1 : 0, right = x + 1 < w ? x + 1 : x;
    for (uint32_t i = top; i <= bottom; i++)
        for (uint32_t k = left; k <= right; k++)
            if (edge[(size_t)i * w + k])
                return true;
    return false;
}

static void dilate(const uint8_t *label, uint32_t h, uint32_t w, uint8_t *edge, uint8_t *room)
{
    memcpy(room, edge, (size_t)h * w);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            if (label[(size_t)y * w + x] != DML_IGNORE && has_neighbour(room, h, w, y, x))
                edge[(size_t)y * w + x] = 1;
}

void dml_label_edges(const uint8_t *label, uint32_t h, uint32_t w, uint32_t width, uint8_t *binary, uint8_t *category,
                     uint8_t *room)
{
    uint8_t *edge = binary ? binary : category;
    if (!edge)
        return;
    mark_contour(label, h, w, edge);
    for (uint32_t i = 1; i < width; i++)
        dilate(label, h, w, edge, room);
    for (size_t i = 0; category && i < (size_t)h * w; i++)
        category[i] = edge[i] && label[i] != DML_IGNORE ? label[i] : 0;
}
