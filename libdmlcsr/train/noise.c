/* Labels made wrong on purpose. */
#include <math.h>
#include <string.h>

#include "train/data.h"

/* Places of the numbers of a picture. */
enum { NOISY, SHIFT_X, SHIFT_Y, SWAP, GROW = SWAP + 256 };

static int32_t clamp(int32_t value, int32_t high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

static void shift(uint8_t *label, int32_t w, int32_t h, int32_t dx, int32_t dy, uint8_t *room)
{
    memcpy(room, label, (size_t)w * (size_t)h);
    for (int32_t y = 0; y < h; y++) {
        const uint8_t *from = room + (size_t)clamp(y - dy, h - 1) * (size_t)w;
        for (int32_t x = 0; x < w; x++)
            *label++ = from[clamp(x - dx, w - 1)];
    }
}

typedef uint32_t borders[256][256]; /* pixel sides between two classes */

static void count_borders(const uint8_t *label, uint32_t w, uint32_t h, borders count)
{
    memset(count, 0, sizeof(borders));
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++, label++) {
            if (x + 1 < w && label[0] != label[1]) {
                count[label[0]][label[1]]++;
                count[label[1]][label[0]]++;
            }
            if (y + 1 < h && label[0] != label[w]) {
                count[label[0]][label[w]]++;
                count[label[w]][label[0]]++;
            }
        }
}

/* The class that `label` has the longest border with; itself when there is none. */
static uint8_t neighbour(borders count, uint32_t label, uint32_t classes)
{
    uint32_t best = label, longest = 0;
    for (uint32_t other = 0; other < classes; other++)
        if (other != label && count[label][other] > longest) {
            longest = count[label][other];
            best = other;
        }
    return (uint8_t)best;
}

static int swap(const dml_draws *draws, float probability, uint32_t classes, uint8_t *label, uint32_t w, uint32_t h,
                dml_memory *memory)
{
    uint8_t becomes[256];
    borders *count = dml_alloc(memory, sizeof *count);
    if (!count)
        return DMLCSR_ERROR_MEMORY;
    count_borders(label, w, h, *count);
    for (uint32_t i = 0; i < 256; i++) {
        bool wrong = i > 0 && i < classes && dml_draw(draws, SWAP + i) < probability;
        becomes[i] = wrong ? neighbour(*count, i, classes) : (uint8_t)i;
    }
    for (size_t i = 0; i < (size_t)w * h; i++)
        label[i] = becomes[label[i]];
    dml_release(memory, count);
    return DMLCSR_OK;
}

/* The lowest class that grows onto this pixel, or 255. */
static uint8_t comer(const uint8_t *at, uint32_t x, uint32_t y, uint32_t w, uint32_t h, const bool *grows)
{
    uint8_t found = DML_IGNORE;
    const uint8_t beside[4] = { x ? at[-1] : at[0], x + 1 < w ? at[1] : at[0], y ? *(at - w) : at[0],
                                y + 1 < h ? at[w] : at[0] };
    for (int i = 0; i < 4; i++)
        if (grows[beside[i]] && beside[i] < found)
            found = beside[i];
    return found;
}

/* One pixel further. A class that grows keeps its pixels. */
static void grow(uint8_t *label, uint32_t w, uint32_t h, const bool *grows, uint8_t *room)
{
    memcpy(room, label, (size_t)w * h);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++, label++) {
            const uint8_t *at = room + (size_t)y * w + x;
            if (grows[*at] || *at == DML_IGNORE)
                continue;
            uint8_t found = comer(at, x, y, w, h, grows);
            if (found != DML_IGNORE)
                *label = found;
        }
}

int dml_label_noise(const dmlcsr_label_noise *noise, uint32_t index, uint32_t classes, uint8_t *label, uint32_t w,
                    uint32_t h, uint8_t *room, dml_memory *memory)
{
    dml_draws draws = dml_draws_of(noise->seed, 0, index, DML_DRAWS_NOISE);
    double side = w > h ? w : h;
    bool grows[256] = { false };
    if (!(dml_draw(&draws, NOISY) < noise->share))
        return DMLCSR_OK;
    int32_t dx = (int32_t)lround((2.0 * dml_draw(&draws, SHIFT_X) - 1.0) * noise->shift * side);
    int32_t dy = (int32_t)lround((2.0 * dml_draw(&draws, SHIFT_Y) - 1.0) * noise->shift * side);
    shift(label, (int32_t)w, (int32_t)h, dx, dy, room);
    int status = swap(&draws, noise->swap, classes, label, w, h, memory);
    for (uint32_t i = 1; i < classes; i++)
        grows[i] = dml_draw(&draws, GROW + i) < noise->grow;
    long steps = lround(noise->reach * side);
    for (long i = 0; i < (steps > 1 ? steps : 1) && status == DMLCSR_OK && noise->grow > 0; i++)
        grow(label, w, h, grows, room);
    return status;
}
