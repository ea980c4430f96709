#include "train/lovasz.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* The bits of numbers in [0, 1] have the order of the numbers; the highest bit of a key is free for the side. */
#ifdef DML_DOUBLE
typedef uint64_t bits;
#define KEY_BITS 62
#else
typedef uint32_t bits;
#define KEY_BITS 30
#endif

#define OF_CLASS ((bits)1 << (8 * sizeof(bits) - 1))
#define DIGIT 10 /* bits of a radix pass */
#define DIGITS ((KEY_BITS + DIGIT - 1) / DIGIT)
#define VALUES (1 << DIGIT)

typedef struct item {
    bits key;       /* 1 - error in bits, so that the largest error comes first, and OF_CLASS */
    uint32_t index; /* of the pixel */
} item;

size_t dml_lovasz_room(size_t n)
{
    return 2 * n * sizeof(item);
}

static bits bits_of(dml_real value)
{
    bits b;
    memcpy(&b, &value, sizeof b);
    return b;
}

static dml_real value_of(bits b)
{
    dml_real value;
    memcpy(&value, &b, sizeof value);
    return value;
}

static size_t digit_of(bits key, unsigned digit)
{
    return (size_t)((key & ~OF_CLASS) >> digit * DIGIT) & (VALUES - 1);
}

/* Counts of a digit to where each of its values begins; false when all items have the same, so nothing would move. */
static bool starts(uint32_t *count, size_t n)
{
    uint32_t at = 0;
    for (size_t v = 0; v < VALUES; v++) {
        const uint32_t here = count[v];
        if (here == n)
            return false;
        count[v] = at;
        at += here;
    }
    return true;
}

/* Sorted by key, equal ones by index; returns where: a or b. */
static item *sort(item *a, item *b, size_t n)
{
    uint32_t count[DIGITS][VALUES] = {{0}};
    for (size_t i = 0; i < n; i++)
        for (unsigned digit = 0; digit < DIGITS; digit++)
            count[digit][digit_of(a[i].key, digit)]++;
    for (unsigned digit = 0; digit < DIGITS; digit++) {
        uint32_t *start = count[digit];
        if (!starts(start, n))
            continue;
        for (size_t i = 0; i < n; i++)
            b[start[digit_of(a[i].key, digit)]++] = a[i];
        item *swap = a;
        a = b;
        b = swap;
    }
    return a;
}

/* The errors that can matter. Once all pixels of the class are among the wrong ones the Jaccard loss is 1 and grows no
   more, so what is smaller than the smallest error inside the class has no gradient: most of the picture, later on. */
static size_t collect(const dml_real *error, size_t n, item *items)
{
    const bits one = bits_of(1);
    dml_real least = 1;
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (signbit(error[i]) && -error[i] < least)
            least = -error[i];
    for (size_t i = 0; i < n; i++) {
        const bits b = bits_of(error[i]), size = b & ~OF_CLASS;
        items[count] = (item){(one - size) | (b & OF_CLASS), (uint32_t)i};
        count += size >= bits_of(least) && size <= one;
    }
    return count;
}

/* Going down the errors, each counts as much as the Jaccard loss grows when its pixel joins the wrong ones. */
double dml_lovasz(const dml_real *error, size_t n, double positive, double factor, size_t first, size_t count,
                  dml_real *gradient, void *room)
{
    const bits one = bits_of(1);
    item *items = room;
    const size_t used = collect(error, n, items);
    items = sort(items, items + n, used);
    memset(gradient, 0, count * sizeof *gradient);
    double wrong_in = 0, wrong_out = 0, before = 0, loss = 0;
    for (size_t i = 0; i < used; i++) {
        const bool of_class = items[i].key & OF_CLASS;
        const size_t at = items[i].index - first; /* wraps around for what lies before */
        wrong_in += of_class;
        wrong_out += !of_class;
        const double jaccard = 1 - (positive - wrong_in) / (positive + wrong_out), step = jaccard - before;
        before = jaccard;
        loss += (double)value_of(one - (items[i].key & ~OF_CLASS)) * step;
        if (at < count)
            gradient[at] = (dml_real)(factor * (of_class ? -step : step));
    }
    return loss;
}
