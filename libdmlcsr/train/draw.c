/* Random numbers from a counter: the finalizer of SplitMix64 (Steele, Lea and Flood, 2014) over a key and a place. */
#include <math.h>

#include "train/data.h"

#define GOLDEN 0x9e3779b97f4a7c15u
#define TURN 6.283185307179586 /* radians */

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Mixed after each part, so that (1, 2) and (2, 1) are different. */
dml_draws dml_draws_of(uint64_t seed, uint64_t epoch, uint64_t position, uint64_t purpose)
{
    dml_draws draws;
    draws.key = mix(seed + GOLDEN);
    draws.key = mix(draws.key + epoch + GOLDEN);
    draws.key = mix(draws.key + position + GOLDEN);
    draws.key = mix(draws.key + purpose + GOLDEN);
    return draws;
}

uint64_t dml_draw_bits(const dml_draws *draws, uint64_t which)
{
    return mix(draws->key + (which + 1) * GOLDEN);
}

double dml_draw(const dml_draws *draws, uint64_t which)
{
    return (double)(dml_draw_bits(draws, which) >> 11) * 0x1p-53;
}

/* Box and Muller, on two numbers of a key of its own. */
double dml_draw_normal(const dml_draws *draws, uint64_t which)
{
    dml_draws own = { mix(draws->key ^ GOLDEN) };
    double length = sqrt(-2.0 * log(1.0 - dml_draw(&own, 2 * which)));
    return length * cos(TURN * dml_draw(&own, 2 * which + 1));
}

void dml_draw_order(uint64_t seed, uint64_t epoch, uint32_t n, uint32_t *order)
{
    dml_draws draws = dml_draws_of(seed, epoch, 0, DML_DRAWS_ORDER);
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i-- > 1;) {
        uint32_t j = (uint32_t)(((dml_draw_bits(&draws, i) >> 32) * (i + 1)) >> 32); /* 0 .. i */
        uint32_t moved = order[i];
        order[i] = order[j];
        order[j] = moved;
    }
}
