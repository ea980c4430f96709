/* Each loop keeps CHAINS independent sums going, enough for the latency of any machine known, and nothing leaves the
 * registers. */
#include "peak.h"

#include "dmlcsr/dmlcsr.h"
#include "kernels/cpu.h"
#include "timing.h"

#define CHAINS 12
#define ROUNDS 8192 /* some 15 microseconds */
#define TASKS 64

typedef float (*loop)(size_t rounds);

/* Defines a loop of CHAINS times `multiply_add(sum, factor)` on registers of `type`. The empty asm holds each sum in a
   register and keeps the compiler from computing the loop in advance. */
#define DEFINE_LOOP(name, attributes, type, constraint, set1, multiply_add, first_lane) \
    attributes static float name(size_t rounds)                                         \
    {                                                                                   \
        type factor = set1(0.999f), sum[CHAINS];                                        \
        _Pragma("GCC unroll 12")                                                        \
        for (int i = 0; i < CHAINS; i++)                                                \
            sum[i] = set1(1.0f + (float)i);                                             \
        __asm__ volatile("" : "+" constraint(factor));                                  \
        for (size_t n = 0; n < rounds; n++) {                                           \
            _Pragma("GCC unroll 12")                                                    \
            for (int i = 0; i < CHAINS; i++) {                                          \
                sum[i] = multiply_add(sum[i], factor);                                  \
                __asm__ volatile("" : "+" constraint(sum[i]));                          \
            }                                                                           \
        }                                                                               \
        float total = 0.0f;                                                             \
        _Pragma("GCC unroll 12")                                                        \
        for (int i = 0; i < CHAINS; i++)                                                \
            total += first_lane(sum[i]);                                                \
        return total;                                                                   \
    }

#if defined(__x86_64__)

#include <immintrin.h>

#define ADD_PRODUCT_128(sum, factor) _mm_add_ps(_mm_mul_ps(sum, factor), factor)
#define ADD_PRODUCT_256(sum, factor) _mm256_fmadd_ps(sum, factor, factor)
#define ADD_PRODUCT_512(sum, factor) _mm512_fmadd_ps(sum, factor, factor)

DEFINE_LOOP(loop_128, , __m128, "x", _mm_set1_ps, ADD_PRODUCT_128, _mm_cvtss_f32)
DEFINE_LOOP(loop_256, __attribute__((target("avx2,fma"))), __m256, "x", _mm256_set1_ps, ADD_PRODUCT_256,
            _mm256_cvtss_f32)
DEFINE_LOOP(loop_512, __attribute__((target("avx512f"))), __m512, "v", _mm512_set1_ps, ADD_PRODUCT_512,
            _mm512_cvtss_f32)

static loop loop_of(int isa, size_t *lanes)
{
    *lanes = isa == DMLCSR_ISA_AVX512 ? 16 : isa == DMLCSR_ISA_AVX2 ? 8 : 4;
    return isa == DMLCSR_ISA_AVX512 ? loop_512 : isa == DMLCSR_ISA_AVX2 ? loop_256 : loop_128;
}

#elif defined(__aarch64__)

#include <arm_neon.h>

#define FIRST_LANE(v) vgetq_lane_f32(v, 0)
#define ADD_PRODUCT(sum, factor) vfmaq_f32(factor, sum, factor)
DEFINE_LOOP(loop_neon, , float32x4_t, "w", vdupq_n_f32, ADD_PRODUCT, FIRST_LANE)

static loop loop_of(int isa, size_t *lanes)
{
    (void)isa;
    *lanes = 4;
    return loop_neon;
}

#else

#define SAME(v) (v)
#define ADD_PRODUCT(sum, factor) ((sum) * (factor) + (factor))
DEFINE_LOOP(loop_scalar, , float, "m", SAME, ADD_PRODUCT, SAME)

static loop loop_of(int isa, size_t *lanes)
{
    (void)isa;
    *lanes = 1;
    return loop_scalar;
}

#endif

/* A task is short, so that threads that the system interrupts take fewer of them, as they do in the network. */
typedef struct job {
    loop run;
    size_t rounds;
    float results[TASKS];
} job;

static void run_task(void *argument, uint32_t task, uint32_t thread)
{
    (void)thread;
    job *j = argument;
    j->results[task] = j->run(j->rounds);
}

peak_sample peak_measure(int isa, dml_pool *pool, double wanted)
{
    peak_sample sample = {0.0, 0.0};
    if (!dml_cpu_has(isa))
        return sample;
    size_t lanes;
    job j = {.run = loop_of(isa, &lanes), .rounds = ROUNDS};
    const double start = seconds();
    do {
        dml_pool_run(pool, run_task, &j, TASKS);
        sample.operations += 2.0 * CHAINS * (double)lanes * ROUNDS * TASKS;
        sample.seconds = seconds() - start;
    } while (sample.seconds < wanted);
    return sample;
}
