/* Softmax in NEON: a block of a pixel is four registers. Product and sum are not fused: same bits as C. */
#ifndef __ARM_NEON
#error "softmax_neon.c needs NEON"
#endif

#include "kernels/impl.h"

#include <arm_neon.h>
#include <math.h>

#include "base/compiler.h"
#include "base/tensor.h"
#include "kernels/exp.h"

#define LANES 4
#define PARTS (DML_BLOCK / LANES)

/* Ones for the lanes in use: read at DML_BLOCK - n for n of them. */
static const uint32_t in_use[2 * DML_BLOCK] = {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u,
                                               ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

static inline uint32x4_t mask_of(size_t n, size_t part)
{
    return vld1q_u32(in_use + DML_BLOCK - n + part * LANES);
}

/* The values of a part; -infinity past the last channel. */
static inline float32x4_t load(const float *x, size_t n, size_t part)
{
    return vbslq_f32(mask_of(n, part), vld1q_f32(x + part * LANES), vdupq_n_f32(-INFINITY));
}

static inline float32x4_t multiply_add(float32x4_t a, float32x4_t b, float c)
{
    return vaddq_f32(vmulq_f32(a, b), vdupq_n_f32(c));
}

/* e^(x - m) for x <= m */
static inline float32x4_t exp_difference(float32x4_t x, float32x4_t m)
{
    const float32x4_t z = vsubq_f32(x, m), back = vsubq_f32(z, x);
    const float32x4_t error = vsubq_f32(vsubq_f32(x, vsubq_f32(z, back)), vaddq_f32(m, back));
    const float32x4_t shifted = multiply_add(z, vdupq_n_f32(EXP_LOG2E), EXP_ROUND);
    const float32x4_t n = vsubq_f32(shifted, vdupq_n_f32(EXP_ROUND));
    float32x4_t r = vaddq_f32(vsubq_f32(z, vmulq_f32(n, vdupq_n_f32(EXP_LN2_HIGH))), error);
    r = vsubq_f32(r, vmulq_f32(n, vdupq_n_f32(EXP_LN2_LOW)));
    float32x4_t q = multiply_add(vdupq_n_f32(EXP_C6), r, EXP_C5);
    q = multiply_add(q, r, EXP_C4);
    q = multiply_add(q, r, EXP_C3);
    q = multiply_add(q, r, EXP_C2);
    const float32x4_t e = vaddq_f32(vaddq_f32(vmulq_f32(q, vmulq_f32(r, r)), r), vdupq_n_f32(1.0f));
    const uint32x4_t power = vaddq_u32(vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23), vdupq_n_u32(0x3f800000));
    const float32x4_t result = vmulq_f32(e, vreinterpretq_f32_u32(power));
    const uint32x4_t lost = vcltq_f32(z, vdupq_n_f32(EXP_LOWEST));
    return vreinterpretq_f32_u32(vbicq_u32(vreinterpretq_u32_f32(result), lost));
}

/* All lanes: the sum of the 16, added in halves. */
static inline float32x4_t broadcast_sum(const float32x4_t *part)
{
    const float32x4_t four = vaddq_f32(vaddq_f32(part[0], part[2]), vaddq_f32(part[1], part[3]));
    const float32x2_t two = vadd_f32(vget_low_f32(four), vget_high_f32(four));
    return vdupq_lane_f32(vpadd_f32(two, two), 0);
}

static inline void softmax_pixel(const float *x, size_t blocks, size_t tail, size_t plane, float *y)
{
    float32x4_t m = vdupq_n_f32(-INFINITY);
    for (size_t b = 0; b < blocks; b++)
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++)
            m = vmaxq_f32(m, load(x + b * plane, b + 1 < blocks ? DML_BLOCK : tail, i));
    m = vdupq_n_f32(vmaxvq_f32(m));
    float32x4_t sum[PARTS] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
    for (size_t b = 0; b < blocks; b++) {
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++) {
            const float32x4_t e = exp_difference(load(x + b * plane, b + 1 < blocks ? DML_BLOCK : tail, i), m);
            vst1q_f32(y + b * plane + i * LANES, e);
            sum[i] = vaddq_f32(sum[i], e);
        }
    }
    const float32x4_t all = broadcast_sum(sum);
    for (size_t b = 0; b < blocks; b++) {
        DML_UNROLL(4)
        for (size_t i = 0; i < PARTS; i++) {
            const uint32x4_t v = vreinterpretq_u32_f32(vdivq_f32(vld1q_f32(y + b * plane + i * LANES), all));
            const uint32x4_t kept = vandq_u32(v, mask_of(b + 1 < blocks ? DML_BLOCK : tail, i));
            vst1q_f32(y + b * plane + i * LANES, vreinterpretq_f32_u32(kept));
        }
    }
}

void dml_softmax_neon(const float *x, uint32_t channels, size_t plane, uint32_t pixels, float *y)
{
    const size_t blocks = dml_blocks(channels), tail = channels - (blocks - 1) * DML_BLOCK;
    for (size_t p = 0; p < pixels; p++)
        softmax_pixel(x + p * DML_BLOCK, blocks, tail, plane, y + p * DML_BLOCK);
}
