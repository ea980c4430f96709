#include "dmlcsr/train.h"

#include <math.h>

/* Position in [0, 1] of item `i` of `n` when the last one is 1. */
static double position(uint32_t i, uint32_t n)
{
    return n > 1 ? (double)i / (n - 1) : 0;
}

static double cosine(const dmlcsr_schedule *s, uint32_t epoch)
{
    const double high = s->rate / 2, low = s->rate / 100;
    const double turn = 3.141592653589793 * position((epoch - s->cycle_start) % s->cycle_epochs, s->cycle_epochs);
    return low + (high - low) * (1 + cos(turn)) / 2;
}

double dmlcsr_schedule_rate(const dmlcsr_schedule *s, uint32_t epoch)
{
    if (epoch < s->warm_up)
        return s->rate * (epoch + 1) / s->warm_up;
    if (s->cycle_epochs && epoch >= s->cycle_start)
        return cosine(s, epoch);
    if (epoch >= s->epochs)
        return 0;
    return s->rate * pow(1 - (double)(epoch - s->warm_up) / (s->epochs - s->warm_up), s->power);
}

uint32_t dmlcsr_schedule_cycles(const dmlcsr_schedule *s, uint32_t epoch)
{
    return s->cycle_epochs && epoch > s->cycle_start ? (epoch - s->cycle_start) / s->cycle_epochs : 0;
}
