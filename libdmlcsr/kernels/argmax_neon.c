/* Argmax in NEON: 16 lanes keep the largest value that they have met, and its channel; then the lowest channel of the
 * lanes that hold the largest. */
#ifndef __ARM_NEON
#error "argmax_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>
#include <math.h>

#include "base/compiler.h"
#include "base/tensor.h"

#define LANES 4
#define PARTS (DML_BLOCK / LANES)

static const uint32_t counting[DML_BLOCK] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static inline uint32_t argmax_pixel(const float *x, uint32_t channels, size_t plane)
{
    float32x4_t best[PARTS];
    uint32x4_t index[PARTS];
    DML_UNROLL(4)
    for (size_t i = 0; i < PARTS; i++) {
        best[i] = vdupq_n_f32(-INFINITY);
        index[i] = vld1q_u32(counting + i * LANES);
    }
    for (uint32_t c = 0; c < channels; c += DML_BLOCK, x += plane) {
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++) {
            const uint32x4_t channel = vaddq_u32(vld1q_u32(counting + i * LANES), vdupq_n_u32(c));
            const float32x4_t v = vld1q_f32(x + i * LANES);
            const uint32x4_t inside = vcltq_u32(channel, vdupq_n_u32(channels));
            const uint32x4_t better = vandq_u32(vcgtq_f32(v, best[i]), inside); /* never so for NaN */
            best[i] = vbslq_f32(better, v, best[i]);
            index[i] = vbslq_u32(better, channel, index[i]);
        }
    }
    const float32x4_t most = vmaxq_f32(vmaxq_f32(best[0], best[1]), vmaxq_f32(best[2], best[3]));
    const float32x4_t m = vdupq_n_f32(vmaxvq_f32(most));
    uint32x4_t first = vdupq_n_u32(UINT32_MAX);
    DML_UNROLL(4)
    for (size_t i = 0; i < PARTS; i++)
        first = vminq_u32(first, vornq_u32(index[i], vceqq_f32(best[i], m))); /* all ones where it is less */
    return vminvq_u32(first);
}

void dml_argmax_neon(const float *x, uint32_t channels, size_t plane, uint32_t pixels, uint8_t *label)
{
    for (size_t p = 0; p < pixels; p++)
        label[p] = (uint8_t)argmax_pixel(x + p * DML_BLOCK, channels, plane);
}
